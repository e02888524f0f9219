#include "tests/scenario/broker_runner.h"

#include <algorithm>

#include "broker/core/broker.h"
#include "tests/scenario/broker_trace.h"

namespace brigade::scenario {
namespace {

using namespace broker;

constexpr Instant kBegin{std::chrono::seconds(1000)};

class BrokerRunner final : public Runner {
 public:
  std::vector<std::string> play(Line line) override;

 private:
  // The core and its surroundings.
  void feed(Event event);
  void start(Line& line);
  void settings(Line& line);
  void at(Line& line);
  void store(Line& line);
  void commit_all();
  void say(const std::string& peer, Message message) {
    feed(MessageArrived{peer_id(peer), addresses_[peer], std::move(message)});
  }

  // Events, by who causes them.
  void worker(Line& line);
  void client(Line& line);
  void page(Line& line);
  void recovered(Line& line);
  WorkerHello worker_hello(const std::string& name, Line& line);
  Block block(Line& line);
  void permits(const std::string& worker, const std::string& verb, Line& line);
  JobSpec spec(Line& line);
  Chunk chunk(Line& line);
  Read read(Line& line);
  static std::optional<Read> read_along(Line& line);
  Ask ask(Line& line);
  void submit(const std::string& peer, Line& line);

  PeerId peer_id(const std::string& name) {
    return names_.peers.id(name, [&] { return PeerId{++last_peer_}; });
  }
  JobId job_id(const std::string& name) {
    return names_.jobs.id(name, [&] { return JobId{7, number(name.substr(1))}; });
  }
  LeaseId lease_id(const std::string& name) {
    return names_.leases.id(name, [&] { return LeaseId{++last_foreign_lease_}; });
  }
  static RequestId reader_id(const std::string& name) { return RequestId{number(name.substr(1))}; }
  /// The name that is free next, for a job that is about to be opened.
  JobId newest_job() const { return newest_job_; }

  Settings settings_;
  std::optional<Broker> broker_;
  Recovered recovered_;
  Instant now_ = kBegin;
  BrokerNames names_;
  std::map<std::string, std::string> addresses_;
  std::uint64_t last_peer_ = 0, last_foreign_lease_ = 0, last_request_ = 0;
  Sequence appended_, committed_;
  JobId newest_job_;
  bool commits_at_once_ = true;
  std::vector<std::string> out_;
};

std::vector<std::string> BrokerRunner::play(Line line) {
  out_.clear();
  if (line.accept("settings")) {
    settings(line);
  } else if (line.accept("recovered")) {
    recovered(line);
  } else if (line.accept("start")) {
    start(line);
  } else {
    if (!broker_) {
      Line first("");
      start(first);
    }
    const std::string who = line.next();
    if (who == "at")
      at(line);
    else if (who == "worker")
      worker(line);
    else if (who == "client")
      client(line);
    else if (who == "store")
      store(line);
    else if (who == "page")
      page(line);
    else if (who == "gone")
      feed(PeerUnreachable{peer_id(line.next())});
    else if (who == "malformed")
      feed(MalformedArrived{peer_id(line.next()), {ErrorCode::malformed, "not a message"}});
    else if (who == "unreadable")
      feed(ArgumentsUnreadable{lease_id(line.next()), {ErrorCode::storage, "a bad sector"}});
    else
      bad_story("no such event: " + who);
  }
  line.finish();
  return out_;
}

void BrokerRunner::feed(Event event) {
  Commands commands;
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - kBegin);
  broker_->on(std::move(event), {now_, UtcMs{1'600'000'000'000 + since.count()}}, commands);
  broker_->check_invariants();
  for (const Command& command : commands) {
    if (const auto* append = std::get_if<Append>(&command)) {
      appended_ = append->sequence;
      if (const auto* opened = std::get_if<JobOpened>(&append->write)) newest_job_ = opened->job;
    }
    if (const auto* said = std::get_if<Send>(&command)) {
      if (const auto* opened = std::get_if<Opened>(&said->message)) newest_job_ = opened->job;
      if (const auto* sealed = std::get_if<Sealed>(&said->message)) newest_job_ = sealed->job;
    }
  }
  for (std::string& line : trace(commands, names_)) out_.push_back(std::move(line));
  if (commits_at_once_) commit_all();
}

void BrokerRunner::commit_all() {
  if (committed_ == appended_) return;
  committed_ = appended_;
  feed(Committed{committed_});
}

void BrokerRunner::start(Line& line) {
  recovered_.epoch = line.number_or("epoch", 1);
  broker_.emplace(settings_);
  feed(Started{.seed = 1, .version = "1.0", .pid = 1, .recovered = std::move(recovered_)});
}

void BrokerRunner::settings(Line& line) {
  if (broker_) bad_story("settings come before the first event");
  Settings& s = settings_;
  for (auto [key, value] : {std::pair{"ping_every", &s.ping_every},
                            {"silence_limit", &s.silence_limit},
                            {"upload_expiry", &s.upload_expiry},
                            {"watch_every", &s.watch_every},
                            {"keep_results", &s.keep_results},
                            {"overtake_above", &s.overtake_above},
                            {"reclaim_pause", &s.reclaim_pause},
                            {"lease_time_least", &s.lease_time_least}})
    *value = line.duration_or(key, *value);
  s.first_lease_tasks = line.number_or("first_lease_tasks", s.first_lease_tasks);
  s.upload_credit_bytes = line.number_or("upload_credit", s.upload_credit_bytes);
  s.page_bytes = line.number_or("page_bytes", s.page_bytes);
  s.unstored_bytes_max = line.number_or("unstored_bytes_max", s.unstored_bytes_max);
  s.state_bytes_max = line.number_or("state_max", s.state_bytes_max);
}

void BrokerRunner::at(Line& line) {
  const Instant target = kBegin + duration(line.next());
  if (target < now_) bad_story("time goes back");
  while (broker_->next_deadline() <= target) {
    now_ = std::max(now_, broker_->next_deadline());
    const std::size_t before = out_.size();
    feed(TimePassed{});
    if (now_ < target && out_.size() > before)
      out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(before), "at " + show(now_ - kBegin) + ":");
    if (broker_->next_deadline() <= now_) bad_story("a deadline that stays");
  }
  now_ = target;
}

