// Decoded records that were written or read lately, up to a number of bytes; the least recently used go first. What is
// on its way to the disk stays.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <utility>

#include "proto/model/ids.h"

namespace brigade::broker {

/// Entries are ordered by job and number, so that the one at or before a number can be found.
template <class Record>
class RecordCache {
 public:
  explicit RecordCache(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  /// The largest record that is kept.
  static constexpr std::uint64_t record_bytes_max(std::uint64_t bytes_max) { return bytes_max / 4; }

  /// `bytes` is what the record keeps in memory. `written` is the write that makes it visible, 0 for what was read;
  /// `on_disk` the last one that is on disk.
  void add(std::uint64_t job, std::uint64_t number, Record record, std::uint64_t bytes, Sequence on_disk,
           Sequence written = {}) {
    erase(entries_.find({job, number}));
    if (bytes > record_bytes_max(bytes_max_)) return;
    const auto it = entries_.emplace(Key{job, number}, Entry{std::move(record), bytes, written, {}}).first;
    it->second.used = used_.insert(used_.end(), it->first);
    bytes_ += bytes;
    for (auto oldest = used_.begin(); bytes_ > bytes_max_ && oldest != used_.end();) {
      const auto entry = entries_.find(*oldest++);
      if (entry->second.written <= on_disk) erase(entry);
    }
  }

  /// The record with this number, if it is here and `committed` has reached its write. Valid until the next add or
  /// erase.
  const Record* find(std::uint64_t job, std::uint64_t number, Sequence committed) {
    return use(entries_.find({job, number}), committed);
  }

  /// Likewise the one with this number or the nearest below.
  const Record* find_at_or_before(std::uint64_t job, std::uint64_t number, Sequence committed) {
    const auto after = entries_.upper_bound({job, number});
    if (after == entries_.begin() || std::prev(after)->first.first != job) return nullptr;
    return use(std::prev(after), committed);
  }

  void erase_job(std::uint64_t job) {
    auto it = entries_.lower_bound({job, 0});
    while (it != entries_.end() && it->first.first == job) erase(it++);
  }

  std::uint64_t bytes() const { return bytes_; }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  struct Entry {
    Record record;
    std::uint64_t bytes = 0;
    Sequence written;
    std::list<Key>::iterator used;
  };
  using Entries = std::map<Key, Entry>;

  const Record* use(typename Entries::iterator it, Sequence committed) {
    if (it == entries_.end() || it->second.written > committed) return nullptr;
    used_.splice(used_.end(), used_, it->second.used);
    return &it->second.record;
  }

  void erase(typename Entries::iterator it) {
    if (it == entries_.end()) return;
    bytes_ -= it->second.bytes;
    used_.erase(it->second.used);
    entries_.erase(it);
  }

  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  Entries entries_;
  std::list<Key> used_;  ///< the least recently used first
};

}  // namespace brigade::broker
