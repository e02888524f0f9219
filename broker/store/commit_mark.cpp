#include "broker/store/commit_mark.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "broker/store/crc32c.h"

namespace brigade::broker {
namespace {

/// Numbers go to two slots in turn, a sector each, so that a write cut short leaves the one before it whole.
constexpr std::size_t kSlotBytes = 512;
constexpr std::size_t kFileBytes = 2 * kSlotBytes;

struct Slot {
  std::uint64_t number;
  std::uint32_t crc;
  std::uint32_t unused;
};

std::uint32_t checksum(std::uint64_t number) {
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  return crc32c({bytes, sizeof(bytes)});
}

Error damaged(const std::filesystem::path& file) {
  return {ErrorCode::storage, file.string() + " is damaged: no commit number in it is whole"};
}

using SlotBytes = std::array<char, kFileBytes>;

/// The highest number of a whole slot, if there is one.
std::optional<std::uint64_t> highest_number(const SlotBytes& bytes) {
  std::optional<std::uint64_t> highest;
  for (const std::size_t offset : {std::size_t{0}, kSlotBytes}) {
    Slot slot;
    std::memcpy(&slot, bytes.data() + offset, sizeof(slot));
    if (slot.crc == checksum(slot.number)) highest = std::max(highest.value_or(0), slot.number);
  }
  return highest;
}

}  // namespace

Result<std::uint64_t> CommitMark::read(const std::filesystem::path& file) {
  const base::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  SlotBytes bytes{};
  if (!fd || ::pread(fd.get(), bytes.data(), bytes.size(), 0) < 0)
    return Error{ErrorCode::storage, trouble_with(file, errno).reason};
  const auto number = highest_number(bytes);
  if (!number) return damaged(file);
  return *number;
}

Result<CommitMark> CommitMark::open(std::filesystem::path file, bool sync) {
  base::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return Error{ErrorCode::storage, trouble_with(file, errno).reason};
  CommitMark mark(std::move(file), std::move(fd), sync);

  SlotBytes bytes{};
  const ssize_t size = ::pread(mark.fd_.get(), bytes.data(), bytes.size(), 0);
  if (size < 0) return Error{ErrorCode::storage, trouble_with(mark.file_, errno).reason};
  if (size == 0) {  // new: take the space now, so that a full disk cannot refuse a later number
    if (::pwrite(mark.fd_.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      return Error{ErrorCode::storage, trouble_with(mark.file_, errno).reason};
    if (auto trouble = mark.write(0)) return Error{ErrorCode::storage, trouble->reason};
    return mark;
  }
  const auto number = highest_number(bytes);
  if (!number) return damaged(mark.file_);
  mark.number_ = *number;
  return mark;
}

MaybeTrouble CommitMark::write(std::uint64_t number) {
  const Slot slot{.number = number, .crc = checksum(number), .unused = 0};
  const auto offset = static_cast<off_t>((number % 2) * kSlotBytes);
  const ssize_t size = ::pwrite(fd_.get(), &slot, sizeof(slot), offset);
  if (size != static_cast<ssize_t>(sizeof(slot))) return trouble_with(file_, size < 0 ? errno : ENOSPC);
  if (sync_ && ::fdatasync(fd_.get()) != 0) return Trouble{false, trouble_with(file_, errno).reason};
  number_ = number;
  return std::nullopt;
}

}  // namespace brigade::broker