void BrokerRunner::store(Line& line) {
  if (line.accept("waits")) {
    commits_at_once_ = false;
  } else if (line.accept("commits-at-once")) {
    commits_at_once_ = true;
    commit_all();
  } else if (line.accept("commits")) {
    const std::string sequence = line.has_more() ? line.next().substr(1) : std::to_string(appended_.value);
    committed_ = Sequence{number(sequence)};
    feed(Committed{committed_});
  } else if (line.accept("stalls")) {
    commits_at_once_ = false;
    feed(StoreStalled{line.next()});
  } else if (line.accept("resumes")) {
    feed(StoreResumed{});
  } else if (line.accept("holds")) {
    feed(StoreSized{number(line.next())});
  } else {
    bad_story("no such event of the store: " + line.next());
  }
}

void BrokerRunner::page(Line& line) {
  const PeerId peer = peer_id(line.next());
  const RequestId reader = reader_id(line.next());
  if (line.accept("unreadable")) return feed(PageUnreadable{peer, reader, {ErrorCode::storage, "a bad sector"}});
  const std::uint64_t next = line.number_or("next", 0);
  const std::uint64_t bytes = line.number_or("bytes", 0);
  feed(PageSent{peer, reader, next, bytes, line.flag("ended")});
}

// ---- Workers -----------------------------------------------------------------------------------------------------

WorkerHello BrokerRunner::worker_hello(const std::string& name, Line& line) {
  WorkerHello hello{.protocol = static_cast<std::uint32_t>(line.number_or("protocol", kProtocolVersion))};
  hello.version = "1.0";
  hello.name = line.option_or("name", name);
  hello.instance = InstanceId{line.number_or("instance", peer_id(name).value)};
  const auto slots = split(line.option_or("slots", "1,0"), ',');
  for (std::size_t lane = 0; lane < std::min(kLanes, slots.size()); ++lane)
    hello.slots[lane] = static_cast<std::uint32_t>(number(slots[lane]));
  for (const std::string& kind : split(line.option_or("kinds", "noop"), ','))
    hello.kinds.push_back({.name = kind, .preferred = kind == "fetch" ? Lane::loop : Lane::threads});
  while (const auto held = line.option("held")) {
    const auto parts = split(*held, ':');
    hello.held.push_back({lease_id(parts.at(0)), job_id(parts.at(1)), runs(parts.at(2))});
    names_.lease_jobs[hello.held.back().lease] = hello.held.back().job;
  }
  hello.draining = line.flag("draining");
  return hello;
}

