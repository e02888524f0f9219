#include "client/bench/scale.h"

#include <poll.h>

#include <algorithm>
#include <vector>

#include "client/bench/audience.h"
#include "client/bench/noops.h"
#include "client/bench/swarm.h"
#include "client/bench/usage.h"
#include "proto/base/os.h"

namespace brigade::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{2};
constexpr milliseconds kIdleTime{1000};
constexpr Duration kPatience = std::chrono::seconds(60);

void pause(milliseconds time) {
  (void)::poll(nullptr, 0, static_cast<int>(time.count()));
}

Result<BrokerStatus> status_of(client::Session& session) {
  auto answer = session.ask(Verb::status, "");
  if (!answer) return answer.error();
  return *answer->status;
}

/// Asks until `holds` says so of the broker's status.
template <class Holds>
Result<void> await(client::Session& session, const char* what, Holds holds) {
  for (const Instant until = base::monotonic_now() + kPatience; base::monotonic_now() < until;
       pause(milliseconds(20))) {
    const auto status = status_of(session);
    if (!status) return status.error();
    if (holds(*status)) return {};
  }
  return Error{ErrorCode::unavailable, std::string("bench scale: not within a minute: ") + what};
}

/// One measurement, step by step; what it leaves in the broker is removed.
class Measurement {
 public:
  Measurement(client::Session& session, pid_t broker, const World& world)
      : session_(session), broker_(broker), world_(world) {}

  Result<ScaleFigures> run(const std::string& endpoint) {
    auto swarm = Swarm::start({.endpoint = endpoint, .workers = world_.workers});
    if (!swarm) return swarm.error();
    using Step = Result<void> (Measurement::*)();
    for (const Step step : {&Measurement::connect, &Measurement::submit, &Measurement::settle})
      if (auto done = (this->*step)(); !done) return done.error();
    if (auto done = listen(endpoint); !done) return done.error();
    if (auto done = idle(); !done) return done.error();
    if (auto done = work(**swarm); !done) return done.error();
    if (auto done = ask(); !done) return done.error();
    swarm->reset();
    audience_.reset();
    if (auto done = clear(); !done) return done.error();
    return figures_;
  }

 private:
  Result<void> connect() {
    return await(session_, "all workers connect",
                 [this](const BrokerStatus& status) { return status.workers == world_.workers; });
  }
  Result<void> submit();
  /// Until the windows of all workers are full.
  Result<void> settle();
  /// Until all the clients are there.
  Result<void> listen(const std::string& endpoint);
  Result<void> idle();
  Result<void> work(Swarm& swarm);
  Result<void> ask();
  Result<void> clear();
  Result<double> milliseconds_of(Verb verb, const std::string& subject);

  client::Session& session_;
  pid_t broker_;
  World world_;
  std::vector<JobId> jobs_;
  std::unique_ptr<Audience> audience_;
  ScaleFigures figures_;
};

Result<void> Measurement::submit() {
  const Load load{.tasks = world_.tasks / world_.jobs, .columns = world_.columns};
  const Instant begun = base::monotonic_now();
  for (std::uint64_t job = 0; job < world_.jobs; ++job) {
    const auto submitted = session_.submit(noop_spec(load), noop_source(load));
    if (!submitted) return submitted.error();
    jobs_.push_back(submitted->job);
  }
  figures_.submit_ms = to_ms(base::monotonic_now() - begun) / static_cast<double>(world_.jobs);
  return {};
}

Result<void> Measurement::settle() {
  std::uint64_t before = 0;
  return await(session_, "the workers have their leases", [&before](const BrokerStatus& status) {
    return status.tasks_running > 0 && std::exchange(before, status.tasks_running) == status.tasks_running;
  });
}

Result<void> Measurement::listen(const std::string& endpoint) {
  if (world_.clients == 0) return {};
  std::vector<JobId> read;
  for (std::size_t client = 0; client < world_.clients; ++client) read.push_back(jobs_[client % jobs_.size()]);
  auto audience = Audience::start(endpoint, std::move(read));
  if (!audience) return audience.error();
  audience_ = *std::move(audience);
  return await(session_, "all clients connect",
               [this](const BrokerStatus&) { return audience_->welcomed() == world_.clients; });
}

Result<void> Measurement::idle() {
  const auto before = usage_of(broker_);
  if (!before) return before.error();
  const Instant begun = base::monotonic_now();
  pause(kIdleTime);
  const auto after = usage_of(broker_);
  if (!after) return after.error();
  figures_.idle_percent = 100 * to_ms(after->cpu - before->cpu) / to_ms(base::monotonic_now() - begun);
  figures_.broker_mib = static_cast<double>(after->resident_bytes) / (1 << 20);
  return {};
}

Result<void> Measurement::work(Swarm& swarm) {
  // Enough to measure, and less than what is queued.
  const std::uint64_t wanted = std::max<std::uint64_t>(1500, 10 * world_.workers);
  const auto before = usage_of(broker_);
  if (!before) return before.error();
  const Instant begun = base::monotonic_now();
  swarm.go();
  while (swarm.acknowledged() < wanted) {
    if (base::monotonic_now() - begun > kPatience)
      return Error{ErrorCode::unavailable, "bench scale: the workers do not get on"};
    pause(kLook);
  }
  const auto after = usage_of(broker_);
  if (!after) return after.error();
  const double elapsed_ms = to_ms(base::monotonic_now() - begun);
  figures_.leases = swarm.acknowledged();
  const auto leases = static_cast<double>(figures_.leases);
  const double idle_ms = elapsed_ms * figures_.idle_percent / 100;
  figures_.broker_us_per_lease = 1e3 * (to_ms(after->cpu - before->cpu) - idle_ms) / leases;
  figures_.leases_per_s = 1e3 * leases / elapsed_ms;
  if (audience_ && audience_->rows() == 0) return Error{ErrorCode::internal, "bench scale: no client got a result"};
  return {};
}

Result<double> Measurement::milliseconds_of(Verb verb, const std::string& subject) {
  const Instant begun = base::monotonic_now();
  const auto answer = session_.ask(verb, subject);
  if (!answer) return answer.error();
  if (verb == Verb::list_jobs && answer->jobs.size() < world_.jobs)
    return Error{ErrorCode::internal, "bench scale: the list of jobs is not whole"};
  return to_ms(base::monotonic_now() - begun);
}

Result<void> Measurement::ask() {
  const auto jobs = milliseconds_of(Verb::list_jobs, "");
  const auto status = milliseconds_of(Verb::status, "");
  const auto why = milliseconds_of(Verb::why, to_string(jobs_.back()));
  for (const auto* each : {&jobs, &status, &why})
    if (!*each) return each->error();
  figures_.jobs_ms = *jobs;
  figures_.status_ms = *status;
  figures_.why_ms = *why;
  return {};
}

Result<void> Measurement::clear() {
  for (const JobId job : jobs_)
    for (const Verb verb : {Verb::cancel, Verb::forget})
      if (const auto done = session_.ask(verb, to_string(job)); !done) return done.error();
  return await(session_, "the workers leave", [](const BrokerStatus& status) { return status.workers == 0; });
}

}  // namespace

Result<ScaleFigures> scale(client::Session& session, const std::string& endpoint, pid_t broker, const World& world) {
  return Measurement(session, broker, world).run(endpoint);
}

}  // namespace brigade::bench
