#include "worker/kinds/fetch/url_parts.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace brigade::worker {

std::optional<UrlParts> url_parts(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_GUESS_SCHEME) != CURLUE_OK)
    return std::nullopt;
  const auto part = [&](CURLUPart what) {
    char* text = nullptr;
    std::string copy;
    if (curl_url_get(parsed.get(), what, &text, CURLU_DEFAULT_PORT) == CURLUE_OK) copy = text;
    curl_free(text);
    return copy;
  };
  UrlParts parts;
  parts.origin = part(CURLUPART_SCHEME) + "://" + part(CURLUPART_HOST) + ":" + part(CURLUPART_PORT);
  std::ranges::transform(parts.origin, parts.origin.begin(), [](unsigned char c) { return std::tolower(c); });
  parts.path = part(CURLUPART_PATH);
  if (parts.path.empty()) parts.path = "/";
  if (const std::string query = part(CURLUPART_QUERY); !query.empty()) parts.path += "?" + query;
  return parts;
}

}  // namespace brigade::worker
