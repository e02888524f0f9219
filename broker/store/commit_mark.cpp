#include "broker/store/commit_mark.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

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

Error damaged(const std::filesystem::path& file) {
  return {ErrorCode::storage, file.string() + " is damaged: no commit number in it is whole"};
}

}  // namespace

Result<CommitMark> CommitMark::open(std::filesystem::path file, bool sync) {
  base::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return Error{ErrorCode::storage, trouble_with(file, errno).reason};
  CommitMark mark(std::move(file), std::move(fd), sync);

  std::array<char, kFileBytes> bytes{};
  const ssize_t size = ::pread(mark.fd_.get(), bytes.data(), bytes.size(), 0);
  if (size < 0) return Error{ErrorCode::storage, trouble_with(mark.file_, errno).reason};
  if (size == 0) {  // new: take the space now, so that a full disk cannot refuse a later number
    if (::pwrite(mark.fd_.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      return Error{ErrorCode::storage, trouble_with(mark.file_, errno).reason};
    if (auto trouble = mark.write({})) return Error{ErrorCode::storage, trouble->reason};
    return mark;
  }
  bool found = false;
  for (const std::size_t offset : {std::size_t{0}, kSlotBytes}) {
    Slot slot;
    std::memcpy(&slot, bytes.data() + offset, sizeof(slot));
    if (slot.crc != checksum(slot.commit)) continue;
    found = true;
    mark.latest_ = std::max(mark.latest_, slot.commit);
  }
  if (!found) return damaged(mark.file_);
  return mark;
}

MaybeTrouble CommitMark::write(Commit commit) {
  const Slot slot{.commit = commit, .crc = checksum(commit)};
  const auto offset = static_cast<off_t>((commit.number % 2) * kSlotBytes);
  const ssize_t size = ::pwrite(fd_.get(), &slot, sizeof(slot), offset);
  if (size != static_cast<ssize_t>(sizeof(slot))) return trouble_with(file_, size < 0 ? errno : ENOSPC);
  if (sync_ && ::fdatasync(fd_.get()) != 0) return Trouble{false, trouble_with(file_, errno).reason};
  latest_ = commit;
  return std::nullopt;
}

}  // namespace brigade::broker