/// `3 L1 0..4 ok, 5 dns retry=0ms`: the block's number, its lease and its rows.
Block BrokerRunner::block(Line& line) {
  Block block{.sequence = number(line.next())};
  block.lease = lease_id(line.next());
  const auto job = line.option("job");
  if (job)
    block.job = job_id(*job);
  else if (names_.lease_jobs.contains(block.lease))
    block.job = names_.lease_jobs[block.lease];
  else
    bad_story("nobody granted this lease; say job=");
  const float ms = static_cast<float>(to_ms(line.duration_or("each", std::chrono::milliseconds(1))));
  const auto retry = line.option("retry");
  const auto wait = static_cast<std::uint32_t>(retry ? to_ms(duration(*retry)) : 0);
  std::vector<TaskStatus> status;
  std::vector<std::uint32_t> retries;
  while (line.has_more()) {
    const Runs part = runs(line.next());
    std::string name = line.next();
    if (name.ends_with(',')) name.pop_back();
    const auto parsed = parse_task_status(name);
    if (!parsed) bad_story("no status: " + name);
    block.outcomes.runs.insert(block.outcomes.runs.end(), part.begin(), part.end());
    status.insert(status.end(), count_of(part), *parsed);
    retries.insert(retries.end(), count_of(part), retry && *parsed != TaskStatus::ok ? wait : kFinal);
  }
  block.outcomes.status = Column<TaskStatus>::of(std::move(status));
  block.outcomes.retry_after_ms = Column<std::uint32_t>::of(std::move(retries));
  block.outcomes.run_ms = Column<float>(ms);
  return block;
}

void BrokerRunner::worker(Line& line) {
  const std::string name = line.next();
  if (line.accept("hello")) return say(name, worker_hello(name, line));
  if (line.accept("block")) return say(name, block(line));
  if (line.accept("beats")) {
    Heartbeat beat{.last_lease = {}};
    if (const auto last = line.option("last")) beat.last_lease = lease_id(*last);
    if (const auto held = line.option("held"))
      for (const std::string& lease : split(*held, ',')) beat.held.push_back(lease_id(lease));
    return say(name, std::move(beat));
  }
  if (line.accept("returns")) {
    const LeaseId lease = lease_id(line.next());
    return say(name, Returned{lease, runs(line.next())});
  }
  if (line.accept("leaves")) return say(name, Leaving{});
  if (line.accept("drains")) return say(name, Drain{});
  for (const std::string verb : {"wants", "releases", "holds"})
    if (line.accept(verb)) return permits(name, verb, line);
  if (line.accept("says-open")) return say(name, Open{});
  bad_story("no such event of a worker: " + line.next());
}

/// `wants j1 a 2`, `releases j1 a permits=1`, `holds j1 a 1s`: a host's name is one letter.
void BrokerRunner::permits(const std::string& worker, const std::string& verb, Line& line) {
  const JobId job = job_id(line.next());
  const std::string host = line.next();
  const TargetId target{static_cast<std::uint64_t>(host.at(0))};
  const auto count = [&line](const char* key) { return static_cast<std::uint32_t>(line.number_or(key, 0)); };
  if (verb == "holds") return say(worker, Hold{job, target, host, duration(line.next())});
  if (verb == "releases") return say(worker, Release{job, target, count("permits"), count("unwanted")});
  Want want{.job = job, .target = target, .name = host, .in_use = count("in_use")};
  want.count = static_cast<std::uint32_t>(number(line.next()));
  say(worker, std::move(want));
}

// ---- Clients -----------------------------------------------------------------------------------------------------

