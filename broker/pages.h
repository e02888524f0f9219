// Pages of results for readers, made from the store's blocks.
#pragma once

#include <unordered_map>
#include <vector>

#include "broker/core/events.h"
#include "broker/store/store.h"

namespace brigade::broker {

/// Messages for one SendPage command; the last one's `next` is the reader's new cursor.
struct Page {
  std::vector<Results> messages;
  std::uint64_t next = 0;
  std::uint64_t offset = 0;  ///< bytes of the value at `next` that these are the beginning of
  std::uint64_t weight = 0;
  bool ended = false;  ///< the last message says that it is the reader's last
};

class Pages {
 public:
  /// `store` must outlive this.
  explicit Pages(Store& store) : store_(store) {}
  Result<Page> make(const SendPage& order);
  void forget(JobId job) { task_bytes_.erase(job); }

 private:
  Result<Page> by_completion(const SendPage& order);
  Result<Page> by_input(const SendPage& order);
  /// A page that is the next part of the block's value, which is too large to be sent whole. `at`: the row as a
  /// cursor.
  Result<Page> part_of(const SendPage& order, const StoredBlock& block, std::uint64_t at, std::uint64_t offset);
  Result<void> add_arguments(const SendPage& order, Results& results);

  Store& store_;
  std::unordered_map<JobId, double> task_bytes_;  ///< of the last page: how many tasks the next should span
};

}  // namespace brigade::broker
