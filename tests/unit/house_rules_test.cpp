// What a reviewer would forget: rules about the source itself, each proved on a line that breaks it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "worker/kinds/table.h"

namespace brigade {
namespace {

namespace fs = std::filesystem;

struct File {
  std::string path;  ///< from the source's root, with /
  std::string text;
};

// ---- Reading C++ well enough -------------------------------------------------------------------------------------

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// The code with comments, and what stands between quotes, blanked out; lines stay where they are.
/// (Of `#include "…"` the path stays.)
std::string code_of(const std::string& text) {
  enum class In { code, line_comment, comment, string, character };
  std::string code = text;
  In in = In::code;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const auto blank = [&](std::size_t at) {
      if (at < text.size() && text[at] != '\n') code[at] = ' ';
    };
    switch (in) {
      case In::code:
        if (c == '#' && text.compare(i, 8, "#include") == 0) {
          i = std::min(text.find('\n', i), text.size());
        } else if (c == '/' && (next == '/' || next == '*')) {
          in = next == '/' ? In::line_comment : In::comment;
          blank(i);
          blank(++i);
        } else if (c == '"') {
          in = In::string;
        } else if (c == '\'' && (i == 0 || !is_word(text[i - 1]))) {  // not the mark in 1'000
          in = In::character;
        }
        break;
      case In::line_comment:
        if (c == '\n') in = In::code;
        blank(i);
        break;
      case In::comment:
        blank(i);
        if (c == '*' && next == '/') {
          blank(++i);
          in = In::code;
        }
        break;
      case In::string:
      case In::character:
        if (c == (in == In::string ? '"' : '\'')) {
          in = In::code;
        } else {
          blank(i);
          if (c == '\\') blank(++i);
        }
        break;
    }
  }
  return code;
}

/// Positions of the word (no part of a longer one).
std::vector<std::size_t> find_word(const std::string& code, std::string_view word) {
  std::vector<std::size_t> found;
  for (std::size_t at = code.find(word); at != std::string::npos; at = code.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_word(word.front()) || !is_word(code[at - 1]);
    const bool ends = end == code.size() || !is_word(word.back()) || !is_word(code[end]);
    if (begins && ends) found.push_back(at);
  }
  return found;
}

std::string place(const File& file, std::size_t at) {
  const auto line = 1 + std::count(file.text.begin(), file.text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  return file.path + ":" + std::to_string(line);
}

/// Every place where one of the words stands in the code.
std::vector<std::string> places_of(const File& file, const std::vector<std::string_view>& words) {
  std::vector<std::string> places;
  const std::string code = code_of(file.text);
  for (const std::string_view word : words)
    for (const std::size_t at : find_word(code, word)) places.push_back(place(file, at) + ": " + std::string(word));
  return places;
}

bool is_cpp(const std::string& path) {
  return path.ends_with(".h") || path.ends_with(".cpp");
}

bool is_pure(const std::string& path) {
  return is_cpp(path) && !path.starts_with("tests/") &&
         (path.find("/core/") != std::string::npos || path.starts_with("proto/model/"));
}

// ---- The rules ---------------------------------------------------------------------------------------------------

using Places = std::vector<std::string>;

/// Cores and the model: no clock, thread, socket, file, log, Protobuf or ZeroMQ; and they know nothing but themselves
/// and the model.
Places impure(const File& file) {
  if (!is_pure(file.path)) return {};
  Places places = places_of(file, {"steady_clock",
                                   "system_clock",
                                   "high_resolution_clock",
                                   "clock_gettime",
                                   "gettimeofday",
                                   "random_device",
                                   "this_thread",
                                   "std::thread",
                                   "std::jthread",
                                   "std::mutex",
                                   "std::atomic",
                                   "std::future",
                                   "condition_variable",
                                   "thread_local",
                                   "zmq",
                                   "spdlog",
                                   "google",
                                   "fmt",
                                   "std::filesystem",
                                   "ifstream",
                                   "ofstream",
                                   "fopen",
                                   "getenv",
                                   "<thread>",
                                   "<mutex>",
                                   "<atomic>",
                                   "<future>",
                                   "<condition_variable>",
                                   "<semaphore>",
                                   "<fstream>",
                                   "<iostream>",
                                   "<filesystem>",
                                   "<ctime>",
                                   "<time.h>",
                                   "<unistd.h>",
                                   "<sys/",
                                   "<poll.h>",
                                   "<netinet/",
                                   "<boost/",
                                   "<curl/",
                                   "<sqlite3.h>"});
  const std::string own = file.path.substr(0, file.path.rfind('/') + 1);
  const std::string include = "#include \"";
  for (std::size_t at = file.text.find(include); at != std::string::npos; at = file.text.find(include, at + 1)) {
    const std::string path = file.text.substr(at + include.size(), file.text.find('"', at + include.size()) - at);
    if (!path.starts_with("proto/model/") && !path.starts_with(own)) places.push_back(place(file, at) + ": " + path);
  }
  return places;
}

Places protobuf_outside_wire(const File& file) {
  if (!is_cpp(file.path) || file.path.starts_with("proto/wire/") || file.path.starts_with("tests/unit/wire_"))
    return {};
  return places_of(file, {".pb.h", "google::protobuf", "<google/protobuf"});
}

Places zeromq_outside_net(const File& file) {
  // limit.cpp measures what ZeroMQ reaches without us.
  if (!is_cpp(file.path) || file.path.starts_with("proto/net/") || file.path == "tests/bench/limit.cpp") return {};
  return places_of(file, {"zmq", "<zmq.h>", "<zmq.hpp>", "zmq_msg_t"});
}

/// Deadlines use the monotonic clock; the label in UTC is read in one place.
Places wall_clock(const File& file) {
  if (!is_cpp(file.path) || file.path == "proto/base/os.cpp") return {};
  return places_of(file, {"system_clock", "CLOCK_REALTIME", "gettimeofday", "time(nullptr)", "std::time"});
}

/// Temporaries of a `co_await` expression that braces or a lambda make are destroyed twice by g++ 12.
Places brace_in_co_await(const File& file) {
  if (!is_cpp(file.path)) return {};
  const std::string code = code_of(file.text);
  Places places;
  for (const std::size_t at : find_word(code, "co_await")) {
    int depth = 0;
    char before = ' ';
    for (std::size_t i = at + 8; i < code.size() && code[i] != ';' && depth >= 0; ++i) {
      const char c = code[i];
      if (c == '(') ++depth;
      if (c == ')') --depth;
      const bool is_lambda = c == '[' && !is_word(before) && before != ')' && before != ']';
      if (depth >= 0 && (c == '{' || is_lambda)) {
        places.push_back(place(file, at));
        break;
      }
      if (c != ' ' && c != '\n') before = c;
    }
  }
  return places;
}

/// 120 columns; a UTF-8 character is one.
Places long_line(const File& file) {
  constexpr std::ptrdiff_t kColumns = 120;
  const bool checked = is_cpp(file.path) || file.path.ends_with(".py") || file.path.ends_with(".proto") ||
                       file.path.ends_with(".js") || file.path.ends_with(".css") ||
                       file.path.starts_with("tests/scenario/");
  if (!checked || file.path.ends_with(".md")) return {};
  Places places;
  std::istringstream lines(file.text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto columns = std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; });
    if (columns > kColumns) places.push_back(file.path + ":" + std::to_string(number));
  }
  return places;
}

