// Jobs of factorials, and the check of every answer modulo 2^61-1.
#pragma once

#include <cstdint>
#include <vector>

#include "client/bench/figures.h"
#include "client/session.h"
#include "proto/model/job.h"
#include "proto/wire/kinds.h"

namespace brigade::bench {

/// More at once is not measured.
inline constexpr std::uint64_t kFactorialsMax = 65'536;

/// Which ones; more than one range are sent as a list. REQUIRES: 1 to kFactorialsMax numbers in all.
struct Factorials {
  std::vector<Arithmetic> ranges;
  wire::FactorialForm form = wire::FactorialForm::binary;  ///< or decimal
};

/// n! modulo 2^61-1 for each number, in their order.
std::vector<std::uint64_t> residues_of(const std::vector<std::uint64_t>& numbers);
/// Of an answer's value: bytes, least significant first, or decimal digits.
std::uint64_t residue_of_binary(std::string_view bytes);
std::uint64_t residue_of_decimal(std::string_view digits);

/// One job, from its submit until all its answers are here; they are checked after the clock has stopped.
Result<Figures> factorials(client::Session& session, const Factorials& wanted, pid_t broker);

}  // namespace brigade::bench
