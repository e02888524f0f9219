// Fetches of a job with limits: each request, that of a redirect too, waits for a permit; here all get one at once.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>

#include "proto/wire/kinds.h"
#include "tests/support/executors.h"
#include "tests/support/http_server.h"
#include "worker/exec/io_loop.h"
#include "worker/exec/thread_pool.h"
#include "worker/kinds/fetch/fetch.h"

namespace brigade::worker {
namespace {

using namespace std::chrono_literals;
using test::http_reply;
using test::HttpConnection;
using test::HttpRequest;
using test::HttpServer;

struct Limited {
  Outbox outbox;
  PermitGate gate{1h};  // a permit that lapses would be asked for again
  std::unique_ptr<Executor> executor;
  test::Collector collector{outbox};
  std::uint64_t asked = 0;
  Duration held{};
  std::vector<std::string> targets;

  explicit Limited(bool on_loop) {
    std::vector<Kind> kinds{fetch_kind({.addresses = *AddressPolicy::make({"127.0.0.0/8"}, false), .body_max = 1000})};
    if (on_loop)
      executor = std::make_unique<IoLoop>(kinds, outbox, IoLoopOptions{.concurrency = 2, .gate = &gate});
    else
      executor = std::make_unique<ThreadPool>(kinds, outbox, ThreadPoolOptions{.threads = 2, .gate = &gate});
  }

  void start(const std::vector<std::string>& urls, const wire::FetchOptions& options) {
    worker::Work work = test::list_work(1, "fetch", urls);
    work.lease.brief.options = wire::encode(options);
    work.lease.brief.limits.per_target = 1;
    executor->start(std::move(work));
  }

  /// What has changed, as the worker's loop would hear it.
  void admit_all() {
    for (const PermitGate::News& news : gate.collect()) {
      asked += news.wanted;
      held = std::max(held, news.hold);
      if (news.wanted == 0) continue;
      targets.push_back(news.target.name);
      gate.admit(news.job, news.target.id, news.wanted, base::monotonic_now(), 0ns);
    }
  }

  std::vector<test::Row> run(const std::vector<std::string>& urls, const wire::FetchOptions& options) {
    start(urls, options);
    while (collector.rows < urls.size()) {
      admit_all();
      collector.collect();
      std::this_thread::yield();
    }
    admit_all();
    std::vector<test::Row> rows;
    for (std::size_t i = 0; i < urls.size(); ++i) rows.push_back(collector.at(i));
    return rows;
  }
};

class LimitedFetch : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Executors, LimitedFetch, testing::Bool(),
                         [](const auto& each) { return each.param ? "OnTheLoop" : "OnThreads"; });

TEST_P(LimitedFetch, AsksForEveryRedirectAndGoesOnAsLibcurlWould) {
  HttpServer elsewhere([](const HttpRequest& request, HttpConnection& connection) {
    return connection.send(http_reply(request.method + request.body));
  });
  HttpServer server([&](const HttpRequest& request, HttpConnection& connection) {
    const std::string to = request.path == "/away" ? elsewhere.url("/") : "/here";
    if (request.path == "/here") return connection.send(http_reply(request.method + request.body));
    const std::string status = request.path == "/again" ? "307 Same" : "302 Found";
    return connection.send(http_reply("a body nobody wants", status, "Location: " + to + "\r\n"));
  });
  Limited limited(GetParam());
  wire::FetchOptions options{.headers = {"Authorization: secret", "X-Other: kept"}, .data = "data", .body = true};
  options.method = "POST";
  const auto rows = limited.run({server.url("/found"), server.url("/again"), server.url("/away")}, options);
  std::vector<std::string> bodies;
  for (const test::Row& row : rows) {
    ASSERT_EQ(row.status, TaskStatus::ok) << row.value;
    const auto answer = wire::decode_fetch_answer(row.value);
    EXPECT_EQ(answer->redirects, 1u);
    EXPECT_EQ(answer->bytes, answer->body->size());
    bodies.push_back(*answer->body);
  }
  EXPECT_EQ(bodies, (std::vector<std::string>{"GET", "POSTdata", "GET"}));
  EXPECT_EQ(limited.asked, 6u);
  EXPECT_NE(server.requests().at(0).head.find("Authorization: secret"), std::string::npos);
  const std::string head = elsewhere.requests().at(0).head;
  EXPECT_EQ(head.find("Authorization"), std::string::npos);  // it was for the first host
  EXPECT_NE(head.find("X-Other: kept"), std::string::npos);
  const std::string host = "http://127.0.0.1:" + std::to_string(elsewhere.port());
  EXPECT_EQ(std::ranges::count(limited.targets, host), 1);
}

TEST_P(LimitedFetch, SendsTheCookiesThatARedirectHasSet) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    if (request.path == "/here") return connection.send(http_reply("x"));
    return connection.send(http_reply("", "302 Found", "Location: /here\r\nSet-Cookie: pass=1\r\n"));
  });
  Limited limited(GetParam());
  wire::FetchOptions options;
  options.cookies = true;
  EXPECT_EQ(limited.run({server.url("/")}, options)[0].status, TaskStatus::ok);
  EXPECT_NE(server.requests().at(1).head.find("Cookie: pass=1"), std::string::npos);
}

