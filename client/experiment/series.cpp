#include "client/experiment/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "client/experiment/fit.h"
#include "client/experiment/summary.h"

namespace brigade::experiment {
namespace {

constexpr int kCurvePoints = 40;

struct Series {
  std::string axis;
  std::vector<const Cell*> cells;  // in order of the axis
};

double position(const Cell& cell, const std::string& axis) {
  if (axis == "workers") return cell.workers;
  if (axis == "threads") return cell.threads;
  if (axis == "io_concurrency") return cell.io_concurrency;
  return size_number(cell.size);
}

/// Whether nothing but `axis` differs.
bool alike(const Cell& a, const Cell& b, const std::string& axis) {
  return a.workload == b.workload && a.runner == b.runner && a.mode == b.mode &&
         (axis == "workers" || a.workers == b.workers) && (axis == "threads" || a.threads == b.threads) &&
         (axis == "io_concurrency" || a.io_concurrency == b.io_concurrency) && (axis == "size" || a.size == b.size);
}

std::vector<Series> series_of(const Measured& measured) {
  std::vector<Series> all;
  for (const char* axis : {"workers", "threads", "io_concurrency", "size"}) {
    std::set<const Cell*> taken;
    for (const Cell& first : measured.manifest.cells) {
      Series series{axis, {}};
      for (const Cell& cell : measured.manifest.cells)
        if (alike(first, cell, axis) && !taken.contains(&cell)) series.cells.push_back(&cell);
      taken.insert(series.cells.begin(), series.cells.end());
      std::stable_sort(series.cells.begin(), series.cells.end(),
                       [axis](const Cell* a, const Cell* b) { return position(*a, axis) < position(*b, axis); });
      if (series.cells.size() > 1) all.push_back(std::move(series));
    }
  }
  return all;
}

std::string name_of(const Series& series) {
  const Cell& cell = *series.cells.front();
  std::string name = cell.runner == "python" ? "Python's " + cell.mode : cell.mode;
  if (series.axis != "workers" && (cell.mode == "threads" || cell.mode == "coroutines" || cell.mode == "processes"))
    name += fmt::format(", {} worker{}", cell.workers, cell.workers == 1 ? "" : "s");
  if (series.axis != "threads" && cell.mode == "threads")
    name += fmt::format(", {} thread{} each", cell.threads, cell.threads == 1 ? "" : "s");
  if (series.axis != "io_concurrency" && cell.io_concurrency > 0)
    name += fmt::format(", {} in flight each", cell.io_concurrency);
  return series.axis == "size" || cell.size.empty() ? name : name + ", size " + cell.size;
}

Json parameters_json(const Fit& fit, double reference) {
  Json parameters = Json::array();
  for (const Parameter& each : fit.parameters) {
    const double unit = each.name == "scale" ? reference : 1;
    parameters.push_back(
        {{"name", each.name},
         {"meaning", each.name == "scale" ? "speed-up of one against the reference cell" : each.meaning},
         {"value", each.value.value / unit},
         {"low", each.value.low / unit},
         {"high", each.value.high / unit}});
  }
  return parameters;
}

/// `reference`: the throughput that is speed-up 1.
Json fit_json(Law law, const std::vector<Load>& loads, double reference) {
  const bool amdahl = law == Law::amdahl;
  Json json{{"model", amdahl ? "amdahl" : "usl"},
            {"formula",
             amdahl ? "S(n) = scale / (s + (1 - s) / n)" : "S(n) = scale n / (1 + sigma (n - 1) + kappa n (n - 1))"}};
  const Fit fitted = fit(law, loads);
  json["status"] = fitted.enough_points ? "ok" : "not enough points";
  if (!fitted.enough_points) return json;
  json["parameters"] = parameters_json(fitted, reference);
  json["residuals"] = Json::array();
  for (const double residual : fitted.residuals) json["residuals"].push_back(residual / reference);
  json["curve"] = Json::array();
  const double first = loads.front().n, last = loads.back().n;
  for (int i = 0; i <= kCurvePoints; ++i) {
    const double n = first * std::pow(last / first, static_cast<double>(i) / kCurvePoints);
    json["curve"].push_back({n, fitted.at(n) / reference});
  }
  if (const double kappa = amdahl ? 0 : fitted.parameters[2].value.value; kappa > 0)
    json["peak_n"] = std::sqrt(std::max(0.0, 1 - fitted.parameters[1].value.value) / kappa);
  return json;
}

}  // namespace

Json series_json(const Measured& measured) {
  Json all = Json::array();
  for (const Series& series : series_of(measured)) {
    Json json{{"name", name_of(series)},
              {"workload", series.cells.front()->workload},
              {"axis", series.axis},
              {"cells", Json::array()},
              {"fits", Json::array()}};
    std::vector<Load> loads;
    for (const Cell* cell : series.cells) {
      const Points rates = measured.rates_of(cell->id);
      if (rates.empty()) continue;
      json["cells"].push_back(cell->id);
      loads.push_back({position(*cell, series.axis), rates});
    }
    const Cell* reference = reference_of(measured, *series.cells.front());
    if (loads.size() < 2 || reference == nullptr) continue;
    if (series.axis != "size") {
      const double unit = median(measured.rates_of(reference->id));
      for (const Law law : {Law::amdahl, Law::usl}) json["fits"].push_back(fit_json(law, loads, unit));
    }
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace brigade::experiment
