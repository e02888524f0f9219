#include "worker/kinds/team.h"

#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace brigade::worker {
namespace {

/// What the threads of one each() share.
class Round {
 public:
  Round(std::size_t count, const std::function<void(std::size_t)>& work, const Team& team)
      : count_(count), work_(&work), team_(&team) {}

  void take_part() {
    try {
      for (std::size_t i = next_++; i < count_ && !team_->stopped(); i = next_++) (*work_)(i);
    } catch (...) {
      next_ = count_;
      const std::lock_guard lock(mutex_);
      thrown_ = std::current_exception();
    }
  }
  /// Once all threads are done.
  void finish() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  const std::size_t count_;
  const std::function<void(std::size_t)>* work_;
  const Team* team_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::exception_ptr thrown_;
};

/// False where the system gives no thread: the others do its share.
bool add_helper(std::vector<std::jthread>& helpers, Round& round, SpareCores& spare) {
  try {
    helpers.emplace_back([&round, &spare] {
      round.take_part();
      spare.give_back();
    });
    return true;
  } catch (const std::exception&) {
    spare.give_back();
    return false;
  }
}

}  // namespace

bool SpareCores::try_take() {
  std::int64_t spare = spare_;
  while (spare > 0)
    if (spare_.compare_exchange_weak(spare, spare - 1)) return true;
  return false;
}

void Team::each(std::size_t count, const std::function<void(std::size_t)>& work) const {
  Round round(count, work, *this);
  std::vector<std::jthread> helpers;
  while (helpers.size() + 1 < count && spare_ && spare_->try_take())
    if (!add_helper(helpers, round, *spare_)) break;
  round.take_part();
  helpers.clear();  // joins
  round.finish();
}

}  // namespace brigade::worker
