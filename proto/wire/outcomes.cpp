// Outcomes and their origins as columns.
#include <algorithm>

#include "proto/wire/limits.h"
#include "proto/wire/parts.h"

namespace brigade::wire {
namespace {

void check_statuses(const Column<TaskStatus>& status, Check& check) {
  std::uint8_t largest = static_cast<std::uint8_t>(status.constant());
  for (const char row : status.items().view()) largest = std::max(largest, static_cast<std::uint8_t>(row));
  if (largest >= kTaskStatuses) check.refuse("outcomes.status: {} is not known here", largest);
}

}  // namespace

void put(const Outcomes& outcomes, google::protobuf::RepeatedField<std::uint64_t>& runs, BodyWriter& body) {
  const std::uint64_t rows = outcomes.count();
  put(outcomes.runs, runs);
  body.column(outcomes.status, rows);
  body.column(outcomes.start_ms, rows);
  body.column(outcomes.run_ms, rows);
  body.column(outcomes.retry_after_ms, rows);
  body.values(outcomes.values, rows);
}

Outcomes get(const google::protobuf::RepeatedField<std::uint64_t>& runs, std::uint64_t tasks_max, BodyReader& body,
             Check& check) {
  Outcomes outcomes;
  outcomes.runs = check.runs(runs, "outcomes.runs", tasks_max);
  const std::uint64_t rows = outcomes.count();
  outcomes.status = body.column<TaskStatus>("outcomes.status", rows);
  outcomes.start_ms = body.column<float>("outcomes.start_ms", rows);
  outcomes.run_ms = body.column<float>("outcomes.run_ms", rows);
  outcomes.retry_after_ms = body.column<std::uint32_t>("outcomes.retry_after_ms", rows);
  outcomes.values = body.values("outcomes.values", rows);
  check_statuses(outcomes.status, check);
  check.milliseconds(outcomes.start_ms, "outcomes.start_ms");
  check.milliseconds(outcomes.run_ms, "outcomes.run_ms");
  return outcomes;
}

void put(const std::vector<Origin>& origins, BodyWriter& body) {
  ValuesBuilder names;
  std::vector<std::uint32_t> attempts;
  std::vector<float> queued;
  std::vector<std::int64_t> leased;
  for (const Origin& origin : origins) {
    names.add(origin.worker);
    attempts.push_back(origin.attempts);
    queued.push_back(origin.queued_ms);
    leased.push_back(origin.leased_at.value);
  }
  body.values(names.take(), origins.size());
  body.column(Column<std::uint32_t>::of(std::move(attempts)), origins.size());
  body.column(Column<float>::of(std::move(queued)), origins.size());
  body.column(Column<std::int64_t>::of(std::move(leased)), origins.size());
}

std::vector<Origin> get_origins(std::uint32_t count, BodyReader& body, Check& check) {
  check.most(count, "origins", kOriginsMax);
  const Values names = body.values("origins.worker", count);
  const auto attempts = body.column<std::uint32_t>("origins.attempts", count);
  const auto queued = body.column<float>("origins.queued_ms", count);
  const auto leased = body.column<std::int64_t>("origins.leased_at", count);
  check.milliseconds(queued, "origins.queued_ms");
  std::vector<Origin> origins;
  if (!check.ok()) return origins;
  origins.reserve(count);
  ValuesReader reader(names);
  for (std::uint32_t i = 0; i < count; ++i)
    origins.push_back({.worker = check.name(reader.next(), "origins.worker"),
                       .attempts = attempts[i],
                       .queued_ms = queued[i],
                       .leased_at = UtcMs{leased[i]}});
  return origins;
}

}  // namespace brigade::wire
