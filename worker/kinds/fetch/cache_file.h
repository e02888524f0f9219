// The head of a kept answer's file: its own checksum, the key, what the server said, and the checksum of the body,
// which follows it to the end of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "worker/kinds/fetch/http_cache.h"

namespace brigade::worker {

inline constexpr std::size_t kCacheHeadBytesMax = 16 * 1024;

/// Nothing for texts that are too long to be kept.
std::optional<std::string> cache_head(const std::string& key, const CachedAnswer& answer);

struct CacheHead {
  CachedAnswer answer;
  std::size_t bytes = 0;  ///< of the head itself
};
/// Reads the beginning of a file. Nothing where it is no head, damaged, of another version, or of another key.
std::optional<CacheHead> read_cache_head(std::string_view beginning, const std::string& key);

}  // namespace brigade::worker
