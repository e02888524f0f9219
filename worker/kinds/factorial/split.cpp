#include "worker/kinds/factorial/split.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/needs.h"
#include "worker/kinds/factorial/parts.h"
#include "worker/kinds/factorial/verify.h"

namespace brigade::worker {
namespace {

/// What both jobs' tasks know.
struct Split {
  wire::FactorialOptions options;
  FactorialLimits limits;

  std::uint32_t n() const { return static_cast<std::uint32_t>(options.split->n); }
  std::uint32_t parts() const { return options.split->parts; }
  Radix radix() const { return radix_of(options.form); }
  std::string name() const { return std::to_string(options.split->n) + "!"; }
};

Ending invalid(std::string message) {
  return Ending::failed(TaskStatus::invalid_argument, std::move(message));
}

std::string_view bytes_of_limbs(LimbsView limbs) {
  return {reinterpret_cast<const char*>(limbs.data()), limbs.size_bytes()};
}

/// Nothing where a limb is none of the radix.
std::optional<Limbs> limbs_of_bytes(Radix radix, std::string_view bytes) {
  Limbs limbs(bytes.size() / sizeof(std::uint64_t));
  std::memcpy(limbs.data(), bytes.data(), bytes.size());
  const auto is_none = [](std::uint64_t limb) { return limb >= kTenTo19; };
  if (radix == Radix::decimal && std::any_of(limbs.begin(), limbs.end(), is_none)) return std::nullopt;
  return limbs;
}

Ending part(const Split& split, SwingFactorial& swing, const TaskFeed& feed) {
  const std::optional<std::uint64_t> number = number_of(feed.argument());
  if (!number) return not_a_number(feed.argument());
  if (*number >= split.parts())
    return invalid("there is no part " + std::to_string(*number) + " of " + std::to_string(split.parts()));
  const auto primes = primes_of_part(primes_of_parts(split.radix(), split.n()), split.n(),
                                     static_cast<std::uint32_t>(*number), split.parts());
  const std::optional<Limbs> limbs = swing.part_of(split.radix(), split.n(), primes, effort_of(feed));
  swing.trim();
  if (!limbs) return not_finished_within(feed.task().limit);
  return {.value = wire::encode_factorial_answer(0, bytes_of_limbs(*limbs))};
}

/// The parts are checked one by one, so that a wrong one is named and nothing is multiplied for nothing; then the
/// whole.
Ending merge(const Split& split, const TaskFeed& feed) {
  const auto views = wire::decode_factorial_parts(feed.argument(), split.parts());
  if (!views) return invalid(views.error().message);
  if (feed.argument().size() > argument_bytes_of_merge(split.n(), split.options))
    return invalid("the parts of " + split.name() + " are longer than it");
  std::vector<Limbs> parts;
  for (const std::string_view view : *views) {
    std::optional<Limbs> limbs = limbs_of_bytes(split.radix(), view);
    if (!limbs) return invalid("a part of " + split.name() + " is no number of the radix 10^19");
    parts.push_back(*std::move(limbs));
  }
  const Effort effort = effort_of(feed);
  const auto wrong = first_wrong_part(split.radix(), split.n(), parts, effort.team.until(effort.given_up));
  if (effort.given_up()) return not_finished_within(feed.task().limit);
  if (wrong)
    return Ending::failed(TaskStatus::internal, "part " + std::to_string(*wrong) + " of " + split.name() +
                                                    " did not stand its check: the machine that computed it, or this "
                                                    "one, computes wrong");
  const std::optional<Limbs> number = merged(split.radix(), split.n(), std::move(parts), effort);
  if (!number) return not_finished_within(feed.task().limit);
  if (!FactorialCheck().stands(split.n(), split.radix(), *number)) return computed_wrong(split.name());
  return answer_with(split.n(), *number, split.options.form, effort.team);
}

Ending answer(const Split& split, SwingFactorial& swing, const TaskFeed& feed) {
  if (std::optional<Ending> refusal = refusal_of(split.options.split->n, split.options, split.limits))
    return *std::move(refusal);
  if (!can_be_split(split.options.split->n, split.options))
    return invalid("the parts of " + split.name() + " are too long for a message");
  if (!kernels_available())
    return Ending::failed(TaskStatus::unsupported_kind,
                          "this worker's processor lacks AVX2 and FMA, without which it computes no parts");
  return split.options.split->merge ? merge(split, feed) : part(split, swing, feed);
}

}  // namespace

Prepared split_factorial(const wire::FactorialOptions& options, const FactorialLimits& limits) {
  const Split split{options, limits};
  const auto on_thread = [split]() -> Runner {
    return [split, swing = std::make_shared<SwingFactorial>()](TaskFeed& feed) {
      while (feed.next()) feed.end(answer(split, *swing, feed));
    };
  };
  return {.on_thread = on_thread, .on_loop = {}, .memory_of = [options](std::uint64_t) {
            return memory_of_factorial(options.split->n, options);
          }};
}

}  // namespace brigade::worker
