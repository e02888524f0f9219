// What a factorial needs, known before it is computed: for who computes it and for who plans.
#pragma once

#include <cstdint>

#include "proto/wire/kinds.h"

namespace brigade::worker {

/// Bytes of n! in this form, never too few.
std::uint64_t answer_bytes_of_factorial(std::uint64_t n, wire::FactorialForm form);

/// Bytes of all parts of n! as the argument of the task that merges them, never too few.
std::uint64_t argument_bytes_of_merge(std::uint64_t n, const wire::FactorialOptions& options);
/// Whether that fits into a message.
bool can_be_split(std::uint64_t n, const wire::FactorialOptions& options);

/// Memory that a worker takes for n! and its answer at most, beside what it has anyway; of a split one for a part, or
/// for the merge. It grows with n.
std::uint64_t memory_of_factorial(std::uint64_t n, const wire::FactorialOptions& options);

}  // namespace brigade::worker
