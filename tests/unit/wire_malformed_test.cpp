#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "proto/schema/wire.pb.h"
#include "proto/wire/codec.h"
#include "proto/wire/limits.h"
#include "wire_samples.h"

namespace brigade::wire {
namespace {

std::string refusal(const Frames& frames) {
  const auto decoded = decode(frames);
  if (decoded) return "accepted";
  EXPECT_EQ(decoded.error().code, ErrorCode::malformed);
  return decoded.error().message;
}

void expect_refused(const Frames& frames, const std::string& reason) {
  const std::string told = refusal(frames);
  EXPECT_NE(told.find(reason), std::string::npos) << "expected: " << reason << "\ntold: " << told;
}

// What decode says of a message whose envelope was changed so.
void expect_refused(const Message& message, const std::function<void(pb::Envelope&)>& change,
                    const std::string& reason) {
  Frames frames = encode(message);
  pb::Envelope envelope;
  ASSERT_TRUE(envelope.ParseFromArray(frames[0].data(), static_cast<int>(frames[0].size())));
  change(envelope);
  frames[0] = Bytes::of(envelope.SerializeAsString());
  expect_refused(frames, reason);
}

Block block() {
  return {.sequence = 1, .lease = LeaseId{5}, .job = kJob, .outcomes = packed_outcomes()};
}

Block block(const std::function<void(Outcomes&)>& change) {
  Block changed = block();
  change(changed.outcomes);
  return changed;
}

Frames with_frame(const Message& message, std::size_t at, std::string content) {
  Frames frames = encode(message);
  frames.at(at) = Bytes::of(std::move(content));
  return frames;
}

template <class T>
std::string packed(std::initializer_list<T> rows) {
  return std::string(Bytes::of(std::vector<T>(rows)).view());
}

TEST(MalformedMessage, HasNoOrTooManyFramesOrALargeEnvelope) {
  expect_refused(Frames{}, "0 frames, from 1 to 80");
  expect_refused(Frames(kFramesMax + 1, Bytes::of(std::string("x"))), "81 frames, from 1 to 80");
  expect_refused({Bytes::of(std::string(kEnvelopeBytesMax + 1, '\0'))}, "2097153 bytes, at most 2097152");
}

TEST(MalformedMessage, IsNoEnvelope) {
  expect_refused(Frames{Bytes()}, "protocol version 0");
  expect_refused({Bytes::of(std::string("\xFF\xFF"))}, "tag is broken");
  expect_refused({Bytes::of(std::string("\x0B"))}, "form is not in use");
  expect_refused({Bytes::of(std::string("\x12\x7F"))}, "longer than the message");
  expect_refused({Bytes::of(std::string("\x08"))}, "a number is broken");
  expect_refused(
      Ping{}, [](auto& e) { e.clear_ping(); }, "no message that is known here");
  expect_refused(
      Ping{}, [](auto& e) { e.set_protocol(2); }, "protocol version 2, and this side has 1");
  expect_refused(
      Ping{}, [](auto& e) { e.mutable_block_record(); }, "no message that is known here");
}

TEST(MalformedMessage, WouldTakeMoreMemoryThanItsBytes) {
  pb::Envelope envelope;
  envelope.set_protocol(kProtocolVersion);
  for (int i = 0; i < 1'000'000; ++i) envelope.mutable_answer()->add_jobs();
  Frames frames{Bytes::of(envelope.SerializeAsString())};
  ASSERT_LE(frames[0].size(), kEnvelopeBytesMax);
  expect_refused(frames, "would take more than");

  std::string unknown("\x08\x01", 2);  // the version, and then fields of a number that is not in use
  while (unknown.size() + 2 <= kEnvelopeBytesMax) unknown.append("\x4A\x00", 2);
  expect_refused({Bytes::of(std::move(unknown))}, "would take more than");
}

TEST(MalformedMessage, HasMissingOrExtraFrames) {
  Frames extra = encode(block());
  extra.push_back(Bytes::of(std::string("x")));
  expect_refused(extra, "frames more than its columns");
  Frames missing = encode(block());
  missing.pop_back();
  expect_refused(missing, "outcomes.values: its frame is missing");
  Frames ping = encode(Ping{});
  ping.push_back(Bytes());
  expect_refused(ping, "frames more than its columns");
}

TEST(MalformedMessage, HasColumnsOfAnotherNumberOrLength) {
  expect_refused(
      block(), [](auto& e) { e.mutable_columns()->add_constants(1); }, "6 columns and 1 blobs in place of 5");
  expect_refused(
      block(), [](auto& e) { e.mutable_columns()->add_blobs(0); }, "5 columns and 2 blobs in place of 5");
  expect_refused(
      block(), [](auto& e) { e.mutable_columns()->set_packed(0xFF); }, "packed columns that do not exist");
  expect_refused(
      block(), [](auto& e) { e.clear_columns(); }, "outcomes.status: the column is missing");
  expect_refused(
      Ping{}, [](auto& e) { e.mutable_columns()->add_constants(1); }, "1 columns and 0 blobs");
  expect_refused(with_frame(block(), 1, "\0\0\0"), "outcomes.status: a frame of");
  expect_refused(with_frame(block(), 2, std::string(20, '\0')),
                 "outcomes.start_ms: a frame of 20 bytes in place of 16");
  expect_refused(
      Chunk{.job = kJob}, [](auto& e) { e.mutable_columns()->set_packed(1); }, "packed column without rows");
}

TEST(MalformedMessage, HasSizesThatDoNotAddUpToTheBlob) {
  expect_refused(with_frame(block(), 5, packed<std::uint32_t>({3, 0, 5, 2})), "add up to 10 bytes, and a blob of 9");
  expect_refused(with_frame(block(), 5, packed<std::uint32_t>({3, 0, 5, 0xFFFF'FFFF})), "and a blob of 9");
  expect_refused(with_frame(block(), 6, "12345678"), "a frame of 8 bytes in place of 9");
  const Message constant = Block{.sequence = 1, .outcomes = constant_outcomes(65'536)};
  expect_refused(
      constant, [](auto& e) { e.mutable_columns()->set_constants(4, 0xFFFF'FFFF); }, "and a blob of 0");
  expect_refused(
      constant, [](auto& e) { e.mutable_columns()->set_constants(4, std::uint64_t{1} << 32); }, "does not fit 4 bytes");
}

TEST(MalformedMessage, HasABlobThatIsTooLargeOrInOtherPieces) {
  expect_refused(
      block(), [](auto& e) { e.mutable_columns()->set_blobs(0, kBlobBytesMax + 1); }, "268435457, at most 268435456");
  expect_refused(
      block(), [](auto& e) { e.mutable_columns()->set_blobs(0, kBlobBytesMax); },
      "268435456 bytes in 64 frames, of which 1 came");
  Chunk chunk{.job = kJob, .count = 1};
  chunk.arguments = {.sizes = Column<std::uint32_t>(kFrameBytesMax + 9),
                     .blob = Bytes::of(std::string(kFrameBytesMax + 9, 'x'))};
  Frames frames = encode(chunk);
  std::swap(frames[1], frames[2]);
  expect_refused(frames, "a frame of 9 bytes in place of 4194304");
}

TEST(MalformedMessage, HasRunsThatAreNone) {
  const auto with_runs = [](std::initializer_list<std::uint64_t> numbers) {
    return [numbers = std::vector(numbers)](pb::Envelope& e) {
      e.mutable_block()->clear_runs();
      for (const auto number : numbers) e.mutable_block()->add_runs(number);
    };
  };
  expect_refused(block(), with_runs({}), "block: no tasks");
  expect_refused(block(), with_runs({1}), "a run without a count");
  expect_refused(block(), with_runs({1, 0}), "0 tasks from 1 on is no run");
  expect_refused(block(), with_runs({~std::uint64_t{0}, 4}), "is no run of a job's tasks");
  expect_refused(block(), with_runs({kTasksPerJobMax, 1}), "is no run of a job's tasks");
  expect_refused(block(), with_runs({4, ~std::uint64_t{0}}), "is no run of a job's tasks");
  expect_refused(block(), with_runs({0, 65'537}), "65537 tasks, at most 65536");
  expect_refused(block(), with_runs({0, 65'535, 100'000, 2}), "65537 tasks, at most 65536");
  expect_refused(block(), with_runs({5, 2, 6, 2}), "runs overlap");
  expect_refused(block(), with_runs({6, 2, 5, 2}), "runs overlap");
  expect_refused(block(), with_runs({1, 1, 5, 1, 3, 1, 5, 1}), "runs overlap");
  expect_refused(block(), with_runs({5, 3}), "a frame of 4 bytes in place of 3");

  const Message returned = Returned{.lease = LeaseId{1}, .runs = {{0, 1}}};
  expect_refused(
      returned, [](auto& e) { e.mutable_returned()->add_runs(0); }, "a run without a count");
  const Message lease = Lease{.id = LeaseId{1}, .run = {0, 1}};
  expect_refused(
      lease, [](auto& e) { e.mutable_lease()->set_count(0); }, "lease.run: 0 tasks");
  expect_refused(
      lease, [](auto& e) { e.mutable_lease()->set_count(65'537); }, "65537 tasks, at most 65536");
}

TEST(MalformedMessage, HasStatusesAndTimesThatAreNone) {
  expect_refused(with_frame(block(), 1, std::string("\0\0\x14\0", 4)), "outcomes.status: 20 is not known here");
  expect_refused(
      Block{.sequence = 1, .outcomes = constant_outcomes(3)},
      [](auto& e) { e.mutable_columns()->set_constants(0, 255); }, "outcomes.status: 255");
  expect_refused(
      Block{.sequence = 1, .outcomes = constant_outcomes(3)},
      [](auto& e) { e.mutable_columns()->set_constants(0, 256); }, "256 does not fit 1 bytes");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  for (const float bad : {nan, -nan, infinite, -infinite, -1.0f}) {
    expect_refused(with_frame(block(), 2, packed<float>({0, bad, 0, 0})), "outcomes.start_ms: not all are finite");
    expect_refused(with_frame(block(), 3, packed<float>({0, 0, 0, bad})), "outcomes.run_ms: not all are finite");
    expect_refused(encode(block([bad](Outcomes& outcomes) { outcomes.run_ms = Column<float>(bad); })),
                   "is not a finite number of milliseconds");
  }
}

TEST(MalformedMessage, HasTextsOverTheirBoundsOrNotUtf8) {
  const std::string long_name(kNameBytesMax + 1, 'n');
  expect_refused(encode(WorkerHello{.name = long_name}), "worker.name: 257 bytes, at most 256");
  std::string envelope(encode(WorkerHello{.name = "zz"})[0].view());
  envelope.replace(envelope.find("zz"), 2, "\xC0\x80");
  expect_refused({Bytes::of(std::move(envelope))}, "name: not UTF-8");
  expect_refused(encode(WorkerHello{.kinds = {{.name = long_name}}}), "kind.name: 257 bytes");
  expect_refused(encode(ClientHello{.version = long_name}), "client.version");
  expect_refused(encode(Ask{.subject = long_name}), "ask.subject");
  expect_refused(encode(Open{.spec = {.name = long_name}}), "job.name");
  expect_refused(encode(Open{.spec = {.key = long_name}}), "job.key");
  expect_refused(encode(Open{.spec = {.kind = long_name}}), "job.kind");
  expect_refused(encode(Open{.spec = {.ceilings = {.workers = 65'537}}}), "ceilings.workers: 65537, at most 65536");
  expect_refused(encode(Open{.spec = {.ceilings = {.per_worker = 1'000'001}}}), "ceilings.per_worker");
  expect_refused(encode(Lease{.run = {0, 1}, .brief = {.per_worker = 1'000'001}}), "lease.per_worker");
  expect_refused(encode(Open{.spec = {.options = std::string(kOptionsBytesMax + 1, 'o')}}), "job.options: 1048577");
  expect_refused(encode(Lease{.run = {0, 1}, .brief = {.options = std::string(kOptionsBytesMax + 1, 'o')}}),
                 "lease.options");
  expect_refused(
      Refused{},
      [](auto& e) { e.mutable_refused()->mutable_error()->set_message(std::string(kTextBytesMax + 1, 't')); },
      "error.message: 65537 bytes, at most 65536");
  Results results = sample_results();
  results.origins[1].worker = long_name;
  expect_refused(encode(results), "origins.worker: 257 bytes");
  results.origins[1].worker = "\xFF";
  expect_refused(encode(results), "origins.worker: not UTF-8");
}

TEST(MalformedMessage, HasNumbersOutOfTheirRange) {
  const Message open = Open{.spec = sample_spec()};
  expect_refused(
      open, [](auto& e) { e.mutable_open()->mutable_spec()->set_mode(pb::Mode(5)); }, "job.mode: 5");
  expect_refused(
      open, [](auto& e) { e.mutable_open()->mutable_spec()->set_mode(pb::Mode(-1)); }, "job.mode: -1");
  expect_refused(
      open, [](auto& e) { e.mutable_open()->mutable_spec()->set_trend(pb::CostTrend(3)); }, "job.trend: 3");
  expect_refused(
      open, [](auto& e) { e.mutable_open()->mutable_spec()->set_max_fails_unit(pb::FailLimitUnit(3)); },
      "job.max_fails_unit: 3");
  expect_refused(
      open, [](auto& e) { e.mutable_open()->mutable_spec()->set_deadline_ns(-1); }, "-1 ns is negative");
  expect_refused(
      open, [](auto& e) { e.mutable_open()->mutable_spec()->mutable_range()->set_count(kTasksPerJobMax + 1); },
      "tasks of a range");
  expect_refused(
      Ask{}, [](auto& e) { e.mutable_ask()->set_verb(pb::Verb(8)); }, "ask.verb: 8");
  expect_refused(
      Read{}, [](auto& e) { e.mutable_read()->set_order(pb::Order(2)); }, "read.order: 2");
  expect_refused(
      JobChanged{}, [](auto& e) { e.mutable_job_changed()->mutable_job()->set_state(pb::JobState(4)); },
      "job.state: 4");
  expect_refused(
      Seal{}, [](auto& e) { e.mutable_seal()->set_hash("short"); }, "seal.hash: 5 bytes in place of 32");
  expect_refused(
      Seal{}, [](auto& e) { e.mutable_seal()->set_tasks(kTasksPerJobMax + 1); }, "seal.tasks");
  expect_refused(
      Chunk{}, [](auto& e) { e.mutable_chunk()->set_count(65'537); }, "chunk.count: 65537, at most 65536");
  expect_refused(
      WorkerHello{}, [](auto& e) { e.mutable_worker_hello()->set_slots(0, 1'000'001); },
      "worker.slots: 1000001, at most 1000000");
  expect_refused(
      Heartbeat{}, [](auto& e) { e.mutable_heartbeat()->add_busy(1); }, "heartbeat.busy: 3, at most 2");
}

TEST(MalformedMessage, HasListsThatAreTooLong) {
  expect_refused(encode(WorkerHello{.kinds = std::vector<KindOffer>(65)}), "kinds: 65, at most 64");
  expect_refused(encode(Heartbeat{.held = std::vector<LeaseId>(65'537)}), "heartbeat.held: 65537, at most 65536");
  expect_refused(encode(WorkerHello{.held = std::vector<HeldLease>(65'537)}), "held leases: 65537, at most 65536");
  expect_refused(encode(Answer{.jobs = std::vector<JobSummary>(4'097)}), "answer: rows: 4097, at most 4096");
  expect_refused(encode(Answer{.reasons = std::vector<std::string>(4'097)}), "answer: rows: 4097, at most 4096");
  expect_refused(
      Results{}, [](auto& e) { e.mutable_results()->set_origins(65'536); }, "origins: 65536, at most 65535");
}

TEST(MalformedMessage, HasListsOfAHelloThatDisagree) {
  const Message hello = samples()[0];
  const auto change = [&hello](const std::function<void(pb::WorkerHello&)>& change_hello, const std::string& reason) {
    expect_refused(
        hello, [&](pb::Envelope& e) { change_hello(*e.mutable_worker_hello()); }, reason);
  };
  change([](auto& h) { h.add_held_jobs(0); }, "lists of unequal length");
  change([](auto& h) { h.mutable_held_runs()->RemoveLast(); }, "lists of unequal length");
  change([](auto& h) { h.set_held_jobs(1, 2); }, "no job 2");
  change([](auto& h) { h.set_held_runs(0, 3); }, "4 runs told, and 6 numbers");
  change([](auto& h) { h.set_held_runs(0, 0xFFFF'FFFF); }, "and 6 numbers");
  change([](auto& h) { h.set_runs(2, 5); }, "runs overlap");
}

TEST(MalformedMessage, HasRowsOfAnOriginThatIsNotThere) {
  Results results = sample_results();
  results.origin = Column<std::uint16_t>::of({0, 2, 3, 0});
  expect_refused(encode(results), "results.origin: 3 of 3 origins");
  expect_refused(encode(Results{.outcomes = constant_outcomes(1)}), "results.origin: 0 of 0 origins");
}

// Damages one sample in a few places. Whatever comes of it must be refused or be a message that can be sent again.
void damage_and_decode(Frames frames, std::mt19937& random) {
  const auto below = [&random](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
  for (std::size_t changes = 1 + below(4); changes > 0 && !frames.empty(); --changes) {
    const std::size_t at = below(frames.size());
    std::string content(frames[at].view());
    switch (below(6)) {
      case 0:
        content.resize(below(content.size() + 1));
        break;
      case 1:
        content.insert(below(content.size() + 1), 1 + below(5), static_cast<char>(random()));
        break;
      case 2:
        frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(at));
        continue;
      case 3:
        frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(at), frames[below(frames.size())]);
        continue;
      case 4:
        if (!content.empty()) content[below(content.size())] = static_cast<char>(random());
        break;
      default:
        if (!content.empty()) content[below(content.size())] ^= static_cast<char>(1 << below(8));
    }
    frames[at] = Bytes::of(std::move(content));
  }
  const auto decoded = decode(frames);
  if (!decoded) {
    EXPECT_EQ(decoded.error().code, ErrorCode::malformed);
    EXPECT_FALSE(decoded.error().message.empty());
    return;
  }
  const auto again = decode(encode(*decoded));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->index(), decoded->index());
}

TEST(MalformedMessage, DamagedAtRandomIsNeverMoreThanRefused) {
  std::mt19937 random(20'261'123);
  std::vector<Frames> encoded;
  for (const Message& message : samples()) encoded.push_back(encode(message));
  for (int round = 0; round < 400; ++round)
    for (const Frames& frames : encoded) damage_and_decode(frames, random);
}

TEST(MalformedMessage, OfRandomBytesIsRefused) {
  std::mt19937 random(4711);
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_NE(refusal({Bytes::of(std::move(bytes))}), "accepted");
  }
}

}  // namespace
}  // namespace brigade::wire
