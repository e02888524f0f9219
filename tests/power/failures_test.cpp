// Every step of the store fails or is the last one: what it announced is there, and it waits, stops or refuses as
// promised.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/store/file.h"
#include "broker/store/payload_files.h"
#include "tests/power/disk.h"
#include "tests/power/life.h"
#include "tests/unit/store_support.h"

namespace brigade::power {
namespace {

using namespace broker;

/// What the store is doing when something goes wrong.
enum class Doing : std::uint8_t {
  making,       ///< a new store
  opening,      ///< one that is there
  remembering,  ///< that: its last life ended between a commit and its mark
  writing,      ///< a batch with records in old and new segments
  forgetting,   ///< a job with a segment
  purging,      ///< its rows, after it was announced as forgotten
  moving,       ///< the long log into the database
  closing,
};

enum class Outcome : std::uint8_t {
  refuses,  ///< to open, with file and reason
  stops,    ///< with file and reason, and announces nothing more
  waits,    ///< announces nothing, says why, and goes on by itself
  goes_on,  ///< nothing is lost by it
};

struct Point {
  Doing doing = Doing::writing;
  Operation operation;
  Outcome on_error = Outcome::stops;
  Outcome on_full_disk = Outcome::stops;
};

std::string name_of(Doing doing) {
  constexpr std::array kNames{"Making",     "Opening", "Remembering", "Writing",
                              "Forgetting", "Purging", "Moving",      "Closing"};
  return kNames[static_cast<std::size_t>(doing)];
}

const JobId kThird{0x5555, 0x6666};
constexpr std::size_t kLarge = 20'000;  // goes to a segment

std::vector<Write> range_job(JobId job) {
  JobSpec spec = spec_named("range");
  spec.range = Arithmetic{.start = 0, .step = 1, .count = 100};
  return {JobOpened{.job = job, .spec = spec, .client = "someone", .opened_at = {1}},
          JobSealed{.job = job, .tasks = 100, .hash = {}, .accepted_at = {2}},
          block_of(job, 0, ok_outcomes({{0, 1}}, kLarge))};
}

/// More than the log may hold before it is moved into the database.
std::vector<Write> long_writes() {
  std::vector<Write> writes;
  for (std::uint64_t i = 1; i <= 17; ++i) {
    JobSpec spec = spec_named("large");
    spec.options.resize(std::size_t{1} << 20, 'o');
    writes.push_back(JobOpened{.job = {0x7777, i}, .spec = spec, .client = "someone", .opened_at = {1}});
  }
  return writes;
}

/// In rows, in an old segment and in a new one.
std::vector<Write> small_and_large() {
  auto writes = range_job(kThird);
  writes.push_back(block_of(kJob, 1, ok_outcomes({{1, 1}}, kLarge)));
  writes.push_back(block_of(kJob, 2, ok_outcomes({{2, 1}})));
  return writes;
}

std::vector<Write> only_a_row() {
  return {AttemptsCounted{.job = kJob, .run = {50, 1}, .trial = {.attempts = 1}, .lost_worker = {}}};
}

/// A store that is brought to a point, and what is expected of it.
class Scene {
 public:
  explicit Scene(Doing doing) : doing_(doing) { disk().mount(folder_.path()); }

  /// Everything before the point, and then what it is about.
  void play(const Fault& fault) {
    prepare();
    if (doing_ <= Doing::remembering) disk().plan(fault);
    life_.emplace(state_);
    if (life_->error()) return;
    meet(*life_);
    if (doing_ <= Doing::remembering) return;
    if (doing_ == Doing::forgetting || doing_ == Doing::writing || doing_ == Doing::closing) disk().plan(fault);
    if (doing_ == Doing::moving) write(long_writes());
    if (doing_ == Doing::forgetting || doing_ == Doing::purging) write({JobForgotten{kOther}});
    if (doing_ == Doing::moving || doing_ == Doing::purging) disk().plan(fault);
    if (doing_ == Doing::closing) return end();
    write(doing_ == Doing::writing ? small_and_large() : only_a_row());
  }

