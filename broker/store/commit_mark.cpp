#include "broker/store/commit_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "broker/store/crc32c.h"

namespace brigade::broker {
namespace {

/// Numbers go to two slots in turn, a sector each, so that a write cut short leaves the one before it whole.
constexpr std::size_t kSlotBytes = 512;
constexpr std::size_t kFileBytes = 2 * kSlotBytes;

struct Slot {
  Commit commit;
  std::uint64_t crc;
};

std::uint64_t checksum(const Commit& commit) {
  char bytes[sizeof(commit)];
  std::memcpy(bytes, &commit, sizeof(commit));
  return crc32c({bytes, sizeof(bytes)});
}

std::string slot_of(const Commit& commit) {
  const Slot slot{.commit = commit, .crc = checksum(commit)};
  std::string bytes(sizeof(slot), '\0');
  std::memcpy(bytes.data(), &slot, sizeof(slot));
  return bytes;
}

/// The one with the highest number in the file; nothing when no slot is whole.
std::optional<Commit> latest_in(const std::array<char, kFileBytes>& bytes) {
  std::optional<Commit> latest;
  for (const std::size_t offset : {std::size_t{0}, kSlotBytes}) {
    Slot slot;
    std::memcpy(&slot, bytes.data() + offset, sizeof(slot));
    if (slot.crc == checksum(slot.commit)) latest = std::max(latest.value_or(Commit{}), slot.commit);
  }
  return latest;
}

Error no_number(const std::filesystem::path& file) {
  return storage_error(file.string() +
                       " is damaged: no commit number in it is whole. Restore the folder from a backup, or choose"
                       " another");
}

}  // namespace

Result<std::uint64_t> CommitMark::read(const std::filesystem::path& file) {
  const base::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, kFileBytes> bytes{};
  if (!fd || ::pread(fd.get(), bytes.data(), bytes.size(), 0) < 0)
    return storage_error(trouble_with(file, errno).reason);
  const auto latest = latest_in(bytes);
  if (!latest) return no_number(file);
  return latest->number;
}

Result<CommitMark> CommitMark::open(const std::filesystem::path& path, bool sync, bool may_be_new) {
  File file;
  if (auto trouble = file.open(path, O_RDWR | (may_be_new ? O_CREAT : 0)))
    return storage_error(trouble->reason + (may_be_new ? "" : ". Restore the folder from a backup, or choose another"));
  std::array<char, kFileBytes> bytes{};
  if (::pread(file.fd(), bytes.data(), bytes.size(), 0) < 0) return storage_error(trouble_with(path, errno).reason);
  const auto latest = latest_in(bytes);
  if (!latest && !may_be_new) return no_number(path);
  CommitMark mark(std::move(file), sync);
  mark.latest_ = latest.value_or(Commit{});
  if (latest) {
    // An earlier life may have died between writing it and syncing it. The next commit must not be two ahead on disk.
    if (auto trouble = sync ? mark.file_.sync() : std::nullopt) return storage_error(trouble->reason);
    return mark;
  }
  std::string fresh = slot_of({});
  fresh.resize(kFileBytes);  // takes the space now, so that a full disk cannot refuse a later number
  if (auto trouble = mark.write_all(fresh, 0)) return storage_error(trouble->reason);
  return mark;
}

MaybeTrouble CommitMark::write(Commit commit) {
  if (auto trouble = write_all(slot_of(commit), (commit.number % 2) * kSlotBytes)) return trouble;
  latest_ = commit;
  return std::nullopt;
}

MaybeTrouble CommitMark::write_all(std::string_view bytes, std::uint64_t offset) {
  if (auto trouble = file_.write({&bytes, 1}, offset)) return trouble;
  return sync_ ? file_.sync() : std::nullopt;
}

}  // namespace brigade::broker
