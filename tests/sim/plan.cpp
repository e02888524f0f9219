#include "tests/sim/plan.h"

#include <algorithm>
#include <cstring>

namespace brigade::sim {
namespace {

constexpr std::uint64_t kTasksMax = 200;

ContentHash hash_of(const JobPlan& job) {
  std::string content = job.spec.kind + '/' + job.spec.options + '/' + std::to_string(job.spec.retries);
  for (std::uint64_t i = 0; i < job.tasks; ++i) content += '/' + job.argument(i);
  ContentHash hash{};
  std::uint64_t word = 0xCBF2'9CE4'8422'2325;
  for (std::size_t at = 0; at < hash.size(); at += 8) {
    for (const char byte : content) word = (word ^ static_cast<unsigned char>(byte)) * 0x100'0000'01B3;
    std::memcpy(&hash[at], &word, sizeof word);
  }
  return hash;
}

Duration run_time(World& world, unsigned long_permille) {
  if (world.below(1000) < long_permille) return world.between(8s, 25s);
  switch (world.below(8)) {
    case 0:
      return Duration{};
    case 1:
      return world.between(100ms, 1s);
    case 2:
    case 3:
      return world.between(10ms, 100ms);
    default:
      return world.between(50us, 10ms);
  }
}

TaskPlan fate(World& world, unsigned long_permille, unsigned trouble_percent) {
  TaskPlan task{.run = run_time(world, long_permille)};
  if (!world.chance(trouble_percent)) return task;
  if (world.chance(70)) task.failures = static_cast<unsigned>(world.between(1, 4));
  task.fails = world.chance(30);
  return task;
}

void plan_arguments(World& world, JobPlan& job) {
  if (world.chance(50)) {
    job.spec.range = Arithmetic{.start = world.below(1000), .step = world.chance(20) ? -3 : 1, .count = job.tasks};
    return;
  }
  for (std::uint64_t i = 0; i < job.tasks; ++i)
    job.arguments.push_back("task " + std::to_string(job.number) + '.' + std::to_string(i) +
                            std::string(world.below(20), '.'));
  for (std::uint64_t left = job.tasks; left > 0; left -= job.chunks.back())
    job.chunks.push_back(std::min(left, world.between(1, 40)));
}

void plan_limits(World& world, JobSpec& spec) {
  spec.retries = static_cast<std::uint32_t>(world.below(4));
  spec.backoff = world.between(1ms, 300ms);
  spec.priority = static_cast<std::int32_t>(world.below(3)) - 1;
  spec.trend = static_cast<CostTrend>(world.below(3));
  if (world.chance(5)) spec.deadline = world.between(300ms, 4s);
  if (world.chance(8)) spec.max_fails = {FailLimit::Unit::count, world.below(4)};
  if (world.chance(5)) spec.max_fails = {FailLimit::Unit::percent, world.between(1, 20)};
}

void plan_permits(World& world, Limits& limits) {
  if (!world.chance(25)) return;
  if (world.chance(60)) limits.per_target = static_cast<std::uint32_t>(world.between(1, 4));
  if (world.chance(40)) limits.spacing = world.between(1ms, 30ms);
  if (world.chance(20)) limits.target_spacing = world.between(1ms, 30ms);
}

JobPlan plan_job(World& world, std::size_t number, std::uint64_t tasks, unsigned long_permille) {
  JobPlan job{.number = number, .spec = {.kind = world.chance(60) ? "cpu" : "io"}, .tasks = tasks};
  job.spec.options = std::to_string(number);
  job.spec.mode = static_cast<Mode>(world.below(5));
  job.spec.key = "key-" + std::to_string(number);
  job.spec.name = "job-" + std::to_string(number);
  plan_arguments(world, job);
  plan_limits(world, job.spec);
  plan_permits(world, job.spec.limits);
  const unsigned trouble = world.chance(40) ? static_cast<unsigned>(world.between(1, 40)) : 0;
  for (std::uint64_t i = 0; i < tasks; ++i) job.fates.push_back(fate(world, long_permille, trouble));
  if (world.chance(15)) job.fates[world.below(tasks)].kills = world.chance(60) ? kAlways : 1;
  job.hash = hash_of(job);
  // Drawn from the hash, so that what else a seed's world consists of stays as it was.
  job.spec.hedge = job.hash[0] % 4 == 0;
  if (job.hash[1] % 4 == 0) job.spec.ceilings.workers = 1 + job.hash[2] % 3;
  if (job.hash[3] % 4 == 0) job.spec.ceilings.per_worker = 1 + job.hash[4] % 3;
  return job;
}

/// Another job under the same key: what it is about differs, or only its retries do.
JobPlan rival_of(World& world, const JobPlan& job, std::size_t number) {
  JobPlan rival = job;
  rival.number = number;
  if (world.chance(50))
    rival.spec.options = std::to_string(number);
  else
    ++rival.spec.retries;
  rival.hash = hash_of(rival);
  return rival;
}

void plan_jobs(World& world, Plan& plan) {
  if (world.chance(15)) plan.long_permille = static_cast<unsigned>(world.between(10, 40));
  const std::size_t count = world.between(1, 4);
  std::uint64_t left = kTasksMax;
  for (std::size_t number = 0; number < count; ++number) {
    const std::uint64_t most = std::min<std::uint64_t>(left - (count - number), world.chance(30) ? kTasksMax : 50);
    plan.jobs.push_back(
        plan_job(world, number, world.between(1, std::max<std::uint64_t>(1, most)), plan.long_permille));
    left -= std::min(left, plan.jobs.back().tasks);
  }
  if (!world.chance(10)) return;
  plan.jobs.push_back(rival_of(world, plan.jobs[world.below(count)], count));
  plan.jobs.back().contested = true;
  for (JobPlan& job : plan.jobs) job.contested |= job.spec.key == plan.jobs.back().spec.key;
}

void plan_workers(World& world, Plan& plan) {
  const std::size_t count = world.between(1, 4);
  for (std::size_t i = 0; i < count; ++i) {
    WorkerPlan worker{.name = "worker-" + std::to_string(i)};
    // The first worker can run everything, so that no job waits for ever.
    for (std::uint32_t& slots : worker.slots) slots = static_cast<std::uint32_t>(world.between(i == 0 ? 1 : 0, 3));
    if (i == 0 || world.chance(80)) worker.kinds.push_back({.name = "cpu", .preferred = Lane::threads});
    if (i == 0 || world.chance(80)) worker.kinds.push_back({.name = "io", .preferred = Lane::loop});
    plan.workers.push_back(std::move(worker));
  }
}

void add_reading(World& world, std::size_t job, Script& script) {
  if (world.chance(30)) script.push_back({.what = What::ask, .job = job, .verb = static_cast<Verb>(world.below(3))});
  if (world.chance(30)) script.push_back({.what = What::ask, .job = job, .verb = Verb::status});
  if (world.chance(30)) script.push_back({.what = What::read, .job = job, .follow = false});
  if (world.chance(7)) script.push_back({.what = What::cancel, .job = job});
  if (world.chance(30)) script.push_back({.what = What::wait, .job = job});
  if (world.chance(80))
    script.push_back({.what = What::read,
                      .job = job,
                      .order = world.chance(50) ? Order::completion : Order::input,
                      .failed_only = world.chance(15),
                      .with_arguments = world.chance(50)});
}

void plan_clients(World& world, Plan& plan) {
  plan.clients.resize(world.between(1, 3));
  for (const JobPlan& job : plan.jobs) {
    Script& owner = plan.clients[world.below(plan.clients.size())];
    owner.push_back({.what = What::submit, .job = job.number});
    if (!job.contested) add_reading(world, job.number, owner);
  }
  for (const JobPlan& job : plan.jobs) {
    if (job.contested) continue;
    Script& other = plan.clients[world.below(plan.clients.size())];
    if (world.chance(20)) {  // the same submit once more, perhaps at the same time
      const auto at = other.begin() + static_cast<std::ptrdiff_t>(world.below(other.size() + 1));
      other.insert(at, {.what = What::submit, .job = job.number});
    }
    if (world.chance(30)) add_reading(world, job.number, other);
    if (world.chance(5)) {
      other.push_back({.what = What::wait, .job = job.number});
      other.push_back({.what = What::forget, .job = job.number});
    }
  }
}

constexpr std::array kEndSessions{
    Fault::kill_broker, Fault::kill_broker_midway, Fault::stop_worker, Fault::stop_broker, Fault::cut, Fault::reset};

/// Where limits hold strictly: only while the broker's view of a worker is right.
void keep_sessions(Plan& plan) {
  for (const Fault fault : kEndSessions) plan.faults.weights[static_cast<std::size_t>(fault)] = 0;
  plan.replays_percent = plan.refuses_permille = plan.trap_percent = 0;
}

void plan_faults(World& world, Plan& plan) {
  plan.faults.until = world.between(1s, 8s);
  if (world.chance(85)) plan.faults.every = world.between(100ms, 1500ms);
  for (std::size_t fault = 0; fault < kFaults; ++fault)
    plan.faults.weights.push_back(world.chance(40) ? static_cast<unsigned>(world.between(1, 5)) : 0);
  plan.slow_network = world.chance(20);
  plan.slow_disk = world.chance(30);
  if (world.chance(20)) plan.replays_percent = 20;
  if (world.chance(25)) {
    plan.trap_kind = world.chance(50) ? Message(Returned{}).index() : world.below(std::variant_size_v<Message>);
    plan.trap_percent = static_cast<unsigned>(world.between(5, 80));
  }
  if (world.chance(15)) plan.refuses_permille = static_cast<unsigned>(world.between(1, 20));
  const bool limited = std::ranges::any_of(plan.jobs, [](const JobPlan& job) { return job.spec.limits.any(); });
  if (limited && world.chance(60)) keep_sessions(plan);
}

}  // namespace

std::string JobPlan::argument(std::uint64_t index) const {
  return spec.range ? std::to_string(spec.range->at(index)) : arguments.at(index);
}

bool Plan::is_peaceful() const {
  if (faults.every > Duration{} || replays_percent > 0 || refuses_permille > 0 || trap_percent > 0) return false;
  const auto kills = [](const TaskPlan& task) { return task.kills > 0; };
  return std::ranges::none_of(jobs,
                              [&](const JobPlan& job) {
                                return job.contested || job.spec.deadline > Duration{} ||
                                       job.spec.max_fails.unit != FailLimit::Unit::none ||
                                       std::ranges::any_of(job.fates, kills);
                              }) &&
         std::ranges::none_of(clients, [](const Script& script) {
           return std::ranges::any_of(script, [](const ClientStep& step) { return step.what == What::cancel; });
         });
}

bool Plan::keeps_sessions() const {
  if (replays_percent > 0 || refuses_permille > 0 || trap_percent > 0) return false;
  return faults.every == Duration{} || std::ranges::all_of(kEndSessions, [this](Fault fault) {
           return faults.weights[static_cast<std::size_t>(fault)] == 0;
         });
}

Plan make_plan(World& world) {
  Plan plan;
  plan_workers(world, plan);
  plan_jobs(world, plan);
  plan_clients(world, plan);
  plan_faults(world, plan);
  return plan;
}

}  // namespace brigade::sim
