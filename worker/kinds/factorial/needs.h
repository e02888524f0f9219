// What a factorial needs, known before it is computed: for who computes it and for who plans.
#pragma once

#include <cstdint>

#include "proto/wire/kinds.h"

namespace brigade::worker {

/// Bytes of n! in this form, never too few.
std::uint64_t answer_bytes_of_factorial(std::uint64_t n, wire::FactorialForm form);

/// Memory that a worker takes for n! and its answer at most, beside what it has anyway. It grows with n.
std::uint64_t memory_of_factorial(std::uint64_t n, const wire::FactorialOptions& options);

}  // namespace brigade::worker
