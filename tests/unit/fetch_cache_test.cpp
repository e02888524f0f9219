// Fetches of a worker with a cache: what is kept, what the server is asked, and what becomes of its "304 Not Modified".
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/fetching.h"
#include "tests/support/http_server.h"
#include "tests/support/temporary_folder.h"
#include "worker/kinds/fetch/cache_rules.h"
#include "worker/kinds/fetch/digest.h"

namespace brigade::worker {
namespace {

namespace fs = std::filesystem;
using test::fetch_answer_of;
using test::http_reply;
using test::HttpConnection;
using test::HttpRequest;
using test::HttpServer;

constexpr const char* kDate = "Wed, 21 Oct 2015 07:28:00 GMT";

bool says(const HttpRequest& request, const std::string& header) {
  return request.head.find("\r\n" + header) != std::string::npos;
}

/// Answers "304" to whoever names the version, else the body with this version's headers.
bool versioned(const HttpRequest& request, HttpConnection& connection, const std::string& tag, const std::string& body,
               const std::string& more = "") {
  const std::string headers = "ETag: " + tag + "\r\nContent-Type: text/plain\r\n" + more;
  if (says(request, "If-None-Match: " + tag))
    return connection.send("HTTP/1.1 304 Not Modified\r\nETag: " + tag + "\r\n\r\n");
  return connection.send(http_reply(body, "200 OK", headers));
}

class CachedFetch : public testing::TestWithParam<Lane> {
 protected:
  test::Row row(const std::string& argument, const wire::FetchOptions& options) const {
    return test::fetch_rows(GetParam(), test::local_fetch(cache), {argument}, options)[0];
  }
  wire::FetchAnswer fetch(const std::string& url, const wire::FetchOptions& options = {.body = true}) const {
    return fetch_answer_of(row(url, options));
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder)) found.push_back(entry.path());
    return found;
  }

  test::TemporaryFolder home;
  fs::path folder = home.path() / "cache";
  std::shared_ptr<HttpCache> cache = *HttpCache::open(folder, std::uint64_t{64} << 20);
};

INSTANTIATE_TEST_SUITE_P(Lanes, CachedFetch, testing::Values(Lane::threads, Lane::loop),
                         [](const auto& lane) { return lane.param == Lane::threads ? "threads" : "loop"; });

TEST_P(CachedFetch, AnswersWithWhatIsKeptWhenTheServerSaysThatItIsUnchanged) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    return versioned(request, connection, "\"v1\"", "the body");
  });
  const wire::FetchAnswer first = fetch(server.url("/"));
  EXPECT_FALSE(first.cached);
  for (const bool body : {true, false}) {
    const wire::FetchAnswer again = fetch(server.url("/"), {.body = body});
    EXPECT_TRUE(again.cached);
    EXPECT_EQ(again.http_status, 200u);
    EXPECT_EQ(again.bytes, 8u);
    EXPECT_EQ(again.content_type, "text/plain");
    EXPECT_EQ(again.sha256, first.sha256);
    EXPECT_EQ(again.url, server.url("/"));
    EXPECT_EQ(again.body, body ? std::optional<std::string>("the body") : std::nullopt);
  }
  EXPECT_EQ(server.requests().size(), 3u);
  EXPECT_FALSE(says(server.requests()[0], "If-None-Match"));
}

TEST_P(CachedFetch, KeepsWithoutTheBodyBeingAskedFor) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    return versioned(request, connection, "W/\"v1\"", std::string(100'000, 'x'));
  });
  EXPECT_EQ(fetch(server.url("/"), {}).body, std::nullopt);
  const wire::FetchAnswer again = fetch(server.url("/"));
  EXPECT_TRUE(again.cached);
  EXPECT_EQ(again.body, std::string(100'000, 'x'));
}

TEST_P(CachedFetch, AsksByTheDateWhereThereIsNoTag) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    if (says(request, std::string("If-Modified-Since: ") + kDate)) return connection.send("HTTP/1.1 304 N\r\n\r\n");
    return connection.send(http_reply("dated", "200 OK", std::string("Last-Modified: ") + kDate + "\r\n"));
  });
  fetch(server.url("/"));
  const wire::FetchAnswer again = fetch(server.url("/"));
  EXPECT_TRUE(again.cached);
  EXPECT_EQ(again.body, "dated");
}

TEST_P(CachedFetch, TakesWhatHasChangedAndKeepsThat) {
  std::atomic<int> version = 1;
  HttpServer server([&](const HttpRequest& request, HttpConnection& connection) {
    return versioned(request, connection, "\"v" + std::to_string(version) + "\"", "body " + std::to_string(version));
  });
  fetch(server.url("/"));
  version = 2;
  EXPECT_EQ(fetch(server.url("/")).body, "body 2");
  const wire::FetchAnswer again = fetch(server.url("/"));
  EXPECT_TRUE(again.cached);
  EXPECT_EQ(again.body, "body 2");
  EXPECT_EQ(files().size(), 1u);
}

