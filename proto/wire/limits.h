// Every bound on what a peer may send, in one place. A message over a bound is refused before it costs anything.
#pragma once

#include <cstddef>
#include <cstdint>

namespace brigade::wire {

inline constexpr std::size_t kMiB = std::size_t{1} << 20;

/// ZeroMQ drops the connection of a peer that sends a larger frame.
inline constexpr std::size_t kFrameBytesMax = 4 * kMiB;
/// Envelope (frame 0): nothing is parsed above this.
inline constexpr std::size_t kEnvelopeBytesMax = 2 * kMiB;
/// Frames of one message. A blob above kFrameBytesMax is split into several frames.
inline constexpr std::size_t kFramesMax = 80;
/// One value, and so one message's blob.
inline constexpr std::size_t kBlobBytesMax = 256 * kMiB;

/// Tasks of one lease, block, chunk or page of results.
inline constexpr std::uint64_t kTasksPerMessageMax = 65'536;
/// Runs in one list.
inline constexpr std::size_t kRunsMax = 65'536;
/// Tasks of one job.
inline constexpr std::uint64_t kTasksPerJobMax = std::uint64_t{1} << 48;
inline constexpr std::size_t kLeasesPerWorkerMax = 65'536;
inline constexpr std::size_t kKindsMax = 64;
inline constexpr std::size_t kOriginsMax = 65'535;

inline constexpr std::size_t kNameBytesMax = 256;        ///< job, worker, kind, host, key
inline constexpr std::size_t kOptionsBytesMax = kMiB;    ///< a kind's options
inline constexpr std::size_t kTextBytesMax = 64 * 1024;  ///< an error or reason
inline constexpr std::size_t kAnswerRowsMax = 4'096;     ///< rows in one part of an answer
/// Permits in one message, and what a limit may be at most.
inline constexpr std::uint64_t kPermitsMax = 1'000'000;
/// Nanoseconds; a million times it is still an instant.
inline constexpr std::uint64_t kGrantSpacingMax = 2'000'000'000'000;
inline constexpr std::size_t kSlotsMax = 1'000'000;  ///< threads or transfers of one worker
inline constexpr std::size_t kWorkersMax = 65'536;   ///< what a job's ceiling on workers may be at most

/// What a submitter may have in flight.
inline constexpr std::uint64_t kUploadCreditBytes = 64 * kMiB;

}  // namespace brigade::wire
