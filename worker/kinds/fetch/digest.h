// SHA-256, and bytes as people read them.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace brigade::worker {

struct FreeDigest {
  void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
};
/// SHA-256 of what is still coming.
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;
Digest new_digest();
/// Of other bytes, from the start. Sooner than a new one: its method need not be looked up.
void restart(const Digest& digest);

/// 32 bytes.
std::string sha256_of(std::string_view bytes);
/// Lower-case hexadecimal digits.
std::string hex_of(std::string_view bytes);

}  // namespace brigade::worker
