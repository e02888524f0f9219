// The arguments, options and answers of each kind, as values and as bytes (proto/schema/kinds.proto).
// The client makes arguments and options and reads answers; the worker does the reverse; the broker sees only bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/model/result.h"
#include "proto/model/time.h"

namespace brigade::wire {

// Arguments. noop, factorial: the number as 8 bytes, little-endian. sleep, spin: nanoseconds, likewise.
// echo: the text. fetch: the URL, or a request (encode_fetch_argument).
std::string encode_number(std::uint64_t number);
Result<std::uint64_t> decode_number(std::string_view bytes);

// noop answers with its number (encode_number); echo with its text; sleep and spin with nothing.

enum class FactorialForm : std::uint8_t { decimal = 0, hex = 1, binary = 2, digits = 3, digest = 4 };

/// One factorial as the product of parts, by two jobs. The first has a task for each part: its argument is the part's
/// number from 0 on, its answer's value the part's limbs of 8 bytes, least significant first (of radix 10^19 for the
/// forms made of decimal digits, else of 2^64). The only task of the second gets the parts and answers with n!.
struct FactorialSplit {
  std::uint64_t n = 0;
  std::uint32_t parts = 0;
  bool merge = false;  ///< the second job
  bool operator==(const FactorialSplit&) const = default;
};
inline constexpr std::uint32_t kFactorialPartsMax = 64;

struct FactorialOptions {
  FactorialForm form = FactorialForm::decimal;
  bool verify = false;
  std::optional<FactorialSplit> split{};
};

/// The argument of the task that merges: the bytes of each part as a number of 8 bytes, then the parts.
std::string encode_factorial_parts(const std::vector<std::string>& parts);
/// Views into `bytes`; each is a whole number of limbs, at least one.
Result<std::vector<std::string_view>> decode_factorial_parts(std::string_view bytes, std::uint32_t parts);

struct FactorialAnswer {
  std::uint64_t digits = 0;  ///< decimal digits of n!; 0 for a part
  /// decimal, hex: the text. binary: the number's bytes, least significant first. digits: empty.
  /// digest: SHA-256 of the decimal digits, 64 hexadecimal characters.
  std::string value;
};

struct FetchOptions {
  std::string method = "GET";
  std::vector<std::string> headers;  ///< "Name: value"
  std::optional<std::string> data;   ///< request body
  bool body = false;                 ///< the answer carries the response's body
  std::uint64_t max_body_bytes = 0;  ///< of decoded bytes; 0: the worker's default
  bool fail = false;                 ///< HTTP >= 400 counts as failed
  bool follow = true;                ///< redirects
  std::uint32_t max_redirects = 10;
  bool insecure_tls = false;
  std::string ca_pem;                ///< extra certificate authorities, the file's contents
  std::string user_agent;            ///< empty: brigade/VERSION
  bool compressed = false;           ///< ask for and decode gzip, brotli, zstd, deflate
  Duration connect_timeout{};        ///< 0: the default, 5 s
  bool http2 = false;                ///< over TLS, where the server speaks it
  std::vector<std::string> resolve;  ///< "HOST:PORT:ADDRESS", in place of a look-up
  std::string cert_pem;              ///< the client's certificate and its key
  std::string proxy;                 ///< its URL; empty: none
  bool cookies = false;              ///< those that a task's answers set are sent with its redirects
  std::string sha256;                ///< of the decoded body, 32 bytes; empty: any
  bool no_cache = false;             ///< neither from the worker's cache nor into it
  bool robots = false;               ///< only what each server's robots.txt allows
};

/// One task of a fetch: what it has of its own goes before, or beside, the job's options.
struct FetchRequest {
  std::string url;
  std::string method;                ///< empty: the job's; with data of its own POST
  std::vector<std::string> headers;  ///< "Name: value", beside the job's
  std::optional<std::string> data;   ///< request body, in place of the job's
  std::string sha256;                ///< expected of the decoded body, 32 bytes; empty: the job's
  bool operator==(const FetchRequest&) const = default;
};
/// The URL alone where there is no more; else a zero byte and the request. The same request gives the same bytes.
std::string encode_fetch_argument(const FetchRequest& request);
Result<FetchRequest> decode_fetch_argument(std::string_view bytes);

struct FetchAnswer {
  std::uint32_t http_status = 0;
  std::uint64_t bytes = 0;  ///< of the decoded body
  std::string content_type;
  std::string url;  ///< after redirects
  std::uint32_t redirects = 0;
  std::string sha256;  ///< of the decoded body, 32 bytes
  double dns_ms = 0, connect_ms = 0, tls_ms = 0, ttfb_ms = 0, total_ms = 0;
  std::optional<std::string> body;
  std::uint32_t http_version = 0;  ///< 10, 11, 20; 0: not known
  bool cached = false;             ///< the server said that the body in the worker's cache is still right
};

std::string encode(const FactorialOptions& options);
std::string encode_factorial_answer(std::uint64_t digits, std::string_view value);
std::string encode(const FetchOptions& options);
std::string encode(const FetchAnswer& answer);
Result<FactorialOptions> decode_factorial_options(std::string_view bytes);
Result<FactorialAnswer> decode_factorial_answer(std::string_view bytes);
/// What an answer of `whole_bytes` says before its value, and where that begins; it ends with the answer.
struct FactorialBeginning {
  std::uint64_t digits = 0;
  std::size_t value_at = 0;
};
/// REQUIRES: `beginning` has its first 32 bytes. Nothing where the answer has another form.
std::optional<FactorialBeginning> decode_factorial_beginning(std::string_view beginning, std::uint64_t whole_bytes);
Result<FetchOptions> decode_fetch_options(std::string_view bytes);
Result<FetchAnswer> decode_fetch_answer(std::string_view bytes);

/// The client's note on a task, kept by the broker beside its argument and never sent to a worker.
struct Label {
  std::uint64_t line = 0;              ///< of the input list, from 1; 0: none
  std::string tag;                     ///< what followed the tab; empty: none
  std::optional<std::uint64_t> index;  ///< a retried task's number in its original job
};
/// Empty for a label without content.
std::string encode(const Label& label);
Result<Label> decode_label(std::string_view bytes);

}  // namespace brigade::wire
