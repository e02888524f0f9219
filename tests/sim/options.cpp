#include "tests/sim/options.h"

#include <algorithm>
#include <array>

namespace brigade::sim {
namespace {

constexpr std::array<std::string_view, kBugs> kBugNames{
    "none",
    "ack_before_commit",
    "seal_before_commit",
    "epoch_not_raised",
    "block_forgotten",
    "attempts_forgotten",
    "commit_not_synced",
    "heartbeat_too_far",
    "started_given_back",
    "page_from_too_early",
    "page_gap",
    "announced_early",
    "finished_forgotten",
    "chunk_forgotten",
    "heartbeat_empty",
    "returned_once",
    "one_permit_more",
    "permit_kept",
    "ceiling_unheard",
};

}  // namespace

std::string_view name_of(Bug bug) {
  return kBugNames.at(static_cast<std::size_t>(bug));
}

std::optional<Bug> parse_bug(std::string_view name) {
  const auto it = std::ranges::find(kBugNames, name);
  if (it == kBugNames.end()) return std::nullopt;
  return static_cast<Bug>(it - kBugNames.begin());
}

}  // namespace brigade::sim
