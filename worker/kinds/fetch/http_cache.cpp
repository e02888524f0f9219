#include "worker/kinds/fetch/http_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "proto/base/log.h"
#include "proto/base/os.h"
#include "worker/kinds/fetch/cache_file.h"
#include "worker/kinds/fetch/digest.h"

namespace brigade::worker {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kNameBytes = 64;                           // a key in hexadecimal digits
constexpr std::uint64_t kReservedMax = std::uint64_t{64} << 20;  // of bodies that are only held to be kept

/// A kept answer, or one that was under way when its worker died. All else in the folder is not ours to remove.
bool is_entry(std::string_view name) {
  return name.size() >= kNameBytes && std::all_of(name.begin(), name.begin() + kNameBytes, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string reason() {
  return std::strerror(errno);
}

/// Up to `size` bytes from the file's start; nothing where it cannot be read.
std::optional<std::string> read_from_start(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(fd, bytes.data() + got, size - got, static_cast<off_t>(got));
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Result<void> make_folder(const fs::path& folder) {
  const auto bad = [&](const std::string& why) {
    return Error{ErrorCode::invalid, "--fetch-cache: the folder " + folder.string() + " " + why};
  };
  std::error_code ignored;
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), ignored);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return bad("cannot be made: " + reason());
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) return bad("cannot be looked at: " + reason());
  if (!S_ISDIR(info.st_mode)) return bad("is no folder");
  if (info.st_uid != ::geteuid()) return bad("belongs to another user");
  if ((info.st_mode & 077) != 0) return bad("is open to others; close it: chmod 700 " + folder.string());
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) return bad("cannot be used: " + reason());
  return {};
}

struct Entry {
  std::int64_t used_ns = 0;
  std::uint64_t bytes = 0;  // on the disk
  std::string name;
};

}  // namespace

Result<std::shared_ptr<HttpCache>> HttpCache::open(const fs::path& folder, std::uint64_t bytes_max) {
  const fs::path absolute = fs::absolute(folder);
  if (auto made = make_folder(absolute); !made) return made.error();
  std::shared_ptr<HttpCache> cache(new HttpCache(absolute, bytes_max));
  cache->clean_if_due();
  return cache;
}

HttpCache::HttpCache(fs::path folder, std::uint64_t bytes_max)
    : folder_(std::move(folder)), bytes_max_(bytes_max), tag_(base::random_u64()) {}

HttpCache::~HttpCache() {
  closing_ = true;
  if (cleaner_.joinable()) cleaner_.join();
}

fs::path HttpCache::path_of(const std::string& key) const {
  return folder_ / hex_of(key);
}

void HttpCache::complain(const std::string& what) {
  if (complained_.exchange(true)) return;
  base::log::warn("the cache of fetch: {}: {}; tasks go on without what it cannot do", folder_.string(), what);
}

std::optional<CachedAnswer> HttpCache::find(const std::string& key) {
  const fs::path path = path_of(key);
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno != ENOENT) complain("cannot open a file: " + reason());
    return std::nullopt;
  }
  struct stat info {};
  const auto beginning = read_from_start(file.get(), kCacheHeadBytesMax);
  if (!beginning || ::fstat(file.get(), &info) != 0) {
    complain("cannot read a file: " + reason());
    return std::nullopt;
  }
  auto head = read_cache_head(*beginning, key);
  if (head && static_cast<std::uint64_t>(info.st_size) == head->bytes + head->answer.bytes)
    return std::move(head->answer);
  ::unlink(path.c_str());
  return std::nullopt;
}

