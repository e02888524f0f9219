#include <gtest/gtest.h>

#include "proto/wire/kinds.h"
#include "proto/wire/text.h"

namespace brigade::wire {
namespace {

TEST(Kinds, BringNumbersBack) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    const auto decoded = decode_number(encode_number(number));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, number);
  }
  EXPECT_EQ(encode_number(0x0102), std::string("\x02\x01\0\0\0\0\0\0", 8));
  EXPECT_FALSE(decode_number(""));
  EXPECT_FALSE(decode_number("1234567"));
  EXPECT_FALSE(decode_number("123456789"));
}

TEST(Kinds, BringFactorialBack) {
  const auto options = decode_factorial_options(encode(FactorialOptions{FactorialForm::digest, true}));
  ASSERT_TRUE(options);
  EXPECT_EQ(options->form, FactorialForm::digest);
  EXPECT_TRUE(options->verify);
  const auto none = decode_factorial_options("");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->form, FactorialForm::decimal);

  const std::string binary("\0\xFF\x80", 3);
  const auto answer = decode_factorial_answer(encode_factorial_answer(7, binary));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->digits, 7u);
  EXPECT_EQ(answer->value, binary);
  EXPECT_FALSE(decode_factorial_options("\x08\x05"));  // a form that there is not
  EXPECT_FALSE(options->split);
  const FactorialSplit split{.n = 1ull << 40, .parts = kFactorialPartsMax, .merge = true};
  const auto with_split = decode_factorial_options(encode(FactorialOptions{.split = split}));
  ASSERT_TRUE(with_split);
  EXPECT_EQ(with_split->split, split);
  for (const std::uint32_t parts : {0u, kFactorialPartsMax + 1})
    EXPECT_FALSE(decode_factorial_options(encode(FactorialOptions{.split = FactorialSplit{.n = 5, .parts = parts}})));
  EXPECT_FALSE(decode_factorial_answer("\xFF"));
}

TEST(Kinds, BringThePartsOfAFactorialBack) {
  const std::vector<std::string> parts{"12345678", std::string(24, 'a'), std::string(8, '\0')};
  const std::string bytes = encode_factorial_parts(parts);
  const auto views = decode_factorial_parts(bytes, 3);
  ASSERT_TRUE(views);
  EXPECT_EQ(std::vector<std::string>(views->begin(), views->end()), parts);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_factorial_parts(std::string_view(bytes).substr(0, size), 3)) << size;
  EXPECT_FALSE(decode_factorial_parts(bytes + "12345678", 3));
  EXPECT_FALSE(decode_factorial_parts(encode_factorial_parts({"12345678", ""}), 2));
  EXPECT_FALSE(decode_factorial_parts(encode_factorial_parts({"12345678", "1234567"}), 2));
  EXPECT_FALSE(decode_factorial_parts(std::string(8, '\xFF') + std::string(8, 'a'), 1));  // more than there is
}

TEST(Kinds, BringFetchOptionsBack) {
  const FetchOptions options{.method = "POST",
                             .headers = {"A: b", "C: \xFF"},
                             .data = "",
                             .body = true,
                             .max_body_bytes = 5,
                             .fail = true,
                             .follow = false,
                             .max_redirects = 0,
                             .insecure_tls = true,
                             .ca_pem = "pem",
                             .user_agent = "ua",
                             .compressed = true,
                             .connect_timeout = std::chrono::seconds(2),
                             .proxy = "http://p",
                             .cookies = true,
                             .sha256 = std::string(32, '\xFF'),
                             .no_cache = true,
                             .robots = true};
  const auto decoded = decode_fetch_options(encode(options));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->method, options.method);
  EXPECT_EQ(decoded->headers, options.headers);
  EXPECT_EQ(decoded->data, options.data);
  EXPECT_EQ(decoded->body, options.body);
  EXPECT_EQ(decoded->max_body_bytes, options.max_body_bytes);
  EXPECT_EQ(decoded->fail, options.fail);
  EXPECT_EQ(decoded->follow, options.follow);
  EXPECT_EQ(decoded->max_redirects, options.max_redirects);
  EXPECT_EQ(decoded->insecure_tls, options.insecure_tls);
  EXPECT_EQ(decoded->ca_pem, options.ca_pem);
  EXPECT_EQ(decoded->user_agent, options.user_agent);
  EXPECT_EQ(decoded->compressed, options.compressed);
  EXPECT_EQ(decoded->connect_timeout, options.connect_timeout);
  EXPECT_EQ(decoded->proxy, options.proxy);
  EXPECT_EQ(decoded->cookies, options.cookies);
  EXPECT_EQ(decoded->sha256, options.sha256);
  EXPECT_EQ(decoded->no_cache, options.no_cache);
  EXPECT_EQ(decoded->robots, options.robots);
  EXPECT_FALSE(decode_fetch_options(encode(FetchOptions{.sha256 = "short"})));

  const auto standard = decode_fetch_options(encode(FetchOptions{}));
  ASSERT_TRUE(standard);
  EXPECT_EQ(standard->method, "GET");
  EXPECT_TRUE(standard->follow);
  EXPECT_EQ(standard->max_redirects, 10u);
  EXPECT_EQ(standard->data, std::nullopt);
}