TEST_P(CachedFetch, KeepsNothingThatItMayNot) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    const std::string tag = "ETag: \"v1\"\r\n";
    if (request.path == "/no-store")
      return connection.send(http_reply("x", "200 OK", tag + "Cache-Control: max-age=9, No-Store\r\n"));
    if (request.path == "/private")
      return connection.send(http_reply("x", "200 OK", tag + "Cache-Control: a\r\nCache-Control: private\r\n"));
    if (request.path == "/vary") return connection.send(http_reply("x", "200 OK", tag + "Vary: Accept, *\r\n"));
    if (request.path == "/plain") return connection.send(http_reply("x"));
    if (request.path == "/missing") return connection.send(http_reply("x", "404 Not Found", tag));
    if (request.path == "/partial") return connection.send(http_reply("x", "206 Partial", tag));
    if (request.path == "/large")
      return connection.send(http_reply(std::string(HttpCache::kBodyBytesMax + 1, 'x'), "200 OK", tag));
    return versioned(request, connection, "\"v1\"", "x");
  });
  for (const char* path : {"/no-store", "/private", "/vary", "/plain", "/missing", "/partial", "/large"})
    for (const bool body : {true, false}) fetch(server.url(path), {.body = body});
  const std::string with_password = "http://user:pw@127.0.0.1:" + std::to_string(server.port()) + "/ok";
  fetch(with_password);
  for (const wire::FetchOptions& options :
       {wire::FetchOptions{.no_cache = true}, wire::FetchOptions{.cookies = true},
        wire::FetchOptions{.headers = {"Authorization: x"}}, wire::FetchOptions{.headers = {"cookie: a=b"}},
        wire::FetchOptions{.headers = {"Range: bytes=0-"}}, wire::FetchOptions{.headers = {"If-Match: \"v1\""}},
        wire::FetchOptions{.method = "HEAD"}, wire::FetchOptions{.method = "POST"}, wire::FetchOptions{.data = "d"}})
    fetch(server.url("/ok"), options);
  fetch(wire::encode_fetch_argument(
      {.url = server.url("/ok"), .method = {}, .headers = {"Cookie: a"}, .data = {}, .sha256 = {}}));
  fetch(wire::encode_fetch_argument(
      {.url = server.url("/ok"), .method = "GET", .headers = {}, .data = "d", .sha256 = {}}));
  EXPECT_EQ(files(), std::vector<fs::path>{});
  for (const HttpRequest& request : server.requests()) EXPECT_FALSE(says(request, "If-None-Match"));
}

TEST_P(CachedFetch, HasOneAnswerForEachSetOfHeadersAndForEachWayToTrustTheServer) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    return versioned(request, connection, "\"same\"", says(request, "X-A: 2") ? "two" : "one");
  });
  const std::string elsewhere = "127.0.0.1:" + std::to_string(server.port()) + ":127.0.0.1";
  const std::vector<wire::FetchOptions> ways{{.body = true},
                                             {.headers = {"X-A: 1"}, .body = true},
                                             {.headers = {"X-A: 2"}, .body = true},
                                             {.body = true, .insecure_tls = true},
                                             {.body = true, .user_agent = "other"},
                                             {.body = true, .compressed = true},
                                             {.body = true, .resolve = {elsewhere}},
                                             {.body = true, .proxy = server.url("")}};
  for (const wire::FetchOptions& way : ways) EXPECT_FALSE(fetch(server.url("/"), way).cached);
  EXPECT_EQ(files().size(), ways.size());
  EXPECT_EQ(fetch(server.url("/"), ways[2]).body, "two");
  EXPECT_TRUE(fetch(server.url("/"), ways[1]).cached);
}

TEST_P(CachedFetch, NeverAnswersWithADamagedBody) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    return versioned(request, connection, "\"v1\"", "the whole body");
  });
  fetch(server.url("/"));
  const auto change = [this](auto edit) {
    std::ifstream in(files().at(0), std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(in), {});
    edit(bytes);
    std::ofstream(files().at(0), std::ios::binary | std::ios::trunc) << bytes;
  };
  const std::vector<std::function<void(std::string&)>> damages{
      [](std::string& bytes) { bytes.clear(); },     [](std::string& bytes) { bytes.resize(20); },
      [](std::string& bytes) { bytes.pop_back(); },  [](std::string& bytes) { bytes += '!'; },
      [](std::string& bytes) { bytes.back() ^= 1; }, [](std::string& bytes) { bytes[70] ^= 1; },
      [](std::string& bytes) { bytes[17] ^= 0x40; },
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    change(damages[i]);
    const wire::FetchAnswer after = fetch(server.url("/"));
    EXPECT_FALSE(after.cached) << i;
    EXPECT_EQ(after.body, "the whole body") << i;
    EXPECT_TRUE(fetch(server.url("/")).cached) << i;
  }
}

TEST_P(CachedFetch, DoesNotTakeAnotherRequestsFile) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    return versioned(request, connection, "\"v1\"", request.path);
  });
  fetch(server.url("/a"));
  const fs::path first = files().at(0);
  fetch(server.url("/b"));
  const auto all = files();
  const fs::path second = all[0] == first ? all[1] : all[0];
  fs::copy_file(first, second, fs::copy_options::overwrite_existing);
  EXPECT_EQ(fetch(server.url("/b")).body, "/b");
}

