#include "client/experiment/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace brigade::experiment {
namespace {

constexpr std::uint64_t kSeed = 20'260'817;
constexpr std::size_t kExactMax = 100;

/// Twice the mid-rank of every point, a's first: whole numbers also where points are equal.
std::vector<std::size_t> doubled_ranks(const Points& a, const Points& b) {
  Points all = a;
  all.insert(all.end(), b.begin(), b.end());
  Points sorted = all;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::size_t> ranks;
  for (const double point : all) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), point);
    ranks.push_back(static_cast<std::size_t>((first - sorted.begin()) + (last - sorted.begin()) + 1));
  }
  return ranks;
}

/// In how many ways `chosen` of the ranks add up to each sum.
std::vector<double> ways_of_sums(const std::vector<std::size_t>& ranks, std::size_t chosen) {
  const std::size_t total = std::accumulate(ranks.begin(), ranks.end(), std::size_t{0});
  std::vector<std::vector<double>> ways(chosen + 1, std::vector<double>(total + 1));
  ways[0][0] = 1;
  for (const std::size_t rank : ranks)
    for (std::size_t k = chosen; k > 0; --k)
      for (std::size_t sum = total; sum >= rank; --sum) ways[k][sum] += ways[k - 1][sum - rank];
  return ways[chosen];
}

double exact_p(const std::vector<std::size_t>& ranks, std::size_t chosen, double seen, double middle) {
  const std::vector<double> ways = ways_of_sums(ranks, chosen);
  double all = 0, extreme = 0;
  for (std::size_t sum = 0; sum < ways.size(); ++sum) {
    all += ways[sum];
    const double distance = std::abs(static_cast<double>(sum) - middle);
    if (distance >= std::abs(seen - middle) - 1e-9) extreme += ways[sum];
  }
  return extreme / all;
}

double normal_p(const std::vector<std::size_t>& ranks, std::size_t chosen, double seen, double middle) {
  const auto n = static_cast<double>(ranks.size());
  double squares = 0;
  for (const std::size_t rank : ranks) squares += std::pow(static_cast<double>(rank) - (n + 1), 2);
  const auto m = static_cast<double>(chosen);
  const double deviation = std::sqrt(m * (n - m) * squares / (n * (n - 1)));
  if (deviation == 0) return 1;
  return std::erfc(std::abs(seen - middle) / deviation / std::sqrt(2.0));
}

}  // namespace

double quantile(Points points, double q) {
  std::sort(points.begin(), points.end());
  const double at = q * static_cast<double>(points.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, points.size() - 1);
  return points[below] + (at - static_cast<double>(below)) * (points[above] - points[below]);
}

double median(const Points& points) {
  return quantile(points, 0.5);
}

std::vector<std::size_t> outliers(const Points& points) {
  std::vector<std::size_t> found;
  if (points.size() < 5) return found;
  const double lower = quantile(points, 0.25);
  const double upper = quantile(points, 0.75);
  const double reach = 1.5 * (upper - lower);
  for (std::size_t i = 0; i < points.size(); ++i)
    if (points[i] < lower - reach || points[i] > upper + reach) found.push_back(i);
  return found;
}

Points resampled(const Points& points, Random& random) {
  Points drawn;
  drawn.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) drawn.push_back(points[random() % points.size()]);
  return drawn;
}

Interval bootstrap(double value, const std::function<double(Random&)>& draw, std::size_t rounds) {
  Random random(kSeed);
  Points drawn;
  drawn.reserve(rounds);
  for (std::size_t i = 0; i < rounds; ++i) drawn.push_back(draw(random));
  return {value, quantile(drawn, 0.025), quantile(drawn, 0.975)};
}

Interval median_interval(const Points& points) {
  return bootstrap(median(points), [&points](Random& random) { return median(resampled(points, random)); });
}

Interval ratio_interval(const Points& over, const Points& under) {
  return bootstrap(median(over) / median(under), [&over, &under](Random& random) {
    const double above = median(resampled(over, random));
    return above / median(resampled(under, random));
  });
}

double rank_sum_p(const Points& a, const Points& b) {
  if (a.empty() || b.empty()) return 1;
  const std::vector<std::size_t> ranks = doubled_ranks(a, b);
  const auto end = ranks.begin() + static_cast<std::ptrdiff_t>(a.size());
  const auto seen = static_cast<double>(std::accumulate(ranks.begin(), end, std::size_t{0}));
  const double middle = static_cast<double>(a.size()) * static_cast<double>(ranks.size() + 1);
  const double p =
      ranks.size() <= kExactMax ? exact_p(ranks, a.size(), seen, middle) : normal_p(ranks, a.size(), seen, middle);
  return std::min(p, 1.0);
}

}  // namespace brigade::experiment
