#include "client/content_hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace brigade::client {

namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

}  // namespace

struct ContentHasher::Digest {
  Digest() { require(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest() { EVP_MD_CTX_free(context); }

  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

void use_openssl_for_hashes_only() {
  constexpr std::uint64_t kBare =
      OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS;
  (void)OPENSSL_init_crypto(kBare, nullptr);
}

ContentHasher::ContentHasher(const JobSpec& spec)
    : digest_(std::make_unique<Digest>()), range_(spec.range.has_value()) {
  text("brigade-content-1");
  text(spec.kind);
  text(spec.options);
  number(static_cast<std::uint64_t>(spec.mode));
  number(static_cast<std::uint64_t>(spec.task_timeout.count()));
  number(static_cast<std::uint64_t>(spec.deadline.count()));
  number(spec.retries);
  number(static_cast<std::uint64_t>(spec.backoff.count()));
  number(static_cast<std::uint64_t>(spec.max_fails.unit));
  number(spec.max_fails.value);
  // Left out where there are none: so the hashes of jobs that were submitted before there were limits stay.
  if (spec.limits.any()) {
    text("limits");
    number(static_cast<std::uint64_t>(spec.limits.spacing.count()));
    number(static_cast<std::uint64_t>(spec.limits.target_spacing.count()));
    number(spec.limits.per_target);
  }
  if (spec.ceilings.any()) {  // likewise
    text("ceilings");
    number(spec.ceilings.workers);
    number(spec.ceilings.per_worker);
  }
  number(range_ ? 1 : 2);
  if (!spec.range) return;
  number(spec.range->start);
  number(static_cast<std::uint64_t>(spec.range->step));
  number(spec.range->count);
  tasks_ = spec.range->count;
}

ContentHasher::~ContentHasher() = default;

void ContentHasher::add(std::uint64_t count, const Values& arguments) {
  require(!range_);
  ValuesReader reader(arguments);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view value = reader.next();
    const auto size = static_cast<std::uint32_t>(value.size());
    const char bytes[4] = {static_cast<char>(size), static_cast<char>(size >> 8), static_cast<char>(size >> 16),
                           static_cast<char>(size >> 24)};
    raw(bytes, sizeof bytes);
    raw(value.data(), value.size());
  }
  tasks_ += count;
}

ContentHash ContentHasher::finish() {
  if (!range_) number(tasks_);
  flush();
  ContentHash hash{};
  require(EVP_DigestFinal_ex(digest_->context, hash.data(), nullptr) == 1);
  return hash;
}

void ContentHasher::number(std::uint64_t value) {
  char bytes[8];
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  raw(bytes, sizeof bytes);
}

void ContentHasher::text(std::string_view value) {
  number(value.size());
  raw(value.data(), value.size());
}

void ContentHasher::raw(const void* data, std::size_t size) {
  if (size >= kBufferBytes) {
    flush();
    require(EVP_DigestUpdate(digest_->context, data, size) == 1);
    return;
  }
  buffer_.append(static_cast<const char*>(data), size);
  if (buffer_.size() >= kBufferBytes) flush();
}

void ContentHasher::flush() {
  require(EVP_DigestUpdate(digest_->context, buffer_.data(), buffer_.size()) == 1);
  buffer_.clear();
}

}  // namespace brigade::client
