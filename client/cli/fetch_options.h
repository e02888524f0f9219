// The options of `fetch`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/declare.h"
#include "proto/model/result.h"
#include "proto/wire/kinds.h"

namespace brigade::cli {

/// As typed.
struct FetchWishes {
  std::string method, data, save, ca_file, cert_file, user_agent, proxy, sha256;
  std::vector<std::string> headers, resolve;
  bool body = false, http2 = false, fail = false, insecure_tls = false, compressed = false, cookies = false,
       no_cache = false, robots = false, location = true;
  std::optional<std::uint64_t> max_body, max_redirects;
  std::optional<Duration> connect_timeout;
  std::string rate, host_rate;
  std::optional<std::uint64_t> per_host;
};

void declare_fetch_options(Declare& kind, FetchWishes& wishes, bool save);

/// Reads the files that they name, and checks what can be checked here.
Result<wire::FetchOptions> fetch_options_of(const FetchWishes& wishes);

/// Those of the whole job, on all its workers.
Result<Limits> fetch_limits_of(const FetchWishes& wishes);

}  // namespace brigade::cli
