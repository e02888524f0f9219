#include "worker/kinds/fetch/digest.h"

#include "proto/model/result.h"

namespace brigade::worker {

Digest new_digest() {
  Digest digest(EVP_MD_CTX_new());
  require(digest != nullptr && EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1);
  return digest;
}

void restart(const Digest& digest) {
  require(EVP_DigestInit_ex(digest.get(), nullptr, nullptr) == 1);
}

std::string sha256_of(std::string_view bytes) {
  std::string digest(32, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(),
             nullptr);
  return digest;
}

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

}  // namespace brigade::worker
