#include "broker/pages.h"

#include <algorithm>

#include "broker/store/gather.h"
#include "proto/wire/limits.h"

namespace brigade::broker {
namespace {

constexpr std::uint64_t kPartBytes = std::uint64_t{1} << 20;  // of a value that comes in parts

/// The rows of a block that are failures (not cut ones).
RunSet failed_rows(const Outcomes& outcomes) {
  RunSet failed;
  std::size_t row = 0;
  for (const Run& run : outcomes.runs)
    for (std::uint64_t index = run.first; index < run.end(); ++index, ++row)
      if (outcomes.status[row] != TaskStatus::ok && !is_cancellation(outcomes.status[row])) failed.insert({index, 1});
  return failed;
}

bool all_cancelled(const Outcomes& outcomes) {
  return outcomes.status.is_constant() && is_cancellation(outcomes.status.constant());
}

/// Collects rows of several blocks in the order of their task numbers.
class Merge {
 public:
  explicit Merge(const std::vector<StoredBlock>& blocks) : blocks_(blocks) {}

  /// The rows of `run` up to the first that no block has.
  Results rows(Run run) {
    for (std::size_t block = 0; block < blocks_.size(); ++block) scatter(block, run);
    std::ranges::sort(places_, {}, &Place::index);
    std::size_t count = 0;
    while (count < places_.size() && places_[count].index == run.first + count) ++count;
    places_.resize(count);
    return gather();
  }

 private:
  struct Place {
    std::uint64_t index;
    std::size_t block, row;
    std::string_view value;
  };

  void scatter(std::size_t block, Run wanted) {
    const Outcomes& outcomes = blocks_[block].outcomes;
    ValuesReader values(outcomes.values);
    std::size_t row = 0;
    for (const Run& run : outcomes.runs) {
      const auto part = intersection(run, wanted);
      if (!part) {
        values.skip(run.count);
        row += run.count;
        continue;
      }
      values.skip(part->first - run.first);
      row += part->first - run.first;
      for (std::uint64_t index = part->first; index < part->end(); ++index)
        places_.push_back({index, block, row++, values.next()});
      values.skip(run.end() - part->end());
      row += run.end() - part->end();
    }
  }

  Results gather() const {
    Results results;
    std::vector<TaskStatus> status;
    std::vector<float> start_ms, run_ms;
    std::vector<std::uint16_t> origin;
    std::vector<std::size_t> origin_of_block(blocks_.size(), SIZE_MAX);
    ValuesBuilder values;
    for (const Place& place : places_) {
      const StoredBlock& block = blocks_[place.block];
      std::size_t& at = origin_of_block[place.block];
      if (at == SIZE_MAX) {
        at = results.origins.size();
        results.origins.push_back(block.origin);
      }
      auto& runs = results.outcomes.runs;
      if (!runs.empty() && runs.back().end() == place.index)
        ++runs.back().count;
      else
        runs.push_back({place.index, 1});
      origin.push_back(static_cast<std::uint16_t>(at));
      status.push_back(block.outcomes.status[place.row]);
      start_ms.push_back(block.outcomes.start_ms[place.row]);
      run_ms.push_back(block.outcomes.run_ms[place.row]);
      values.add(place.value);
    }
    results.origin = Column<std::uint16_t>::of(std::move(origin));
    results.outcomes.status = Column<TaskStatus>::of(std::move(status));
    results.outcomes.start_ms = Column<float>::of(std::move(start_ms));
    results.outcomes.run_ms = Column<float>::of(std::move(run_ms));
    results.outcomes.values = values.take();
    return results;
  }

  const std::vector<StoredBlock>& blocks_;
  std::vector<Place> places_;
};

Results of_one_block(const StoredBlock& block, Outcomes outcomes) {
  Results results;
  results.origins = {block.origin};
  results.outcomes = std::move(outcomes);
  return results;
}

/// When one block has all of `run` side by side, its rows as they are.
std::optional<Results> whole_run(const StoredBlock& block, Run run) {
  std::size_t row = 0;
  for (const Run& own : block.outcomes.runs) {
    if (own.contains(run.first) && own.end() >= run.end())
      return of_one_block(block, slice(block.outcomes, row + (run.first - own.first), run.count));
    row += own.count;
  }
  return std::nullopt;
}

/// Bytes of the first rows that fit, at least one row.
std::size_t rows_within(const Outcomes& outcomes, std::uint64_t bytes_max) {
  const std::size_t rows = outcomes.count();
  std::uint64_t bytes = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    bytes += outcomes.values.sizes[row];
    if (bytes > bytes_max) return std::max<std::size_t>(1, row);
  }
  return rows;
}

/// The first task of `run` whose value is left out of its block, and that block.
const StoredBlock* first_left_out(const std::vector<StoredBlock>& blocks, Run run) {
  const StoredBlock* first = nullptr;
  for (const StoredBlock& block : blocks) {
    if (block.left_out == 0 || !run.contains(block.outcomes.runs.front().first)) continue;
    if (first == nullptr || block.outcomes.runs.front().first < first->outcomes.runs.front().first) first = &block;
  }
  return first;
}

Results cut_to(Results results, std::size_t rows) {
  results.outcomes = slice(results.outcomes, 0, rows);
  results.origin = slice(results.origin, 0, rows);
  return results;
}

}  // namespace

