#include "tests/scenario/worker_runner.h"

#include <algorithm>

#include "worker/core/session.h"

namespace brigade::scenario {
namespace {

using worker::Session;

class WorkerRunner final : public Runner {
 public:
  std::vector<std::string> play(Line line) override;

 private:
  void feed(worker::Event event);
  void start(Line& line);
  void at(Line& line);
  Message from_broker(Line& line);
  Message lease(Line& line);
  Message grant(Line& line);
  worker::Event permits(Line& line);
  worker::Event event(Line& line);

  LeaseId lease_id(const std::string& name);
  JobId job_id(const std::string& name);
  std::string name(LeaseId id) { return id ? leases_.name(id, "L") : "none"; }
  std::string name(JobId id) { return jobs_.name(id, "j"); }
  static std::string host(TargetId id) { return std::string(1, static_cast<char>(id.value)); }

  std::string show_held(const std::vector<HeldLease>& held);
  std::string show_ids(const std::vector<LeaseId>& ids);
  std::string show_sent(const Message& message);
  std::string show_command(const worker::Command& command);

  Session session_{worker::SessionSettings{}};
  Instant now_{std::chrono::seconds(1000)};
  Names<LeaseId> leases_;
  Names<JobId> jobs_;
  std::vector<std::string> out_;
};

LeaseId WorkerRunner::lease_id(const std::string& name) {
  return leases_.id(name, [&] { return LeaseId{std::uint64_t{1} << 40 | number(name.substr(1))}; });
}

JobId WorkerRunner::job_id(const std::string& name) {
  return jobs_.id(name, [&] { return JobId{7, number(name.substr(1))}; });
}

std::vector<std::string> WorkerRunner::play(Line line) {
  out_.clear();
  if (line.accept("start"))
    start(line);
  else if (line.accept("at"))
    at(line);
  else
    feed(event(line));
  line.finish();
  return out_;
}

void WorkerRunner::feed(worker::Event event) {
  worker::Commands commands;
  session_.on(std::move(event), now_, commands);
  session_.check_invariants();
  for (const auto& command : commands) out_.push_back(show_command(command));
}

void WorkerRunner::start(Line& line) {
  worker::Started started{.seed = 1, .self = {.instance = InstanceId{1}, .name = "w1"}};
  for (const std::string& kind : split(line.option_or("kinds", "noop"), ','))
    started.self.kinds.push_back({.name = kind, .preferred = kind == "fetch" ? Lane::loop : Lane::threads});
  started.drain_limit = line.duration_or("drain_limit", std::chrono::seconds(30));
  started.idle_limit = line.duration_or("idle_limit", Duration{});
  feed(std::move(started));
}

void WorkerRunner::at(Line& line) {
  const Instant target = Instant(std::chrono::seconds(1000)) + duration(line.next());
  if (target < now_) bad_story("time goes back");
  while (session_.next_deadline() <= target) {
    now_ = std::max(now_, session_.next_deadline());
    const std::size_t before = out_.size();
    feed(worker::TimePassed{});
    if (now_ < target && out_.size() > before)
      out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(before),
                  "at " + show(now_ - Instant(std::chrono::seconds(1000))) + ":");
    if (session_.next_deadline() <= now_) bad_story("a deadline that stays");
  }
  now_ = target;
}

worker::Event WorkerRunner::event(Line& line) {
  if (line.accept("broker")) return worker::MessageArrived{from_broker(line)};
  if (line.accept("block")) {
    const std::uint64_t sequence = number(line.next());
    const LeaseId lease = lease_id(line.next());
    return worker::BlockReady{sequence, lease, runs(line.next())};
  }
  if (line.accept("gives-back")) {
    const LeaseId lease = lease_id(line.next());
    return worker::GivenBack{lease, runs(line.next())};
  }
  if (line.accept("permits")) return permits(line);
  if (line.accept("breaks")) return worker::ConnectionBroke{line.next()};
  if (line.accept("stop")) return worker::StopRequested{};
  bad_story("no such event: " + line.next());
}

/// `permits j1 a wanted=3 ended=1`: a host's name is one letter.
worker::Event WorkerRunner::permits(Line& line) {
  const auto count = [&line](const char* key) { return static_cast<std::uint32_t>(line.number_or(key, 0)); };
  worker::PermitNews news{.job = job_id(line.next()), .name = line.next(), .counted = true};
  news.target = TargetId{static_cast<std::uint64_t>(news.name.at(0))};
  news.wanted = count("wanted");
  news.unwanted = count("unwanted");
  news.ended = count("ended");
  news.hold = line.duration_or("hold", Duration{});
  return news;
}

Message WorkerRunner::grant(Line& line) {
  Grant grant{.job = job_id(line.next()), .target = TargetId{static_cast<std::uint64_t>(line.next().at(0))}};
  grant.count = static_cast<std::uint32_t>(number(line.next()));
  grant.sent = now_;
  grant.first = now_ + line.duration_or("in", Duration{});
  grant.spacing = line.duration_or("spacing", Duration{});
  return grant;
}

Message WorkerRunner::lease(Line& line) {
  Lease lease;
  lease.id = lease_id(line.next());
  lease.job = job_id(line.next());
  lease.run = run(line.next());
  lease.brief.kind = line.option_or("kind", "noop");
  const auto mode = parse_mode(line.option_or("mode", "auto"));
  if (!mode) bad_story("no such mode");
  lease.brief.mode = *mode;
  return lease;
}

Message WorkerRunner::from_broker(Line& line) {
  if (line.accept("lease")) return lease(line);
  if (line.accept("grant")) return grant(line);
  if (line.accept("welcome")) return Welcome{.epoch = line.number_or("epoch", 1), .version = "1.0"};
  if (line.accept("refused")) {
    const ErrorCode code = error_code(line.next());
    return Refused{{code, line.next()}};
  }
  if (line.accept("ping")) return Ping{};
  if (line.accept("reclaim")) return Reclaim{lease_id(line.next())};
  if (line.accept("abort")) return Abort{job_id(line.next())};
  if (line.accept("stored")) return BlockStored{number(line.next())};
  if (line.accept("drain")) return Drain{};
  if (line.accept("opened")) return Opened{};
  bad_story("no such message: " + line.next());
}

std::string WorkerRunner::show_held(const std::vector<HeldLease>& held) {
  std::string text;
  for (const HeldLease& each : held)
    text += " " + name(each.lease) + ":" + name(each.job) + ":" + show(each.unfinished);
  return text.empty() ? " none" : text;
}

std::string WorkerRunner::show_ids(const std::vector<LeaseId>& ids) {
  std::string text;
  for (const LeaseId id : ids) text += " " + name(id);
  return text.empty() ? " none" : text;
}

std::string WorkerRunner::show_sent(const Message& message) {
  return std::visit(overload{
                        [&](const WorkerHello& m) {
                          return "hello" + std::string(m.draining ? " draining" : "") + " held" + show_held(m.held);
                        },
                        [&](const Returned& m) { return "returned " + name(m.lease) + " " + show(m.runs); },
                        [&](const Want& m) {
                          return "want " + name(m.job) + " " + m.name + " " + std::to_string(m.count) +
                                 (m.in_use > 0 ? " in use " + std::to_string(m.in_use) : "");
                        },
                        [&](const Release& m) {
                          return "release " + name(m.job) + " " + host(m.target) + " permits " +
                                 std::to_string(m.permits) + " unwanted " + std::to_string(m.unwanted);
                        },
                        [&](const Hold& m) { return "hold " + name(m.job) + " " + m.name + " " + show(m.wait); },
                        [&](const Leaving&) { return std::string("leaving"); },
                        [&](const Drain&) { return std::string("draining"); },
                        [&](const auto&) { return std::string("a message that workers do not send"); },
                    },
                    message);
}

std::string WorkerRunner::show_command(const worker::Command& command) {
  const auto lane = [](Lane each) { return std::string(each == Lane::threads ? " on threads" : " on the loop"); };
  return std::visit(
      overload{
          [&](const worker::Connect&) { return std::string("connect"); },
          [&](const worker::Send& c) { return "say " + show_sent(c.message); },
          [&](const worker::SendHeartbeat& c) {
            return "heartbeat last " + name(c.heartbeat.last_lease) + " held" + show_ids(c.heartbeat.held);
          },
          [&](const worker::SendBlock& c) { return "send block " + std::to_string(c.sequence); },
          [&](const worker::ForgetBlock& c) { return "forget block " + std::to_string(c.sequence); },
          [&](const worker::Start& c) {
            const std::string most = c.per_worker == kUnlimited ? "" : ", at most " + std::to_string(c.per_worker);
            return "start " + name(c.lease.id) + " " + show(c.lease.run) + lane(c.lane) + most;
          },
          [&](const worker::GiveBack& c) { return "give back " + name(c.lease) + lane(c.lane); },
          [&](const worker::AbortJob& c) { return "abort " + name(c.job); },
          [&](const worker::Admit& c) {
            return "admit " + name(c.job) + " " + host(c.target) + " " + std::to_string(c.count) + " in " +
                   show(c.first - now_) + (c.spacing > Duration{} ? " spacing " + show(c.spacing) : "");
          },
          [&](const worker::Exit& c) { return "exit \"" + c.reason + "\"" + (c.refused ? " refused" : ""); },
          [&](const worker::Note& c) { return "note \"" + c.text + "\""; },
      },
      command);
}

}  // namespace

std::unique_ptr<Runner> worker_runner() {
  return std::make_unique<WorkerRunner>();
}

}  // namespace brigade::scenario
