#include "tests/fuzz/messages.h"

#include "proto/wire/codec.h"

namespace brigade::fuzz {
namespace {

constexpr const char* kKinds[] = {"noop", "fetch", "echo"};

template <class T>
T one_of(Input& input, const std::vector<T>& known, T other) {
  const std::size_t which = input.below(16);
  return which < known.size() ? known[known.size() - 1 - which] : other;
}

JobId job(Input& input, const Known& known) {
  return one_of(input, known.jobs, JobId{0, 1});
}

/// Also one that was never granted, or will be.
LeaseId lease(Input& input, const Known& known) {
  const LeaseId granted = one_of(input, known.leases, LeaseId{});
  return granted ? granted : LeaseId{known.epoch << 40 | input.number()};
}

RequestId request(Input& input, const Known& known) {
  return one_of(input, known.requests, RequestId{input.below(4)});
}

/// From nothing over a few seconds to nearly for ever.
Duration duration(Input& input) {
  return std::chrono::milliseconds(input.number() * 100 % (std::uint64_t{1} << 43));
}

Values values(Input& input, std::uint64_t rows) {
  if (rows > 64) return {};
  ValuesBuilder builder;
  for (std::uint64_t row = 0; row < rows; ++row) builder.add(input.bytes(input.below(4)));
  return builder.take();
}

template <class T, class Make>
Column<T> column(Input& input, std::uint64_t rows, Make make) {
  if (rows > 64 || input.flag()) return Column<T>(make());
  std::vector<T> items;
  for (std::uint64_t row = 0; row < rows; ++row) items.push_back(make());
  return Column<T>::of(std::move(items));
}

float milliseconds(Input& input) {
  constexpr float kTimes[] = {0, 0.001F, 1, 40, 1000, 1e9F, 3e38F};
  return kTimes[input.below(std::size(kTimes))];
}

Outcomes outcomes(Input& input) {
  Outcomes made{.runs = some_runs(input)};
  const std::uint64_t rows = made.count();
  made.status = column<TaskStatus>(input, rows, [&] {
    const std::size_t which = input.below(2 * kTaskStatuses);
    return which < kTaskStatuses ? static_cast<TaskStatus>(which) : TaskStatus::ok;
  });
  made.start_ms = column<float>(input, rows, [&] { return milliseconds(input); });
  made.run_ms = column<float>(input, rows, [&] { return milliseconds(input); });
  made.retry_after_ms = column<std::uint32_t>(
      input, rows, [&] { return input.flag() ? kFinal : static_cast<std::uint32_t>(input.number()); });
  made.values = values(input, rows);
  return made;
}

Limits limits(Input& input) {
  if (input.flag()) return {};
  Limits made{.per_target = static_cast<std::uint32_t>(input.below(4))};
  made.spacing = std::chrono::milliseconds(input.below(8) * 10);
  made.target_spacing = std::chrono::milliseconds(input.below(4) * 20);
  return made;
}

std::uint32_t permits(Input& input) {
  return static_cast<std::uint32_t>(input.below(16) == 15 ? input.number() % 1'000'001 : input.below(4));
}

Want want(Input& input, const Known& known) {
  Want made{.job = job(input, known), .target = TargetId{input.below(4)}, .name = "t"};
  made.count = permits(input);
  made.in_use = input.below(4) == 3 ? permits(input) : 0;
  return made;
}

Release release(Input& input, const Known& known) {
  Release made{.job = job(input, known), .target = TargetId{input.below(4)}};
  made.permits = permits(input);
  made.unwanted = permits(input);
  return made;
}

Hold hold(Input& input, const Known& known) {
  Hold made{.job = job(input, known), .target = TargetId{input.below(4)}, .name = "t"};
  made.wait = std::chrono::milliseconds(input.number() % 3'600'001);
  return made;
}

Grant grant(Input& input, const Known& known) {
  Grant made{.job = job(input, known), .target = TargetId{input.below(4)}, .count = permits(input)};
  made.first = Instant(duration(input));
  made.sent = Instant(duration(input));
  made.spacing = std::chrono::milliseconds(input.below(200));
  return made;
}

JobSpec spec(Input& input) {
  JobSpec made{.kind = kKinds[input.below(std::size(kKinds))], .mode = static_cast<Mode>(input.below(5))};
  if (input.flag()) made.range = Arithmetic{.start = input.number(), .step = 1, .count = input.number()};
  made.trend = static_cast<CostTrend>(input.below(3));
  made.task_timeout = duration(input);
  made.deadline = duration(input);
  made.retries = static_cast<std::uint32_t>(input.number());
  made.backoff = duration(input);
  made.max_fails = {.unit = static_cast<FailLimit::Unit>(input.below(3)), .value = input.number()};
  made.priority = static_cast<std::int32_t>(input.below(5)) - 2;
  made.name = std::string(1, static_cast<char>('a' + input.below(4)));
  made.key = std::string(input.below(4), 'k') + made.name;
  made.limits = limits(input);
  if (input.flag()) made.ceilings = {.workers = permits(input), .per_worker = permits(input)};
  return made;
}

ContentHash hash(Input& input) {
  ContentHash made{};
  made[0] = static_cast<std::uint8_t>(input.below(2));
  return made;
}

WorkerHello worker_hello(Input& input, const Known& known) {
  WorkerHello hello{.instance = InstanceId{1 + input.below(4)}, .name = "w", .host = "h", .version = "1"};
  if (input.below(32) == 31) hello.protocol = 9;
  for (std::uint32_t& slots : hello.slots) slots = static_cast<std::uint32_t>(input.number() % 1'000'001);
  for (std::size_t i = input.below(4); i > 0; --i)
    hello.kinds.push_back(
        {.name = kKinds[input.below(std::size(kKinds))], .preferred = static_cast<Lane>(input.below(2))});
  for (std::size_t i = input.below(8); i > 4; --i)
    hello.held.push_back({.lease = lease(input, known), .job = job(input, known), .unfinished = some_runs(input)});
  hello.draining = input.below(8) == 7;
  return hello;
}

Heartbeat heartbeat(Input& input, const Known& known) {
  Heartbeat beat{.last_lease = lease(input, known)};
  for (std::size_t i = input.below(8); i > 0; --i) beat.held.push_back(lease(input, known));
  return beat;
}

Chunk chunk(Input& input, const Known& known) {
  Chunk made{.job = job(input, known), .sequence = input.number(), .count = input.number() % 65'537};
  made.arguments = values(input, made.count);
  if (input.flag()) made.labels = values(input, made.count);
  return made;
}

Read read(Input& input, const Known& known) {
  return {.reader = request(input, known),
          .job = job(input, known),
          .order = static_cast<Order>(input.below(2)),
          .from = input.number(),
          .failed_only = input.flag(),
          .with_arguments = input.flag(),
          .credit_bytes = input.number(),
          .follow = input.flag()};
}

Ask ask(Input& input, const Known& known) {
  Ask made{.request = request(input, known), .verb = static_cast<Verb>(input.below(8))};
  switch (input.below(4)) {
    case 0:
      made.subject = to_string(job(input, known));
      break;
    case 1:
      made.subject = to_string(job(input, known)).substr(0, input.below(8));
      break;
    case 2:
      made.subject = "last";
      break;
    default:
      made.subject = std::string(1, "abcdw"[input.below(5)]);
  }
  return made;
}

Lease lease_of(Input& input, const Known& known) {
  Lease made{.id = lease(input, known), .job = job(input, known)};
  made.run = {input.number(), 1 + input.below(100)};
  made.attempt = static_cast<std::uint32_t>(input.number());
  made.brief.kind = kKinds[input.below(std::size(kKinds))];
  made.brief.mode = static_cast<Mode>(input.below(5));
  made.arguments = values(input, made.run.count);
  return made;
}

Error error(Input& input) {
  return {static_cast<ErrorCode>(1 + input.below(10)), "why"};
}

JobSummary summary(Input& input, const Known& known) {
  JobSummary made{.id = job(input, known), .state = static_cast<JobState>(input.below(4)), .tasks = input.number()};
  made.ok = input.number();
  return made;
}

Results results(Input& input, const Known& known) {
  Results made{.reader = request(input, known), .job = job(input, known), .next = input.number()};
  made.ended = input.flag();
  made.origins = {Origin{}};
  made.outcomes = outcomes(input);
  return made;
}

/// The answers to a client's requests.
Message answer_to_client(Input& input, const Known& known) {
  switch (input.below(10)) {
    case 0:
      return Opened{request(input, known), job(input, known), input.number(), input.flag()};
    case 1:
      return ChunkStored{job(input, known), input.number()};
    case 2:
      return Sealed{request(input, known), job(input, known), input.flag(), input.flag() ? "warning" : ""};
    case 3:
      return SubmitRejected{request(input, known), job(input, known), error(input)};
    case 4:
      return ReadEnded{request(input, known), input.number()};
    case 5:
      return JobChanged{summary(input, known)};
    case 6:
      return ReadRejected{request(input, known), job(input, known), error(input)};
    case 7: {
      Answer answer{.request = request(input, known), .last = input.flag()};
      if (input.flag()) answer.error = error(input);
      if (input.flag()) answer.jobs.push_back(summary(input, known));
      return answer;
    }
    default:
      return results(input, known);
  }
}

}  // namespace

Runs some_runs(Input& input) {
  Runs runs;
  std::uint64_t next = 0;
  for (std::size_t i = 1 + input.below(4); i > 0; --i) {
    const std::uint64_t first = next + input.number() % (std::uint64_t{1} << 40);
    // A list of many rows is rare: it costs time and reaches nothing new.
    const std::uint64_t count = 1 + (input.below(64) == 63 ? input.number() % 65'000 : input.below(20));
    runs.push_back({first, count});
    next = first + count;
  }
  return runs;
}

Message worker_says(Input& input, const Known& known) {
  switch (input.below(16)) {
    case 0:
    case 1:
      return worker_hello(input, known);
    case 12:
    case 13:
      return want(input, known);
    case 14:
      return release(input, known);
    case 15:
      return hold(input, known);
    case 2:
      return heartbeat(input, known);
    case 3:
    case 4:
      return Returned{lease(input, known), some_runs(input)};
    case 5:
      return input.flag() ? Message(Leaving{}) : Message(Drain{});
    case 6:
      return client_says(input, known);
    default:
      return Block{.sequence = input.number(),
                   .lease = lease(input, known),
                   .job = job(input, known),
                   .outcomes = outcomes(input)};
  }
}

Message client_says(Input& input, const Known& known) {
  switch (input.below(12)) {
    case 0:
      return ClientHello{.version = "1"};
    case 1:
    case 2: {
      Open open{.request = request(input, known), .spec = spec(input)};
      if (input.flag()) open.hash = hash(input);
      if (input.flag()) open.read = read(input, known);
      return open;
    }
    case 3:
      return chunk(input, known);
    case 4: {
      Seal seal{.job = job(input, known), .tasks = input.number(), .hash = hash(input)};
      if (input.flag()) seal.read = read(input, known);
      return seal;
    }
    case 5:
    case 6:
      return read(input, known);
    case 7:
      return Take{request(input, known), input.number()};
    case 8:
      return StopReading{request(input, known)};
    case 9:
      return Watch{job(input, known)};
    case 10:
      return ask(input, known);
    default:
      return input.flag() ? Message(Pong{}) : Message(Leaving{});
  }
}

Message broker_says(Input& input, const Known& known) {
  switch (input.below(14)) {
    case 12:
    case 13:
      return grant(input, known);
    case 0:
    case 1:
      return Welcome{.epoch = known.epoch, .version = "1", .upload_credit_bytes = input.number()};
    case 2:
      return Refused{error(input)};
    case 3:
      return Ping{};
    case 4:
    case 5:
      return lease_of(input, known);
    case 6:
      return Reclaim{lease(input, known)};
    case 7:
      return input.flag() ? Message(Abort{job(input, known)}) : Message(Drain{});
    case 8:
      return BlockStored{input.number()};
    default:
      return answer_to_client(input, known);
  }
}

Result<Message> over_the_wire(const Message& message) {
  return wire::decode(wire::encode(message));
}

Result<Message> raw_message(Input& input) {
  const Bytes frame = own(input.text());
  return wire::decode({frame});
}

}  // namespace brigade::fuzz
