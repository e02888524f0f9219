// Numbers as answers show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "worker/kinds/factorial/radix.h"
#include "worker/kinds/team.h"

namespace brigade::worker {

/// The digits of a number in radix 10^19, and back.
std::string decimal_of(LimbsView number, Team team);
Limbs limbs_of_decimal(std::string_view digits);

// Of a number in radix 2^64:
std::string hex_of(LimbsView number);
/// Least significant byte first.
std::string_view bytes_of(LimbsView number);
/// Decimal digits, exactly.
std::uint64_t digits_of(LimbsView number);

}  // namespace brigade::worker
