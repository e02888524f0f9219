// The beginning of a file in a worker's cache: what is written is read, what is damaged is not.
#include "tests/fuzz/input.h"
#include "worker/kinds/fetch/cache_file.h"
#include "worker/kinds/fetch/digest.h"

namespace brigade::fuzz {
namespace {

using worker::CachedAnswer;

void check_written(Input& input, const std::string& key) {
  CachedAnswer answer{.etag = input.text(), .last_modified = input.text(), .content_type = input.text()};
  answer.sha256 = worker::sha256_of(answer.etag);
  answer.bytes = input.number();
  std::string head = *worker::cache_head(key, answer);
  const std::string body = input.text();
  const auto read = worker::read_cache_head(head + body, key);
  require(read && read->answer == answer && read->bytes == head.size());
  require(!worker::read_cache_head(head, worker::sha256_of(key)));
  require(!worker::read_cache_head(std::string_view(head).substr(0, input.number() % head.size()), key));
  head[input.number() % head.size()] ^= static_cast<char>(1 + input.below(255));
  require(!worker::read_cache_head(head, key));
}

/// Fields that somebody made, below a checksum that is right.
void check_made(const std::string& fields, const std::string& key, const std::string& whole) {
  const auto size = static_cast<std::uint32_t>(fields.size());
  std::string head = "brigade cache 1\n" + std::string(reinterpret_cast<const char*>(&size), sizeof size);
  head += worker::sha256_of(fields) + fields;
  const auto read = worker::read_cache_head(own(head).view(), key);
  if (read) require(read->bytes == head.size() && worker::cache_head(key, read->answer).value_or(head) == head);
  (void)worker::read_cache_head(own(whole).view(), key);
}

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brigade::fuzz;
  Input input(data, size);
  const std::string key = brigade::worker::sha256_of("key");
  check_written(input, key);
  const std::string rest(input.rest());
  check_made(key + rest, key, rest);
  return 0;
}