JobSpec BrokerRunner::spec(Line& line) {
  JobSpec spec{.kind = line.option_or("kind", "noop"), .options = line.option_or("options", "")};
  spec.mode = *parse_mode(line.option_or("mode", "auto"));
  if (const auto range = line.option("range")) {
    const Run tasks = run(*range);
    spec.range = Arithmetic{.start = tasks.first, .step = 1, .count = tasks.count};
  }
  if (line.flag("no-tasks")) spec.range = Arithmetic{};
  if (line.flag("rising")) spec.trend = CostTrend::rising;
  spec.hedge = line.flag("hedge");
  spec.limits.spacing = line.duration_or("spacing", Duration{});
  spec.limits.target_spacing = line.duration_or("host_spacing", Duration{});
  spec.limits.per_target = static_cast<std::uint32_t>(line.number_or("per_host", 0));
  spec.ceilings.workers = static_cast<std::uint32_t>(line.number_or("max_workers", 0));
  spec.ceilings.per_worker = static_cast<std::uint32_t>(line.number_or("per_worker", 0));
  spec.deadline = line.duration_or("deadline", Duration{});
  spec.retries = static_cast<std::uint32_t>(line.number_or("retries", 0));
  spec.backoff = line.duration_or("backoff", Duration{});
  if (auto limit = line.option("max_fails")) {
    spec.max_fails.unit = limit->ends_with('%') ? FailLimit::Unit::percent : FailLimit::Unit::count;
    spec.max_fails.value = number(limit->substr(0, limit->find('%')));
  }
  if (auto priority = line.option("priority")) spec.priority = std::stoi(*priority);
  spec.name = line.option_or("name", "");
  spec.key = line.option_or("key", "key" + std::to_string(last_request_ + 1));
  return spec;
}

Chunk BrokerRunner::chunk(Line& line) {
  Chunk chunk{.job = job_id(line.next()), .sequence = number(line.next().substr(1))};
  chunk.count = line.number_or("count", 1);
  chunk.arguments.blob = Bytes::of(std::string(line.number_or("bytes", 0), 'a'));
  return chunk;
}

Read BrokerRunner::read(Line& line) {
  Read read{.job = job_id(line.next())};
  if (!line.accept("as")) bad_story("reads JOB as READER");
  read.reader = reader_id(line.next());
  read.order = line.option_or("order", "completion") == "input" ? Order::input : Order::completion;
  read.from = line.number_or("from", 0);
  read.credit_bytes = line.number_or("credit", 1000);
  read.failed_only = line.flag("failed-only");
  read.with_arguments = line.flag("with-arguments");
  read.follow = !line.flag("no-follow");
  return read;
}

/// `and-reads=r1`: what comes with a seal.
std::optional<Read> BrokerRunner::read_along(Line& line) {
  const auto reader = line.option("and-reads");
  if (!reader) return std::nullopt;
  return Read{.reader = reader_id(*reader), .credit_bytes = 1000};
}

Ask BrokerRunner::ask(Line& line) {
  static const std::map<std::string, Verb> kVerbs{
      {"jobs", Verb::list_jobs}, {"show", Verb::show_job},        {"why", Verb::why},     {"cancel", Verb::cancel},
      {"forget", Verb::forget},  {"workers", Verb::list_workers}, {"drain", Verb::drain}, {"status", Verb::status}};
  const std::string verb = line.next();
  if (!kVerbs.contains(verb)) bad_story("no such question: " + verb);
  Ask ask{.request = RequestId{++last_request_}, .verb = kVerbs.at(verb)};
  if (!line.has_more()) return ask;
  ask.subject = line.next();
  if (const auto& jobs = names_.jobs.all(); jobs.contains(ask.subject)) ask.subject = to_string(jobs.at(ask.subject));
  return ask;
}

/// A range, which its Open seals.
void BrokerRunner::submit(const std::string& peer, Line& line) {
  const std::string name = line.next();
  say(peer, Open{RequestId{++last_request_}, spec(line), ContentHash{}});
  if (job_id(name) != newest_job()) bad_story("the new job is not " + name);
}