// ---- The source --------------------------------------------------------------------------------------------------

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

const std::vector<File>& source() {
  static const std::vector<File> files = [] {
    const fs::path root = BRIGADE_SOURCE_DIR;
    std::vector<File> found;
    for (const char* folder : {"broker", "client", "proto", "scripts", "tests", "web", "worker"}) {
      fs::recursive_directory_iterator entries(root / folder);
      for (const fs::directory_entry& entry : entries) {
        const fs::path& path = entry.path();
        // What others wrote and what was built is not ours to keep in shape.
        if (path.filename() == "node_modules" || path.filename() == "dist") entries.disable_recursion_pending();
        if (entry.is_regular_file() && path.extension() != ".pyc")
          found.push_back({path.lexically_relative(root).generic_string(), read(path)});
      }
    }
    return found;
  }();
  return files;
}

std::string listed(const Places& places) {
  std::string text;
  for (const std::string& each : places) text += "\n  " + each;
  return text;
}

void expect_kept(Places (*rule)(const File&)) {
  Places broken;
  for (const File& file : source())
    if (file.path != "tests/unit/house_rules_test.cpp" || rule == long_line)
      for (std::string& each : rule(file)) broken.push_back(std::move(each));
  EXPECT_TRUE(broken.empty()) << "broken at" << listed(broken);
}

bool breaks(Places (*rule)(const File&), const std::string& path, const std::string& text) {
  return !rule({path, text}).empty();
}

TEST(HouseRules, SourceIsThere) {
  EXPECT_GT(source().size(), 200u);
}

TEST(HouseRules, CoresAreFreeOfClocksThreadsSocketsAndLibraries) {
  expect_kept(impure);
  EXPECT_TRUE(breaks(impure, "broker/core/a.cpp", "auto now = std::chrono::steady_clock::now();\n"));
  EXPECT_TRUE(breaks(impure, "worker/core/a.h", "std::thread thread_;\n"));
  EXPECT_TRUE(breaks(impure, "client/core/a.cpp", "#include <mutex>\n"));
  EXPECT_TRUE(breaks(impure, "client/core/a.cpp", "#include <sys/socket.h>\n"));
  EXPECT_TRUE(breaks(impure, "proto/model/a.h", "#include \"proto/wire/codec.h\"\n"));
  EXPECT_TRUE(breaks(impure, "broker/core/a.cpp", "#include <zmq.hpp>\n"));
  EXPECT_TRUE(breaks(impure, "broker/core/a.cpp", "spdlog::info(text);\n"));
  EXPECT_TRUE(breaks(impure, "broker/core/a.cpp", "void f(const google::protobuf::Message& message);\n"));
  EXPECT_TRUE(breaks(impure, "broker/core/a.cpp", "#include \"worker/core/session.h\"\n"));
  EXPECT_FALSE(breaks(impure, "broker/core/a.cpp", "// no steady_clock here\nsay(\"std::thread\");\n"));
  EXPECT_FALSE(breaks(impure, "broker/core/a.cpp", "#include <vector>\n\n#include \"broker/core/job.h\"\n"));
  EXPECT_FALSE(breaks(impure, "broker/loop.cpp", "#include <mutex>\n"));
}

