#include "client/cli/shared_workers.h"

#include <fmt/format.h>

#include <algorithm>

namespace brigade::cli {
namespace {

std::uint32_t slots_of(const WorkerSummary& worker, Lane lane) {
  return worker.slots[static_cast<std::size_t>(lane)];
}

std::string count_text(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

/// "one (2 threads, 256 transfers), two (…)": the first few.
std::string list_text(const std::vector<const WorkerSummary*>& workers) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(workers.size(), kShown); ++i)
    text += fmt::format("{}{} ({}, {})", i == 0 ? "" : ", ", workers[i]->name,
                        count_text(slots_of(*workers[i], Lane::threads), "thread"),
                        count_text(slots_of(*workers[i], Lane::loop), "transfer"));
  return workers.size() > kShown ? text + ", …" : text;
}

}  // namespace

std::vector<const WorkerSummary*> SharedWorkers::offering(const std::string& kind) const {
  std::vector<const WorkerSummary*> found;
  for (const WorkerSummary& worker : workers)
    if (std::ranges::find(worker.kinds, kind, &KindOffer::name) != worker.kinds.end()) found.push_back(&worker);
  return found;
}

std::uint32_t SharedWorkers::most_slots(const std::string& kind, Lane lane) const {
  std::uint32_t most = 0;
  for (const WorkerSummary* worker : offering(kind)) most = std::max(most, slots_of(*worker, lane));
  return most;
}

bool SharedWorkers::differ(const std::string& kind) const {
  const auto all = offering(kind);
  return std::ranges::any_of(all, [&](const WorkerSummary* worker) { return worker->slots != all.front()->slots; });
}

Result<void> SharedWorkers::check(const experiment::Cell& cell, const std::string& kind,
                                  const TypedCounts& typed) const {
  const Lane lane = cell.io_concurrency > 0 ? Lane::loop : Lane::threads;
  const bool is_typed = lane == Lane::loop ? typed.io_concurrency : typed.threads && cell.mode == "threads";
  const std::uint32_t each = !is_typed ? 1 : lane == Lane::loop ? cell.io_concurrency : cell.threads;
  std::vector<const WorkerSummary*> able = offering(kind);
  const std::size_t all = able.size();
  std::erase_if(able, [&](const WorkerSummary* worker) { return slots_of(*worker, lane) < each; });
  if (able.size() >= cell.workers && able.size() == all) return {};
  const std::string what = count_text(each, lane == Lane::loop ? "transfer" : "thread");
  const std::string there = all == 0
                                ? fmt::format("none of its {} offers {}", count_text(workers.size(), "worker"), kind)
                                : fmt::format("{} there {} {}: {}", count_text(all, "worker"),
                                              all == 1 ? "offers" : "offer", kind, list_text(offering(kind)));
  return Error{ErrorCode::invalid,
               fmt::format("{} takes {} with {} each, any that the broker at {} chooses, and {}; ask for less, start "
                           "more with: brigade-worker --broker {}, or measure private clusters with --private",
                           cell.id, count_text(cell.workers, "worker"), what, endpoint, there, endpoint)};
}

Result<SharedWorkers> look_at_workers(const Context& context, const std::string& endpoint) {
  auto session = connect_to(context, endpoint, -1);
  if (!session) return session.error();
  auto answer = (*session)->ask(Verb::list_workers, "");
  if (!answer) return answer.error();
  SharedWorkers shared{.endpoint = endpoint, .workers = std::move(answer->workers)};
  std::erase_if(shared.workers, [](const WorkerSummary& worker) { return worker.draining; });
  if (!shared.workers.empty()) return shared;
  return Error{ErrorCode::unavailable, "the broker at " + endpoint +
                                           " has no workers; start one with: brigade-worker --broker " + endpoint +
                                           ", or measure private clusters with --private"};
}

}  // namespace brigade::cli
