// Fetches that heed robots.txt, in both forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "tests/support/fetching.h"
#include "tests/support/http_server.h"
#include "worker/kinds/fetch/robots.h"
#include "worker/kinds/fetch/url_parts.h"

namespace brigade::worker {
namespace {

using namespace std::chrono_literals;
using test::fetch_answer_of;
using test::http_reply;
using test::HttpConnection;
using test::HttpRequest;
using test::HttpServer;

class PoliteFetch : public testing::TestWithParam<Lane> {
 protected:
  std::vector<test::Row> fetch(const std::vector<std::string>& urls, wire::FetchOptions options = {}) const {
    options.robots = true;
    options.body = true;
    return test::fetch_rows(GetParam(), test::local_fetch(), urls, options);
  }
  static void expect_forbidden(const test::Row& row, const std::string& message) {
    EXPECT_EQ(row.status, TaskStatus::robots) << row.value;
    EXPECT_EQ(row.retry_after_ms, kFinal);
    EXPECT_NE(row.value.find(message), std::string::npos) << row.value;
  }
  static std::ptrdiff_t asked(const HttpServer& server, const std::string& path) {
    return std::ranges::count(server.requests(), path, &HttpRequest::path);
  }
};

INSTANTIATE_TEST_SUITE_P(Lanes, PoliteFetch, testing::Values(Lane::threads, Lane::loop),
                         [](const auto& lane) { return lane.param == Lane::threads ? "threads" : "loop"; });

HttpServer::Handler with_robots(std::string robots, std::string status = "200 OK") {
  return
      [robots = std::move(robots), status = std::move(status)](const HttpRequest& request, HttpConnection& connection) {
        if (request.path == "/robots.txt") return connection.send(http_reply(robots, status));
        return connection.send(http_reply("page"));
      };
}

TEST_P(PoliteFetch, AsksOnceForAllTasksOfAnOriginAndHeedsTheAnswer) {
  HttpServer server(with_robots("User-agent: *\nDisallow: /private\n"));
  std::vector<std::string> urls;
  for (int i = 0; i < 100; ++i) urls.push_back(server.url((i % 2 == 0 ? "/open/" : "/private/") + std::to_string(i)));
  const auto rows = fetch(urls);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i % 2 == 0)
      EXPECT_EQ(fetch_answer_of(rows[i]).body, "page");
    else
      expect_forbidden(rows[i], server.url("/robots.txt") + " forbids 'brigade' what matches '/private'");
  }
  EXPECT_EQ(asked(server, "/robots.txt"), 1);
  EXPECT_EQ(server.requests().size(), 51u);
  EXPECT_EQ(server.requests()[0].path, "/robots.txt");
}

TEST_P(PoliteFetch, IsWhomItsUserAgentNames) {
  HttpServer server(with_robots("User-agent: *\nDisallow: /\nUser-agent: mybot\nDisallow: /no\n"));
  expect_forbidden(fetch({server.url("/yes")})[0], "");
  for (const wire::FetchOptions& options :
       {wire::FetchOptions{.user_agent = "MyBot/1.0 (x)"}, wire::FetchOptions{.headers = {"user-agent:  mybot/2"}}}) {
    EXPECT_EQ(fetch({server.url("/yes")}, options)[0].status, TaskStatus::ok);
    expect_forbidden(fetch({server.url("/no")}, options)[0], "");
  }
  const auto requests = server.requests();
  EXPECT_NE(requests[1].head.find("User-Agent: MyBot/1.0 (x)"), std::string::npos) << requests[1].head;
}

TEST_P(PoliteFetch, TellsNobodyButItsServerWhatItsRequestsCarry) {
  HttpServer server(with_robots(""));
  fetch({server.url("/")}, {.method = "POST", .headers = {"Authorization: secret"}, .data = "data"});
  const HttpRequest robots = server.requests().at(0);
  EXPECT_EQ(robots.method, "GET");
  EXPECT_EQ(robots.body, "");
  EXPECT_EQ(robots.head.find("secret"), std::string::npos);
}

TEST_P(PoliteFetch, MayDoEverythingWhereThereIsNoFile) {
  for (const char* status : {"404 Not Found", "403 Forbidden", "401 Unauthorized", "410 Gone"}) {
    HttpServer server(with_robots("User-agent: *\nDisallow: /\n", status));
    EXPECT_EQ(fetch({server.url("/")})[0].status, TaskStatus::ok) << status;
  }
}

