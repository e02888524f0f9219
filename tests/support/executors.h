// What tests of executors and kinds share: leases, and waiting for outcomes.
#pragma once

#include <poll.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proto/model/messages.h"
#include "worker/exec/executor.h"
#include "worker/exec/outbox.h"
#include "worker/kinds/kind.h"

namespace brigade::test {

inline worker::Work range_work(std::uint64_t lease, std::string kind, Run run, std::uint64_t start = 0,
                               std::uint64_t job = 7) {
  worker::Work work;
  work.lease.id = LeaseId{lease};
  work.lease.job = JobId{job, job};
  work.lease.run = run;
  work.lease.brief.kind = std::move(kind);
  work.lease.brief.range = Arithmetic{.start = start, .step = 1, .count = run.end()};
  return work;
}

inline worker::Work list_work(std::uint64_t lease, std::string kind, const std::vector<std::string>& arguments,
                              std::uint64_t first = 0, std::uint64_t job = 7) {
  worker::Work work = range_work(lease, std::move(kind), {first, arguments.size()}, 0, job);
  work.lease.brief.range.reset();
  ValuesBuilder values;
  for (const std::string& argument : arguments) values.add(argument);
  work.lease.arguments = values.take();
  return work;
}

/// One finished task.
struct Row {
  TaskStatus status = TaskStatus::ok;
  std::string value;
  float start_ms = 0, run_ms = 0;
  std::uint32_t retry_after_ms = kFinal;
};

/// Gathers an outbox's outcomes by lease and task; counts those that came twice.
class Collector {
 public:
  explicit Collector(worker::Outbox& outbox) : outbox_(&outbox) {}

  /// Waits on the outbox's fd until `count` tasks in all have finished.
  void wait_for(std::uint64_t count) {
    while (rows < count) {
      collect();
      if (rows >= count || !dry_) continue;
      pollfd waiting{.fd = outbox_->fd(), .events = POLLIN, .revents = 0};
      ::poll(&waiting, 1, -1);
    }
  }
  void collect() {
    const std::vector<worker::Finished> finished = outbox_->collect();
    dry_ = finished.empty();
    for (const worker::Finished& block : finished) add(block);
  }
  Row& at(std::uint64_t index, std::uint64_t lease = 1) { return by_task.at({lease, index}); }

  std::map<std::pair<std::uint64_t, std::uint64_t>, Row> by_task;  // (lease, index)
  std::vector<worker::Finished> blocks;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> order;
  std::uint64_t rows = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t weight = 0;

 private:
  void add(const worker::Finished& block) {
    blocks.push_back(block);
    weight += worker::weight_of(block.outcomes);
    ValuesReader values(block.outcomes.values);
    std::size_t row = 0;
    for (const Run& run : block.outcomes.runs) {
      for (std::uint64_t index = run.first; index < run.end(); ++index, ++row, ++rows) {
        const Outcomes& o = block.outcomes;
        const Row item{o.status[row], std::string(values.next()), o.start_ms[row], o.run_ms[row],
                       o.retry_after_ms[row]};
        const auto key = std::pair(block.lease.value, index);
        duplicates += by_task.insert({key, item}).second ? 0 : 1;
        order.push_back(key);
      }
    }
  }

  worker::Outbox* outbox_;
  bool dry_ = false;
};

/// What became of each task of a work, in their order; for a work whose run begins at 0.
inline std::vector<Row> rows_of(worker::Executor& executor, worker::Outbox& outbox, worker::Work work) {
  const std::uint64_t count = work.lease.run.count;
  executor.start(std::move(work));
  Collector collector(outbox);
  collector.wait_for(count);
  std::vector<Row> rows;
  for (std::uint64_t i = 0; i < count; ++i) rows.push_back(collector.at(i));
  return rows;
}

/// A kind made of one blocking function, called with each task.
inline worker::Kind kind_of(std::string name, std::function<worker::Ending(worker::TaskFeed&)> run) {
  const worker::Runner runner = [run = std::move(run)](worker::TaskFeed& feed) {
    while (feed.next()) feed.end(run(feed));
  };
  return {.name = std::move(name),
          .preferred = Lane::threads,
          .argument_max = 0,
          .prepare = [runner](const JobBrief&) -> Result<worker::Prepared> {
            return worker::Prepared{.on_thread = [runner] { return runner; }, .on_loop = {}};
          }};
}

}  // namespace brigade::test
