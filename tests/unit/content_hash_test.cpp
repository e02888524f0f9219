#include "client/content_hash.h"

#include <gtest/gtest.h>

#include <functional>

namespace brigade::client {
namespace {

JobSpec spec_of(std::string kind) {
  JobSpec spec;
  spec.kind = std::move(kind);
  return spec;
}

ContentHash hash_of(const JobSpec& spec) {
  return ContentHasher(spec).finish();
}

ContentHash hash_of(const JobSpec& spec, const std::vector<std::vector<std::string>>& chunks) {
  ContentHasher hasher(spec);
  for (const auto& chunk : chunks) {
    ValuesBuilder builder;
    for (const std::string& value : chunk) builder.add(value);
    hasher.add(chunk.size(), builder.take());
  }
  return hasher.finish();
}

std::string hex(const ContentHash& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : hash) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

TEST(ContentHash, DoesNotDependOnTheChunks) {
  const JobSpec spec = spec_of("echo");
  const ContentHash whole = hash_of(spec, {{"a", "bc", "", "d"}});
  EXPECT_EQ(hash_of(spec, {{"a"}, {"bc", ""}, {"d"}}), whole);
  EXPECT_NE(hash_of(spec, {{"ab", "c", "", "d"}}), whole);
  EXPECT_NE(hash_of(spec, {{"a", "bc", "d"}}), whole);
  EXPECT_NE(hash_of(spec, {{"a", "bc", "d", ""}}), whole);
}

TEST(ContentHash, HashesLongValuesAsShortOnes) {
  const std::string large(200'000, 'x');
  const JobSpec spec = spec_of("echo");
  EXPECT_EQ(hash_of(spec, {{"a", large, "b"}}), hash_of(spec, {{"a"}, {large}, {"b"}}));
  EXPECT_NE(hash_of(spec, {{"a", large + "x", "b"}}), hash_of(spec, {{"a", large, "b"}}));
}

TEST(ContentHash, CoversWhatChangesTheWorkAndNothingElse) {
  JobSpec base = spec_of("factorial");
  base.range = Arithmetic{1, 1, 10};
  const ContentHash hash = hash_of(base);
  const auto changed = [&](const std::function<void(JobSpec&)>& change) {
    JobSpec spec = base;
    change(spec);
    return hash_of(spec) != hash;
  };
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.kind = "noop"; }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.options = "o"; }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.mode = Mode::serial; }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.task_timeout = Duration(1); }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.deadline = Duration(1); }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.retries = 1; }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.backoff = Duration(1); }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.max_fails = {FailLimit::Unit::count, 0}; }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.limits.per_target = 1; }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.ceilings.workers = 1; }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.ceilings.per_worker = 1; }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.range->step = -1; }));
  EXPECT_TRUE(changed([](JobSpec& spec) { spec.range.reset(); }));
  EXPECT_FALSE(changed([](JobSpec& spec) {
    spec.name = "n";
    spec.key = "k";
    spec.priority = 3;
    spec.trend = CostTrend::rising;
    spec.retry_of = JobId{1, 2};
  }));
}

// The layout of content_hash.h, computed by an independent implementation (Python's hashlib and struct). A change here
// makes a new client's submits differ from an old one's.
TEST(ContentHash, IsTheDocumentedOne) {
  JobSpec range = spec_of("factorial");
  range.options = "xy";
  range.mode = Mode::threads;
  range.task_timeout = std::chrono::seconds(1);
  range.retries = 2;
  range.max_fails = {FailLimit::Unit::percent, 5};
  range.range = Arithmetic{10, -2, 5};
  EXPECT_EQ(hex(hash_of(range)), "435fb34347af1ddd0f56198c69f9491750613427614059e5c6eb9969c64142c9");
  range.ceilings = {.workers = 2, .per_worker = 3};
  EXPECT_EQ(hex(hash_of(range)), "6b11ffc836d56c3e69c38a88eedef73a12d36b8512309e8acb17309315c3ce5d");
  EXPECT_EQ(hex(hash_of(spec_of("echo"), {{"a", "", "bcd"}})),
            "65187049a1dcf88b2eb704a17da6e574d2931380d916c85d001c6aef0618df95");
}

}  // namespace
}  // namespace brigade::client