std::optional<std::string> HttpCache::body(const std::string& key, const CachedAnswer& answer) {
  const fs::path path = path_of(key);
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;  // used longest ago, and gone since
  auto whole = read_from_start(file.get(), kCacheHeadBytesMax + static_cast<std::size_t>(answer.bytes));
  if (!whole) {
    complain("cannot read a file: " + reason());
    return std::nullopt;
  }
  const auto head = read_cache_head(*whole, key);
  if (head && head->answer != answer) return std::nullopt;  // another worker's, of a newer body
  if (head) whole->erase(0, head->bytes);
  if (head && whole->size() == answer.bytes && sha256_of(*whole) == answer.sha256) return whole;
  ::unlink(path.c_str());
  return std::nullopt;
}

void HttpCache::touch(const std::string& key) {
  ::utimensat(AT_FDCWD, path_of(key).c_str(), nullptr, 0);
}

void HttpCache::put(const std::string& key, const CachedAnswer& answer, std::string_view body) {
  require(body.size() == answer.bytes && body.size() <= kBodyBytesMax);
  const auto head = cache_head(key, answer);
  if (!head) return;
  if (const auto written = write(key, *head, body); !written) return complain(written.error().message);
  until_clean_ -= static_cast<std::int64_t>(head->size() + body.size() + 4096);  // what a file takes beside its bytes
  clean_if_due();
}

// Not synced: after a power loss a file may be cut short, and is then found to be so.
Result<void> HttpCache::write(const std::string& key, const std::string& head, std::string_view body) {
  const fs::path path = path_of(key);
  const std::string under_way = path.string() + "." + std::to_string(tag_) + "-" + std::to_string(++files_);
  const auto failed = [&](const char* what) {
    Error error{ErrorCode::unavailable, std::string(what) + ": " + reason()};
    ::unlink(under_way.c_str());
    return error;
  };
  {
    const base::Fd file(::open(under_way.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return failed("cannot make a file");
    if (!write_all(file.get(), head) || !write_all(file.get(), body)) return failed("cannot write a file");
  }
  if (::rename(under_way.c_str(), path.c_str()) != 0) return failed("cannot rename a file");
  return {};
}

bool HttpCache::reserve(std::uint64_t bytes) {
  if (reserved_ += bytes; reserved_ <= kReservedMax) return true;
  reserved_ -= bytes;
  return false;
}

// ---- Room --------------------------------------------------------------------------------------------------------

void HttpCache::clean_if_due() {
  if (until_clean_ > 0 || cleaning_.exchange(true)) return;
  const std::lock_guard lock(mutex_);
  if (cleaner_.joinable()) cleaner_.join();  // it has ended, or is about to
  cleaner_ = std::thread([this] {
    clean();
    cleaning_ = false;
  });
}

// Nobody counts for all workers: each looks at the folder when it has written a quarter of the room that was left, so
// four of them stay within the bound.
void HttpCache::clean() {
  std::vector<Entry> entries;
  std::uint64_t total = 0;
  until_clean_ = 0;  // what is written from now on counts for the next time
  DIR* folder = ::opendir(folder_.c_str());
  if (folder == nullptr) {
    until_clean_ += static_cast<std::int64_t>(bytes_max_ / 16);
    return complain("cannot be looked through: " + reason());
  }
  while (const dirent* found = closing_ ? nullptr : ::readdir(folder)) {
    struct stat info {};
    if (!is_entry(found->d_name) || ::fstatat(::dirfd(folder), found->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    const auto bytes = static_cast<std::uint64_t>(info.st_blocks) * 512;
    total += bytes;
    entries.push_back({info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec, bytes, found->d_name});
  }
  if (total > bytes_max_ / 8 * 7 && !closing_) {
    std::ranges::sort(entries, {}, &Entry::used_ns);
    for (const Entry& oldest : entries) {
      if (total <= bytes_max_ / 4 * 3) break;
      ::unlinkat(::dirfd(folder), oldest.name.c_str(), 0);
      total -= oldest.bytes;
    }
  }
  ::closedir(folder);
  until_clean_ += static_cast<std::int64_t>((bytes_max_ - std::min(total, bytes_max_)) / 4);
}

}  // namespace brigade::worker
