// Text of a peer and text for a peer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brigade::wire {

/// Whether it is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
/// The text cut to `bytes_max`, with '?' for each byte that is not UTF-8: what goes into messages to people must
/// arrive.
std::string for_people(std::string_view text, std::size_t bytes_max);

}  // namespace brigade::wire