void BrokerRunner::client(Line& line) {
  const std::string name = line.next();
  if (line.accept("hello")) {
    addresses_[name] = line.option_or("from", "user 1000");
    ClientHello hello{.protocol = static_cast<std::uint32_t>(line.number_or("protocol", kProtocolVersion))};
    hello.version = "1.0";
    return say(name, std::move(hello));
  }
  if (line.accept("submits")) return submit(name, line);
  if (line.accept("opens")) {
    JobSpec spec = this->spec(line);
    Open open{RequestId{++last_request_}, std::move(spec)};
    if (const auto hash = line.option("hash")) open.hash.emplace().fill(static_cast<std::uint8_t>(number(*hash)));
    open.read = read_along(line);
    return say(name, std::move(open));
  }
  if (line.accept("chunk")) return say(name, chunk(line));
  if (line.accept("seals")) {
    Seal seal{.job = job_id(line.next())};
    seal.tasks = line.number_or("tasks", 0);
    seal.hash.fill(static_cast<std::uint8_t>(line.number_or("hash", 0)));
    seal.read = read_along(line);
    return say(name, seal);
  }
  if (line.accept("reads")) return say(name, read(line));
  if (line.accept("takes")) {
    const RequestId reader = reader_id(line.next());
    return say(name, Take{reader, number(line.next())});
  }
  if (line.accept("stops")) return say(name, StopReading{reader_id(line.next())});
  if (line.accept("watches")) return say(name, Watch{job_id(line.next())});
  if (line.accept("asks")) return say(name, ask(line));
  if (line.accept("pong")) return say(name, Pong{});
  if (line.accept("leaves")) return say(name, Leaving{});
  if (line.accept("says-heartbeat")) return say(name, Heartbeat{});
  bad_story("no such event of a client: " + line.next());
}

// ---- After a restart ---------------------------------------------------------------------------------------------

/// `5..6:attempts=1:losses=1:lost=w9`
AttemptsCounted past(JobId job, const std::string& text) {
  const auto parts = split(text, ':');
  AttemptsCounted past{.job = job, .run = run(parts.at(0))};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto pair = split(parts[i], '=');
    if (pair.at(0) == "lost")
      past.lost_worker = pair.at(1);
    else if (pair[0] == "grain")
      past.trial.grain = number(pair.at(1));
    else
      (pair[0] == "attempts"   ? past.trial.attempts
       : pair[0] == "failures" ? past.trial.failures
       : pair[0] == "losses"   ? past.trial.losses
                               : past.trial.kills) = static_cast<std::uint32_t>(number(pair.at(1)));
  }
  return past;
}

void BrokerRunner::recovered(Line& line) {
  RecoveredJob job{.id = job_id(line.next()), .client = "user 1000", .accepted_at = {1'600'000'000'000 - 1000}};
  job.sealed = !line.flag("unsealed");
  job.chunks = line.number_or("chunks", 0);
  job.tasks = line.number_or("tasks", 0);
  if (const auto done = line.option("done"))
    for (const Run& run : runs(*done)) job.done.insert(run);
  if (const auto failed = line.option("failed"))
    for (const Run& run : runs(*failed)) job.failed.insert(run);
  while (const auto text = line.option("past")) job.attempts.push_back(past(job.id, *text));
  const bool finished = line.flag("finished");
  job.spec = spec(line);
  if (job.spec.range) job.tasks = job.spec.range->count;
  const std::uint64_t done = finished ? job.tasks : job.done.count();
  job.log_rows = done;
  job.by_status[0] = done - job.failed.count();
  job.by_status[static_cast<std::size_t>(TaskStatus::dns)] = job.failed.count();
  if (finished) {
    job.finished = JobSummary{.id = job.id, .state = JobState::done, .tasks = job.tasks, .by_status = job.by_status};
    job.finished->finished_at = {1'600'000'000'000};
    job.finished->visible_rows = done;
  }
  names_.specs[job.id] = job.spec;
  recovered_.jobs.push_back(std::move(job));
}

}  // namespace

std::unique_ptr<Runner> broker_runner() {
  return std::make_unique<BrokerRunner>();
}

}  // namespace brigade::scenario