TEST_P(PoliteFetch, MayDoNothingWhereTheServerCannotSay) {
  for (const char* status : {"500 Broken", "503 Busy", "304 Strange"}) {
    HttpServer server(with_robots("User-agent: *\nAllow: /\n", status));
    for (const test::Row& row : fetch({server.url("/a"), server.url("/b")})) {
      EXPECT_EQ(row.status, TaskStatus::robots) << row.value;
      EXPECT_GE(row.retry_after_ms, 10'000u);  // then it is asked again
      EXPECT_NE(row.retry_after_ms, kFinal);
    }
    EXPECT_EQ(server.requests().size(), 1u);
  }
  HttpServer server([](const HttpRequest&, HttpConnection&) { return false; });
  const test::Row row = fetch({server.url("/a")})[0];
  EXPECT_EQ(row.status, TaskStatus::protocol);
  EXPECT_NE(row.value.find("its robots.txt: an empty answer"), std::string::npos) << row.value;
  EXPECT_EQ(asked(server, "/a"), 0);
}

TEST_P(PoliteFetch, ChecksWhereRedirectsLead) {
  HttpServer elsewhere(with_robots("User-agent: *\nDisallow: /no\n"));
  HttpServer server([&](const HttpRequest& request, HttpConnection& connection) {
    if (request.path == "/robots.txt") return connection.send(http_reply("User-agent: *\nDisallow: /closed"));
    const std::string to = request.path == "/1"   ? "/closed"
                           : request.path == "/2" ? elsewhere.url("/no")
                                                  : elsewhere.url("/yes");
    return connection.send(http_reply("", "302 Found", "Location: " + to + "\r\n"));
  });
  const auto rows = fetch({server.url("/1"), server.url("/2"), server.url("/3")});
  expect_forbidden(rows[0], "'/closed'");
  expect_forbidden(rows[1], elsewhere.url("/robots.txt"));
  EXPECT_EQ(fetch_answer_of(rows[2]).body, "page");
  EXPECT_EQ(asked(server, "/closed"), 0);
  EXPECT_EQ(asked(elsewhere, "/no"), 0);
  EXPECT_EQ(asked(elsewhere, "/robots.txt"), 1);
}

TEST_P(PoliteFetch, FollowsFiveRedirectsToTheFile) {
  std::atomic<int> hops = 5;
  HttpServer server([&](const HttpRequest& request, HttpConnection& connection) {
    if (request.path == "/page") return connection.send(http_reply("page"));
    const int done = request.path == "/robots.txt" ? 0 : std::stoi(request.path.substr(1));
    if (done == hops) return connection.send(http_reply("User-agent: *\nDisallow: /page"));
    return connection.send(http_reply("", "301 M", "Location: /" + std::to_string(done + 1) + "\r\n"));
  });
  expect_forbidden(fetch({server.url("/page")})[0], "");
  hops = 6;
  const test::Row row = fetch({server.url("/page")})[0];
  EXPECT_EQ(row.status, TaskStatus::protocol) << row.value;
  EXPECT_EQ(asked(server, "/page"), 0);
}

TEST_P(PoliteFetch, ReadsTheBeginningOfAFileWithoutEnd) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    if (request.path != "/robots.txt") return connection.send(http_reply("page"));
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\nUser-agent: *\nDisallow: /a\r\n");
    const std::string chunk = "1000\r\n\n" + std::string(0xFFF, '#') + "\r\n";
    while (connection.send(chunk)) {
    }
    return false;
  });
  const auto rows = fetch({server.url("/a"), server.url("/b")});
  expect_forbidden(rows[0], "");
  EXPECT_EQ(fetch_answer_of(rows[1]).body, "page");
}

