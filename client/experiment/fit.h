// How throughput grows with the number of slots: Amdahl's law and the Universal Scalability Law.
#pragma once

#include <string>
#include <vector>

#include "client/experiment/statistics.h"

namespace brigade::experiment {

/// What was measured with `n` tasks at once: throughputs, one per repeat.
struct Load {
  double n = 0;
  Points rates;
};

enum class Law { amdahl, usl };

struct Parameter {
  std::string name, meaning;
  Interval value;
};

/// X(n) is the throughput in the unit of the rates, `scale` that of one slot:
///   Amdahl: X(n) = scale / (s + (1 - s) / n);  USL: X(n) = scale * n / (1 + sigma (n - 1) + kappa n (n - 1)).
struct Fit {
  Law law = Law::amdahl;
  bool enough_points = false;  ///< more distinct n than parameters; else the rest is empty
  std::vector<Parameter> parameters;
  Points residuals;  ///< measured median less X(n), in order of the loads

  double at(double n) const;
};

/// Both laws make n / X(n) a sum of terms with coefficients >= 0, which is fitted by least squares of relative errors:
/// one solution, no start value. The intervals come from resampling the repeats of each load.
Fit fit(Law law, const std::vector<Load>& loads);

}  // namespace brigade::experiment
