// A worker's side of permits: the gate where tasks wait, and the book of what the broker was told.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "worker/core/permits.h"
#include "worker/kinds/gate.h"

namespace brigade::worker {
namespace {

using namespace std::chrono_literals;

constexpr JobId kJob{1, 2};
constexpr LeaseId kLease{5};

PermitGate::Question question(std::uint64_t index, LeaseId lease = kLease) {
  return {.job = kJob, .target = target_of("host"), .counted = true, .lease = lease, .index = index};
}

/// `+wanted -unwanted =ended`, of one target.
std::string news(PermitGate& gate) {
  std::string text;
  for (const PermitGate::News& each : gate.collect())
    text += '+' + std::to_string(each.wanted) + " -" + std::to_string(each.unwanted) + " =" +
            std::to_string(each.ended) + (each.hold > 0s ? " hold" : "");
  return text;
}

TEST(PermitGate, AnswersThoseThatWaitInOrder) {
  PermitGate gate;
  std::string answered;
  const auto first = gate.ask(question(0), [&] { answered += 'a'; });
  const auto second = gate.ask(question(1), [&] { answered += 'b'; });
  gate.ask(question(2), [&] { answered += 'c'; });
  EXPECT_EQ(news(gate), "+3 -0 =0");
  gate.admit(kJob, target_of("host").id, 2, Instant(1s), 10ms);
  EXPECT_EQ(answered, "ab");
  EXPECT_EQ(gate.reply(first).from, Instant(1s));
  EXPECT_EQ(gate.reply(second).from, Instant(1s + 10ms));
  gate.ended(question(0));
  gate.hold(question(0), 2h);
  EXPECT_EQ(news(gate), "+0 -0 =1 hold");
  EXPECT_EQ(news(gate), "");
}

TEST(PermitGate, GivesBackTasksThatHaveMadeNoRequest) {
  PermitGate gate;
  std::string answered;
  const auto waiting = gate.ask(question(3), [&] { answered += 'a'; });
  PermitGate::Question second_request = question(4);
  second_request.first = false;
  gate.ask(second_request, [&] { answered += 'b'; });
  gate.ask(question(5, LeaseId{6}), [&] { answered += 'c'; });
  EXPECT_EQ(gate.withdraw(kLease), (Runs{{3, 1}}));
  EXPECT_EQ(answered, "a");
  EXPECT_EQ(gate.reply(waiting).answer, PermitGate::Answer::withdrawn);
  EXPECT_EQ(news(gate), "+3 -1 =0");
}

TEST(PermitGate, StopsWhoWaitsAndPassesTheirPermitBackWhereItCameTooLate) {
  PermitGate gate;
  int answered = 0;
  const auto ticket = gate.ask(question(0), [&] { ++answered; });
  EXPECT_EQ(news(gate), "+1 -0 =0");
  gate.stop(ticket);
  gate.stop(ticket);
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(gate.reply(ticket).answer, PermitGate::Answer::stopped);
  gate.admit(kJob, target_of("host").id, 1, Instant{}, 0s);  // the loop had not heard of the stop
  EXPECT_EQ(news(gate), "+0 -0 =1");
}

TEST(PermitGate, LetsALapsedPermitBeAskedForAgainFirst) {
  PermitGate gate;
  TaskPermits permits(gate, question(0), {.waits = [] {}, .goes_on = [](Duration) {}});
  permits.begin(target_of("host"));
  gate.reply(permits.ask([] {}));
  gate.collect();
  EXPECT_FALSE(permits.may_go({PermitGate::Answer::permit, base::monotonic_now() - 1s}));
  std::string answered;
  gate.ask(question(1), [&] { answered += "other"; });
  permits.ask([&] { answered += "again"; });
  EXPECT_EQ(news(gate), "+2 -0 =1");
}

// ---- The book ----------------------------------------------------------------------------------------------------

PermitNews change(std::uint32_t wanted, std::uint32_t unwanted = 0, std::uint32_t ended = 0) {
  return {.job = kJob,
          .target = TargetId{7},
          .name = "host",
          .counted = true,
          .wanted = wanted,
          .unwanted = unwanted,
          .ended = ended};
}
Send wants(std::uint32_t count, std::uint32_t in_use = 0) {
  return {Want{.job = kJob, .target = TargetId{7}, .name = "host", .count = count, .in_use = in_use}};
}
Send gives(std::uint32_t permits, std::uint32_t unwanted) {
  return {Release{.job = kJob, .target = TargetId{7}, .permits = permits, .unwanted = unwanted}};
}
Grant grant(std::uint32_t count, Instant first, Instant sent) {
  return {.job = kJob, .target = TargetId{7}, .count = count, .first = first, .spacing = 1ms, .sent = sent};
}

Commands told(PermitBook& book, const PermitNews& news, bool standing = true) {
  Commands out;
  book.on_news(news, standing, out);
  return out;
}
Commands granted(PermitBook& book, const Grant& grant, Instant now) {
  Commands out;
  book.on_grant(grant, now, out);
  return out;
}

TEST(PermitBook, TellsTheBrokerWhatChangesAndAllOfItInANewSession) {
  PermitBook book;
  EXPECT_EQ(told(book, change(3)), (Commands{wants(3)}));
  const Instant now(10s);
  EXPECT_EQ(granted(book, grant(2, Instant(5s), Instant(5s)), now), (Commands{Admit{kJob, TargetId{7}, 2, now, 1ms}}));
  EXPECT_EQ(told(book, change(1, 0, 1)), (Commands{gives(1, 0), wants(1)}));
  EXPECT_EQ(told(book, change(2), false), Commands{});
  Commands out;
  book.on_welcome(out);
  EXPECT_EQ(out, (Commands{wants(4, 1)}));
  EXPECT_EQ(told(book, change(0, 4, 1)), (Commands{gives(1, 4)}));
  EXPECT_TRUE(book.empty());
}

TEST(PermitBook, GivesBackWhatNobodyWaitsForAnyMore) {
  PermitBook book;
  told(book, change(2));
  told(book, change(0, 1));
  EXPECT_EQ(granted(book, grant(2, {}, {}), Instant(1s)),
            (Commands{gives(1, 0), Admit{kJob, TargetId{7}, 1, Instant(1s), 1ms}}));
  book.on_abort(kJob);
  EXPECT_EQ(granted(book, grant(2, {}, {}), Instant(1s)), (Commands{gives(2, 0)}));
  EXPECT_EQ(told(book, change(0, 0, 1)), Commands{});  // the end of what ran
  EXPECT_TRUE(book.empty());
}

/// When by this worker's clock a permit is due that comes at `now`.
Instant due(PermitBook& book, Instant first, Instant sent, Instant now) {
  told(book, change(1));
  const Commands out = granted(book, grant(1, first, sent), now);
  return std::get<Admit>(out.front()).first;
}

TEST(PermitBook, KnowsAMessageThatCameLateByOneThatCameQuickly) {
  PermitBook book;
  const Duration ahead = 100s;  // this clock
  EXPECT_EQ(due(book, Instant(1s), Instant(1s), Instant(1s + ahead + 1ms)), Instant(1s + ahead + 1ms));
  // Read half a second late: it has been due for as long.
  const Instant late = due(book, Instant(2s), Instant(2s), Instant(2s + ahead + 500ms));
  EXPECT_LT(late, Instant(2s + ahead + 2ms));
  // Clocks that drift apart are followed.
  EXPECT_EQ(due(book, Instant(9000s), Instant(9000s), Instant(9000s + ahead + 900ms)), Instant(9000s + ahead + 900ms));
}

TEST(PermitBook, BelievesThatAClockStoodStillWhenAllMessagesSeemLate) {
  PermitBook book;
  EXPECT_EQ(due(book, Instant(1s), Instant(1s), Instant(1s)), Instant(1s));
  // The broker's machine was paused for two seconds.
  EXPECT_LT(due(book, Instant(3s), Instant(3s), Instant(5s)), Instant(3s + 2ms));
  EXPECT_LT(due(book, Instant(6s), Instant(6s), Instant(8s + 100ms)), Instant(6s + 2ms));
  EXPECT_EQ(due(book, Instant(8s), Instant(8s), Instant(10s + 50ms)), Instant(10s));
  EXPECT_EQ(due(book, Instant(9s), Instant(9s), Instant(11s)), Instant(11s));
}

}  // namespace
}  // namespace brigade::worker
