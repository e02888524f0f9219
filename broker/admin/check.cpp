// brigade-broker check: what check_store finds, as a table for people or as one JSON document.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "broker/admin/commands.h"
#include "broker/store/check.h"
#include "proto/base/text.h"

namespace brigade::broker {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const char* state_of(const CheckedJob& job) {
  return job.finished ? "finished" : job.sealed ? "unfinished" : "upload";
}

std::string summary_of(const CheckTotals& totals) {
  return fmt::format("{} jobs, {} tasks, {} results, {} records of {}, up to commit {}",
                     base::format_count(totals.jobs), base::format_count(totals.tasks), base::format_count(totals.done),
                     base::format_count(totals.records), base::format_size(totals.bytes),
                     base::format_count(totals.commits));
}

void print_note(const std::string& note) {
  fmt::print(stderr, "note: {}\n", note);
}

constexpr const char* kLine = "{:<32}  {:<10}  {:<10}  {:>13}  {:>13}  {:>9}  {:>7}  {}\n";

CheckSink table_sink() {
  const auto print_job = [first = true](const CheckedJob& job) mutable {
    if (std::exchange(first, false))
      fmt::print(kLine, "JOB", "KIND", "STATE", "TASKS", "RESULTS", "SIZE", "DAMAGES", "NAME");
    fmt::print(kLine, job.id ? to_string(job.id) : fmt::format("number {}", job.number), job.kind, state_of(job),
               base::format_count(job.tasks), base::format_count(job.done), base::format_size(job.bytes), job.damages,
               job.name);
  };
  const auto print_damage = [](const Damage& damage) { fmt::print("damage: {}\n", describe(damage)); };
  return {.job = print_job, .damage = print_damage, .note = print_note};
}

Json json_of(const CheckedJob& job) {
  return {{"id", job.id ? Json(to_string(job.id)) : Json()},
          {"number", job.number},
          {"name", job.name},
          {"kind", job.kind},
          {"state", state_of(job)},
          {"tasks", job.tasks},
          {"results", job.done},
          {"records", job.records},
          {"bytes", job.bytes},
          {"damages", job.damages}};
}

Json json_of(const Damage& damage) {
  Json json{{"file", damage.file.string()}, {"job", damage.job ? Json(to_string(damage.job)) : Json()}};
  if (damage.tasks) json["tasks"] = {{"first", damage.tasks->first}, {"count", damage.tasks->count}};
  json["what"] = damage.what;
  return json;
}

/// Jobs are printed as they come; damages and notes, of which there are few, at the end.
class JsonDocument {
 public:
  explicit JsonDocument(const std::filesystem::path& state)
      : before_("{\"state_folder\":" + text_of(Json(state.string())) + ",\"jobs\":[") {}
  CheckSink sink() {
    return {.job =
                [this](const CheckedJob& job) {
                  fmt::print("{}{}", before_, text_of(json_of(job)));
                  before_ = ",\n";
                },
            .damage =
                [this](const Damage& damage) {
                  if (damages_.size() < kDamagesMax) damages_.push_back(json_of(damage));
                },
            .note = [this](const std::string& note) { notes_.push_back(note); }};
  }
  void end(const CheckTotals& totals) {
    if (before_.size() > 2) fmt::print("{}", before_);  // no job was printed
    fmt::print("],\n\"damages\":{},\n\"notes\":{},\n\"damage_count\":{},\"commit\":{},\"whole\":{}}}\n",
               text_of(damages_), text_of(notes_), totals.damages, totals.commits, totals.damages == 0);
  }

 private:
  static constexpr std::size_t kDamagesMax = 10'000;
  std::string before_;  ///< what comes before the next job
  Json damages_ = Json::array(), notes_ = Json::array();
};

int exit_code(const CheckTotals& totals, const std::filesystem::path& state) {
  if (std::fflush(stdout) != 0) return kExitUnusable;
  if (totals.damages == 0) return kExitWhole;
  fmt::print(stderr,
             "brigade-broker: {} is damaged. Restore it from a backup, or save what can be read: brigade-broker export "
             "--results {}\n",
             state.string(), state.string());
  return kExitDamaged;
}

}  // namespace

int carry_out(const CheckOrder& order) {
  const bool json = order.output == "json";
  auto found = Result<CheckTotals>(CheckTotals{});
  if (json) {
    JsonDocument document(order.state);
    found = check_store(order.state, document.sink());
    if (found) document.end(*found);
  } else {
    found = check_store(order.state, table_sink());
    if (found)
      fmt::print("{}: {}\n", found->damages == 0 ? "whole" : fmt::format("{} damages", found->damages),
                 summary_of(*found));
  }
  if (!found) return fail(found.error());
  return exit_code(*found, order.state);
}

}  // namespace brigade::broker