TEST(HouseRules, ProtobufStaysInWire) {
  expect_kept(protobuf_outside_wire);
  EXPECT_TRUE(breaks(protobuf_outside_wire, "broker/loop.cpp", "#include \"proto/schema/wire.pb.h\"\n"));
  EXPECT_TRUE(breaks(protobuf_outside_wire, "proto/net/a.h", "#include <google/protobuf/message.h>\n"));
  EXPECT_FALSE(breaks(protobuf_outside_wire, "proto/wire/a.h", "#include \"proto/schema/wire.pb.h\"\n"));
}

TEST(HouseRules, ZeroMqStaysInNet) {
  expect_kept(zeromq_outside_net);
  EXPECT_TRUE(breaks(zeromq_outside_net, "worker/loop.cpp", "zmq::message_t frame;\n"));
  EXPECT_TRUE(breaks(zeromq_outside_net, "worker/loop.cpp", "#include <zmq.hpp>\n"));
  EXPECT_FALSE(breaks(zeromq_outside_net, "proto/net/router.cpp", "#include <zmq.hpp>\n"));
}

TEST(HouseRules, WallClockIsReadInOnePlace) {
  expect_kept(wall_clock);
  EXPECT_TRUE(breaks(wall_clock, "broker/loop.cpp", "std::chrono::system_clock::now();\n"));
  EXPECT_TRUE(breaks(wall_clock, "broker/loop.cpp", "clock_gettime(CLOCK_REALTIME, &now);\n"));
  EXPECT_FALSE(breaks(wall_clock, "proto/base/os.cpp", "std::chrono::system_clock::now();\n"));
}

TEST(HouseRules, CoAwaitHasNeitherBracesNorLambdas) {
  expect_kept(brace_in_co_await);
  const std::string path = "worker/kinds/a.cpp";
  EXPECT_TRUE(breaks(brace_in_co_await, path, "auto answer = co_await http.get({args.url});\n"));
  EXPECT_TRUE(breaks(brace_in_co_await, path, "co_await post(Request{url});\n"));
  EXPECT_TRUE(breaks(brace_in_co_await, path, "co_await run(\n    [this] { return next_; });\n"));
  EXPECT_FALSE(breaks(brace_in_co_await, path, "auto answer = co_await http.get(std::move(request));\n"));
  EXPECT_FALSE(breaks(brace_in_co_await, path, "if (co_await waiting(urls[0])) { go(); }\n"));
  EXPECT_FALSE(breaks(brace_in_co_await, path, "co_await next;  // { is fine here\nauto f = [] {};\n"));
}

TEST(HouseRules, LinesFitTheScreen) {
  expect_kept(long_line);
  EXPECT_TRUE(breaks(long_line, "broker/a.cpp", std::string(121, 'x') + "\n"));
  EXPECT_TRUE(breaks(long_line, "web/report/src/a.js", std::string(121, 'x') + "\n"));
  EXPECT_FALSE(breaks(long_line, "broker/a.cpp", std::string(120, 'x') + "\n"));
  std::string umlauts;
  for (int i = 0; i < 120; ++i) umlauts += "ä";
  EXPECT_FALSE(breaks(long_line, "broker/a.cpp", umlauts + "\n"));
}

// ---- Kinds -------------------------------------------------------------------------------------------------------

/// Whether a test names the kind: as a string, as a story's option or by the function that makes it.
bool is_tested(const std::string& kind, const std::vector<File>& files) {
  return std::ranges::any_of(files, [&](const File& file) {
    if (!file.path.starts_with("tests/") || file.path == "tests/unit/house_rules_test.cpp") return false;
    const auto names = {"\"" + kind + "\"", "'" + kind + "'", kind + "_kind("};
    return std::ranges::any_of(names, [&](const auto& name) { return file.text.find(name) != std::string::npos; });
  });
}

bool is_documented(const std::string& kind, const std::string& kinds_md) {
  return kinds_md.find("`" + kind + "`") != std::string::npos;
}

TEST(HouseRules, EveryKindIsDocumentedAndTested) {
  const auto kinds = worker::kinds(worker::KindSettings{}, {});
  ASSERT_TRUE(kinds);
  const std::string kinds_md = read(fs::path(BRIGADE_SOURCE_DIR) / "docs" / "KINDS.md");
  for (const worker::Kind& kind : *kinds) {
    EXPECT_TRUE(is_documented(kind.name, kinds_md)) << kind.name;
    EXPECT_TRUE(is_tested(kind.name, source())) << kind.name;
  }
  EXPECT_FALSE(is_documented("brew", kinds_md));
  EXPECT_FALSE(is_tested("brew", source()));
}

}  // namespace
}  // namespace brigade
