#include "client/cli/survey.h"

#include <poll.h>

#include <algorithm>

#include "proto/base/text.h"

namespace brigade::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPauseMost{20};

}  // namespace

Suitability suitability_of(const std::vector<WorkerSummary>& workers, const std::string& kind) {
  Suitability found;
  bool unlimited = false;
  std::uint64_t most = 0;
  for (const WorkerSummary& worker : workers) {
    if (worker.draining) {
      ++found.draining;
      continue;
    }
    ++found.workers;
    for (const KindOffer& offer : worker.kinds) {
      if (offer.name != kind) continue;
      ++found.offering;
      unlimited = unlimited || offer.argument_max == 0;
      most = std::max(most, offer.argument_max);
    }
  }
  if (found.offering > 0 && !unlimited) found.argument_max = most;
  return found;
}

Result<void> check_suitable(const Suitability& found, const std::string& kind, const std::optional<Largest>& largest) {
  if (found.workers > 0 && found.offering == 0) {
    const std::string who = found.workers == 1
                                ? "the one connected worker does not offer '"
                                : "none of the " + std::to_string(found.workers) + " connected workers offers '";
    return Error{ErrorCode::unsuitable, who + kind + "'; see: brigade workers"};
  }
  if (!found.argument_max || !largest || largest->number <= *found.argument_max) return {};
  const std::string where = largest->line > 0 ? " in line " + std::to_string(largest->line) + " of the list" : "";
  return Error{ErrorCode::unsuitable, kind + ": " + std::to_string(largest->number) + where +
                                          " is over the limit of every connected worker (" +
                                          std::to_string(*found.argument_max) +
                                          ", its --factorial-max); nothing was submitted"};
}

TaskSource suitable_only(TaskSource source, Suitability found, std::string kind) {
  return [source = std::move(source), found, kind = std::move(kind)]() -> Result<std::optional<TaskInput>> {
    auto task = source();
    if (!task || !*task) return task;
    if (auto good = check_suitable(found, kind, Largest{(*task)->number, (*task)->label.line}); !good)
      return good.error();
    return task;
  };
}

Result<Suitability> ask_suitability(client::Session& session, const std::string& kind) {
  auto answer = session.ask(Verb::list_workers, "");
  if (!answer) return answer.error();
  return suitability_of(answer->workers, kind);
}

Result<Suitability> await_workers(client::Session& session, Interrupts& interrupts, const std::string& kind,
                                  std::size_t least, Duration patience) {
  const Instant until = base::monotonic_now() + patience;
  Suitability found;
  for (milliseconds pause(1);; pause = std::min(pause * 2, kPauseMost)) {
    auto asked = ask_suitability(session, kind);
    if (!asked && asked.error().code != ErrorCode::cancelled) return asked.error();
    if (asked) found = *asked;
    if (found.workers >= least) return found;
    pollfd fd{.fd = interrupts.fd(), .events = POLLIN, .revents = 0};
    if (poll(&fd, 1, static_cast<int>(pause.count())) > 0) {
      if (interrupts.signal()) return Error{ErrorCode::cancelled, "interrupted; nothing was submitted"};
      if (auto tended = interrupts.tend(); !tended) return tended.error();
    }
    if (base::monotonic_now() >= until) break;
  }
  std::string message = least > 1 ? "fewer than " + std::to_string(least) + " workers" : std::string("no worker");
  message += " connected within " + base::format_duration(patience);
  if (found.draining > 0) message += " (" + std::to_string(found.draining) + " are draining)";
  return Error{ErrorCode::unavailable, message + "; start one with: brigade-worker --broker ENDPOINT"};
}

}  // namespace brigade::cli
