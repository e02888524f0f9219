// What the figures say in words, and only what they support.
#pragma once

#include <string>
#include <vector>

#include "client/experiment/record.h"

namespace brigade::experiment {

/// Two cells of the same work. `ratio` is how many times faster `better` is.
struct Comparison {
  const Cell* better = nullptr;
  const Cell* worse = nullptr;
  Interval ratio;
  double p = 1;
  /// The interval leaves out 1, and chance alone seldom does that.
  bool meaningful() const { return ratio.low > 1 && p < 0.05; }
  std::string text() const;
};

/// Per workload and size: the fastest cell against the fastest of every other mode.
std::vector<Comparison> comparisons_of(const Measured& measured);

std::string recommendation_of(const Measured& measured, const std::vector<Comparison>& comparisons);

/// What makes figures doubtful: a busy machine, wide intervals, short runs, failed tasks, few repeats.
std::vector<std::string> warnings_of(const Measured& measured);

}  // namespace brigade::experiment
