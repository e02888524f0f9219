// SHA-256, and bytes as people read them.
#pragma once

#include <string>
#include <string_view>

namespace brigade::worker {

/// 32 bytes.
std::string sha256_of(std::string_view bytes);
/// Lower-case hexadecimal digits.
std::string hex_of(std::string_view bytes);

}  // namespace brigade::worker
