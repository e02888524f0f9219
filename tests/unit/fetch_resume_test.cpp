// Bodies that break off: what the next attempt in the same worker asks for, and what becomes of the answer.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/fetching.h"
#include "tests/support/http_server.h"
#include "worker/kinds/fetch/digest.h"

namespace brigade::worker {
namespace {

using test::fetch_answer_of;
using test::http_reply;
using test::HttpConnection;
using test::HttpRequest;
using test::HttpServer;

constexpr const char* kWhole = "0123456789";
constexpr const char* kRanges = "Accept-Ranges: bytes\r\nETag: \"v1\"\r\n";

bool asks(const HttpRequest& request, const std::string& header) {
  return request.head.find("\r\n" + header + "\r\n") != std::string::npos;
}

bool asks_for_a_part(const HttpRequest& request) {
  return request.head.find("\r\nRange:") != std::string::npos ||
         request.head.find("\r\nIf-Range:") != std::string::npos;
}

/// Ten bytes are announced, fewer come.
bool break_off(HttpConnection& connection, const std::string& part, const std::string& headers,
               const std::string& status = "200 OK") {
  connection.send("HTTP/1.1 " + status + "\r\nContent-Length: 10\r\n" + headers + "\r\n" + part);
  return false;
}

class BrokenFetch : public testing::TestWithParam<Lane> {
 protected:
  /// The same task once more, in the same worker.
  test::Row attempt(const std::string& argument, const wire::FetchOptions& options, bool last = false) {
    const std::string encoded = wire::encode(options);
    const std::uint64_t job = jobs.emplace(encoded, jobs.size() + 1).first->second;  // each has its own options
    Work work = test::list_work(++leases, "fetch", {argument}, 0, job);
    work.lease.brief.options = encoded;
    work.lease.last_attempt = last;
    executor->start(std::move(work));
    collector.wait_for(leases);
    return collector.at(0, leases);
  }

  Outbox outbox;
  std::unique_ptr<Executor> executor = test::executor_of(GetParam(), outbox, test::local_fetch());
  test::Collector collector{outbox};
  std::uint64_t leases = 0;
  std::map<std::string, std::uint64_t> jobs;
};

INSTANTIATE_TEST_SUITE_P(Lanes, BrokenFetch, testing::Values(Lane::threads, Lane::loop),
                         [](const auto& lane) { return lane.param == Lane::threads ? "threads" : "loop"; });

TEST_P(BrokenFetch, GoesOnWhereItsBodyBrokeOff) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    if (asks(request, "Range: bytes=7-")) {
      EXPECT_TRUE(asks(request, "If-Range: \"v1\""));
      return connection.send(http_reply("789", "206 Partial", "Content-Range: bytes 7-9/10\r\nETag: \"v1\"\r\n"));
    }
    if (asks(request, "Range: bytes=4-")) {
      connection.send("HTTP/1.1 206 P\r\nContent-Range: bytes 4-9/10\r\nETag: \"v1\"\r\nContent-Length: 6\r\n\r\n456");
      return false;
    }
    return break_off(connection, "0123", kRanges);
  });
  for (const bool body : {true, false}) {
    for (int i = 0; i < 2; ++i) {
      const test::Row broken = attempt(server.url("/"), {.body = body});
      EXPECT_EQ(broken.status, TaskStatus::protocol) << broken.value;
      EXPECT_NE(broken.retry_after_ms, kFinal);
    }
    const wire::FetchAnswer answer = fetch_answer_of(attempt(server.url("/"), {.body = body}, true));
    EXPECT_EQ(answer.http_status, 200u);
    EXPECT_EQ(answer.bytes, 10u);
    EXPECT_EQ(answer.sha256, sha256_of(kWhole));
    EXPECT_EQ(answer.body, body ? std::optional<std::string>(kWhole) : std::nullopt);
  }
  EXPECT_EQ(server.requests().size(), 6u);
}

