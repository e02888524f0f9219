// Statistics against values that are known, and laws recovered from data that follow them.
#include <gtest/gtest.h>

#include <cmath>

#include "client/experiment/fit.h"
#include "client/experiment/statistics.h"

namespace brigade::experiment {
namespace {

TEST(Quantiles, AreThoseOfNumpy) {
  const Points points{15, 20, 35, 40, 50};  // numpy.quantile(points, q)
  EXPECT_DOUBLE_EQ(quantile(points, 0), 15);
  EXPECT_DOUBLE_EQ(quantile(points, 0.4), 29);
  EXPECT_DOUBLE_EQ(quantile(points, 0.25), 20);
  EXPECT_DOUBLE_EQ(quantile(points, 1), 50);
  EXPECT_DOUBLE_EQ(median({3, 1, 2, 4}), 2.5);
  EXPECT_DOUBLE_EQ(median({7}), 7);
}

TEST(Outliers, AreBeyondTukeysFences) {
  EXPECT_EQ(outliers({1.0, 1.1, 9.0, 1.2, 1.05, 1.15}), (std::vector<std::size_t>{2}));
  EXPECT_EQ(outliers({1, 2, 3, 4, 5}), (std::vector<std::size_t>{}));
  EXPECT_EQ(outliers({1, 1, 1, 9}), (std::vector<std::size_t>{})) << "too few points to call one odd";
}

TEST(Intervals, HoldTheMedianAndAreTheSameInEveryRun) {
  const Points points{10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
  const Interval interval = median_interval(points);
  EXPECT_DOUBLE_EQ(interval.value, 14.5);
  EXPECT_GE(interval.low, 11);
  EXPECT_LE(interval.low, 13);
  EXPECT_GE(interval.high, 16);
  EXPECT_LE(interval.high, 18);
  EXPECT_EQ(median_interval(points), interval);
  EXPECT_EQ(median_interval({3, 3, 3}), (Interval{3, 3, 3}));
}

TEST(Intervals, OfARatioHoldItsValue) {
  const Interval ratio = ratio_interval({20, 21, 22, 23, 24}, {10, 10.5, 11, 11.5, 12});
  EXPECT_DOUBLE_EQ(ratio.value, 2);
  EXPECT_LT(ratio.low, 2);
  EXPECT_GT(ratio.high, 2);
  EXPECT_GT(ratio.low, 1.6);
}

TEST(RankSums, GiveTheExactChance) {
  // scipy.stats.mannwhitneyu(a, b, method="exact"): 2 / C(10, 5), and 2 / C(6, 3).
  EXPECT_NEAR(rank_sum_p({1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}), 2.0 / 252, 1e-12);
  EXPECT_NEAR(rank_sum_p({1, 2, 3}, {4, 5, 6}), 0.1, 1e-12);
  EXPECT_NEAR(rank_sum_p({1, 3, 5}, {2, 4, 6}), 0.7, 1e-12);
  EXPECT_DOUBLE_EQ(rank_sum_p({1, 1}, {1, 1}), 1);
}

TEST(RankSums, AgreeWithTheNormalLawOfManyPoints) {
  Points a, b;
  for (int i = 0; i < 60; ++i) {
    a.push_back(i);
    b.push_back(i + 0.5);
  }
  EXPECT_GT(rank_sum_p(a, b), 0.5);
  for (double& point : b) point += 30;
  EXPECT_LT(rank_sum_p(a, b), 1e-6);
}

double usl(double n, double scale, double sigma, double kappa) {
  return scale * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

std::vector<Load> loads_of(const Points& ns, double sigma, double kappa, double noise) {
  std::vector<Load> loads;
  for (const double n : ns) {
    Load load{n, {}};
    for (const double factor : {1.0, 1 - noise, 1 + noise, 1 - noise / 2, 1 + noise / 2})
      load.rates.push_back(factor * usl(n, 250, sigma, kappa));
    loads.push_back(load);
  }
  return loads;
}

TEST(Fits, RecoverAmdahlsLaw) {
  const Fit made = fit(Law::amdahl, loads_of({1, 2, 4, 8, 16}, 0.07, 0, 0));
  ASSERT_TRUE(made.enough_points);
  EXPECT_NEAR(made.parameters[0].value.value, 250, 1e-6);
  EXPECT_NEAR(made.parameters[1].value.value, 0.07, 1e-9);
  for (const double residual : made.residuals) EXPECT_NEAR(residual, 0, 1e-6);
  EXPECT_NEAR(made.at(3), 250 / (0.07 + 0.93 / 3), 1e-6);
}

TEST(Fits, RecoverTheUniversalScalabilityLaw) {
  const Fit made = fit(Law::usl, loads_of({1, 2, 4, 8, 16, 32}, 0.05, 0.002, 0));
  ASSERT_TRUE(made.enough_points);
  EXPECT_NEAR(made.parameters[0].value.value, 250, 1e-6);
  EXPECT_NEAR(made.parameters[1].value.value, 0.05, 1e-9);
  EXPECT_NEAR(made.parameters[2].value.value, 0.002, 1e-9);
}

TEST(Fits, GiveIntervalsThatHoldTheTruthUnderNoise) {
  const Fit made = fit(Law::usl, loads_of({1, 2, 4, 8, 16, 32}, 0.05, 0.002, 0.02));
  const Points truth{250, 0.05, 0.002};
  for (std::size_t i = 0; i < truth.size(); ++i) {
    EXPECT_LE(made.parameters[i].value.low, truth[i]) << made.parameters[i].name;
    EXPECT_GE(made.parameters[i].value.high, truth[i]) << made.parameters[i].name;
    EXPECT_LT(made.parameters[i].value.low, made.parameters[i].value.high) << made.parameters[i].name;
  }
}

TEST(Fits, HaveNoNegativeParameters) {
  std::vector<Load> loads;  // faster than linear: no law explains it
  for (const double n : {1.0, 2.0, 4.0, 8.0}) loads.push_back({n, {100 * std::pow(n, 1.2)}});
  const Fit made = fit(Law::usl, loads);
  EXPECT_GE(made.parameters[1].value.value, 0);
  EXPECT_GE(made.parameters[2].value.value, 0);
}

TEST(Fits, SayWhenThereAreTooFewPoints) {
  EXPECT_FALSE(fit(Law::amdahl, loads_of({1, 2}, 0.1, 0, 0)).enough_points);
  EXPECT_TRUE(fit(Law::amdahl, loads_of({1, 2, 4}, 0.1, 0, 0)).enough_points);
  EXPECT_FALSE(fit(Law::usl, loads_of({1, 2, 4}, 0.1, 0, 0)).enough_points);
  EXPECT_FALSE(fit(Law::amdahl, loads_of({2, 2, 2, 2}, 0.1, 0, 0)).enough_points);
}

}  // namespace
}  // namespace brigade::experiment
