#include "tests/power/life.h"

#include <chrono>
#include <utility>

#include "tests/power/disk.h"

namespace brigade::power {
namespace {

/// Only a broken store makes a test wait this long.
constexpr std::chrono::seconds kPatience{60};

}  // namespace

Life::Life(const std::filesystem::path& folder) {
  auto opened = broker::open_store({.folder = folder, .sync = true, .signals = signals()});
  if (!opened) {
    error_ = opened.error();
    return;
  }
  recovered_ = std::move(opened->recovered);
  store_ = std::move(opened->store);
}

broker::StoreSignals Life::signals() {
  const auto note = [this](auto change) {
    return [this, change](auto... arguments) {
      const std::lock_guard lock(mutex_);
      change(std::move(arguments)...);
      changed_.notify_all();
    };
  };
  return {.committed = [this](Sequence sequence) { on_committed(sequence.value); },
          .stalled = note([this](std::string reason) { stalled_ = std::move(reason); }),
          .resumed = note([this] { resumed_ = true; }),
          .failed = note([this](std::string reason) { failed_ = std::move(reason); })};
}

void Life::on_committed(std::uint64_t sequence) {
  const bool power = !disk().is_off();
  std::unique_lock lock(mutex_);
  committed_ = sequence;
  if (power) announced_ = sequence;
  changed_.notify_all();
  changed_.wait(lock, [this] { return closing_ || committed_ < released_; });
}

void Life::append(const broker::Write& write) {
  (void)store_->append({++appended_}, write);
}

void Life::write(const std::vector<broker::Write>& writes) {
  for (const broker::Write& write : writes) {
    append(write);
    if (appended_ == 1) wait(true);  // the writer is not held yet: it takes this one alone
  }
  {
    const std::lock_guard lock(mutex_);
    released_ = appended_;
    changed_.notify_all();
  }
  wait(true);
}

void Life::wait(bool or_stalled) {
  std::unique_lock lock(mutex_);
  const bool answered = changed_.wait_for(
      lock, kPatience, [&] { return committed_ >= appended_ || failed_ || (or_stalled && stalled_); });
  require(answered);
}

void Life::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  store_.reset();
}

std::uint64_t Life::announced() const {
  const std::lock_guard lock(mutex_);
  return announced_;
}

std::optional<std::string> Life::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

std::optional<std::string> Life::stalled() const {
  const std::lock_guard lock(mutex_);
  return stalled_;
}

bool Life::resumed() const {
  const std::lock_guard lock(mutex_);
  return resumed_;
}

void Expected::note(const std::vector<broker::Write>& writes) {
  for (const broker::Write& write : writes) {
    add_to(model_, write);
    written_.push_back(write);
  }
}

std::optional<std::string> Expected::meet(Life& life) {
  if (life.recovered().epoch <= epoch_) return "an epoch that was there before";
  epoch_ = life.recovered().epoch;
  std::uint64_t held = 0;
  for (; held < announced_; ++held) add_to(base_, written_[held]);
  while (!matches(base_, life.recovered())) {
    if (held == written_.size()) return "not the jobs that were announced and perhaps some that were written";
    add_to(base_, written_[held++]);
  }
  model_ = base_;
  written_.clear();
  announced_ = 0;
  return difference(model_, life.store());
}

}  // namespace brigade::power