TEST_P(BrokenFetch, TakesTheWholeWhereTheServerSendsThat) {
  std::atomic<bool> first = true;
  HttpServer server([&](const HttpRequest&, HttpConnection& connection) {
    if (first.exchange(false)) return break_off(connection, "0123", kRanges);
    return connection.send(http_reply("another", "200 OK", "ETag: \"v2\"\r\n"));
  });
  attempt(server.url("/"), {.body = true});
  EXPECT_EQ(fetch_answer_of(attempt(server.url("/"), {.body = true})).body, "another");
  EXPECT_TRUE(asks(server.requests().at(1), "Range: bytes=4-"));
}

TEST_P(BrokenFetch, StartsAnewWhereTheServerSendsAnotherPart) {
  const std::vector<std::string> others{"206 P\r\nContent-Range: bytes 5-9/10\r\nETag: \"v1\"",
                                        "206 P\r\nContent-Range: bytes 4-8/10\r\nETag: \"v1\"",
                                        "206 P\r\nContent-Range: bytes 4-9/*\r\nETag: \"v1\"",
                                        "206 P\r\nContent-Range: bytes 4-9/10\r\nETag: \"v2\"",
                                        "206 P\r\nContent-Range: bytes 4-9/10",
                                        "206 P\r\nETag: \"v1\"",
                                        "206 P\r\nContent-Range: bits 4-9/10\r\nETag: \"v1\"",
                                        "416 Range Not Satisfiable"};
  for (const std::string& other : others) {
    std::atomic<int> asked = 0;
    HttpServer server([&](const HttpRequest&, HttpConnection& connection) {
      const int number = ++asked;
      if (number == 1) return break_off(connection, "0123", kRanges);
      if (number == 2) return connection.send("HTTP/1.1 " + other + "\r\nContent-Length: 6\r\n\r\nwrong!");
      return connection.send(http_reply(kWhole, "200 OK", kRanges));
    });
    attempt(server.url("/"), {.body = true});
    const test::Row row = attempt(server.url("/"), {.body = true});
    EXPECT_EQ(fetch_answer_of(row).body, kWhole) << other;
    EXPECT_EQ(server.requests().size(), 3u) << other;
    EXPECT_FALSE(asks_for_a_part(server.requests().at(2))) << other;
  }
}

TEST_P(BrokenFetch, KeepsItsPartThroughAnAttemptThatBringsNothing) {
  std::atomic<int> asked = 0;
  HttpServer server([&](const HttpRequest&, HttpConnection& connection) {
    const int number = ++asked;
    if (number == 1) return break_off(connection, "0123", kRanges);
    if (number == 2) {
      connection.send(http_reply("busy", "503 Busy", "Connection: close\r\n"));
      return false;
    }
    if (number == 3) return false;
    return connection.send(http_reply("456789", "206 P", "Content-Range: bytes 4-9/10\r\nETag: \"v1\"\r\n"));
  });
  for (int i = 0; i < 3; ++i) EXPECT_NE(attempt(server.url("/"), {.body = true}).status, TaskStatus::ok);
  EXPECT_EQ(fetch_answer_of(attempt(server.url("/"), {.body = true})).body, kWhole);
}

TEST_P(BrokenFetch, GoesOnBehindARedirect) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    if (request.path == "/from") return connection.send(http_reply("moved", "302 F", "Location: /to\r\n"));
    if (request.path == "/robots.txt") return connection.send(http_reply("", "404 Not Found"));
    if (asks(request, "Range: bytes=4-"))
      return connection.send(http_reply("456789", "206 P", "Content-Range: bytes 4-9/10\r\nETag: \"v1\"\r\n"));
    return break_off(connection, "0123", kRanges);
  });
  for (const bool robots : {false, true}) {  // libcurl follows, or we do
    attempt(server.url("/from"), {.body = true, .robots = robots});
    const wire::FetchAnswer answer = fetch_answer_of(attempt(server.url("/from"), {.body = true, .robots = robots}));
    EXPECT_EQ(answer.body, kWhole);
    EXPECT_EQ(answer.redirects, 1u);
  }
}

