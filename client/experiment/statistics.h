// What can be said about a handful of measured times: medians, intervals, outliers, and whether two differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

namespace brigade::experiment {

using Points = std::vector<double>;

/// A value and the interval that holds it in 95 of 100 such experiments.
struct Interval {
  double value = 0, low = 0, high = 0;
  bool operator==(const Interval&) const = default;
};

/// The quantile `q` (0..1), interpolated between neighbours as R's type 7 and numpy do. REQUIRES: points.
double quantile(Points points, double q);
double median(const Points& points);

/// Positions of points beyond Tukey's fences: 1.5 times the distance of the quartiles below the lower or above the
/// upper one. Fewer than 5 points have none. They are shown, never dropped.
std::vector<std::size_t> outliers(const Points& points);

/// One generator for all resampling, so that the same points give the same interval in every run.
using Random = std::mt19937_64;

/// As many points, drawn with replacement. (No std distribution: its sequence differs between libraries.)
Points resampled(const Points& points, Random& random);

/// Percentile interval of what `draw` computes from resampled points, around `value`, computed from the points.
Interval bootstrap(double value, const std::function<double(Random&)>& draw, std::size_t rounds = 2000);
/// Of the median.
Interval median_interval(const Points& points);
/// Of median(over) / median(under).
Interval ratio_interval(const Points& over, const Points& under);

/// The two-sided p value of the Mann-Whitney test: how often ranks that are so unlike come up by chance where both
/// samples are of one kind. Exact, with mid-ranks for ties, up to 100 points; above that by the normal approximation.
double rank_sum_p(const Points& a, const Points& b);

}  // namespace brigade::experiment
