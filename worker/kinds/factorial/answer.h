// What all tasks of the kind `factorial` have in common: their limits, and how a number becomes an answer.
#pragma once

#include <cstdint>
#include <optional>

#include "proto/wire/kinds.h"
#include "worker/kinds/factorial/radix.h"
#include "worker/kinds/factorial/swing.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

struct FactorialLimits {
  std::uint64_t n = 0;
  std::uint64_t memory = 0;  ///< of one task; 0: none
};

/// In which a form is computed: decimal digits are never converted.
Radix radix_of(wire::FactorialForm form);
/// A task that is aborted or past its limit is given up at the next long step.
Effort effort_of(const TaskFeed& feed);

/// Why a task about n! is not run: its size is known before.
std::optional<Ending> refusal_of(std::uint64_t n, const wire::FactorialOptions& options, const FactorialLimits& limits);
/// n! in the form that was asked for. REQUIRES: `number` is n! in the form's radix.
Ending answer_with(std::uint64_t n, LimbsView number, wire::FactorialForm form, Team team);
/// What a number is answered with that did not stand its check; `what` names it.
Ending computed_wrong(const std::string& what);

}  // namespace brigade::worker
