// What this worker's requests wait for, and which permits they have: by job and target, as numbers. The broker is told
// of every change, and after a reconnect of all of it.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "worker/core/events.h"

namespace brigade::worker {

class PermitBook {
 public:
  /// `standing`: there is a session in which to tell the broker.
  void on_news(const PermitNews& news, bool standing, Commands& out);
  void on_grant(const Grant& grant, Instant now, Commands& out);
  /// A new session: the broker knows nothing of what is here.
  void on_welcome(Commands& out);
  /// The broker wants to hear nothing more of the job.
  void on_abort(JobId job);

  bool empty() const { return entries_.empty(); }
  std::uint64_t waiting() const;
  std::uint64_t in_use() const;

 private:
  using Key = std::pair<JobId, TargetId>;
  struct Entry {
    std::string name;
    bool counted = false;
    std::uint32_t waiting = 0;
    std::uint32_t in_use = 0;  ///< only where they are counted
  };
  Duration offset(const Grant& grant, Instant now);
  void forget_if_idle(const Key& key);

  std::map<Key, Entry> entries_;
  // Of the two clocks: what a message that travelled quickly shows. It creeps up by what clocks may drift apart, so
  // that a later message can raise it again.
  Duration offset_ = Duration::max();
  Instant offset_at_{};
  // Since when all messages were late, and by how much at least.
  Instant late_since_ = kNever;
  Duration least_late_{};
};

}  // namespace brigade::worker
