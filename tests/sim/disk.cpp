#include "tests/sim/disk.h"

#include <algorithm>

namespace brigade::sim {
namespace {

bool is_failure(TaskStatus status) {
  return status != TaskStatus::ok && !is_cancellation(status);
}

bool has_failure(const Outcomes& outcomes) {
  for (std::size_t row = 0; row < outcomes.count(); ++row)
    if (is_failure(outcomes.status[row])) return true;
  return false;
}

void count(const broker::BlockAppended& block, broker::RecoveredJob& job) {
  std::size_t row = 0;
  for (const Run& run : block.outcomes.runs)
    for (std::uint64_t index = run.first; index < run.end(); ++index, ++row) {
      const TaskStatus status = block.outcomes.status[row];
      ++job.by_status[static_cast<std::size_t>(status)];
      if (!job.finished) job.done.insert({index, 1});
      if (is_failure(status)) job.failed.insert({index, 1});
    }
  job.log_rows += block.outcomes.count();
}

}  // namespace

// ---- The disk ------------------------------------------------------------------------------------------------------

const DiskJob* Disk::job(JobId id) const {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : &it->second;
}

bool Disk::is_forgotten(JobId id) const {
  return std::ranges::find(forgotten_, id) != forgotten_.end();
}

void Disk::apply(const broker::Write& write) {
  if (const auto* opened = std::get_if<broker::JobOpened>(&write)) {
    if (!jobs_.emplace(opened->job, DiskJob{.opened = *opened}).second) world_->fail("a job is opened twice");
    order_.push_back(opened->job);
    return;
  }
  const JobId id = std::visit([](const auto& kind) { return kind.job; }, write);
  const auto it = jobs_.find(id);
  if (it == jobs_.end()) return world_->fail("a write for a job that is not there: " + to_string(id));
  DiskJob& job = it->second;
  std::visit(overload{
                 [](const broker::JobOpened&) {},
                 [&](const broker::ChunkArrived& chunk) {
                   if (chunk.sequence != job.chunks.size() || chunk.run.first != job.chunk_tasks || job.sealed)
                     world_->fail("a chunk does not follow the one before");
                   job.chunks.push_back(chunk);
                   job.chunk_tasks = chunk.run.end();
                 },
                 [&](const broker::JobSealed& sealed) {
                   if (job.sealed) world_->fail("a job is sealed twice");
                   job.sealed = sealed;
                 },
                 [&](const broker::BlockAppended& block) { apply_block(job, block); },
                 [&](const broker::AttemptsCounted& attempts) { job.attempts.push_back(attempts); },
                 [&](const broker::JobFinished& finished) {
                   if (job.finished) world_->fail("a job is finished twice");
                   if (job.done.count() != job.tasks()) world_->fail("a job is finished before all of its tasks");
                   job.finished = finished.summary;
                 },
                 [&](const broker::JobForgotten&) {
                   std::erase(order_, id);
                   forgotten_.push_back(id);
                   jobs_.erase(id);
                 },
             },
             write);
}

void Disk::apply_block(DiskJob& job, const broker::BlockAppended& block) {
  if (!job.sealed) world_->fail("results of a job that is not sealed");
  if (job.finished) world_->fail("results of a job that is finished");
  if (block.position != job.rows) world_->fail("a block does not follow the log's last row");
  for (const Run& run : block.outcomes.runs) {
    if (!job.done.within(run).empty()) world_->fail("a second final record of a task");
    if (run.end() > job.tasks()) world_->fail("a final record of a task that the job does not have");
    job.done.insert(run);
  }
  job.rows += block.outcomes.count();
  job.blocks.push_back(block);
}

broker::Recovered Disk::recover() {
  if (epoch_ == 0 || !world_->has(Bug::epoch_not_raised)) ++epoch_;
  broker::Recovered recovered{.epoch = epoch_, .jobs = {}};
  for (const JobId id : order_) recovered.jobs.push_back(recover(jobs_.at(id)));
  return recovered;
}

broker::RecoveredJob Disk::recover(const DiskJob& job) const {
  broker::RecoveredJob recovered{.id = job.opened.job,
                                 .spec = job.opened.spec,
                                 .client = job.opened.client,
                                 .tasks = job.tasks(),
                                 .chunks = job.chunks.size(),
                                 .sealed = job.sealed.has_value(),
                                 .finished = job.finished};
  if (world_->has(Bug::finished_forgotten)) recovered.finished.reset();
  if (world_->has(Bug::chunk_forgotten) && !job.sealed && !job.chunks.empty()) {
    --recovered.chunks;
    recovered.tasks = job.chunks.back().run.first;
  }
  if (job.sealed) {
    recovered.accepted_at = job.sealed->accepted_at;
    recovered.hash = job.sealed->hash;
  }
  const bool short_by_one = world_->has(Bug::block_forgotten) && !job.finished && !job.blocks.empty();
  for (std::size_t i = 0; i + (short_by_one ? 1 : 0) < job.blocks.size(); ++i) count(job.blocks[i], recovered);
  if (!job.finished && !world_->has(Bug::attempts_forgotten)) recovered.attempts = job.attempts;
  return recovered;
}

// ---- The store -----------------------------------------------------------------------------------------------------

SimStore::SimStore(World& world, Disk& disk, Plan plan, std::function<void(broker::Event)> tell)
    : world_(&world), disk_(&disk), plan_(std::move(plan)), tell_(std::move(tell)) {}

void SimStore::set_commit_time(Duration least, Duration most) {
  least_ = least;
  most_ = most;
}

bool SimStore::append(Sequence sequence, broker::Write write) {
  queue_.push_back({sequence, std::move(write)});
  start_commit();
  return false;
}

void SimStore::start_commit() {
  if (queue_.empty() || !under_way_.empty() || stalled_) return;
  under_way_.swap(queue_);
  plan_(world_->between(least_, most_), [this] { finish_commit(); });
}

void SimStore::finish_commit() {
  if (stalled_) {
    for (; !under_way_.empty(); under_way_.pop_back()) queue_.push_front(std::move(under_way_.back()));
    if (!std::exchange(told_stalled_, true)) tell_(broker::StoreStalled{"no space left on device"});
    return;
  }
  for (; !cached_.empty(); cached_.pop_front()) disk_->apply(cached_.front().write);
  std::deque<Queued> batch = std::exchange(under_way_, {});
  Sequence last = batch.back().sequence;
  world_->note({'s', 0}, "commits", {}, {last.value, batch.size()});
  if (world_->has(Bug::commit_not_synced))
    cached_ = std::move(batch);
  else
    for (const Queued& queued : batch) disk_->apply(queued.write);
  start_commit();
  if (world_->has(Bug::announced_early) && !under_way_.empty()) last = under_way_.back().sequence;
  tell_(broker::Committed{last});
}

void SimStore::stall(Duration time) {
  if (std::exchange(stalled_, true)) return;
  world_->note({'s', 0}, "stalls");
  plan_(time, [this] {
    stalled_ = false;
    world_->note({'s', 0}, "resumes");
    if (std::exchange(told_stalled_, false)) tell_(broker::StoreResumed{});
    start_commit();
  });
}

void SimStore::crash() {
  if (under_way_.empty() || stalled_ || !world_->chance(50)) return;
  world_->note({'s', 0}, "commits, unannounced", {}, {under_way_.back().sequence.value, under_way_.size()});
  for (const Queued& queued : under_way_) disk_->apply(queued.write);
  under_way_.clear();
}

const DiskJob& SimStore::committed(JobId id) const {
  static const DiskJob kNone;
  const DiskJob* job = disk_->job(id);
  return job != nullptr ? *job : kNone;
}

Result<broker::StoredArguments> SimStore::arguments(JobId id, Run run) {
  const DiskJob& job = committed(id);
  ValuesBuilder arguments, labels;
  for (const broker::ChunkArrived& chunk : job.chunks) {
    const auto part = intersection(chunk.run, run);
    if (!part) continue;
    ValuesReader argument(chunk.arguments), label(chunk.labels);
    argument.skip(part->first - chunk.run.first);
    label.skip(part->first - chunk.run.first);
    for (std::uint64_t i = 0; i < part->count; ++i) {
      arguments.add(argument.next());
      labels.add(label.next());
    }
  }
  if (arguments.rows() != run.count) {
    world_->fail("arguments are asked for that are not committed");
    return Error{ErrorCode::storage, "no such arguments"};
  }
  return broker::StoredArguments{arguments.take(), labels.take()};
}

Result<std::vector<broker::StoredBlock>> SimStore::blocks(JobId id, std::uint64_t position, std::uint64_t bytes_max,
                                                          bool failed_only) {
  std::vector<broker::StoredBlock> found;
  std::uint64_t bytes = 0;
  for (const broker::BlockAppended& block : committed(id).blocks) {
    if (block.position + block.outcomes.count() <= position) continue;
    if (failed_only && !has_failure(block.outcomes)) continue;
    if (!found.empty() && bytes >= bytes_max) break;
    bytes += block.outcomes.values.blob.size() + kTaskWeight * block.outcomes.count();
    found.push_back({.position = block.position, .origin = block.origin, .outcomes = block.outcomes});
  }
  return found;
}

Result<std::vector<broker::StoredBlock>> SimStore::blocks_with(JobId id, Run run, std::uint64_t) {
  std::vector<broker::StoredBlock> found;
  for (const broker::BlockAppended& block : committed(id).blocks)
    if (std::ranges::any_of(block.outcomes.runs, [&](const Run& own) { return intersection(own, run).has_value(); }))
      found.push_back({.position = block.position, .origin = block.origin, .outcomes = block.outcomes});
  return found;
}

Result<Bytes> SimStore::part(JobId, std::uint64_t, std::uint64_t, std::uint64_t) {
  world_->fail("a part of a value is asked for, and no value was left out");
  return Error{ErrorCode::storage, "no parts"};
}

}  // namespace brigade::sim
