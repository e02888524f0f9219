#include "proto/wire/kinds.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "proto/schema/kinds.pb.h"
#include "proto/wire/check.h"
#include "proto/wire/scan.h"

namespace brigade::wire {
namespace {

constexpr int kFactorialForms = 5;
constexpr std::size_t kSha256Bytes = 32;
// Protobuf's own bound of one message is 2 GiB.
constexpr std::size_t kBytesMax = std::size_t{1} << 30;

// Headers are the only list: few bytes must not become many objects. Text as large as an answer's value counts as is.
template <class Stored>
bool parse(std::string_view bytes, Stored& to, Check& check) {
  if (bytes.size() > kBytesMax) {
    check.refuse("{} bytes, at most {}", bytes.size(), kBytesMax);
  } else if (const auto scanned = scan(*Stored::descriptor(), bytes, bytes.size() + kParsedBytesMax); !scanned) {
    check.refuse("{}", scanned.error().message);
  } else if (!to.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    check.refuse("not what the kind's schema describes");
  }
  return check.ok();
}

void check_digest(Check& check, const std::string& sha256) {
  if (!sha256.empty() && sha256.size() != kSha256Bytes)
    check.refuse("a SHA-256 of {} bytes, not {}", sha256.size(), kSha256Bytes);
}

}  // namespace

std::string encode_number(std::uint64_t number) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

Result<std::uint64_t> decode_number(std::string_view bytes) {
  std::uint64_t number = 0;
  if (bytes.size() != sizeof number)
    return Error{ErrorCode::malformed, fmt::format("a number of {} bytes in place of 8", bytes.size())};
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

std::string encode(const FactorialOptions& options) {
  pb::FactorialOptions to;
  to.set_form(static_cast<pb::FactorialForm>(options.form));
  to.set_verify(options.verify);
  if (options.split) {
    to.mutable_split()->set_n(options.split->n);
    to.mutable_split()->set_parts(options.split->parts);
    to.mutable_split()->set_merge(options.split->merge);
  }
  return to.SerializeAsString();
}

Result<FactorialOptions> decode_factorial_options(std::string_view bytes) {
  Check check;
  pb::FactorialOptions from;
  if (!parse(bytes, from, check)) return check.error();
  FactorialOptions options;
  options.form = check.one_of<FactorialForm>(from.form(), "factorial.form", kFactorialForms);
  options.verify = from.verify();
  if (from.has_split()) {
    options.split = {.n = from.split().n(), .parts = from.split().parts(), .merge = from.split().merge()};
    if (options.split->parts == 0 || options.split->parts > kFactorialPartsMax)
      check.refuse("a factorial in {} parts, not 1 to {}", options.split->parts, kFactorialPartsMax);
  }
  if (!check.ok()) return check.error();
  return options;
}

std::string encode_factorial_parts(const std::vector<std::string>& parts) {
  std::size_t size = 0;
  for (const std::string& part : parts) size += sizeof(std::uint64_t) + part.size();
  std::string bytes;
  bytes.reserve(size);
  for (const std::string& part : parts) bytes += encode_number(part.size());
  for (const std::string& part : parts) bytes += part;
  return bytes;
}

Result<std::vector<std::string_view>> decode_factorial_parts(std::string_view bytes, std::uint32_t parts) {
  constexpr std::size_t kLimbBytes = sizeof(std::uint64_t);
  const auto malformed = [&] {
    return Error{ErrorCode::malformed,
                 fmt::format("{} bytes that are not {} parts of a factorial", bytes.size(), parts)};
  };
  if (bytes.size() / kLimbBytes < parts) return malformed();
  std::string_view rest = bytes.substr(kLimbBytes * parts);
  std::vector<std::string_view> views;
  for (std::uint32_t i = 0; i < parts; ++i) {
    const std::uint64_t size = *decode_number(bytes.substr(kLimbBytes * i, kLimbBytes));
    if (size == 0 || size % kLimbBytes != 0 || size > rest.size()) return malformed();
    views.push_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  if (!rest.empty()) return malformed();
  return views;
}

// Not through the message class, which would hold a copy of a value of hundreds of MB while it makes another.
std::string encode_factorial_answer(std::uint64_t digits, std::string_view value) {
  using google::protobuf::internal::WireFormatLite;
  using google::protobuf::io::CodedOutputStream;
  std::uint8_t head[32];
  std::uint8_t* end = head;
  if (digits > 0) end = WireFormatLite::WriteUInt64ToArray(pb::FactorialAnswer::kDigitsFieldNumber, digits, end);
  if (!value.empty()) {
    end = WireFormatLite::WriteTagToArray(pb::FactorialAnswer::kValueFieldNumber,
                                          WireFormatLite::WIRETYPE_LENGTH_DELIMITED, end);
    end = CodedOutputStream::WriteVarint64ToArray(value.size(), end);
  }
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(end - head) + value.size());
  bytes.append(reinterpret_cast<const char*>(head), static_cast<std::size_t>(end - head));
  bytes.append(value);
  return bytes;
}

Result<FactorialAnswer> decode_factorial_answer(std::string_view bytes) {
  Check check;
  pb::FactorialAnswer from;
  if (!parse(bytes, from, check)) return check.error();
  return FactorialAnswer{.digits = from.digits(), .value = std::move(*from.mutable_value())};
}

std::optional<FactorialBeginning> decode_factorial_beginning(std::string_view beginning, std::uint64_t whole_bytes) {
  using google::protobuf::internal::WireFormatLite;
  const auto size = static_cast<int>(std::min<std::size_t>(beginning.size(), 32));
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(beginning.data()), size);
  FactorialBeginning answer;
  std::uint32_t tag = in.ReadTag();
  if (tag == WireFormatLite::MakeTag(pb::FactorialAnswer::kDigitsFieldNumber, WireFormatLite::WIRETYPE_VARINT)) {
    if (!in.ReadVarint64(&answer.digits)) return std::nullopt;
    tag = in.ReadTag();
  }
  std::uint64_t value_bytes = 0;
  if (tag != WireFormatLite::MakeTag(pb::FactorialAnswer::kValueFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED))
    return std::nullopt;
  if (!in.ReadVarint64(&value_bytes)) return std::nullopt;
  answer.value_at = static_cast<std::size_t>(in.CurrentPosition());
  if (value_bytes > whole_bytes || answer.value_at != whole_bytes - value_bytes) return std::nullopt;
  return answer;
}

std::string encode(const FetchOptions& options) {
  pb::FetchOptions to;
  to.set_method(options.method);
  for (const std::string& header : options.headers) to.add_headers(header);
  if (options.data) to.set_data(*options.data);
  to.set_body(options.body);
  to.set_max_body_bytes(options.max_body_bytes);
  to.set_fail(options.fail);
  to.set_follow(options.follow);
  to.set_max_redirects(options.max_redirects);
  to.set_insecure_tls(options.insecure_tls);
  to.set_ca_pem(options.ca_pem);
  to.set_user_agent(options.user_agent);
  to.set_compressed(options.compressed);
  to.set_connect_timeout_ns(options.connect_timeout.count());
  to.set_http2(options.http2);
  for (const std::string& entry : options.resolve) to.add_resolve(entry);
  to.set_cert_pem(options.cert_pem);
  to.set_proxy(options.proxy);
  to.set_cookies(options.cookies);
  to.set_sha256(options.sha256);
  to.set_no_cache(options.no_cache);
  to.set_robots(options.robots);
  return to.SerializeAsString();
}

Result<FetchOptions> decode_fetch_options(std::string_view bytes) {
  Check check;
  pb::FetchOptions from;
  if (!parse(bytes, from, check)) return check.error();
  FetchOptions options;
  options.method = from.method();
  options.headers.assign(from.headers().begin(), from.headers().end());
  if (from.has_data()) options.data = from.data();
  options.body = from.body();
  options.max_body_bytes = from.max_body_bytes();
  options.fail = from.fail();
  options.follow = from.follow();
  options.max_redirects = from.max_redirects();
  options.insecure_tls = from.insecure_tls();
  options.ca_pem = from.ca_pem();
  options.user_agent = from.user_agent();
  options.compressed = from.compressed();
  options.http2 = from.http2();
  options.resolve.assign(from.resolve().begin(), from.resolve().end());
  options.cert_pem = from.cert_pem();
  options.proxy = from.proxy();
  options.cookies = from.cookies();
  options.sha256 = from.sha256();
  options.no_cache = from.no_cache();
  options.robots = from.robots();
  check_digest(check, options.sha256);
  options.connect_timeout = check.duration(from.connect_timeout_ns(), "fetch.connect_timeout");
  if (!check.ok()) return check.error();
  return options;
}

std::string encode_fetch_argument(const FetchRequest& request) {
  if (request.method.empty() && request.headers.empty() && !request.data && request.sha256.empty()) return request.url;
  pb::FetchRequest to;
  to.set_url(request.url);
  to.set_method(request.method);
  for (const std::string& header : request.headers) to.add_headers(header);
  if (request.data) to.set_data(*request.data);
  to.set_sha256(request.sha256);
  return '\0' + to.SerializeAsString();
}

Result<FetchRequest> decode_fetch_argument(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != '\0')
    return FetchRequest{.url = std::string(bytes), .method = {}, .headers = {}, .data = {}, .sha256 = {}};
  Check check;
  pb::FetchRequest from;
  if (!parse(bytes.substr(1), from, check)) return check.error();
  check_digest(check, from.sha256());
  if (!check.ok()) return check.error();
  FetchRequest request{.url = std::move(*from.mutable_url()),
                       .method = from.method(),
                       .headers = {},
                       .data = {},
                       .sha256 = from.sha256()};
  request.headers.assign(from.headers().begin(), from.headers().end());
  if (from.has_data()) request.data = std::move(*from.mutable_data());
  return request;
}