TEST_P(BrokenFetch, AsksForTheWholeWhereAPartMightNotFit) {
  const std::string bytes = "Accept-Ranges: bytes\r\n";
  const std::vector<std::string> unsure{
      "",
      bytes,
      "ETag: \"v1\"\r\n",
      "Accept-Ranges: none\r\nETag: \"v1\"\r\n",
      bytes + "ETag: W/\"v1\"\r\n",
      bytes + "ETag: \"v1\"\r\nContent-Encoding: other\r\n",
      bytes + "Date: Wed, 21 Oct 2015 07:28:59 GMT\r\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n",  // 59 s
  };
  HttpServer server([&](const HttpRequest& request, HttpConnection& connection) {
    const bool numbered = request.path.size() == 2;
    return break_off(connection, "0123", numbered ? unsure[static_cast<std::size_t>(request.path[1] - '0')] : kRanges);
  });
  for (std::size_t i = 0; i < 2 * unsure.size(); ++i) attempt(server.url("/" + std::to_string(i / 2)), {});
  for (const wire::FetchOptions& options :
       {wire::FetchOptions{.method = "POST"}, wire::FetchOptions{.data = "d"}, wire::FetchOptions{.cookies = true}})
    for (int i = 0; i < 2; ++i) attempt(server.url("/"), options);
  attempt(server.url("/last"), {}, true);
  attempt(server.url("/last"), {});
  attempt(server.url("/last"), {.body = true});           // what came before has no body
  attempt(server.url("/last"), {.headers = {"X-A: 1"}});  // another request
  for (const HttpRequest& request : server.requests()) EXPECT_FALSE(asks_for_a_part(request)) << request.head;
}

TEST_P(BrokenFetch, GoesByADateThatIsAMinuteOld) {
  const std::string dates =
      "Accept-Ranges: bytes\r\nDate: Wed, 21 Oct 2015 07:29:00 GMT\r\n"
      "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
  HttpServer server([&](const HttpRequest& request, HttpConnection& connection) {
    if (asks(request, "If-Range: Wed, 21 Oct 2015 07:28:00 GMT"))
      return connection.send(http_reply("456789", "206 P", "Content-Range: bytes 4-9/10\r\n" + dates));
    return break_off(connection, "0123", dates);
  });
  attempt(server.url("/"), {.body = true});
  EXPECT_EQ(fetch_answer_of(attempt(server.url("/"), {.body = true})).body, kWhole);
}

TEST_P(BrokenFetch, HoldsTheWholeToItsLimitAndItsChecksum) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    if (asks(request, "Range: bytes=4-"))
      return connection.send(http_reply("456789", "206 P", "Content-Range: bytes 4-9/10\r\nETag: \"v1\"\r\n"));
    return break_off(connection, "0123", kRanges);
  });
  attempt(server.url("/"), {});
  EXPECT_EQ(attempt(server.url("/"), {.max_body_bytes = 9}).status, TaskStatus::body_too_large);
  attempt(server.url("/"), {});
  EXPECT_EQ(attempt(server.url("/"), {.sha256 = sha256_of("456789")}).status, TaskStatus::checksum);
  attempt(server.url("/"), {});
  EXPECT_EQ(attempt(server.url("/"), {.sha256 = sha256_of(kWhole)}).status, TaskStatus::ok);
}

TEST(Partials, LetGoOfTheOldestAndOfWhatIsTooLarge) {
  Partials partials(10);
  const auto part = [](const std::string& body) {
    return Partial{.validator = "v", .bytes = body.size(), .body = body, .digest = {}};
  };
  EXPECT_TRUE(partials.empty());
  partials.put("a", part("1234"));
  partials.put("b", part("1234"));
  partials.put("b", part("12345"));
  partials.put("large", part("12345678901"));
  EXPECT_FALSE(partials.take("large"));
  partials.put("c", part("12"));
  EXPECT_FALSE(partials.take("a"));
  EXPECT_EQ(partials.take("b")->body, "12345");
  EXPECT_FALSE(partials.take("b"));
  EXPECT_FALSE(partials.empty());
  partials.put("d", part("12345678"));
  EXPECT_TRUE(partials.take("c"));
  EXPECT_TRUE(partials.take("d"));
  EXPECT_TRUE(partials.empty());
}

}  // namespace
}  // namespace brigade::worker
