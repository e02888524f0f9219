// What a robots.txt says: the cases of RFC 9309, and that no text at all does harm.
#include "worker/kinds/fetch/robots_rules.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "worker/kinds/fetch/url_parts.h"

namespace brigade::worker {
namespace {

bool allows(const std::string& text, const std::string& path, const std::string& product = "brigade") {
  return RobotsRules(text, product).forbids(path).empty();
}

TEST(RobotsRules, AllowEverythingWhereNothingIsSaid) {
  EXPECT_TRUE(allows("", "/"));
  EXPECT_TRUE(allows("User-agent: *\nDisallow:\n", "/"));
  EXPECT_TRUE(allows("User-agent: other\nDisallow: /\n", "/"));
  EXPECT_TRUE(allows("Disallow: /\n", "/"));  // of no group
  EXPECT_TRUE(allows("<html>User-agent: *</html>\n<p>Disallow: /</p>", "/x"));
  EXPECT_TRUE(allows("User-agent: *\nDisallow\n", "/"));
}

TEST(RobotsRules, AreThoseOfTheNamedGroupsElseThoseForAll) {
  const std::string text =
      "User-agent: *\nDisallow: /\n\nuser-AGENT : Brigade/2.0 # us\nDisallow: /a\n\n"
      "User-agent: other\nDisallow: /b\nUser-agent: BRIGADE\nDisallow: /c\n";
  EXPECT_TRUE(allows(text, "/"));
  EXPECT_FALSE(allows(text, "/a"));
  EXPECT_TRUE(allows(text, "/b"));
  EXPECT_FALSE(allows(text, "/c"));
  EXPECT_FALSE(allows(text, "/", "stranger"));
  EXPECT_FALSE(allows(text, "/", ""));
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /\nUser-agent: brigade\n", "/"));  // named, and nothing is forbidden
  EXPECT_TRUE(allows("User-agent: brigade2\nDisallow: /\n", "/"));
  EXPECT_TRUE(allows("User-agent: my-brigade\nDisallow: /\n", "/"));
}

TEST(RobotsRules, OfAGroupAreForAllThatItNames) {
  const std::string text = "User-agent: one\nUser-agent: brigade\nSitemap: /x\nUser-agent: two\n\nDisallow: /a\n";
  for (const char* product : {"one", "brigade", "two"}) EXPECT_FALSE(allows(text, "/a", product));
  EXPECT_TRUE(allows(text, "/a", "three"));
  EXPECT_FALSE(allows("User-agent: *\nCrawl-delay: 5\nDisallow: /a", "/a"));
  EXPECT_FALSE(allows("User-agent: brigade\nUser-agent: *\nDisallow: /a", "/a", "x"));
}

TEST(RobotsRules, GoByTheLongestMatchAndAllowWinsATie) {
  const std::string text = "User-agent: *\nAllow: /p\nDisallow: /\n";
  EXPECT_TRUE(allows(text, "/page"));
  EXPECT_FALSE(allows(text, "/other"));
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /folder\nAllow: /folder\n", "/folder/page"));
  EXPECT_FALSE(allows("User-agent: *\nAllow: /page\nDisallow: /*.html\n", "/page.html"));
  EXPECT_TRUE(allows("User-agent: *\nAllow: /$\nDisallow: /\n", "/"));
  EXPECT_FALSE(allows("User-agent: *\nAllow: /$\nDisallow: /\n", "/page"));
  // RFC 9309, 5.2
  const std::string rfc = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
  EXPECT_TRUE(allows(rfc, "/example/page/x", "foobot"));
  EXPECT_FALSE(allows(rfc, "/example/page/disallowed.gif", "foobot"));
}

TEST(RobotsRules, KnowStarsAndTheEnd) {
  const auto forbids = [](const std::string& pattern, const std::string& path) {
    return !allows("User-agent: *\nDisallow: " + pattern + "\n", path);
  };
  EXPECT_TRUE(forbids("/fish", "/fish.html"));
  EXPECT_TRUE(forbids("/fish*", "/fish"));
  EXPECT_FALSE(forbids("/fish", "/Fish"));
  EXPECT_FALSE(forbids("/fish/", "/fish"));
  EXPECT_TRUE(forbids("/*.php", "/folder/a.php5?x"));
  EXPECT_FALSE(forbids("/*.php$", "/a.php?x"));
  EXPECT_TRUE(forbids("/*.php$", "/a.php/b.php"));
  EXPECT_TRUE(forbids("/a*b*c", "/a1b2b3c4"));
  EXPECT_FALSE(forbids("/a*b*c", "/acb"));
  EXPECT_FALSE(forbids("/a*ab$", "/ab"));
  EXPECT_TRUE(forbids("/a**b$", "/ab"));
  EXPECT_TRUE(forbids("*", "/"));
  EXPECT_TRUE(forbids("*/private", "/x/private"));
  EXPECT_TRUE(forbids("/*$", "/anything"));
  EXPECT_TRUE(forbids("/x$", "/x"));
  EXPECT_FALSE(forbids("/x$", "/x/"));
  EXPECT_FALSE(forbids("page", "/page"));  // a path begins with a slash
  EXPECT_TRUE(forbids("/search?q=", "/search?q=x"));
}

TEST(RobotsRules, TakeSpellingsOfTheSamePathForOne) {
  const auto forbids = [](const std::string& pattern, const std::string& path) {
    return !allows("User-agent: *\nDisallow: " + pattern + "\n", path);
  };
  EXPECT_TRUE(forbids("/%7euser", "/~user"));
  EXPECT_TRUE(forbids("/~user", "/%7Euser"));
  EXPECT_TRUE(forbids("/caf\xC3\xA9", "/caf%c3%A9"));
  EXPECT_TRUE(forbids("/caf%C3%A9", "/caf\xC3\xA9"));
  EXPECT_FALSE(forbids("/a%2Fb", "/a/b"));
  EXPECT_TRUE(forbids("/a%2fb", "/a%2Fb"));
  EXPECT_TRUE(forbids("/with-a-%2A.html", "/with-a-*.html"));
  EXPECT_TRUE(forbids("/foo-%24", "/foo-$"));
  EXPECT_FALSE(forbids("/foo-%24", "/foo-"));
  EXPECT_TRUE(forbids("/a$b", "/a$b"));
  EXPECT_TRUE(forbids("/100%", "/100%"));
}

TEST(RobotsRules, AreReadFromLinesHoweverTheyEnd) {
  for (const char* end : {"\n", "\r\n", "\r", "\n\n\r\n"}) {
    const std::string text = std::string("\xEF\xBB\xBFUser-agent: *") + end + " \tDisallow\t:  /a \t# why" + end;
    EXPECT_FALSE(allows(text, "/a")) << static_cast<int>(end[0]);
    EXPECT_TRUE(allows(text, "/b"));
  }
  EXPECT_FALSE(allows("User-agent: *\nDisallow: /a", "/a"));
  EXPECT_TRUE(allows("# User-agent: *\nDisallow: /a", "/a"));
}

TEST(RobotsRules, AreThoseOfTheFirst512KiB) {
  const std::string head = "User-agent: *\nDisallow: /a\n";
  const std::string filler(kRobotsBytesMax, '#');
  EXPECT_FALSE(allows(head + filler + "\nDisallow: /b\n", "/a"));
  EXPECT_TRUE(allows(head + filler + "\nDisallow: /b\n", "/b"));
}

TEST(RobotsRules, NeverForbidTheirOwnFile) {
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /\n", "/robots.txt"));
}

TEST(RobotsRules, SayWhatForbids) {
  EXPECT_EQ(RobotsRules("User-agent: *\nDisallow: /a*b\nDisallow: /", "x").forbids("/a1b"), "/a*b");
}

TEST(RobotsRules, SurviveAnyText) {
  const std::vector<std::string> pieces{"User-agent:",
                                        "Disallow:",
                                        "Allow:",
                                        "*",
                                        "$",
                                        "/",
                                        "%",
                                        "%2",
                                        "%zz",
                                        "brigade",
                                        "\n",
                                        "\r",
                                        "#",
                                        " ",
                                        ":",
                                        "\xFF",
                                        std::string(1, '\0'),
                                        "a",
                                        "**"};
  std::mt19937 random(9309);
  for (int i = 0; i < 20'000; ++i) {
    std::string text, path = "/";
    for (auto n = random() % 40; n > 0; --n) text += pieces[random() % pieces.size()];
    for (auto n = random() % 10; n > 0; --n) path += pieces[random() % pieces.size()];
    const RobotsRules rules(text, "brigade");
    EXPECT_LE(rules.forbids(path).size(), 3 * text.size());
  }
  for (int i = 0; i < 2000; ++i) {
    std::string noise(random() % 300, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    (void)RobotsRules("User-agent: *\nDisallow: " + noise, noise).forbids(noise);
  }
}

TEST(Product, IsTheFirstWordWithoutItsVersion) {
  EXPECT_EQ(product_of("brigade/0.1"), "brigade");
  EXPECT_EQ(product_of("My-Bot_2 (+http://x)"), "My-Bot_2");
  EXPECT_EQ(product_of(""), "");
  EXPECT_EQ(product_of("*"), "");
}

TEST(UrlParts, AreTheOriginAndWhatIsAskedForThere) {
  const auto parts = url_parts("HTTP://user:pw@Example.ORG/a/../b?q=1#f");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->origin, "http://example.org:80");
  EXPECT_EQ(parts->path, "/b?q=1");
  EXPECT_EQ(url_parts("https://[::1]")->origin, "https://[::1]:443");
  EXPECT_EQ(url_parts("https://[::1]")->path, "/");
  EXPECT_FALSE(url_parts("http://"));
}

}  // namespace
}  // namespace brigade::worker