TEST_P(PoliteFetch, KeepsToItsTimeLimit) {
  HttpServer server([](const HttpRequest&, HttpConnection& connection) {
    connection.wait_for_close();
    return false;
  });
  Outbox outbox;
  const auto executor = test::executor_of(GetParam(), outbox, test::local_fetch());
  Work work = test::list_work(1, "fetch", {server.url("/a"), server.url("/b"), server.url("/c")});
  work.lease.brief.options = wire::encode(wire::FetchOptions{.robots = true});
  work.lease.brief.task_timeout = 50ms;
  executor->start(std::move(work));
  test::Collector collector(outbox);
  collector.wait_for(3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(collector.at(i).status, TaskStatus::timeout) << collector.at(i).value;
  for (const HttpRequest& request : server.requests()) EXPECT_EQ(request.path, "/robots.txt");
}

TEST_P(PoliteFetch, StopsWithItsJobWhileAllWaitForTheFile) {
  HttpServer server([](const HttpRequest&, HttpConnection& connection) {
    connection.wait_for_close();
    return false;
  });
  Outbox outbox;
  const auto executor = test::executor_of(GetParam(), outbox, test::local_fetch());
  Work work = test::list_work(1, "fetch", std::vector<std::string>(20, server.url("/a")));
  work.lease.brief.options = wire::encode(wire::FetchOptions{.robots = true});
  executor->start(std::move(work));
  while (server.requests().empty()) std::this_thread::yield();
  executor->abort(JobId{7, 7});
  while (executor->busy() != 0) std::this_thread::yield();
  test::Collector collector(outbox);
  collector.collect();
  EXPECT_EQ(collector.rows, 0u);
}

TEST_P(PoliteFetch, RefusesWhatIsNoUrlAndAddressesThatItMayNotReach) {
  wire::FetchOptions options{.robots = true};
  const auto strict = [] { return fetch_kind({.addresses = *AddressPolicy::make({}, false), .body_max = 1000}); };
  const auto rows = test::fetch_rows(GetParam(), strict(), {"http://", "http://127.0.0.1:1/", "ftp://h/"}, options);
  EXPECT_EQ(rows[0].status, TaskStatus::invalid_argument) << rows[0].value;
  EXPECT_EQ(rows[1].status, TaskStatus::forbidden_address) << rows[1].value;
  EXPECT_EQ(rows[2].status, TaskStatus::invalid_argument) << rows[2].value;
}

wire::FetchAnswer file(std::string body) {
  wire::FetchAnswer answer;
  answer.http_status = 200;
  answer.body = std::move(body);
  return answer;
}

TEST(Robots, GiveTheErrandToOneAndItsWordToAll) {
  Robots robots("brigade");
  const Instant now{};
  int woken = 0;
  Robots::Turn first = robots.ask("http://h:80", now, [] { FAIL(); });
  ASSERT_TRUE(first.errand);
  EXPECT_EQ(first.errand->url(), "http://h:80/robots.txt");
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(robots.ask("http://h:80", now, [&] { ++woken; }).errand);
  EXPECT_TRUE(robots.ask("http://other:80", now, [] { FAIL(); }).errand);  // and dropped: the next one gets it
  EXPECT_TRUE(robots.ask("http://other:80", now, [] { FAIL(); }).errand);
  first.errand->fetched({.value = wire::encode(file("User-agent: *\nDisallow: /a"))}, now);
  EXPECT_EQ(woken, 2);
  const Robots::Turn told = robots.ask("http://h:80", now + 1h, [] { FAIL(); });
  ASSERT_TRUE(told.word);
  EXPECT_TRUE(robots.refusal(*told.word, *url_parts("http://h/a")));
  EXPECT_FALSE(robots.refusal(*told.word, *url_parts("http://h/b")));
}

TEST(Robots, AskAgainAfterAFailureButNotAtOnce) {
  Robots robots("brigade");
  const Instant now{};
  bool woken = false;
  {
    Robots::Turn stopped = robots.ask("http://h:80", now, [] {});
    (void)robots.ask("http://h:80", now, [&] { woken = true; });
    stopped.errand->fetched(Ending::failed(TaskStatus::cancelled, "stopped"), now);
  }
  EXPECT_TRUE(woken);
  Robots::Turn failing = robots.ask("http://h:80", now, [] {});
  ASSERT_TRUE(failing.errand);
  failing.errand->fetched(Ending::retryable(TaskStatus::dns, "no address", 20'000), now);
  const Robots::Turn told = robots.ask("http://h:80", now + 9s, [] {});
  ASSERT_TRUE(told.word);
  EXPECT_EQ(told.word->failure->status, TaskStatus::dns);
  EXPECT_EQ(told.word->failure->retry_after_ms, 20'000u);
  EXPECT_TRUE(robots.ask("http://h:80", now + 10s, [] {}).errand);
}

TEST(Robots, ForgetTheOldestOriginsOfVeryMany) {
  Robots robots("brigade");
  const Instant now{};
  const auto say = [&](int host) {
    Robots::Turn turn = robots.ask("http://" + std::to_string(host), now, [] {});
    if (turn.errand) turn.errand->fetched({.value = wire::encode(file(""))}, now);
    return !turn.errand;
  };
  for (int host = 0; host < 20'001; ++host) EXPECT_FALSE(say(host));
  EXPECT_TRUE(say(20'000));
  EXPECT_TRUE(say(1));
  EXPECT_FALSE(say(0));
}

}  // namespace
}  // namespace brigade::worker
