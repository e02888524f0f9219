#include "worker/kinds/fetch/fetch.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <zlib.h>

#include <chrono>
#include <latch>
#include <memory>
#include <semaphore>
#include <thread>

#include "proto/wire/kinds.h"
#include "tests/support/executors.h"
#include "tests/support/http_server.h"
#include "worker/exec/io_loop.h"
#include "worker/exec/thread_pool.h"
#include "worker/kinds/fetch/lookups.h"
#include "worker/kinds/fetch/transfer.h"
#include "worker/kinds/table.h"

namespace brigade::worker {
namespace {

using namespace std::chrono_literals;
using test::Collector;
using test::http_reply;
using test::HttpConnection;
using test::HttpRequest;
using test::HttpServer;

std::string gzip(const std::string& text) {
  std::string packed(text.size() + 1024, '\0');
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// Sends until the peer has had enough.
bool send_for_ever(HttpConnection& connection, const std::string& chunk) {
  while (connection.send(chunk)) {
  }
  return false;
}

bool answer(const HttpRequest& request, HttpConnection& connection) {
  const std::string& path = request.path;
  if (path == "/hello") return connection.send(http_reply("hello", "200 OK", "Content-Type: text/plain\r\n"));
  if (path == "/echo") return connection.send(http_reply(request.body));
  if (path == "/head") return connection.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
  if (path == "/missing") return connection.send(http_reply("no", "404 Not Found"));
  if (path == "/broken") return connection.send(http_reply("no", "500 Internal Server Error"));
  if (path == "/busy") return connection.send(http_reply("no", "503 Busy", "Retry-After: 7\r\n"));
  if (path == "/busy-long") return connection.send(http_reply("no", "429 Busy", "Retry-After: 9999999\r\n"));
  if (path == "/busy-date")
    return connection.send(http_reply("no", "503 Busy", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"));
  if (path == "/busy-future")
    return connection.send(http_reply("no", "503 Busy", "Retry-After: Wed, 21 Oct 2099 07:28:00 GMT\r\n"));
  if (path == "/again") return connection.send(http_reply("", "302 Found", "Location: /hello\r\n"));
  if (path == "/circle") return connection.send(http_reply("", "302 Found", "Location: /circle\r\n"));
  if (path == "/to-file") return connection.send(http_reply("", "302 Found", "Location: file:///etc/passwd\r\n"));
  if (path == "/silent") {
    connection.wait_for_close();
    return false;
  }
  if (path == "/half") {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    connection.wait_for_close();
    return false;
  }
  if (path == "/short") {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    return false;
  }
  if (path == "/empty") return false;
  if (path == "/reset") {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    connection.reset();
    return false;
  }
  if (path == "/garbage") {
    connection.send("garbage in, garbage out\r\n\r\n");
    return false;
  }
  if (path == "/gzip") return connection.send(http_reply(gzip("packed text"), "200 OK", "Content-Encoding: gzip\r\n"));
  if (path == "/bomb")
    return connection.send(http_reply(gzip(std::string(8u << 20, 'x')), "200 OK", "Content-Encoding: gzip\r\n"));
  if (path == "/endless") {
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    return send_for_ever(connection, "1000\r\n" + std::string(0x1000, 'x') + "\r\n");
  }
  if (path == "/headers") {
    connection.send("HTTP/1.1 200 OK\r\n");
    return send_for_ever(connection, "X-Filler: " + std::string(1000, 'x') + "\r\n");
  }
  return connection.send(http_reply("no such path", "404 Not Found"));
}

Kind local_fetch(std::uint64_t body_max = 64u << 20) {
  Result<AddressPolicy> policy = AddressPolicy::make({"127.0.0.0/8"}, false);
  EXPECT_TRUE(policy);
  return fetch_kind({.addresses = *policy, .body_max = body_max});
}

/// Both forms of the kind must behave alike.
class Fetch : public testing::TestWithParam<Lane> {
 protected:
  std::unique_ptr<Executor> executor(Outbox& outbox, const Kind& kind, std::uint32_t concurrency = 100) const {
    if (GetParam() == Lane::loop)
      return std::make_unique<IoLoop>(std::vector{kind}, outbox, IoLoopOptions{.concurrency = concurrency});
    return std::make_unique<ThreadPool>(std::vector{kind}, outbox, ThreadPoolOptions{.threads = 2});
  }

  struct Ask {
    wire::FetchOptions options;
    Duration timeout{};
    bool last_attempt = false;
    std::uint64_t body_max = 64u << 20;
  };
  std::vector<test::Row> fetch_all(const std::vector<std::string>& urls, const Ask& ask) const {
    Outbox outbox;
    const auto runner = executor(outbox, local_fetch(ask.body_max));
    Work work = test::list_work(1, "fetch", urls);
    work.lease.brief.options = wire::encode(ask.options);
    work.lease.brief.task_timeout = ask.timeout;
    work.lease.last_attempt = ask.last_attempt;
    runner->start(std::move(work));
    Collector collector(outbox);
    collector.wait_for(urls.size());
    std::vector<test::Row> rows;
    for (std::size_t i = 0; i < urls.size(); ++i) rows.push_back(collector.at(i));
    return rows;
  }
  test::Row fetch(const std::string& path, const Ask& ask) const { return fetch_all({server.url(path)}, ask)[0]; }
  test::Row fetch(const std::string& path) const { return fetch(path, Ask{}); }

  static wire::FetchAnswer answer_of(const test::Row& row) {
    EXPECT_EQ(row.status, TaskStatus::ok) << row.value;
    const Result<wire::FetchAnswer> decoded = wire::decode_fetch_answer(row.value);
    EXPECT_TRUE(decoded);
    return decoded ? *decoded : wire::FetchAnswer{};
  }
  static void expect_failure(const test::Row& row, TaskStatus status, const std::string& message, bool retryable) {
    EXPECT_EQ(row.status, status) << row.value;
    EXPECT_NE(row.value.find(message), std::string::npos) << row.value;
    EXPECT_EQ(row.retry_after_ms != kFinal, retryable);
  }

  HttpServer server{answer};
};

INSTANTIATE_TEST_SUITE_P(Lanes, Fetch, testing::Values(Lane::threads, Lane::loop),
                         [](const auto& lane) { return lane.param == Lane::threads ? "threads" : "loop"; });

TEST_P(Fetch, AnswersWithWhatTheServerSent) {
  const wire::FetchAnswer got = answer_of(fetch("/hello", {.options = {.body = true}}));
  EXPECT_EQ(got.http_status, 200u);
  EXPECT_EQ(got.bytes, 5u);
  EXPECT_EQ(got.content_type, "text/plain");
  EXPECT_EQ(got.url, server.url("/hello"));
  EXPECT_EQ(got.redirects, 0u);
  EXPECT_EQ(got.body, "hello");
  unsigned char digest[32];
  EVP_Digest("hello", 5, digest, nullptr, EVP_sha256(), nullptr);
  EXPECT_EQ(got.sha256, std::string(reinterpret_cast<char*>(digest), 32));
  EXPECT_GT(got.total_ms, 0);
  EXPECT_GE(got.total_ms, got.ttfb_ms);
  EXPECT_EQ(got.tls_ms, 0);
  const HttpRequest request = server.requests().at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_NE(request.head.find("User-Agent: brigade/"), std::string::npos);
}

TEST_P(Fetch, LeavesTheBodyOutUnlessAsked) {
  const wire::FetchAnswer got = answer_of(fetch("/hello"));
  EXPECT_EQ(got.body, std::nullopt);
  EXPECT_EQ(got.bytes, 5u);
}

TEST_P(Fetch, SendsMethodHeadersAndData) {
  wire::FetchOptions options{
      .method = "PUT", .headers = {"X-One: 1", "User-Agent: mine"}, .data = "payload", .body = true};
  EXPECT_EQ(answer_of(fetch("/echo", {.options = options})).body, "payload");
  options.method = "POST";
  EXPECT_EQ(answer_of(fetch("/echo", {.options = options})).body, "payload");
  options.method = "HEAD";
  options.data.reset();
  const wire::FetchAnswer head = answer_of(fetch("/head", {.options = options}));
  EXPECT_EQ(head.bytes, 0u);
  EXPECT_EQ(head.http_status, 200u);
  const auto requests = server.requests();
  EXPECT_EQ(requests.at(0).method, "PUT");
  EXPECT_NE(requests[0].head.find("X-One: 1\r\n"), std::string::npos);
  EXPECT_NE(requests[0].head.find("User-Agent: mine\r\n"), std::string::npos);
  EXPECT_EQ(requests[0].head.find("Expect:"), std::string::npos);
  EXPECT_EQ(requests.at(1).method, "POST");
  EXPECT_EQ(requests.at(2).method, "HEAD");
}

TEST_P(Fetch, RefusesOptionsThatWouldBreakTheRequest) {
  for (const wire::FetchOptions& options :
       {wire::FetchOptions{.headers = {"X: 1\r\nHost: other"}}, wire::FetchOptions{.headers = {"no colon"}},
        wire::FetchOptions{.method = "GET /x"}, wire::FetchOptions{.user_agent = "a\nb"}})
    expect_failure(fetch("/hello", {.options = options}), TaskStatus::invalid_argument, "", false);
  EXPECT_TRUE(server.requests().empty());
}

TEST_P(Fetch, RefusesWhatIsNoHttpUrl) {
  const auto rows =
      fetch_all({"", "file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "http://a b/", "gopher://x"}, Ask{});
  for (const test::Row& row : rows) expect_failure(row, TaskStatus::invalid_argument, "", false);
}

TEST_P(Fetch, CountsStatusesAsAnswersUnlessToldToFail) {
  EXPECT_EQ(answer_of(fetch("/missing")).http_status, 404u);
  EXPECT_EQ(answer_of(fetch("/broken")).http_status, 500u);
  const Ask strict{.options = {.fail = true}};
  expect_failure(fetch("/missing", strict), TaskStatus::http_status, "HTTP 404 from " + server.url("/missing"), false);
  expect_failure(fetch("/broken", strict), TaskStatus::http_status, "HTTP 500", true);
}

TEST_P(Fetch, ReportsBusyServersWithTheirRetryAfter) {
  EXPECT_EQ(fetch("/busy").status, TaskStatus::http_status);
  EXPECT_EQ(fetch("/busy").retry_after_ms, 7'000u);
  EXPECT_EQ(fetch("/busy-long").retry_after_ms, 3'600'000u);
  EXPECT_EQ(fetch("/busy-date").retry_after_ms, 0u);
  EXPECT_EQ(fetch("/busy-future").retry_after_ms, 3'600'000u);
  EXPECT_EQ(answer_of(fetch("/busy", {.last_attempt = true})).http_status, 503u);
  expect_failure(fetch("/busy", {.options = {.fail = true}, .last_attempt = true}), TaskStatus::http_status, "HTTP 503",
                 false);
}

TEST_P(Fetch, FollowsRedirectsWithinTheLimit) {
  const wire::FetchAnswer got = answer_of(fetch("/again"));
  EXPECT_EQ(got.url, server.url("/hello"));
  EXPECT_EQ(got.redirects, 1u);
  EXPECT_EQ(answer_of(fetch("/again", {.options = {.follow = false}})).http_status, 302u);
  expect_failure(fetch("/circle", {.options = {.max_redirects = 3}}), TaskStatus::protocol,
                 "more than 3 redirects from " + server.url("/circle"), false);
  expect_failure(fetch("/to-file"), TaskStatus::protocol, "no http or https", false);
}

TEST_P(Fetch, ReportsTimeouts) {
  expect_failure(fetch("/silent", {.timeout = 30ms}), TaskStatus::timeout,
                 "no answer from " + server.url("/silent") + " within 30 ms", true);
  expect_failure(fetch("/half", {.timeout = 30ms}), TaskStatus::timeout, "no complete answer from", true);
}

TEST_P(Fetch, ReportsWhatBreaksHttp) {
  expect_failure(fetch("/empty"), TaskStatus::protocol, "an empty answer", true);
  expect_failure(fetch("/short"), TaskStatus::protocol, "ended early", true);
  expect_failure(fetch("/reset"), TaskStatus::protocol, "ended early", true);
  expect_failure(fetch("/garbage"), TaskStatus::protocol, "no valid answer", false);
  expect_failure(fetch("/headers"), TaskStatus::protocol, "headers", false);
}

TEST_P(Fetch, BoundsDecodedBodies) {
  const Ask small{.options = {.max_body_bytes = 4}};
  expect_failure(fetch("/hello", small), TaskStatus::body_too_large, "larger than 4", false);
  expect_failure(fetch("/endless", {.body_max = 100'000}), TaskStatus::body_too_large, "", false);
  expect_failure(fetch("/bomb", {.options = {.compressed = true}, .body_max = 1u << 20}), TaskStatus::body_too_large,
                 "1 MiB", false);
}

TEST_P(Fetch, DecodesOnlyWhenAsked) {
  EXPECT_EQ(answer_of(fetch("/gzip", {.options = {.body = true, .compressed = true}})).body, "packed text");
  EXPECT_NE(server.requests().at(0).head.find("Accept-Encoding: "), std::string::npos);
  EXPECT_EQ(answer_of(fetch("/gzip", {.options = {.body = true}})).body, gzip("packed text"));
}

TEST_P(Fetch, ReportsWhereNobodyListens) {
  int port = 0;
  {
    const HttpServer gone(answer);
    port = gone.port();
  }
  const std::string where = "127.0.0.1:" + std::to_string(port);
  expect_failure(fetch_all({"http://" + where + "/"}, Ask{})[0], TaskStatus::connect,
                 "cannot connect to " + where + ": Connection refused", true);
}

TEST_P(Fetch, ReportsNamesWithoutAnAddress) {
  // A label of more than 63 bytes fails before any server is asked. Many at once wait for one look-up.
  const std::string host = std::string(70, 'a') + ".invalid";
  const auto rows = fetch_all(std::vector<std::string>(20, "http://" + host + "/"), {.timeout = 20s});
  for (const test::Row& row : rows) expect_failure(row, TaskStatus::dns, "no address is known for " + host, true);
}

TEST_P(Fetch, RefusesAddressesHoweverTheyAreWritten) {
  Outbox outbox;
  const Kind strict = fetch_kind({.addresses = *AddressPolicy::make({}, false), .body_max = 1000});
  const auto runner = executor(outbox, strict);
  const std::string port = std::to_string(server.port());
  const std::vector<std::string> urls{server.url("/hello"),        "http://localhost:" + port,
                                      "http://2130706433:" + port, "http://0x7f.1:" + port,
                                      "http://127.1:" + port,      "http://0:" + port,
                                      "http://[::1]:" + port,      "http://[::ffff:127.0.0.1]:" + port,
                                      "http://10.0.0.1",           "http://169.254.169.254/latest/meta-data"};
  runner->start(test::list_work(1, "fetch", urls));
  Collector collector(outbox);
  collector.wait_for(urls.size());
  for (std::size_t i = 0; i < urls.size(); ++i) {
    EXPECT_EQ(collector.at(i).status, TaskStatus::forbidden_address) << urls[i] << ": " << collector.at(i).value;
    EXPECT_EQ(collector.at(i).retry_after_ms, kFinal);
  }
  EXPECT_EQ(server.connections(), 0u);
}

TEST_P(Fetch, RefusesRedirectsToForbiddenAddresses) {
  const HttpServer redirecting([&](const HttpRequest&, HttpConnection& connection) {
    return connection.send(
        http_reply("", "302 Found", "Location: http://127.0.0.2:" + std::to_string(server.port()) + "/hello\r\n"));
  });
  Outbox outbox;
  const auto runner =
      executor(outbox, fetch_kind({.addresses = *AddressPolicy::make({"127.0.0.1"}, false), .body_max = 1000}));
  runner->start(test::list_work(1, "fetch", {redirecting.url("/")}));
  Collector collector(outbox);
  collector.wait_for(1);
  EXPECT_EQ(collector.at(0).status, TaskStatus::forbidden_address) << collector.at(0).value;
  EXPECT_TRUE(server.requests().empty());
}

TEST_P(Fetch, UsesConnectionsAgain) {
  const auto rows = fetch_all(std::vector<std::string>(300, server.url("/hello")), Ask{});
  for (const test::Row& row : rows) EXPECT_EQ(answer_of(row).bytes, 5u);
  EXPECT_EQ(server.requests().size(), 300u);
  // How many the loop opens depends on how fast answers come; without reuse it would be one per request.
  EXPECT_LE(server.connections(), GetParam() == Lane::loop ? 299u : 2u);
}

TEST_P(Fetch, StopsTransfersOfAnAbortedJob) {
  Outbox outbox;
  const auto runner = executor(outbox, local_fetch());
  runner->start(test::list_work(1, "fetch", std::vector<std::string>(2, server.url("/silent"))));
  while (server.requests().size() < 2) std::this_thread::yield();
  runner->abort(JobId{7, 7});
  while (runner->busy() != 0) std::this_thread::yield();
  Collector collector(outbox);
  collector.collect();
  EXPECT_EQ(collector.rows, 0u);
}

TEST_P(Fetch, StopsWithItsExecutor) {
  Outbox outbox;
  auto runner = executor(outbox, local_fetch());
  runner->start(test::list_work(1, "fetch", std::vector<std::string>(50, server.url("/silent"))));
  while (server.requests().size() < 2) std::this_thread::yield();
  runner.reset();
}

TEST(FetchOnTheLoop, HasThousandsOfTransfersInFlight) {
  constexpr std::size_t kAtOnce = 700;  // more than one multi handle takes
  std::latch all(kAtOnce);
  HttpServer server([&](const HttpRequest&, HttpConnection& connection) {
    all.arrive_and_wait();  // nobody is answered before all have asked
    return connection.send(http_reply("x"));
  });
  Outbox outbox;
  IoLoop loop({local_fetch()}, outbox, {.concurrency = kAtOnce});
  loop.start(test::list_work(1, "fetch", std::vector<std::string>(kAtOnce, server.url("/"))));
  Collector collector(outbox);
  collector.wait_for(kAtOnce);
  for (const auto& [key, row] : collector.by_task) ASSERT_EQ(row.status, TaskStatus::ok) << row.value;
}

TEST(FetchOnTheLoop, SharesNamesLookedUpOnce) {
  HttpServer server(answer);
  Outbox outbox;
  Result<AddressPolicy> local = AddressPolicy::make({"127.0.0.0/8", "::1"}, false);
  IoLoop loop({fetch_kind({.addresses = *local, .body_max = 1000})}, outbox, {.concurrency = 50});
  const std::string url = "http://localhost:" + std::to_string(server.port()) + "/hello";
  loop.start(test::list_work(1, "fetch", std::vector<std::string>(200, url)));
  Collector collector(outbox);
  collector.wait_for(200);
  for (const auto& [key, row] : collector.by_task) ASSERT_EQ(row.status, TaskStatus::ok) << row.value;
}

TEST(Lookups, LetOneTransferPerHostGoAheadAndFewHostsAtOnce) {
  Lookups lookups(2);
  const Instant now{};
  EXPECT_TRUE(lookups.start(1, "", now));  // an address
  EXPECT_TRUE(lookups.start(2, "a", now));
  EXPECT_FALSE(lookups.start(3, "a", now));
  EXPECT_TRUE(lookups.start(4, "b", now));
  EXPECT_FALSE(lookups.start(5, "c", now));
  EXPECT_FALSE(lookups.start(6, "c", now));
  const Lookups::Next next = lookups.finished("a", Lookups::Outcome::found, now);
  EXPECT_EQ(next.startable, (std::vector<Lookups::Ticket>{3, 5}));
  EXPECT_TRUE(lookups.start(7, "a", now));  // known
  EXPECT_EQ(lookups.finished("c", Lookups::Outcome::unknown, now).startable, (std::vector<Lookups::Ticket>{6}));
  EXPECT_TRUE(lookups.finished("c", Lookups::Outcome::unknown, now).startable.empty());
  EXPECT_FALSE(lookups.start(8, "b", now));
  EXPECT_EQ(lookups.finished("b", Lookups::Outcome::not_found, now).failed, (std::vector<Lookups::Ticket>{8}));
  EXPECT_EQ(lookups.running(), 0u);
  EXPECT_TRUE(lookups.start(9, "a", now + 44s));
  EXPECT_TRUE(lookups.start(10, "a", now + 46s));  // to be looked up again
  EXPECT_FALSE(lookups.start(11, "a", now + 46s));
  lookups.forget(11, "a");
  EXPECT_TRUE(lookups.finished("a", Lookups::Outcome::found, now).startable.empty());
}

TEST(Lookups, FindTheHostOfAUrl) {
  EXPECT_EQ(Lookups::host_of("http://Example.org:80/x?y@z"), "example.org");
  EXPECT_EQ(Lookups::host_of("https://user:p@ss@host/"), "host");
  EXPECT_EQ(Lookups::host_of("host/x"), "host");
  EXPECT_EQ(Lookups::host_of("http://127.0.0.1:80/"), "");
  EXPECT_EQ(Lookups::host_of("http://[::1]:80/"), "");
  EXPECT_EQ(Lookups::host_of(""), "");
}

TEST(Messages, HaveNoPasswords) {
  EXPECT_EQ(without_password("http://user:secret@host/x@y"), "http://host/x@y");
  EXPECT_EQ(without_password("http://host/x@y"), "http://host/x@y");
  EXPECT_EQ(without_password("host"), "host");
}

}  // namespace
}  // namespace brigade::worker
