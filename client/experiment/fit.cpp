#include "client/experiment/fit.h"

#include <array>
#include <cmath>
#include <set>

namespace brigade::experiment {
namespace {

constexpr std::size_t kTermsMax = 3;
constexpr std::size_t kRounds = 500;

/// Coefficients of 1, n - 1 and n (n - 1) in n / X(n).
using Coefficients = std::array<double, kTermsMax>;
using Square = std::array<std::array<double, kTermsMax + 1>, kTermsMax>;

std::size_t terms_of(Law law) {
  return law == Law::amdahl ? 2 : 3;
}

Coefficients terms_at(double n) {
  return {1, n - 1, n * (n - 1)};
}

/// The normal equations of minimising sum((1 - terms * c / y)^2) over the terms in use, right side last.
Square equations(const Points& n, const Points& rates, const std::array<bool, kTermsMax>& used) {
  Square square{};
  for (std::size_t i = 0; i < n.size(); ++i) {
    const Coefficients terms = terms_at(n[i]);
    const double y = n[i] / rates[i];
    for (std::size_t row = 0; row < kTermsMax; ++row) {
      if (!used[row]) continue;
      for (std::size_t column = 0; column < kTermsMax; ++column)
        if (used[column]) square[row][column] += terms[row] * terms[column] / (y * y);
      square[row][kTermsMax] += terms[row] / y;
    }
  }
  for (std::size_t row = 0; row < kTermsMax; ++row)
    if (!used[row]) square[row][row] = 1;
  return square;
}

/// Gauss-Jordan elimination with pivoting.
Coefficients solve(Square square) {
  for (std::size_t column = 0; column < kTermsMax; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column; row < kTermsMax; ++row)
      if (std::abs(square[row][column]) > std::abs(square[pivot][column])) pivot = row;
    std::swap(square[column], square[pivot]);
    if (square[column][column] == 0) continue;
    for (std::size_t row = 0; row < kTermsMax; ++row) {
      if (row == column) continue;
      const double factor = square[row][column] / square[column][column];
      for (std::size_t k = column; k <= kTermsMax; ++k) square[row][k] -= factor * square[column][k];
    }
  }
  Coefficients found{};
  for (std::size_t row = 0; row < kTermsMax; ++row)
    found[row] = square[row][row] == 0 ? 0 : square[row][kTermsMax] / square[row][row];
  return found;
}

double misfit(const Points& n, const Points& rates, const Coefficients& c) {
  double sum = 0;
  for (std::size_t i = 0; i < n.size(); ++i) {
    const Coefficients terms = terms_at(n[i]);
    const double modelled = terms[0] * c[0] + terms[1] * c[1] + terms[2] * c[2];
    sum += std::pow(1 - modelled * rates[i] / n[i], 2);
  }
  return sum;
}

/// The best coefficients that are not negative: of the few ways to leave terms out, the best one that is allowed.
/// Amdahl's s is at most 1: there the second coefficient is at most the first.
Coefficients best(Law law, const Points& n, const Points& rates) {
  Coefficients chosen{1, 0, 0};
  double least = INFINITY;
  const auto offer = [&](const Coefficients& c) {
    const double error = misfit(n, rates, c);
    if (c[0] <= 0 || c[1] < 0 || c[2] < 0 || error >= least) return;
    if (law == Law::amdahl && c[1] > c[0]) return;
    least = error;
    chosen = c;
  };
  for (unsigned mask = 0; mask < (law == Law::amdahl ? 2u : 4u); ++mask)
    offer(solve(equations(n, rates, {true, (mask & 1) != 0, (mask & 2) != 0})));
  if (law == Law::amdahl) {  // nothing runs side by side: the same rate for every n
    double sum = 0, squares = 0;
    for (const double rate : rates) {
      sum += rate;
      squares += rate * rate;
    }
    offer({sum / squares, sum / squares, 0});
  }
  return chosen;
}

double rate_at(const Coefficients& c, double n) {
  const Coefficients terms = terms_at(n);
  return n / (terms[0] * c[0] + terms[1] * c[1] + terms[2] * c[2]);
}

/// scale, s or sigma, kappa.
Points parameters_of(Law law, const Coefficients& c) {
  Points values{1 / c[0], c[1] / c[0]};
  if (law == Law::usl) values.push_back(c[2] / c[0]);
  return values;
}

std::vector<Parameter> described(Law law, const Points& values) {
  std::vector<Parameter> parameters{{"scale", "throughput of one slot", {values[0], 0, 0}}};
  if (law == Law::amdahl) {
    parameters.push_back({"s", "serial fraction", {values[1], 0, 0}});
  } else {
    parameters.push_back({"sigma", "contention: waiting for what is shared", {values[1], 0, 0}});
    parameters.push_back({"kappa", "coherency: agreeing with every other", {values[2], 0, 0}});
  }
  return parameters;
}

Points draw(Law law, const std::vector<Load>& loads, const Points& n, Random& random) {
  Points rates;
  for (const Load& load : loads) rates.push_back(median(resampled(load.rates, random)));
  return parameters_of(law, best(law, n, rates));
}

}  // namespace

double Fit::at(double n) const {
  const double scale = parameters[0].value.value;
  const double first = parameters[1].value.value;
  const double second = law == Law::usl ? parameters[2].value.value : 0;
  return rate_at({1 / scale, first / scale, second / scale}, n);
}

Fit fit(Law law, const std::vector<Load>& loads) {
  Fit made{.law = law};
  Points n, rates;
  for (const Load& load : loads) {
    n.push_back(load.n);
    rates.push_back(median(load.rates));
  }
  if (std::set<double>(n.begin(), n.end()).size() <= terms_of(law)) return made;
  made.enough_points = true;
  made.parameters = described(law, parameters_of(law, best(law, n, rates)));
  std::vector<Points> drawn(made.parameters.size());
  Random random(1);
  for (std::size_t round = 0; round < kRounds; ++round) {
    const Points values = draw(law, loads, n, random);
    for (std::size_t i = 0; i < values.size(); ++i) drawn[i].push_back(values[i]);
  }
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    made.parameters[i].value.low = quantile(drawn[i], 0.025);
    made.parameters[i].value.high = quantile(drawn[i], 0.975);
  }
  for (std::size_t i = 0; i < n.size(); ++i) made.residuals.push_back(rates[i] - made.at(n[i]));
  return made;
}

}  // namespace brigade::experiment