TEST_P(CachedFetch, HoldsWhatIsKeptToTheLimitAndTheChecksumOfTheJob) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    return versioned(request, connection, "\"v1\"", "12345");
  });
  fetch(server.url("/"));
  for (const bool body : {true, false}) {
    const test::Row large = row(server.url("/"), {.body = body, .max_body_bytes = 4});
    EXPECT_EQ(large.status, TaskStatus::body_too_large) << large.value;
    const test::Row wrong = row(server.url("/"), {.body = body, .sha256 = sha256_of("other")});
    EXPECT_EQ(wrong.status, TaskStatus::checksum) << wrong.value;
    EXPECT_NE(wrong.value.find("HTTP 200, 5"), std::string::npos) << wrong.value;
    EXPECT_EQ(row(server.url("/"), {.body = body, .sha256 = sha256_of("12345")}).status, TaskStatus::ok);
  }
}

TEST_P(CachedFetch, LooksUpEachRequestOfAChainAndAsksForTheRedirectEveryTime) {
  std::atomic<bool> moved = true;
  HttpServer server([&](const HttpRequest& request, HttpConnection& connection) {
    if (request.path == "/from" && moved) return connection.send(http_reply("", "302 F", "Location: /to\r\n"));
    return versioned(request, connection, "\"same\"", request.path);
  });
  fetch(server.url("/from"));
  const wire::FetchAnswer again = fetch(server.url("/from"));
  EXPECT_TRUE(again.cached);
  EXPECT_EQ(again.body, "/to");
  EXPECT_EQ(again.url, server.url("/to"));
  EXPECT_EQ(again.redirects, 1u);
  EXPECT_TRUE(fetch(server.url("/to")).cached);
  moved = false;
  EXPECT_EQ(fetch(server.url("/from")).body, "/from");  // not what was kept of /to, though the tags are alike
  moved = true;
  EXPECT_EQ(fetch(server.url("/from")).body, "/to");
  EXPECT_FALSE(says(server.requests().at(0), "If-None-Match"));
}

TEST_P(CachedFetch, AsksForTheWholeAnswerWhereAnotherVersionIsCalledUnchanged) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    if (says(request, "If-None-Match")) return connection.send("HTTP/1.1 304 N\r\nETag: \"other\"\r\n\r\n");
    return connection.send(http_reply("body", "200 OK", "ETag: \"v1\"\r\n"));
  });
  fetch(server.url("/"));
  const wire::FetchAnswer again = fetch(server.url("/"));
  EXPECT_FALSE(again.cached);
  EXPECT_EQ(again.body, "body");
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_P(CachedFetch, GoesOnWithoutItsFolder) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    return versioned(request, connection, "\"v1\"", "body");
  });
  fetch(server.url("/"));
  fs::remove_all(folder);
  EXPECT_EQ(fetch(server.url("/")).body, "body");
  EXPECT_EQ(fetch(server.url("/")).body, "body");
  std::ofstream(folder) << "a file";
  EXPECT_EQ(fetch(server.url("/")).body, "body");
}

TEST_P(CachedFetch, ServesManyAtOnce) {
  HttpServer server([](const HttpRequest& request, HttpConnection& connection) {
    return versioned(request, connection, "\"v1\"", "body of " + request.path);
  });
  std::vector<std::string> urls;
  for (int i = 0; i < 400; ++i) urls.push_back(server.url("/" + std::to_string(i % 20)));
  for (int round = 0; round < 3; ++round) {
    const auto rows = test::fetch_rows(GetParam(), test::local_fetch(cache), urls, {.body = true});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const wire::FetchAnswer answer = fetch_answer_of(rows[i]);
      ASSERT_EQ(answer.body, "body of /" + std::to_string(i % 20));
      ASSERT_TRUE(round == 0 || answer.cached);
    }
  }
}

TEST(CacheRules, ReadListsAsHttpWritesThem) {
  EXPECT_TRUE(answer_may_be_kept({}, {}));
  EXPECT_TRUE(answer_may_be_kept({"no-cache, max-age=0", "x=\"no-store, private\""}, {"Accept, Accept-Language"}));
  EXPECT_FALSE(answer_may_be_kept({"max-age=1 ,\tNO-STORE"}, {}));
  EXPECT_FALSE(answer_may_be_kept({"private=\"set-cookie\""}, {}));
  EXPECT_FALSE(answer_may_be_kept({"", "private"}, {}));
  EXPECT_FALSE(answer_may_be_kept({}, {"Accept", " * "}));
  EXPECT_TRUE(same_tag("W/\"a\"", "\"a\""));
  EXPECT_FALSE(same_tag("\"a\"", "\"b\""));
  EXPECT_FALSE(header_may_be_cached("AUTHORIZATION: x"));
  EXPECT_FALSE(header_may_be_cached("Cookie;"));
  EXPECT_TRUE(header_may_be_cached("Cookies: x"));
}

}  // namespace
}  // namespace brigade::worker
