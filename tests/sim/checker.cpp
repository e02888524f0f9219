#include "tests/sim/checker.h"

#include <algorithm>
#include <cstdlib>

namespace brigade::sim {
namespace {

std::string text_of(JobId job, std::uint64_t index) {
  return "task " + std::to_string(index) + " of job " + to_string(job);
}

}  // namespace

const JobPlan* Checker::plan_of(JobId id) const {
  const DiskJob* stored = disk_->job(id);
  if (stored == nullptr) return nullptr;
  return &plan_->jobs.at(std::strtoul(stored->opened.spec.options.c_str(), nullptr, 10));
}

// ---- Workers -------------------------------------------------------------------------------------------------------

unsigned Checker::task_starts(const Lease& lease, std::uint64_t index, InstanceId worker) {
  if (returned_.contains({lease.id, index})) fail(text_of(lease.job, index) + " starts after it was given back");
  const unsigned execution = ++executions_[{lease.job, index}];
  ++running_[lease.job];
  ++running_at_[lease.job][worker];
  if (plan_->is_peaceful()) check_frugal(lease, index, execution);
  if (plan_->keeps_sessions()) check_ceilings(lease);
  return execution;
}

/// A hedge's loser may still run where the job has no lease any more.
void Checker::check_ceilings(const Lease& lease) {
  const JobPlan* job = plan_of(lease.job);
  if (job == nullptr || job->spec.hedge) return;
  const Ceilings& ceilings = job->spec.ceilings;
  const auto& running_at = running_at_[lease.job];
  if (ceilings.workers > 0 && running_at.size() > ceilings.workers)
    fail("a job runs on more workers at a time than its ceiling says");
  for (const auto& [worker, running] : running_at)
    if (ceilings.per_worker > 0 && running > ceilings.per_worker)
      fail("a worker runs more tasks of a job at once than its ceiling says");
}

/// Where nothing goes wrong, nothing runs twice, and no ceiling is exceeded.
void Checker::check_frugal(const Lease& lease, std::uint64_t index, unsigned execution) {
  const JobPlan* job = plan_of(lease.job);
  if (job == nullptr) return;
  if (execution > job->fates.at(index).failures + 1 && !job->spec.hedge)
    fail(text_of(lease.job, index) + " runs once more without need");
  if (lease.brief.mode == Mode::serial && running_[lease.job] > 1) fail("two tasks of a serial job run at once");
}

void Checker::task_ends(const Lease& lease, std::uint64_t index, InstanceId worker) {
  --running_[lease.job];
  if (auto& at = running_at_[lease.job]; --at[worker] == 0) at.erase(worker);
  if (returned_.contains({lease.id, index})) fail("task " + std::to_string(index) + " ends after it was given back");
}

void Checker::returns(const Returned& returned) {
  for (const Run& run : returned.runs)
    for (std::uint64_t index = run.first; index < run.end(); ++index) returned_.insert({returned.lease, index});
}

void Checker::makes(InstanceId instance, const Block& block) {
  blocks_.emplace(std::pair{instance, block.sequence}, block);
}

void Checker::request_begins(const Lease& lease, TargetId target, InstanceId worker) {
  if (!plan_->keeps_sessions()) return;
  auto& under_way = requests_[{lease.job, target}];
  ++under_way[worker];
  unsigned all = 0;
  for (const auto& [instance, count] : under_way) all += count;
  const std::uint32_t most = lease.brief.limits.per_target;
  if (most > 0 && all > most) fail("more requests are under way to a target than its job allows");
  if (lease.brief.limits.spacing > Duration{}) check_rate(lease);
}

/// As many in a second as the rate says, and one; a message that travels longer than another shifts its permits.
void Checker::check_rate(const Lease& lease) {
  std::deque<Instant>& times = requested_[lease.job];
  times.push_back(world_->instant());
  const Duration window = 1s;
  while (times.front() <= times.back() - window) times.pop_front();
  const Duration jitter = plan_->slow_network ? 80ms : 1ms;
  const auto most = static_cast<std::size_t>((window + jitter) / lease.brief.limits.spacing) + 1;
  if (times.size() > most) fail("a job makes more requests in a second than its rate allows");
}

void Checker::request_ends(JobId job, TargetId target, InstanceId worker) {
  const auto under_way = requests_.find({job, target});
  if (under_way == requests_.end()) return;
  if (const auto count = under_way->second.find(worker); count != under_way->second.end() && --count->second == 0)
    under_way->second.erase(count);
}

void Checker::worker_ends(InstanceId worker) {
  for (auto& [target, under_way] : requests_) under_way.erase(worker);
  for (auto& [job, running] : running_at_) running.erase(worker);
}

// ---- The broker ----------------------------------------------------------------------------------------------------

void Checker::broker_starts() {
  trials_.clear();
  not_before_.clear();
  asked_.clear();
  for (const auto& [id, job] : disk_->jobs())
    for (const broker::AttemptsCounted& counted : job.attempts)
      for (std::uint64_t index = counted.run.first; index < counted.run.end(); ++index)
        trials_[{id, index}] = counted.trial;
}

void Checker::before_event(const broker::State& state, const broker::Event& event) {
  alone_.clear();
  for (const auto& [peer, worker] : state.workers) {
    if (worker.leases.size() != 1) continue;
    const broker::Held& lease = state.leases.at(*worker.leases.begin());
    if (lease.open.count() == 1) alone_.push_back({worker.name, {lease.job, lease.open.first_at_or_after(0)->first}});
  }
  const auto* arrived = std::get_if<broker::MessageArrived>(&event);
  leaving_ = arrived != nullptr && std::holds_alternative<Leaving>(arrived->message);
  if (arrived == nullptr) return;
  if (const auto* ask = std::get_if<Ask>(&arrived->message))
    asked_[{arrived->peer, ask->request}] = {ask->verb, parse_job_id(ask->subject).value_or(JobId{})};
  leases_before_.clear();
  if (const auto it = state.workers.find(arrived->peer);
      it != state.workers.end() && std::holds_alternative<Heartbeat>(arrived->message))
    leases_before_ = it->second.leases;
}

void Checker::after_event(const broker::Broker& broker, const broker::Event& event) {
  if (const auto* arrived = std::get_if<broker::MessageArrived>(&event)) check_heartbeat(broker.state(), *arrived);
  constexpr std::uint64_t kEvery = 4;  // the check costs as much as the whole state is large
  if (broker_events_++ % kEvery == 0) broker.check_invariants();
}

/// A heartbeat costs a worker no lease that is on its way to it.
void Checker::check_heartbeat(const broker::State& state, const broker::MessageArrived& arrived) {
  for (const LeaseId id : leases_before_) {
    if (state.leases.contains(id)) continue;
    const auto sent = on_the_way_.find(id);
    if (sent != on_the_way_.end() && sent->second == arrived.peer)
      fail("a heartbeat cost its worker lease " + std::to_string(id.value) + ", which is on its way to it");
  }
}

void Checker::appends(const broker::State& state, const broker::Write& write) {
  if (const auto* counted = std::get_if<broker::AttemptsCounted>(&write)) check_counts(state, *counted);
  if (const auto* block = std::get_if<broker::BlockAppended>(&write)) check_poison(*block);
}

void Checker::check_counts(const broker::State& state, const broker::AttemptsCounted& counted) {
  if (leaving_) fail("a worker that leaves on purpose is counted as lost");
  const auto job = state.jobs.find(counted.job);
  if (job == state.jobs.end()) return fail("attempts are counted for a job that is not there");
  if (counted.trial.failures > job->second.spec.retries) fail("more failures are counted than there are retries");
  for (std::uint64_t index = counted.run.first; index < counted.run.end(); ++index) {
    broker::Trial& known = trials_[{counted.job, index}];
    if (counted.trial.attempts < known.attempts || counted.trial.failures < known.failures ||
        counted.trial.kills < known.kills)
      fail("what is known of " + text_of(counted.job, index) + " goes back");
    if (counted.trial.failures > known.failures)
      not_before_[{counted.job, index}] = world_->instant() + job->second.spec.backoff * 3 / 4;
    known = counted.trial;
  }
  if (counted.lost_worker.empty()) return;
  const auto fits = [&](const Alone& alone) {
    return alone.worker == counted.lost_worker && alone.task == Task{counted.job, counted.run.first};
  };
  if (counted.run.count != 1 || std::ranges::none_of(alone_, fits))
    fail(text_of(counted.job, counted.run.first) + " is blamed for a worker that held more than it");
}

void Checker::check_poison(const broker::BlockAppended& block) {
  if (!block.outcomes.status.is_constant() || block.outcomes.status.constant() != TaskStatus::worker_lost) return;
  const std::uint64_t index = block.outcomes.runs.front().first;
  const auto fits = [&](const Alone& alone) { return alone.task == Task{block.job, index}; };
  if (block.outcomes.count() != 1 || std::ranges::none_of(alone_, fits))
    fail(text_of(block.job, index) + " is failed for a worker that held more than it");
  if (trials_[{block.job, index}].kills + 1 != broker::Settings{}.kills_max)
    fail(text_of(block.job, index) + " is failed after too few or too many losses");
}

void Checker::leases(PeerId to, const Lease& lease) {
  on_the_way_[lease.id] = to;
  if (!granted_.insert(lease.id).second) fail("lease " + std::to_string(lease.id.value) + " is given twice");
  const DiskJob* job = disk_->job(lease.job);
  if (job == nullptr || !job->sealed) return fail("a task is leased of a job that is not sealed on disk");
  for (std::uint64_t index = lease.run.first; index < lease.run.end(); ++index) {
    if (job->done.contains(index)) fail(text_of(lease.job, index) + " is leased although its record is on disk");
    const auto wait = not_before_.find({lease.job, index});
    if (wait != not_before_.end() && world_->instant() < wait->second)
      fail(text_of(lease.job, index) + " is tried again too soon");
  }
}

void Checker::sends(const broker::State& state, PeerId to, const Message& message) {
  if (const auto* stored = std::get_if<BlockStored>(&message)) return check_stored(state, to, stored->sequence);
  if (const auto* answer = std::get_if<Answer>(&message)) return check_answer(to, *answer);
  if (const auto* changed = std::get_if<JobChanged>(&message)) return check_summary(changed->job);
  if (const auto* chunk = std::get_if<ChunkStored>(&message)) {
    const DiskJob* job = disk_->job(chunk->job);
    if (!disk_->is_forgotten(chunk->job) && (job == nullptr || job->chunks.size() <= chunk->sequence))
      fail("a chunk is acknowledged before it is on disk");
  }
  if (const auto* sealed = std::get_if<Sealed>(&message)) {
    const DiskJob* job = disk_->job(sealed->job);
    if (job == nullptr || !job->sealed) fail("a job is accepted before its seal is on disk");
  }
  if (const auto* rejected = std::get_if<ReadRejected>(&message); rejected != nullptr) {
    const bool known = std::ranges::any_of(accepted_, [&](const auto& entry) { return entry.second == rejected->job; });
    if (known && !forgotten_.contains(rejected->job))
      fail("a read of an accepted job is refused: " + rejected->error.message);
  }
}

void Checker::check_stored(const broker::State& state, PeerId to, std::uint64_t sequence) {
  const auto worker = state.workers.find(to);
  if (worker == state.workers.end()) return;
  const auto it = blocks_.find({worker->second.instance, sequence});
  if (it == blocks_.end()) return fail("a block is acknowledged that nobody made");
  const Block& block = it->second;
  const DiskJob* job = disk_->job(block.job);
  if (job == nullptr) return;
  std::size_t row = 0;
  for (const Run& run : block.outcomes.runs)
    for (std::uint64_t index = run.first; index < run.end(); ++index, ++row)
      if (block.outcomes.status[row] == TaskStatus::ok && !job->done.contains(index))
        fail(text_of(block.job, index) + " is acknowledged before it is on disk");
}

void Checker::check_summary(const JobSummary& summary) {
  const DiskJob* job = disk_->job(summary.id);
  if (job == nullptr) {
    if (!disk_->is_forgotten(summary.id)) fail("the state of a job is told that is not on disk");
    return;
  }
  if (summary.finished() > job->rows) fail("more tasks are told to be finished than are on disk");
  const bool over = summary.state == JobState::done || summary.state == JobState::cancelled;
  if (over && (job->rows != job->tasks() || summary.finished() != job->tasks()))
    fail("a job is told to be finished before all of its tasks are");
}

void Checker::check_answer(PeerId to, const Answer& answer) {
  for (const JobSummary& job : answer.jobs) check_summary(job);
  const auto it = asked_.find({to, answer.request});
  if (it == asked_.end() || answer.error) return;
  const auto [verb, id] = it->second;
  const DiskJob* job = disk_->job(id);
  if (verb == Verb::cancel && job != nullptr && job->rows != job->tasks())
    fail("a cancel is answered before it is on disk");
  if (verb == Verb::forget && job != nullptr) fail("a forget is answered before it is on disk");
}

// ---- Clients -------------------------------------------------------------------------------------------------------

void Checker::accepted(const JobPlan& job, JobId id) {
  const auto [it, fresh] = accepted_.emplace(job.number, id);
  if (!fresh && forgotten_.contains(it->second)) it->second = id;
  if (!fresh && it->second != id) fail("one submit was accepted as two jobs");
  if (forgotten_.contains(id)) return;
  const DiskJob* stored = disk_->job(id);
  if (stored == nullptr || !stored->sealed) return fail("an accepted job is not on disk");
  const JobSpec& spec = stored->opened.spec;
  if (stored->tasks() != job.tasks || stored->sealed->hash != job.hash || spec.options != job.spec.options ||
      spec.retries != job.spec.retries || spec.range != job.spec.range)
    fail("a submit was accepted as another job than was submitted");
  std::uint64_t index = 0;
  for (const broker::ChunkArrived& chunk : stored->chunks) {
    ValuesReader arguments(chunk.arguments);
    for (std::uint64_t i = 0; i < chunk.run.count; ++i)
      if (arguments.next() != job.argument(index++)) fail("an accepted job has other arguments than were submitted");
  }
}

JobId Checker::id_of(std::size_t job) const {
  const auto it = accepted_.find(job);
  return it == accepted_.end() ? JobId{} : it->second;
}

void Checker::reads(JobId job, std::uint64_t index, const SeenRow& row) {
  const auto [it, fresh] = seen_.emplace(Task{job, index}, row);
  if (!fresh && it->second != row) fail("two readers see different records of " + text_of(job, index));
  if (const JobPlan* planned = plan_of(job); fresh && planned != nullptr)
    check_record(*planned, index, row.status, row.value);
}

// ---- The end -------------------------------------------------------------------------------------------------------

bool Checker::all_ended() const {
  return unfinished().empty();
}

std::string Checker::unfinished() const {
  for (const auto& [number, id] : accepted_) {
    if (forgotten_.contains(id)) continue;
    const DiskJob* job = disk_->job(id);
    if (job == nullptr) return "accepted job " + to_string(id) + " is lost";
    if (job->done.count() != job->tasks())
      return "job " + to_string(id) + " has " + std::to_string(job->done.count()) + " of " +
             std::to_string(job->tasks()) + " tasks done";
    if (!job->finished) return "job " + to_string(id) + " is not told to be finished";
  }
  return "";
}

void Checker::check_all() {
  for (const auto& [number, id] : accepted_) {
    const DiskJob* stored = disk_->job(id);
    if (stored == nullptr) {
      if (!disk_->is_forgotten(id)) fail("accepted job " + to_string(id) + " is lost");
      continue;
    }
    check_job(plan_->jobs.at(number), *stored);
  }
}

void Checker::check_job(const JobPlan& job, const DiskJob& stored) {
  std::set<std::uint64_t> recorded;
  for (const broker::BlockAppended& block : stored.blocks) {
    ValuesReader values(block.outcomes.values);
    std::size_t row = 0;
    for (const Run& run : block.outcomes.runs)
      for (std::uint64_t index = run.first; index < run.end(); ++index, ++row) {
        if (!recorded.insert(index).second) fail(text_of(stored.opened.job, index) + " has two final records");
        check_record(job, index, block.outcomes.status[row], values.next());
      }
  }
  if (recorded.size() != job.tasks) fail("tasks of job " + to_string(stored.opened.job) + " are lost");
  if (!stored.finished) return fail("a job is never told to be finished");
  const JobSummary& summary = *stored.finished;
  const bool cancelled = summary.by_status[static_cast<std::size_t>(TaskStatus::cancelled)] > 0;
  if (summary.finished() != job.tasks) fail("a finished job's summary counts other tasks than it has");
  if ((summary.state == JobState::cancelled) != cancelled) fail("a finished job's state contradicts its tasks");
}

/// Whether a task may end so, given its fate.
void Checker::check_record(const JobPlan& job, std::uint64_t index, TaskStatus status, std::string_view value) {
  const TaskPlan& fate = job.fates.at(index);
  const std::string what = "task " + std::to_string(index) + " of job " + std::to_string(job.number);
  if (is_cancellation(status)) return;
  if (status == TaskStatus::worker_lost) return;  // check_poison has seen to that
  if (fate.kills == kAlways) return fail(what + " cannot end, but has a record");
  if (!value.starts_with(job.argument(index) + '|')) return fail(what + " has the answer of another");
  const bool may_be_ok = !fate.fails;
  const bool may_fail = fate.fails || fate.failures > job.spec.retries;
  if (status == TaskStatus::ok && !may_be_ok) fail(what + " must fail, and is ok");
  if (status != TaskStatus::ok && !may_fail) fail(what + " fails before its retries are used up");
}

}  // namespace brigade::sim
