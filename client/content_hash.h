// What makes two submits the same work.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proto/model/job.h"
#include "proto/model/messages.h"

namespace brigade::client {

/// For a program that wants nothing of OpenSSL but hashes: the first one then reads neither the machine's configuration
/// of OpenSSL nor its lists, which would take a millisecond. Holds for the whole process, if called before all else.
void use_openssl_for_hashes_only();

/// The content hash of a job: SHA-256 over the fields below, one after another. It covers what is executed and how,
/// and nothing of how it was sent: the same tasks in other chunks have the same hash. Name, priority, key, cost trend,
/// hedging, labels and `retry_of` are not part of it.
///
/// A *number* is 8 bytes, little-endian, signed ones in two's complement; a *text* is its length as a number, then its
/// bytes.
///
///   text    "brigade-content-1"
///   text    kind
///   text    options
///   number  mode
///   number  task_timeout, in nanoseconds
///   number  deadline, in nanoseconds
///   number  retries
///   number  backoff, in nanoseconds
///   number  max_fails.unit
///   number  max_fails.value
///   where it has limits:
///     text    "limits"
///     number  limits.spacing, in nanoseconds
///     number  limits.target_spacing, in nanoseconds
///     number  limits.per_target
///   where it has ceilings:
///     text    "ceilings"
///     number  ceilings.workers
///     number  ceilings.per_worker
///   then, for a range:
///     number  1
///     number  start
///     number  step
///     number  count
///   or, for arguments in columns:
///     number  2
///     per task: its size as 4 bytes, little-endian, then its bytes
///     number  of tasks
class ContentHasher {
 public:
  /// Hashes the spec, and its range if it has one.
  explicit ContentHasher(const JobSpec& spec);
  ~ContentHasher();

  /// The next tasks. REQUIRES: the spec has no range; the sizes of `count` tasks add up to the blob's.
  void add(std::uint64_t count, const Values& arguments);
  std::uint64_t tasks() const { return tasks_; }
  /// REQUIRES: called once, last.
  ContentHash finish();

 private:
  struct Digest;
  void number(std::uint64_t value);
  void text(std::string_view value);
  void raw(const void* data, std::size_t size);
  void flush();

  std::unique_ptr<Digest> digest_;
  std::string buffer_;  ///< small pieces are gathered: a call into OpenSSL costs more than hashing a number
  bool range_ = false;
  std::uint64_t tasks_ = 0;
};

}  // namespace brigade::client
