// What one run of the simulator is given.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace brigade::sim {

/// Bugs that are planted around the cores at run time, to see that the checks find them.
enum class Bug : std::uint8_t {
  none,
  ack_before_commit,    ///< the broker's loop reports each write as committed when it hands it to the store
  seal_before_commit,   ///< likewise, but only where a job's seal is on its way
  epoch_not_raised,     ///< a restarted broker uses the epoch of its last life
  block_forgotten,      ///< recovery leaves out the last block of a job
  attempts_forgotten,   ///< recovery leaves out what is known of earlier attempts
  commit_not_synced,    ///< a crash takes the last commit with it, although it was announced
  heartbeat_too_far,    ///< a heartbeat claims to have received leases that are still on their way
  started_given_back,   ///< a reclaim gives back what runs, and lets it run on
  page_from_too_early,  ///< a page of results begins one row before the reader's cursor
  page_gap,             ///< a page goes on after one of its messages could not be sent
  announced_early,      ///< a commit is announced together with the next one, which has only begun
  finished_forgotten,   ///< recovery leaves out that a job is finished
  chunk_forgotten,      ///< recovery leaves out the last chunk of an upload
  heartbeat_empty,      ///< a heartbeat lists no lease
  returned_once,        ///< what was given back is not said again after a reconnect
  one_permit_more,      ///< a worker lets one request more go than it was granted
  permit_kept,          ///< a worker does not give permits back
  ceiling_unheard,      ///< the broker does not hear that a job may be with so many workers only
};
inline constexpr int kBugs = 19;

std::string_view name_of(Bug bug);
std::optional<Bug> parse_bug(std::string_view name);

struct Options {
  std::uint64_t seed = 1;
  Bug bug = Bug::none;
  bool print = false;  ///< each event as it happens, on stdout
};

}  // namespace brigade::sim
