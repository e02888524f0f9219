// The power goes at any operation on the disk, with anything unsynced lost: the store has all that it announced, and
// nothing in part.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/power/disk.h"
#include "tests/power/life.h"
#include "tests/power/workload.h"
#include "tests/unit/store_support.h"

namespace brigade::power {
namespace {

using broker::TemporaryFolder;

struct Bug {
  const char* name;
  std::vector<Part> never_synced;
};

/// Some lives of one store, each ended by a loss of power, a kill, or in peace.
class Story {
 public:
  Story(std::uint64_t seed, const std::vector<Part>& never_synced) : seed_(seed), workload_(seed) {
    disk().mount(folder_.path());
    for (const Part part : never_synced) disk().forget_syncs_of(part);
  }

  /// What went wrong, if anything.
  std::optional<std::string> tell() {
    for (std::uint64_t lives = 1 + workload_.below(6); lives > 0; --lives) {
      if (auto wrong = live()) return wrong;
      end();
    }
    disk().calm();
    Life last(state_);
    if (last.error()) return last.error()->message;
    return expected_.meet(last);
  }

 private:
  std::optional<std::string> live() {
    disk().plan(end_to_come());
    Life life(state_);
    if (life.error()) return disk().is_off() ? std::nullopt : std::optional(life.error()->message);
    if (auto wrong = expected_.meet(life)) return wrong;
    for (std::uint64_t batches = 1 + workload_.below(8); batches > 0 && !disk().is_off(); --batches) {
      const auto batch = workload_.batch(expected_.model());
      expected_.note(batch);
      life.write(batch);
      if (life.failed() && !disk().is_off()) return life.failed();
    }
    if (workload_.below(2) == 0) disk().turn_off();  // else it closes, if it still can
    life.close();
    expected_.note_announced(life.announced());
    return std::nullopt;
  }

  /// Anywhere, or at one of the first of a kind of operation: a sync is rarer than a write, and more dangerous to lose.
  Fault end_to_come() {
    Fault fault{.kind = workload_.below(2) == 0 ? Fault::Kind::power_off_before : Fault::Kind::power_off_after};
    seen_.merge(disk().seen());
    if (seen_.empty() || workload_.below(3) == 0) {
      fault.nth = 1 + workload_.below(200);
      return fault;
    }
    fault.only = *std::next(seen_.begin(), static_cast<std::ptrdiff_t>(workload_.below(seen_.size())));
    fault.nth = 1 + workload_.below(3);
    return fault;
  }

  void end() {
    constexpr std::array kLeft{Left::nothing, Left::the_earlier_ones, Left::any_sectors};
    const std::uint64_t how = workload_.below(2 * kLeft.size());
    if (how >= kLeft.size())
      disk().restart_process();
    else
      disk().restart_machine(kLeft[how], seed_);
  }

  TemporaryFolder folder_;
  std::filesystem::path state_ = folder_.path() / "several" / "folders" / "state";
  std::uint64_t seed_;
  Workload workload_;
  Expected expected_;
  std::set<Operation> seen_;  ///< in earlier lives
};

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 300;
};

/// More than are affordable in every run, or one alone: BRIGADE_POWER_SEEDS=301-100000, or 45-45.
Seeds seeds() {
  const char* given = std::getenv("BRIGADE_POWER_SEEDS");
  if (given == nullptr) return {};
  char* rest = nullptr;
  const std::uint64_t first = std::strtoull(given, &rest, 10);
  require(*rest == '-');
  return {first, std::strtoull(rest + 1, nullptr, 10)};
}

TEST(PowerLoss, LeavesWhatWasAnnouncedAndNothingInPart) {
  for (auto [seed, last] = seeds(); seed <= last; ++seed) {
    const auto wrong = Story(seed, {}).tell();
    ASSERT_FALSE(wrong) << "seed " << seed << ": " << *wrong;
  }
}

TEST(PowerLoss, FindsEverySyncThatIsMissing) {
  const std::vector<Bug> bugs{
      {"synchronous=OFF", {Part::database, Part::log}},
      {"segments are not synced", {Part::segment}},
      {"the folder of the segments is not synced", {Part::segments_folder}},
      {"the state folder is not synced", {Part::state_folder}},
      {"the folders above are not synced", {Part::folder_above}},
      {"the mark of the latest commit is not synced", {Part::mark}},
  };
  constexpr std::uint64_t kEnough = 100;
  for (const Bug& bug : bugs) {
    std::uint64_t seed = 1;
    std::optional<std::string> wrong;
    for (; seed <= kEnough && !wrong; ++seed) wrong = Story(seed, bug.never_synced).tell();
    EXPECT_TRUE(wrong) << bug.name;
    if (wrong) std::printf("%s: found by seed %d: %s\n", bug.name, static_cast<int>(seed - 1), wrong->c_str());
  }
}

}  // namespace
}  // namespace brigade::power
