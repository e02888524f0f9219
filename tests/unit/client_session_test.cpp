// The session against a scripted broker in a thread of its own, over real sockets in a temporary folder.
#include "client/session.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <set>
#include <thread>

#include "client/content_hash.h"
#include "proto/base/os.h"
#include "proto/net/socket.h"
#include "proto/wire/codec.h"

namespace brigade::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr JobId kJob{1, 2};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "client-session-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string endpoint() const { return "ipc://" + (path_ / "broker").string(); }

 private:
  std::filesystem::path path_;
};

struct Reply {
  std::vector<Message> messages;
  bool vanish = false;  ///< the broker dies instead of answering, and another takes its place
  bool garbage = false;
};

/// Answers Hello and pings by itself; what else a client says goes to the script, on the broker's thread. A peer that
/// has not said Hello is refused, as the real broker does.
class ScriptedBroker {
 public:
  using Script = std::function<Reply(const Message&)>;

  ScriptedBroker(std::string endpoint, Script script) : endpoint_(std::move(endpoint)), script_(std::move(script)) {
    bind();
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedBroker() { stop(); }
  /// What the script wrote may be read afterwards.
  void stop() {
    stopping_.signal();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void bind() {
    router_.reset();
    peers_.clear();
    auto router = net::Router::bind({endpoint_});
    require(static_cast<bool>(router));
    router_ = std::move(*router);
  }
  void send(PeerId peer, const Message& message) { (void)router_->send(peer, wire::encode(message)); }

  void run() {
    const int fd = stopping_.fd();
    while (net::wait(router_.get(), std::span(&fd, 1), milliseconds(20)).empty()) {
      while (const auto inbound = router_->receive()) {
        const auto message = wire::decode(inbound->frames);
        require(static_cast<bool>(message));
        received(inbound->peer, *message);
      }
      for (const PeerId peer : peers_) send(peer, Ping{});
    }
  }
  void received(PeerId peer, const Message& message) {
    if (std::holds_alternative<Pong>(message)) return;
    if (std::holds_alternative<ClientHello>(message)) {
      peers_.insert(peer);
      return send(peer, Welcome{1, "0.1.0", 1000});
    }
    if (!peers_.contains(peer)) return send(peer, Refused{{ErrorCode::malformed, "no Hello"}});
    const Reply reply = script_(message);
    if (reply.vanish) return bind();
    if (reply.garbage) (void)router_->send(peer, {Bytes::of(std::string("\xff\xff\xff"))});
    for (const Message& answer : reply.messages) send(peer, answer);
  }

  std::string endpoint_;
  Script script_;
  base::EventFd stopping_;
  std::unique_ptr<net::Router> router_;
  std::set<PeerId> peers_;
  std::thread thread_;
};

Reply say(Message message) {
  Reply reply;
  reply.messages.push_back(std::move(message));
  return reply;
}
Reply vanish() {
  Reply reply;
  reply.vanish = true;
  return reply;
}
Reply garbage() {
  Reply reply;
  reply.garbage = true;
  return reply;
}

ConnectOptions options_for(const TemporaryFolder& folder) {
  ConnectOptions options;
  options.endpoint = folder.endpoint();
  options.timeout = seconds(20);  // never reached unless a test asks for it, however busy the machine is
  return options;
}

/// For tests whose broker vanishes: the session shall notice soon.
ConnectOptions impatient(const TemporaryFolder& folder) {
  ConnectOptions options = options_for(folder);
  options.silence = milliseconds(700);
  return options;
}

std::unique_ptr<Session> connected(const ConnectOptions& options) {
  auto session = Session::connect(options);
  require(static_cast<bool>(session));
  return std::move(*session);
}

// ---- Connecting --------------------------------------------------------------------------------------------------

TEST(Session, NamesTheEndpointWhenNobodyIsThere) {
  const TemporaryFolder folder;
  ConnectOptions options = options_for(folder);
  options.timeout = milliseconds(100);
  const auto session = Session::connect(options);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error(),
            (Error{ErrorCode::unavailable, "no broker answers at " + options.endpoint +
                                               " (waited 0.1 s); start one with `brigade up` or give --broker"}));
}

TEST(Session, NamesTheEndpointWhenABrokerNeverAnswers) {
  const TemporaryFolder folder;
  const auto mute = net::Router::bind({folder.endpoint()});
  ASSERT_TRUE(mute);
  ConnectOptions options = options_for(folder);
  options.timeout = milliseconds(300);
  options.silence = milliseconds(100);  // more than one try
  const auto session = Session::connect(options);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unavailable);
  EXPECT_NE(session.error().message.find(options.endpoint), std::string::npos);
}

