#include "client/cli/split.h"

#include <utility>

#include "proto/base/text.h"
#include "proto/wire/limits.h"
#include "worker/kinds/factorial/needs.h"

namespace brigade::cli {

Result<void> plan_split(JobRequest& request, wire::FactorialOptions& options, std::uint64_t parts) {
  if (!request.spec.range || request.spec.range->count != 1)
    return Error{ErrorCode::invalid, "--split takes exactly one number: brigade run factorial 10000000 --split 4"};
  const std::uint64_t n = request.spec.range->start;
  options.split = {.n = n, .parts = static_cast<std::uint32_t>(parts), .merge = true};
  if (!worker::can_be_split(n, options))
    return Error{ErrorCode::invalid, "the parts of " + std::to_string(n) + "! would have " +
                                         base::format_size(worker::argument_bytes_of_merge(n, options)) +
                                         " together, and a message has less than " +
                                         base::format_size(wire::kBlobBytesMax) + "; leave out --split"};
  request.spec.range.reset();
  request.split = true;
  return {};
}

JobSpec parts_spec(const JobSpec& merge) {
  JobSpec spec = merge;
  auto options = wire::decode_factorial_options(merge.options);
  require(options && options->split);
  options->split->merge = false;
  spec.options = wire::encode(*options);
  spec.range = Arithmetic{.start = 0, .step = 1, .count = options->split->parts};
  spec.max_fails = {.unit = FailLimit::Unit::count, .value = 0};  // with one part missing the others are for nothing
  spec.name.clear();
  spec.key.clear();  // both are the second job's
  return spec;
}

void PartCollector::add(const Results& page) {
  if (page.whole_bytes == 0) return add_rows(page);
  if (const auto whole = joiner_.add(page)) add_rows(*whole);
}

void PartCollector::add_rows(const Results& page) {
  ValuesReader values(page.outcomes.values);
  for (std::size_t row = 0; row < page.outcomes.count(); ++row) {
    const std::string_view value = values.next();
    auto answer = wire::decode_factorial_answer(value);
    whole_ = whole_ && page.outcomes.status[row] == TaskStatus::ok && answer;
    if (whole_) parts_.push_back(std::move(answer->value));
  }
}

std::optional<std::string> PartCollector::argument(std::uint64_t parts) {
  if (!whole_ || parts_.size() != parts) return std::nullopt;
  return wire::encode_factorial_parts(std::exchange(parts_, {}));
}

}  // namespace brigade::cli