TEST_P(LimitedFetch, AsksForRobotsTxtAsForEverythingElse) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    return connection.send(http_reply(request.path == "/robots.txt" ? "User-agent: *\nDisallow: /no" : "x"));
  });
  Limited limited(GetParam());
  wire::FetchOptions options;
  options.robots = true;
  const auto rows = limited.run({server.url("/a"), server.url("/no"), server.url("/b"), server.url("/c")}, options);
  std::vector<TaskStatus> statuses;
  for (const test::Row& row : rows) statuses.push_back(row.status);
  const TaskStatus ok = TaskStatus::ok;
  EXPECT_EQ(statuses, (std::vector{ok, TaskStatus::robots, ok, ok}));
  EXPECT_EQ(limited.asked, 4u);
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST_P(LimitedFetch, EndsRedirectsWithoutEndAndThoseThatLeadNowhere) {
  HttpServer server([&](const HttpRequest& request, HttpConnection& connection) {
    const std::string to = request.path == "/round" ? "/round" : "ftp://127.0.0.1/x";
    return connection.send(http_reply("", "302 Found", "Location: " + to + "\r\n"));
  });
  Limited limited(GetParam());
  wire::FetchOptions options{.max_redirects = 3};
  const auto rows = limited.run({server.url("/round"), server.url("/ftp"), "no url at all:"}, options);
  EXPECT_EQ(rows[0].value, "more than 3 redirects from " + server.url("/round"));
  EXPECT_EQ(rows[1].value, "a redirect from " + server.url("/ftp") + " leads to no http or https URL");
  EXPECT_EQ(rows[2].status, TaskStatus::invalid_argument);
  options.follow = false;
  Limited still(GetParam());
  EXPECT_EQ(still.run({server.url("/round")}, options)[0].status, TaskStatus::ok);
}

TEST_P(LimitedFetch, PassesOnThatAHostAsksForAPause) {
  HttpServer server([](const HttpRequest&, HttpConnection& connection) {
    return connection.send(http_reply("", "429 Too Many", "Retry-After: 99999\r\n"));
  });
  Limited limited(GetParam());
  (void)limited.run({server.url("/")}, {});
  EXPECT_EQ(limited.held, 1h);
}

TEST_P(LimitedFetch, GivesBackWhatWaitsAndStopsWhatWaits) {
  Limited limited(GetParam());
  const std::vector<std::string> urls(5, "http://127.0.0.1:1/");
  limited.start(urls, {});
  std::uint64_t waiting = 0;
  while (waiting < 2)
    for (const PermitGate::News& news : limited.gate.collect()) waiting += news.wanted;
  EXPECT_EQ(limited.executor->give_back(LeaseId{1}), (Runs{{0, 1}, {1, 1}, {2, 3}}));
  while (limited.executor->busy() > 0) std::this_thread::yield();
  limited.start(urls, {});
  while (waiting < 4)
    for (const PermitGate::News& news : limited.gate.collect()) waiting += news.wanted;
  limited.executor->abort(JobId{7, 7});
  while (limited.executor->busy() > 0) std::this_thread::yield();
  limited.collector.collect();
  EXPECT_EQ(limited.collector.rows, 0u);
}

TEST(LimitedFetchOnTheLoop, LeavesRoomForOtherJobsWhileItWaits) {
  HttpServer server([](const HttpRequest&, HttpConnection& connection) { return connection.send(http_reply("x")); });
  Limited limited(true);
  limited.start(std::vector<std::string>(20, "http://127.0.0.1:1/"), {});
  std::uint64_t waiting = 0;
  while (waiting < 2)
    for (const PermitGate::News& news : limited.gate.collect()) waiting += news.wanted;
  limited.executor->start(test::list_work(2, "fetch", std::vector<std::string>(10, server.url("/")), 0, 8));
  limited.collector.wait_for(10);
  EXPECT_EQ(limited.collector.at(0, 2).status, TaskStatus::ok);
  limited.executor->abort(JobId{7, 7});
}

}  // namespace
}  // namespace brigade::worker