TEST(Session, RefusesWhatIsNoEndpoint) {
  ConnectOptions options;
  options.endpoint = "somewhere";
  const auto session = Session::connect(options);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::invalid);
}

// ---- Asking ------------------------------------------------------------------------------------------------------

TEST(Session, JoinsTheAnswersParts) {
  const TemporaryFolder folder;
  ScriptedBroker broker(folder.endpoint(), [](const Message& message) {
    const auto& ask = std::get<Ask>(message);
    Answer first, second;
    first.request = second.request = ask.request;
    first.last = false;
    first.reasons = {"one"};
    second.reasons = {"two"};
    Reply reply = say(first);
    reply.messages.push_back(second);
    return reply;
  });
  auto session = connected(options_for(folder));
  const auto answer = session->ask(Verb::why, "last");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->reasons, (std::vector<std::string>{"one", "two"}));
}

TEST(Session, ReturnsTheBrokersRefusalAndStaysUsable) {
  const TemporaryFolder folder;
  const Error unknown{ErrorCode::not_found, "no such job"};
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
    const auto& ask = std::get<Ask>(message);
    Answer answer;
    answer.request = ask.request;
    if (ask.verb == Verb::show_job) answer.error = unknown;
    return say(answer);
  });
  auto session = connected(options_for(folder));
  const auto answer = session->ask(Verb::show_job, "x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), unknown);
  EXPECT_TRUE(session->ask(Verb::status, ""));
}

TEST(Session, AsksAgainWhenTheBrokerWasReplacedBetweenCalls) {
  const TemporaryFolder folder;
  int asked = 0;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
    if (++asked == 1) return vanish();
    Answer answer;
    answer.request = std::get<Ask>(message).request;
    return say(answer);
  });
  auto session = connected(impatient(folder));
  EXPECT_TRUE(session->ask(Verb::status, ""));
  EXPECT_TRUE(session->ask(Verb::status, ""));
  broker.stop();
  EXPECT_GE(asked, 3);
}

TEST(Session, GivesUpABrokerThatSendsNonsense) {
  const TemporaryFolder folder;
  ScriptedBroker broker(folder.endpoint(), [](const Message&) { return garbage(); });
  auto session = connected(options_for(folder));
  const auto answer = session->ask(Verb::status, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::malformed);
}

// ---- Submitting --------------------------------------------------------------------------------------------------

/// Keeps uploads as the real broker does; everything it has is "committed".
struct Uploads {
  std::vector<Chunk> chunks;
  std::optional<Seal> sealed;
  JobSpec spec;

  Reply answer(const Message& message) {
    if (const auto* open = std::get_if<Open>(&message)) {
      spec = open->spec;
      if (!open->hash) return say(Opened{open->request, kJob, chunks.size(), sealed.has_value()});
      sealed = Seal{kJob, spec.range->count, *open->hash};  // a range is whole at once
      return say(Sealed{.request = open->request, .job = kJob, .warning = "no worker"});
    }
    if (const auto* chunk = std::get_if<Chunk>(&message)) {
      EXPECT_EQ(chunk->sequence, chunks.size());
      chunks.push_back(*chunk);
      return say(ChunkStored{kJob, chunk->sequence});
    }
    const auto& seal = std::get<Seal>(message);
    if (sealed && !(sealed->hash == seal.hash)) return say(SubmitRejected{{}, kJob, {ErrorCode::conflict, "other"}});
    sealed = seal;
    return say(Sealed{.job = kJob, .warning = "no worker"});
  }
};

Chunk chunk_of(const std::vector<std::string>& values) {
  ValuesBuilder builder;
  for (const std::string& value : values) builder.add(value);
  Chunk chunk;
  chunk.count = values.size();
  chunk.arguments = builder.take();
  return chunk;
}

/// Gives chunks of two tasks: "0" "1", "2" "3", …
ChunkSource numbers(int chunks) {
  return [chunks, next = 0]() mutable -> Result<std::optional<Chunk>> {
    if (next == 2 * chunks) return std::optional<Chunk>{};
    next += 2;
    return std::optional<Chunk>(chunk_of({std::to_string(next - 2), std::to_string(next - 1)}));
  };
}

JobSpec echo_with_key() {
  JobSpec spec;
  spec.kind = "echo";
  spec.key = "k";
  return spec;
}

ContentHash hash_of_numbers(int chunks) {
  ContentHasher hasher(echo_with_key());
  for (int i = 0; i < 2 * chunks; ++i) hasher.add(1, chunk_of({std::to_string(i)}).arguments);
  return hasher.finish();
}