  Life& life() { return *life_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::uint64_t written() const { return written_; }

  void end() {
    life_->close();
    if (!life_->error()) expected_.note_announced(life_->announced());
  }

  /// The store opens again and has everything that was announced.
  void expect_whole() {
    Life again(state_);
    ASSERT_FALSE(again.error()) << again.error()->message;
    meet(again);
  }

 private:
  void prepare() {
    if (doing_ == Doing::making) return;
    Life life(state_);
    ASSERT_FALSE(life.error()) << life.error()->message;
    meet(life);
    auto writes = range_job(kJob);
    for (Write& write : range_job(kOther)) writes.push_back(std::move(write));
    expected_.note(writes);
    life.write(writes);
    if (doing_ == Doing::remembering) cut_before_mark(life);
    life.close();
    expected_.note_announced(life.announced());
    disk().restart_process();
    if (doing_ != Doing::opening) return;
    const auto left_over = segment_file(segments_folder(state_), 77, 1);
    ASSERT_FALSE(File().open(left_over, O_WRONLY | O_CREAT));
  }

  void cut_before_mark(Life& life) {
    disk().plan({.kind = Fault::Kind::power_off_before, .only = Operation{Step::write, Part::mark}});
    const std::vector<Write> writes{block_of(kJob, 1, ok_outcomes({{1, 1}}))};
    expected_.note(writes);
    life.write(writes);
  }

  void meet(Life& life) {
    const auto wrong = expected_.meet(life);
    ASSERT_FALSE(wrong) << *wrong;
  }

  void write(const std::vector<Write>& writes) {
    if (life_->failed() || life_->stalled()) return;
    expected_.note(writes);
    written_ += writes.size();
    life_->write(writes);
  }

  Doing doing_;
  TemporaryFolder folder_;
  std::filesystem::path state_ = folder_.path() / "above" / "state";
  Expected expected_;
  std::uint64_t written_ = 0;
  std::optional<Life> life_;
};

std::vector<Point> points() {
  using enum Step;
  using enum Part;
  using enum Outcome;
  std::vector<Point> points;
  const auto add = [&](Doing doing, std::vector<Operation> operations, Outcome on_error, Outcome on_full_disk) {
    for (const Operation operation : operations) points.push_back({doing, operation, on_error, on_full_disk});
  };
  // A failed sync is the end even where it says that the disk is full: nobody knows what was kept.
  const std::vector<Operation> commit_after_log{{sync, log}, {write, mark}, {sync, mark}};

  add(Doing::making, {{make_folder, folder_above}, {sync_folder, folder_above}, {create, database}}, refuses, refuses);
  add(Doing::making, {{create, journal}, {write, journal}, {sync, journal}, {unlink, journal}}, refuses, refuses);
  add(Doing::making, {{write, database}, {sync, database}, {create, mark}, {create, log}}, refuses, refuses);
  add(Doing::making, {{write, log}, {make_folder, segments_folder}, {sync_folder, state_folder}}, refuses, refuses);
  add(Doing::making, commit_after_log, refuses, refuses);

  add(Doing::opening, {{create, log}, {write, log}, {sync_folder, state_folder}}, refuses, refuses);
  add(Doing::opening, commit_after_log, refuses, refuses);
  add(Doing::opening, {{unlink, segment}}, goes_on, goes_on);  // it is tried again at the next start

  add(Doing::remembering, {{write, database}, {truncate, database}, {sync, database}}, refuses, refuses);
  add(Doing::remembering, {{write, log}, {sync_folder, state_folder}}, refuses, refuses);
  add(Doing::remembering, commit_after_log, refuses, refuses);

  add(Doing::writing, {{create, segment}, {write, segment}, {write, log}}, stops, waits);
  add(Doing::writing, {{sync, segment}, {sync_folder, segments_folder}}, stops, stops);
  add(Doing::writing, commit_after_log, stops, stops);

  add(Doing::forgetting, {{write, log}}, stops, waits);
  add(Doing::forgetting, {{sync_folder, segments_folder}}, stops, stops);
  add(Doing::forgetting, commit_after_log, stops, stops);
  add(Doing::forgetting, {{unlink, segment}}, goes_on, goes_on);
  add(Doing::forgetting, {{write, database}, {truncate, database}}, stops, goes_on);  // free pages go back
  add(Doing::forgetting, {{sync, database}}, stops, stops);

  add(Doing::purging, {{write, log}}, stops, waits);
  add(Doing::purging, commit_after_log, stops, stops);
  add(Doing::purging, {{write, database}, {truncate, database}}, stops, goes_on);
  add(Doing::purging, {{sync, database}}, stops, stops);

  add(Doing::moving, {{write, database}, {truncate, database}}, stops, goes_on);  // the log stays as long as it is
  add(Doing::moving, {{sync, database}}, stops, stops);
  add(Doing::moving, {{write, log}}, stops, waits);
  add(Doing::moving, commit_after_log, stops, stops);

  // Nothing is left to announce, and the log stays for the next start.
  add(Doing::closing, {{sync, log}, {write, database}, {truncate, database}}, goes_on, goes_on);
  add(Doing::closing, {{sync, database}, {unlink, log}}, goes_on, goes_on);
  return points;
}

std::string name_of_case(const testing::TestParamInfo<Point>& info) {
  std::string name = name_of(info.param.doing) + "_" + to_string(info.param.operation);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

class Failure : public testing::TestWithParam<Point> {
 protected:
  void expect_outcome(Outcome outcome, int error_number) {
    Scene scene(GetParam().doing);
    scene.play({.kind = Fault::Kind::errors, .only = GetParam().operation, .error_number = error_number});
    expect_outcome_of(scene, outcome);
    scene.end();
    EXPECT_TRUE(disk().struck());
    disk().calm();
    scene.expect_whole();
  }

 private:
  void expect_outcome_of(Scene& scene, Outcome outcome) {
    Life& life = scene.life();
    ASSERT_EQ(outcome == Outcome::refuses, life.error().has_value()) << (life.error() ? life.error()->message : "");
    if (life.error()) return expect_named(life.error()->message, scene);
    EXPECT_EQ(outcome == Outcome::stops, life.failed().has_value()) << life.failed().value_or("");
    EXPECT_EQ(outcome == Outcome::waits, life.stalled().has_value()) << life.stalled().value_or("");
    if (outcome == Outcome::stops) expect_named(*life.failed(), scene);
    EXPECT_EQ(outcome == Outcome::goes_on, life.announced() == scene.written());
    if (outcome != Outcome::waits) return;
    expect_named(*life.stalled(), scene);
    disk().calm();
    life.wait_for_space();
    EXPECT_TRUE(life.resumed());
    EXPECT_EQ(life.announced(), scene.written());
  }

  void expect_named(const std::string& reason, const Scene& scene) {
    EXPECT_NE(reason.find(scene.folder().string()), std::string::npos) << reason;
  }
};

TEST_P(Failure, IsAnsweredAsPromisedWhenTheDiskFails) {
  expect_outcome(GetParam().on_error, EIO);
}

TEST_P(Failure, IsAnsweredAsPromisedWhenTheDiskIsFull) {
  expect_outcome(GetParam().on_full_disk, ENOSPC);
}

TEST_P(Failure, LosesNothingWhenTheProcessOrTheMachineEndsThere) {
  for (const auto kind : {Fault::Kind::power_off_before, Fault::Kind::power_off_after}) {
    for (const bool machine : {false, true}) {
      Scene scene(GetParam().doing);
      scene.play({.kind = kind, .only = GetParam().operation});
      scene.end();
      EXPECT_TRUE(disk().is_off());
      if (machine)
        disk().restart_machine(Left::nothing, 0);
      else
        disk().restart_process();
      scene.expect_whole();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Store, Failure, testing::ValuesIn(points()), name_of_case);

TEST(Failures, CoverEveryOperation) {
  for (const Doing doing : {Doing::making, Doing::opening, Doing::remembering, Doing::writing, Doing::forgetting,
                            Doing::purging, Doing::moving, Doing::closing}) {
    Scene scene(doing);
    scene.play({.nth = UINT64_MAX});
    std::set<Operation> covered;
    for (const Point& point : points())
      if (point.doing == doing) covered.insert(point.operation);
    for (const Operation operation : disk().seen())
      EXPECT_TRUE(covered.contains(operation)) << name_of(doing) << ": " << to_string(operation);
  }
}

}  // namespace
}  // namespace brigade::power