TEST(Kinds, BringFetchAnswersBack) {
  const FetchAnswer answer{.http_status = 404,
                           .bytes = 3,
                           .content_type = "text/html",
                           .url = "http://x/\xE9",
                           .redirects = 2,
                           .sha256 = std::string(32, '\xAB'),
                           .dns_ms = 1,
                           .connect_ms = 2,
                           .tls_ms = 3,
                           .ttfb_ms = 4.5,
                           .total_ms = 5,
                           .body = std::string("a\0b", 3),
                           .cached = true};
  const auto decoded = decode_fetch_answer(encode(answer));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->http_status, answer.http_status);
  EXPECT_EQ(decoded->bytes, answer.bytes);
  EXPECT_EQ(decoded->content_type, answer.content_type);
  EXPECT_EQ(decoded->url, answer.url);
  EXPECT_EQ(decoded->redirects, answer.redirects);
  EXPECT_EQ(decoded->sha256, answer.sha256);
  EXPECT_EQ(decoded->dns_ms, answer.dns_ms);
  EXPECT_EQ(decoded->connect_ms, answer.connect_ms);
  EXPECT_EQ(decoded->tls_ms, answer.tls_ms);
  EXPECT_EQ(decoded->ttfb_ms, answer.ttfb_ms);
  EXPECT_EQ(decoded->total_ms, answer.total_ms);
  EXPECT_EQ(decoded->body, answer.body);
  EXPECT_EQ(decoded->cached, answer.cached);
  FetchAnswer negative;
  negative.ttfb_ms = -1;
  EXPECT_FALSE(decode_fetch_answer(encode(negative)));
}

TEST(Kinds, BringLabelsBack) {
  EXPECT_EQ(encode(Label{}), "");
  const auto label = decode_label(encode(Label{.line = 7, .tag = "t\xFF", .index = 0}));
  ASSERT_TRUE(label);
  EXPECT_EQ(label->line, 7u);
  EXPECT_EQ(label->tag, "t\xFF");
  EXPECT_EQ(label->index, 0u);
  const auto empty = decode_label("");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->index, std::nullopt);
  EXPECT_FALSE(decode_label("\x0B"));
}

TEST(Kinds, RefuseFewBytesThatBecomeManyObjects) {
  std::string headers;
  while (headers.size() < (std::size_t{4} << 20)) headers.append("\x12\x00", 2);
  const auto decoded = decode_fetch_options(headers);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("would take more than"), std::string::npos);
}

TEST(Text, KnowsUtf8) {
  for (const char* good : {"", "ascii", "naïve", "€", "𝄞", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF",
                           "more than eight bytes é and more"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad :
       {"\x80", "\xC3", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "eight byt\xE9 and more"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Text, ForPeopleIsCutBetweenCharacters) {
  EXPECT_EQ(for_people("a€b", 5), "a€b");
  EXPECT_EQ(for_people("a€b", 3), "a");
  EXPECT_EQ(for_people("a\xFF"
                       "b\xE2\x82",
                       9),
            "a?b??");
}

}  // namespace
}  // namespace brigade::wire