TEST(Session, SubmitsARangeWithoutAskingTheSource) {
  const TemporaryFolder folder;
  Uploads uploads;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) { return uploads.answer(message); });
  auto session = connected(options_for(folder));
  JobSpec spec;
  spec.kind = "noop";
  spec.range = Arithmetic{1, 1, 100};
  const auto submitted = session->submit(spec, nullptr);
  ASSERT_TRUE(submitted);
  EXPECT_EQ(submitted->job, kJob);
  EXPECT_EQ(submitted->warning, "no worker");
  EXPECT_FALSE(submitted->existed);
  broker.stop();
  EXPECT_EQ(uploads.sealed, (Seal{kJob, 100, ContentHasher(spec).finish()}));
  EXPECT_EQ(uploads.spec.key.size(), 32U);
}

TEST(Session, UploadsColumnsThroughABrokerThatVanishes) {
  constexpr int kChunks = 40;  // each weighs a fifteenth of the credit
  for (const int loss : {-1, 0, 1, 20, 41}) {
    SCOPED_TRACE(loss);
    const TemporaryFolder folder;
    Uploads uploads;
    int messages = 0;
    ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
      return messages++ == loss ? vanish() : uploads.answer(message);
    });
    auto session = connected(impatient(folder));
    const auto submitted = session->submit(echo_with_key(), numbers(kChunks));
    ASSERT_TRUE(submitted) << submitted.error().message;
    EXPECT_FALSE(submitted->existed);
    broker.stop();
    ASSERT_EQ(uploads.chunks.size(), static_cast<std::size_t>(kChunks));
    for (int i = 0; i < kChunks; ++i) {
      const Chunk expected = chunk_of({std::to_string(2 * i), std::to_string(2 * i + 1)});
      EXPECT_EQ(uploads.chunks[static_cast<std::size_t>(i)].arguments, expected.arguments);
    }
    EXPECT_EQ(uploads.sealed, (Seal{kJob, 2 * kChunks, hash_of_numbers(kChunks)}));
  }
}

TEST(Session, FindsTheSameJobByItsKeyAndRefusesAnother) {
  const TemporaryFolder folder;
  Uploads uploads;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) { return uploads.answer(message); });
  auto session = connected(options_for(folder));
  ASSERT_TRUE(session->submit(echo_with_key(), numbers(3)));
  const auto again = session->submit(echo_with_key(), numbers(3));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->existed);
  const auto other = session->submit(echo_with_key(), numbers(4));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error(), (Error{ErrorCode::conflict, "other"}));
  broker.stop();
  EXPECT_EQ(uploads.chunks.size(), 3U);
}

TEST(Session, ReturnsTheSourcesErrorAndRefusesBrokenChunks) {
  const TemporaryFolder folder;
  Uploads uploads;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) { return uploads.answer(message); });
  auto session = connected(options_for(folder));
  const Error bad_line{ErrorCode::invalid, "line 3"};
  const auto failed =
      session->submit(echo_with_key(), [&]() -> Result<std::optional<Chunk>> { return Error(bad_line); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), bad_line);
  const auto broken = session->submit(echo_with_key(), []() -> Result<std::optional<Chunk>> {
    Chunk chunk = chunk_of({"a", "bc"});
    chunk.count = 3;
    return std::optional<Chunk>(std::move(chunk));
  });
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::invalid);
}

// ---- Reading -----------------------------------------------------------------------------------------------------

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

TEST(Session, WaitsForTheEndThroughABrokerThatVanishes) {
  const TemporaryFolder folder;
  int watches = 0;
  ScriptedBroker broker(folder.endpoint(), [&](const Message&) {
    if (++watches == 1) return vanish();
    JobSummary summary;
    summary.id = kJob;
    summary.state = JobState::running;
    Reply reply = say(JobChanged{summary});
    summary.state = JobState::done;
    reply.messages.push_back(JobChanged{summary});
    return reply;
  });
  auto session = connected(impatient(folder));
  std::vector<JobState> states;
  const auto done = session->wait(kJob, {}, [&](const JobSummary& job) { states.push_back(job.state); });
  ASSERT_TRUE(done);
  EXPECT_EQ(done->state, JobState::done);
  EXPECT_EQ(states, (std::vector<JobState>{JobState::running, JobState::done}));
}

TEST(Session, LeavesTheSessionUsableWhenAWaitIsOver) {
  const TemporaryFolder folder;
  ScriptedBroker broker(folder.endpoint(), [](const Message& message) {
    if (const auto* ask = std::get_if<Ask>(&message)) {
      Answer answer;
      answer.request = ask->request;
      return say(answer);
    }
    JobSummary summary;
    summary.id = kJob;
    return say(JobChanged{summary});
  });
  auto session = connected(options_for(folder));
  const auto waited = session->wait(kJob, milliseconds(30), nullptr);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(session->ask(Verb::cancel, to_string(kJob)));
}

}  // namespace
}  // namespace brigade::client