Result<Page> Pages::make(const SendPage& order) {
  auto page = order.order == Order::completion ? by_completion(order) : by_input(order);
  if (page && order.last && page->next == order.end && !page->messages.empty()) {
    page->ended = page->messages.back().ended = true;
    page->messages.back().next = page->next;  // rows that were left out count as seen
  }
  return page;
}

Result<void> Pages::add_arguments(const SendPage& order, Results& results) {
  if (!order.with_arguments) return {};
  auto stored =
      gather_arguments(results.outcomes.runs, [&](const Run& run) { return store_.arguments(order.job, run); });
  if (!stored) return stored.error();
  results.arguments = std::move(stored->arguments);
  results.labels = std::move(stored->labels);
  return {};
}

Result<Page> Pages::part_of(const SendPage& order, const StoredBlock& block, std::uint64_t at, std::uint64_t offset) {
  if (offset >= block.left_out)
    return Error{ErrorCode::invalid,
                 "the reader has more of a value than its " + std::to_string(block.left_out) + " bytes"};
  const std::uint64_t bytes = std::min(kPartBytes, block.left_out - offset);
  auto part = store_.part(order.job, block.position, offset, bytes);
  if (!part) return part.error();
  Outcomes outcomes = block.outcomes;
  outcomes.values = {.sizes = Column(static_cast<std::uint32_t>(bytes)), .blob = *std::move(part)};
  Results results = of_one_block(block, std::move(outcomes));
  results.whole_bytes = block.left_out;
  results.offset = offset;
  if (const auto added = add_arguments(order, results); !added) return added.error();
  const std::uint64_t offset_next = offset_after(results);
  results.next = offset_next > 0 ? at : at + 1;
  Page page{.next = results.next, .offset = offset_next, .weight = weight_of(results)};
  page.messages.push_back(std::move(results));
  return page;
}

Result<Page> Pages::by_completion(const SendPage& order) {
  auto blocks = store_.blocks(order.job, order.from, order.bytes_max, order.failed_only);
  if (!blocks) return blocks.error();
  Page page{.next = order.from};
  for (const StoredBlock& block : *blocks) {
    const std::uint64_t count = block.outcomes.count();
    if (block.position >= order.end) break;
    if (block.left_out > 0 && !(order.failed_only && failed_rows(block.outcomes).empty())) {
      if (!page.messages.empty()) return page;
      return part_of(order, block, block.position, block.position == order.from ? order.offset : 0);
    }
    std::uint64_t row = std::max(page.next, block.position) - block.position;
    for (; row < count && page.weight < order.bytes_max; page.next = block.position + row) {
      const std::uint64_t rows = std::min(count - row, wire::kTasksPerMessageMax);
      Outcomes outcomes = slice(block.outcomes, row, rows);
      row += rows;
      if (order.failed_only) {
        if (all_cancelled(outcomes)) continue;
        outcomes = select(outcomes, failed_rows(outcomes));
        if (outcomes.runs.empty()) continue;
      }
      Results results = of_one_block(block, std::move(outcomes));
      if (const auto added = add_arguments(order, results); !added) return added.error();
      results.next = block.position + row;
      page.weight += weight_of(results);
      page.messages.push_back(std::move(results));
    }
    if (row < count) return page;
  }
  // With failed_only the store leaves out blocks without a failure: all that was asked for has been looked at.
  if (blocks->empty()) page.next = order.end;
  return page;
}

Result<Page> Pages::by_input(const SendPage& order) {
  constexpr std::uint64_t kFirstTasks = 256;
  const auto known = task_bytes_.find(order.job);
  const std::uint64_t fitting =
      known == task_bytes_.end()
          ? kFirstTasks
          : static_cast<std::uint64_t>(static_cast<double>(order.bytes_max) / std::max(1.0, known->second));
  // Each row may come from a block, and so have an origin, of its own.
  const std::uint64_t most = std::clamp<std::uint64_t>(fitting, 1, wire::kOriginsMax / 2);
  Run run{order.from, std::min(most, order.end - order.from)};
  auto blocks = store_.blocks_with(order.job, run, order.bytes_max);
  if (!blocks) return blocks.error();
  if (const StoredBlock* large = first_left_out(*blocks, run)) {
    const std::uint64_t task = large->outcomes.runs.front().first;
    if (task == order.from) return part_of(order, *large, task, order.offset);
    run.count = task - order.from;
    std::erase_if(*blocks, [](const StoredBlock& block) { return block.left_out > 0; });
  }
  std::optional<Results> results;
  if (blocks->size() == 1) results = whole_run(blocks->front(), run);
  if (!results) results = Merge(*blocks).rows(run);
  run.count = results->outcomes.count();
  if (run.count == 0) return Error{ErrorCode::storage, "the store lacks results that it has acknowledged; check it"};
  if (const std::size_t rows = rows_within(results->outcomes, order.bytes_max); rows < run.count)
    results = cut_to(std::move(*results), rows);
  if (const auto added = add_arguments(order, *results); !added) return added.error();
  Page page{.next = order.from + results->outcomes.count(), .weight = weight_of(*results)};
  task_bytes_[order.job] = static_cast<double>(page.weight) / static_cast<double>(results->outcomes.count());
  results->next = page.next;
  page.messages.push_back(std::move(*results));
  return page;
}

}  // namespace brigade::broker
