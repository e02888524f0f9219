// Answers that fetch keeps on disk, so that a server need only say whether they have changed. A file for each, under
// the hash of its request, in one folder that several workers of a host may share: files appear whole (renamed), are
// checked when they are read, and those used longest ago go first.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "proto/model/result.h"

namespace brigade::worker {

/// A kept answer without its body.
struct CachedAnswer {
  std::string etag;           ///< as the server sent it; of the two validators one may be empty
  std::string last_modified;  ///< likewise
  std::string content_type;
  std::string sha256;  ///< of the body, 32 bytes
  std::uint64_t bytes = 0;
  bool operator==(const CachedAnswer&) const = default;
};

/// Thread-safe. What the disk refuses is said once in the log, and is then like an answer that is not there.
class HttpCache {
 public:
  /// A larger body is not kept: files are read and written in the thread of the loop, and other transfers wait.
  static constexpr std::uint64_t kBodyBytesMax = std::uint64_t{4} << 20;

  /// Makes the folder, for this user alone. One that others may enter is an error.
  static Result<std::shared_ptr<HttpCache>> open(const std::filesystem::path& folder, std::uint64_t bytes_max);
  ~HttpCache();
  HttpCache(const HttpCache&) = delete;
  HttpCache& operator=(const HttpCache&) = delete;

  /// `key`: a SHA-256, 32 bytes.
  std::optional<CachedAnswer> find(const std::string& key);
  /// The body of what find() gave; nothing where the file is no longer that answer, or damaged (then it is removed).
  std::optional<std::string> body(const std::string& key, const CachedAnswer& answer);
  /// The answer has served again: it goes later than others.
  void touch(const std::string& key);
  /// REQUIRES: `answer` describes `body`, which has at most kBodyBytesMax.
  void put(const std::string& key, const CachedAnswer& answer, std::string_view body);

  /// Memory for a body that is only held to be kept; all of a worker together have a bound. False: do without.
  bool reserve(std::uint64_t bytes);
  void release(std::uint64_t bytes) { reserved_ -= bytes; }

 private:
  HttpCache(std::filesystem::path folder, std::uint64_t bytes_max);
  std::filesystem::path path_of(const std::string& key) const;
  Result<void> write(const std::string& key, const std::string& head, std::string_view body);
  void complain(const std::string& what);
  void clean_if_due();
  void clean();

  const std::filesystem::path folder_;
  const std::uint64_t bytes_max_;
  const std::uint64_t tag_;  // of this process, in the names of files under way
  std::atomic<std::uint64_t> files_ = 0;
  std::atomic<std::uint64_t> reserved_ = 0;
  std::atomic<bool> complained_ = false;
  std::atomic<std::int64_t> until_clean_ = 0;  // bytes to write before the folder is looked through again
  std::atomic<bool> cleaning_ = false;
  std::atomic<bool> closing_ = false;
  std::mutex mutex_;     // of cleaner_
  std::thread cleaner_;  // looks through the folder, and ends
};

}  // namespace brigade::worker
