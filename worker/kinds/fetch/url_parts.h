// A URL as limits and robots.txt see it.
#pragma once

#include <optional>
#include <string>

namespace brigade::worker {

struct UrlParts {
  std::string origin;  ///< scheme://host:port in lower case, the port always
  std::string path;    ///< with its query: what is asked for at the origin
};

/// Nothing for what is no URL.
std::optional<UrlParts> url_parts(const std::string& url);

}  // namespace brigade::worker
