#include "worker/kinds/factorial/factorial.h"

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "proto/wire/kinds.h"
#include "worker/kinds/factorial/answer.h"
#include "worker/kinds/factorial/compute.h"
#include "worker/kinds/factorial/needs.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/size.h"
#include "worker/kinds/factorial/split.h"
#include "worker/kinds/factorial/starts.h"
#include "worker/kinds/factorial/verify.h"

namespace brigade::worker {
namespace {

using wire::FactorialForm;

/// One thread's factorials of one job. Goes on from the last argument where the next one is near.
class Factorials {
 public:
  Factorials(const wire::FactorialOptions& options, const FactorialLimits& limits, std::shared_ptr<Starts> starts)
      : options_(options),
        limits_(limits),
        radix_(radix_of(options.form)),
        product_(radix_),
        starts_(std::move(starts)) {}

  Ending answer(const TaskFeed& feed) {
    const std::optional<std::uint64_t> n = number_of(feed.argument());
    if (!n) return not_a_number(feed.argument());
    if (!accepted_ || *n > *accepted_) {  // what n needs grows with it
      if (std::optional<Ending> refusal = refusal_of(*n, options_, limits_)) return *std::move(refusal);
      accepted_ = *n;
    }
    if (options_.form == FactorialForm::digits && !options_.verify)
      if (const std::optional<std::uint64_t> digits = digits_of_factorial(*n))
        return {.value = wire::encode_factorial_answer(*digits, {})};
    Ending ending = reach(*n, feed) ? shown(*n, Team(feed.spare())) : not_finished_within(feed.task().limit);
    product_.trim();
    factorial_.trim();
    return ending;
  }

 private:
  /// n! into product_; false when it was given up.
  bool reach(std::uint64_t n, const TaskFeed& feed) {
    if (product_.reach(n)) return true;
    const Effort effort = effort_of(feed);
    if (leap(n, effort)) return true;
    product_.set(0, {});  // not both in memory at once
    start_.reset();
    if (!is_shared(n)) return compute(n, effort);
    start_ = starts_->obtain(n, feed, [&] { return compute(n, effort) ? to_share(n) : nullptr; });
    if (start_ && product_.limbs().empty()) product_.set(start_->n, start_->limbs);
    return product_.reach(n) || leap(n, effort);
  }

  bool leap(std::uint64_t n, const Effort& effort) {
    if (product_.limbs().empty() || !Factorial::can_leap(product_.n(), n)) return false;
    product_.set(n, factorial_.leap(radix_, product_.limbs(), product_.n(), n, effort).value_or(Limbs()));
    return !product_.limbs().empty();
  }

  /// The number just computed, for others; null where there is no memory for a copy.
  StartPtr to_share(std::uint64_t n) const {
    const LimbsView limbs = product_.limbs();
    try {
      return std::make_shared<const Start>(Start{.n = n, .limbs = {limbs.begin(), limbs.end()}});
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  bool compute(std::uint64_t n, const Effort& effort) {
    std::optional<Limbs> limbs = factorial_.of(radix_, n, effort);
    if (!limbs) return false;
    product_.set(n, *std::move(limbs));
    return true;
  }

  Ending shown(std::uint64_t n, Team team) {
    if (options_.verify && !check_.stands(n, radix_, product_.limbs())) return computed_wrong(std::to_string(n) + "!");
    return answer_with(n, product_.limbs(), options_.form, team);
  }

  const wire::FactorialOptions options_;
  const FactorialLimits limits_;
  const Radix radix_;
  Product product_;
  Factorial factorial_;
  FactorialCheck check_;
  std::shared_ptr<Starts> starts_;
  StartPtr start_;                         // what this thread began with: held for others
  std::optional<std::uint64_t> accepted_;  // the largest n that was not refused
};

Runner runner(const wire::FactorialOptions& options, const FactorialLimits& limits, std::shared_ptr<Starts> starts) {
  const auto factorials = std::make_shared<Factorials>(options, limits, std::move(starts));
  return [factorials](TaskFeed& feed) {
    while (feed.next()) feed.end(factorials->answer(feed));
  };
}

}  // namespace

Kind factorial_kind(std::uint64_t n_max, std::uint64_t memory_max) {
  const FactorialLimits limits{.n = n_max, .memory = memory_max};
  const auto prepare = [limits](const JobBrief& brief) -> Result<Prepared> {
    const Result<wire::FactorialOptions> options = wire::decode_factorial_options(brief.options);
    if (!options) return options.error();
    if (options->split) return split_factorial(*options, limits);
    const auto starts = std::make_shared<Starts>();
    return Prepared{.on_thread = [options = *options, limits, starts] { return runner(options, limits, starts); },
                    .on_loop = {},
                    .memory_of = [options = *options](std::uint64_t n) { return memory_of_factorial(n, options); },
                    .ascending = true};
  };
  return {.name = "factorial", .preferred = Lane::threads, .argument_max = n_max, .prepare = prepare};
}

}  // namespace brigade::worker
