// The session reads results, each once, through brokers that vanish.
#include <future>

#include "tests/unit/scripted_broker.h"

namespace brigade::client {
namespace {

Results page(RequestId reader, std::uint64_t index) {
  ValuesBuilder values;
  values.add("value " + std::to_string(index));
  Results results;
  results.reader = reader;
  results.job = kJob;
  results.next = index + 1;
  results.origins = {Origin{"w", 1, 0, {}}};
  results.origin = Column<std::uint16_t>(std::uint16_t{0});
  results.outcomes.runs = {Run{index, 1}};
  results.outcomes.values = values.take();
  return results;
}

/// Pages from the reader's cursor up to `end`; a job of `kResults` results ends there.
constexpr std::uint64_t kResults = 20;
Reply pages(const Read& read, std::uint64_t end) {
  Reply reply;
  for (std::uint64_t index = read.from; index < end; ++index) reply.messages.push_back(page(read.reader, index));
  if (end == kResults) reply.messages.push_back(ReadEnded{read.reader, kResults});
  return reply;
}

/// The values that a sink saw.
struct Seen {
  std::vector<std::string> values;
  ResultsSink sink() {
    return [this](const Results& results) -> Result<void> {
      values.emplace_back(results.outcomes.values.blob.view());
      return {};
    };
  }
};

std::vector<std::string> values_between(std::uint64_t first, std::uint64_t end) {
  std::vector<std::string> values;
  for (std::uint64_t index = first; index < end; ++index) values.push_back("value " + std::to_string(index));
  return values;
}

TEST(Session, ReadsWhatCameBeforeItWasAskedFor) {
  const TemporaryFolder folder;
  int reads = 0;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
    if (std::holds_alternative<Read>(message)) ++reads;
    const auto* open = std::get_if<Open>(&message);
    if (open == nullptr) return Reply{};
    Reply reply = say(Sealed{.request = open->request, .job = kJob});
    for (std::uint64_t index = 0; index < kResults; ++index) reply.messages.push_back(page(open->read->reader, index));
    std::get<Results>(reply.messages.back()).ended = true;
    return reply;
  });
  auto session = connected(options_for(folder));
  JobSpec spec;
  spec.kind = "noop";
  spec.range = Arithmetic{1, 1, kResults};
  const ReadOptions options{.order = Order::completion};
  ASSERT_TRUE(session->submit(spec, nullptr, options));
  Seen seen;
  const auto cursor = session->read(kJob, options, seen.sink(), {});
  ASSERT_TRUE(cursor);
  EXPECT_EQ(*cursor, kResults);
  EXPECT_EQ(seen.values, values_between(0, kResults));
  broker.stop();
  EXPECT_EQ(reads, 0);
}

/// Bytes from..end-1 of the value of task 0, "0123456789", as a part of it.
Results part(RequestId reader, std::uint64_t from, std::uint64_t end) {
  Results results = page(reader, 0);
  const std::string bytes = std::string("0123456789").substr(from, end - from);
  results.outcomes.values = {Column(static_cast<std::uint32_t>(bytes.size())), Bytes::of(bytes)};
  results.whole_bytes = 10;
  results.offset = from;
  results.next = results.ended = end == 10;
  return results;
}

/// A broker that vanishes in the middle of a value that it sends in parts.
ScriptedBroker::Script in_parts(int& reads, std::uint64_t& asked_from) {
  return [&](const Message& message) {
    if (std::holds_alternative<Take>(message) && reads == 1) return vanish();  // both parts have been taken
    const auto* read = std::get_if<Read>(&message);
    if (read == nullptr) return Reply{};
    asked_from = read->offset;
    if (++reads > 1) return say(part(read->reader, 4, 10));
    Reply reply = say(part(read->reader, 0, 3));
    Results heavy = part(read->reader, 3, 4);  // a quarter of the credit
    heavy.arguments = {Column(std::uint32_t{2'500'000}), Bytes::of(std::string(2'500'000, 'x'))};
    reply.messages.push_back(std::move(heavy));
    return reply;
  };
}