std::string encode(const FetchAnswer& answer) {
  pb::FetchAnswer to;
  to.set_http_status(answer.http_status);
  to.set_bytes(answer.bytes);
  to.set_content_type(answer.content_type);
  to.set_url(answer.url);
  to.set_redirects(answer.redirects);
  to.set_sha256(answer.sha256);
  to.set_dns_ms(answer.dns_ms);
  to.set_connect_ms(answer.connect_ms);
  to.set_tls_ms(answer.tls_ms);
  to.set_ttfb_ms(answer.ttfb_ms);
  to.set_total_ms(answer.total_ms);
  if (answer.body) to.set_body(*answer.body);
  to.set_http_version(answer.http_version);
  to.set_cached(answer.cached);
  return to.SerializeAsString();
}

Result<FetchAnswer> decode_fetch_answer(std::string_view bytes) {
  Check check;
  pb::FetchAnswer from;
  if (!parse(bytes, from, check)) return check.error();
  FetchAnswer answer;
  answer.http_status = from.http_status();
  answer.bytes = from.bytes();
  answer.content_type = std::move(*from.mutable_content_type());
  answer.url = std::move(*from.mutable_url());
  answer.redirects = from.redirects();
  answer.sha256 = std::move(*from.mutable_sha256());
  answer.dns_ms = check.milliseconds(from.dns_ms(), "fetch.dns_ms");
  answer.connect_ms = check.milliseconds(from.connect_ms(), "fetch.connect_ms");
  answer.tls_ms = check.milliseconds(from.tls_ms(), "fetch.tls_ms");
  answer.ttfb_ms = check.milliseconds(from.ttfb_ms(), "fetch.ttfb_ms");
  answer.total_ms = check.milliseconds(from.total_ms(), "fetch.total_ms");
  if (from.has_body()) answer.body = std::move(*from.mutable_body());
  answer.http_version = from.http_version();
  answer.cached = from.cached();
  if (!check.ok()) return check.error();
  return answer;
}

std::string encode(const Label& label) {
  pb::Label to;
  to.set_line(label.line);
  to.set_tag(label.tag);
  if (label.index) to.set_index(*label.index);
  return to.SerializeAsString();
}

Result<Label> decode_label(std::string_view bytes) {
  Check check;
  pb::Label from;
  if (!parse(bytes, from, check)) return check.error();
  Label label{.line = from.line(), .tag = std::move(*from.mutable_tag()), .index = {}};
  if (from.has_index()) label.index = from.index();
  return label;
}

}  // namespace brigade::wire
