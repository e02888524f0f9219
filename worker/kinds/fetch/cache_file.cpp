#include "worker/kinds/fetch/cache_file.h"

#include <cstring>

#include "worker/kinds/fetch/digest.h"

namespace brigade::worker {
namespace {

// Magic and version, the length of the rest of the head (4 bytes), its SHA-256; then its fields.
constexpr std::string_view kMagic = "brigade cache 1\n";
constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kFieldsAt = kMagic.size() + sizeof(std::uint32_t) + kDigestBytes;
constexpr std::size_t kTextBytesMax = 4000;  // of a validator or a content type

template <class T>
void add_number(std::string& to, T number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void add_text(std::string& to, std::string_view text) {
  add_number(to, static_cast<std::uint32_t>(text.size()));
  to += text;
}

/// Reads fields one after another; after the first that is not whole nothing is good.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  template <class T>
  T number() {
    T value{};
    if (const std::string_view bytes = raw(sizeof value); !bytes.empty())
      std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view raw(std::size_t size) {
    good_ = good_ && size <= left_.size();
    if (!good_) return {};
    const std::string_view bytes = left_.substr(0, size);
    left_.remove_prefix(size);
    return bytes;
  }
  std::string text() { return std::string(raw(number<std::uint32_t>())); }
  bool all_read() const { return good_ && left_.empty(); }

 private:
  std::string_view left_;
  bool good_ = true;
};

}  // namespace

std::optional<std::string> cache_head(const std::string& key, const CachedAnswer& answer) {
  require(key.size() == kDigestBytes && answer.sha256.size() == kDigestBytes);
  std::string fields = key + answer.sha256;
  add_number(fields, answer.bytes);
  for (const std::string* text : {&answer.etag, &answer.last_modified, &answer.content_type}) {
    if (text->size() > kTextBytesMax) return std::nullopt;
    add_text(fields, *text);
  }
  std::string head(kMagic);
  add_number(head, static_cast<std::uint32_t>(fields.size()));
  return head + sha256_of(fields) + fields;
}

std::optional<CacheHead> read_cache_head(std::string_view beginning, const std::string& key) {
  if (!beginning.starts_with(kMagic)) return std::nullopt;
  Fields head(beginning.substr(kMagic.size()));
  const auto size = head.number<std::uint32_t>();
  const std::string_view digest = head.raw(kDigestBytes);
  const std::string_view bytes = head.raw(size);
  if (bytes.empty() || sha256_of(bytes) != digest) return std::nullopt;
  Fields fields(bytes);
  const bool same = fields.raw(kDigestBytes) == key;
  CacheHead read;
  read.answer.sha256 = fields.raw(kDigestBytes);
  read.answer.bytes = fields.number<std::uint64_t>();
  read.answer.etag = fields.text();
  read.answer.last_modified = fields.text();
  read.answer.content_type = fields.text();
  read.bytes = kFieldsAt + size;
  if (!same || !fields.all_read()) return std::nullopt;
  return read;
}

}  // namespace brigade::worker