TEST(Session, GoesOnInTheMiddleOfAValueThroughABrokerThatVanishes) {
  for (const bool parts : {true, false}) {
    const TemporaryFolder folder;
    int reads = 0;
    std::uint64_t asked_from = 0;
    ScriptedBroker broker(folder.endpoint(), in_parts(reads, asked_from));
    auto session = connected(impatient(folder));
    Seen seen;
    const auto end = session->read(kJob, {.parts = parts}, seen.sink(), nullptr);
    broker.stop();
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(*end, 1U);
    EXPECT_EQ(asked_from, 4U);
    const std::vector<std::string> whole{"0123456789"}, pieces{"012", "3", "456789"};
    EXPECT_EQ(seen.values, parts ? pieces : whole);
  }
}

TEST(Session, ReadsEachResultOnceThroughABrokerThatVanishes) {
  const TemporaryFolder folder;
  int reads = 0;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
    if (const auto* read = std::get_if<Read>(&message)) {
      ++reads;
      if (reads == 1) return vanish();
      Reply reply = pages(*read, reads == 2 ? 10 : kResults);
      constexpr std::uint32_t kWeight = 600'000;
      if (reads == 2)
        for (Message& each : reply.messages)
          std::get<Results>(each).arguments = {Column<std::uint32_t>(kWeight), Bytes::of(std::string(kWeight, 'x'))};
      return reply;
    }
    // In the middle of the second read, when a quarter of the credit is used up.
    return std::holds_alternative<Take>(message) && reads == 2 ? vanish() : Reply{};
  });
  auto session = connected(impatient(folder));
  Seen seen;
  ReadOptions options;
  options.from = 5;
  const auto end = session->read(kJob, options, seen.sink(), nullptr);
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(*end, kResults);
  EXPECT_EQ(session->cursor(), kResults);
  EXPECT_EQ(seen.values, values_between(5, kResults));
  broker.stop();
  EXPECT_GE(reads, 3);
}

TEST(Session, StopsWhenInterruptedAndReadsOnFromItsCursor) {
  const TemporaryFolder folder;
  std::promise<RequestId> stopped;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
    if (const auto* stop = std::get_if<StopReading>(&message)) stopped.set_value(stop->reader);
    const auto* read = std::get_if<Read>(&message);
    return read != nullptr ? pages(*read, kResults) : Reply{};
  });
  base::EventFd interrupt;
  ConnectOptions connect_options = options_for(folder);
  connect_options.interrupt_fd = interrupt.fd();
  auto session = connected(connect_options);
  Seen seen;
  const auto end = session->read(
      kJob, {},
      [&](const Results& results) {
        if (results.next == 8) interrupt.signal();
        return seen.sink()(results);
      },
      nullptr);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error(), (Error{ErrorCode::cancelled, "interrupted"}));
  EXPECT_EQ(session->cursor(), 8U);
  auto stop = stopped.get_future();
  ASSERT_EQ(stop.wait_for(seconds(20)), std::future_status::ready);
  EXPECT_EQ(stop.get(), RequestId{1});
  EXPECT_FALSE(session->wait(kJob, {}, nullptr));  // still interrupted
  session->set_interrupt_fd(-1);
  ReadOptions rest;
  rest.from = session->cursor();
  EXPECT_TRUE(session->read(kJob, rest, seen.sink(), nullptr));
  EXPECT_EQ(seen.values, values_between(0, kResults));
}

TEST(Session, EndsWithTheSinksErrorAndTellsTheBrokerEvenWhenItIsDestroyed) {
  const TemporaryFolder folder;
  std::promise<void> stopped;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
    if (std::holds_alternative<StopReading>(message)) stopped.set_value();
    const auto* read = std::get_if<Read>(&message);
    return read != nullptr ? pages(*read, kResults) : Reply{};
  });
  auto session = connected(options_for(folder));
  const Error full{ErrorCode::storage, "the disk is full"};
  const auto end = session->read(
      kJob, {}, [&](const Results&) -> Result<void> { return Error(full); }, nullptr);
  session.reset();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error(), full);
  EXPECT_EQ(stopped.get_future().wait_for(seconds(20)), std::future_status::ready);
}

TEST(Session, SaysThatAJobIsNotThere) {
  const TemporaryFolder folder;
  const Error gone{ErrorCode::not_found, "no such job"};
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
    const auto* read = std::get_if<Read>(&message);
    return say(ReadRejected{read != nullptr ? read->reader : RequestId{}, kJob, gone});
  });
  auto session = connected(options_for(folder));
  const auto read = session->read(kJob, {}, Seen{}.sink(), nullptr);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), gone);
  const auto waited = session->wait(kJob, {}, nullptr);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error(), gone);
}

}  // namespace
}  // namespace brigade::client
