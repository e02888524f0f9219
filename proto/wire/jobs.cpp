// Jobs and what is told about them.
#include "proto/wire/limits.h"
#include "proto/wire/parts.h"
#include "proto/wire/text.h"

namespace brigade::wire {
namespace {

constexpr int kModes = 5;
constexpr int kTrends = 3;
constexpr int kFailUnits = 3;
constexpr int kJobStates = 4;
constexpr int kErrorCodeMax = static_cast<int>(ErrorCode::internal);

void put(const Quantiles& quantiles, google::protobuf::RepeatedField<float>& to) {
  for (const float ms : {quantiles.p50, quantiles.p90, quantiles.p99}) to.Add(ms);
}

Quantiles get(const google::protobuf::RepeatedField<float>& from, std::string_view what, Check& check) {
  if (from.empty()) return {};
  if (from.size() != 3) {
    check.refuse("{}: {} quantiles in place of 3", what, from.size());
    return {};
  }
  const auto at = [&](int i) { return static_cast<float>(check.milliseconds(static_cast<double>(from[i]), what)); };
  return {.p50 = at(0), .p90 = at(1), .p99 = at(2)};
}

}  // namespace

void put(JobId id, pb::JobId& to) {
  to.set_high(id.high);
  to.set_low(id.low);
}

JobId get(const pb::JobId& from) {
  return {.high = from.high(), .low = from.low()};
}

void put(const Arithmetic& range, pb::Arithmetic& to) {
  to.set_start(range.start);
  to.set_step(range.step);
  to.set_count(range.count);
}

Arithmetic get(const pb::Arithmetic& from, Check& check) {
  return {.start = from.start(),
          .step = from.step(),
          .count = check.most(from.count(), "tasks of a range", kTasksPerJobMax)};
}

void put(const Error& error, pb::Error& to) {
  to.set_code(static_cast<std::uint32_t>(error.code));
  to.set_message(for_people(error.message, kTextBytesMax));
}

Error get(const pb::Error& from, Check& check) {
  // A code of a later version is still an error, and its message tells more.
  const auto code =
      from.code() >= 1 && from.code() <= kErrorCodeMax ? static_cast<ErrorCode>(from.code()) : ErrorCode::internal;
  return {.code = code, .message = check.text(from.message(), "error.message", kTextBytesMax)};
}

void put(const Limits& limits, pb::Limits& to) {
  to.set_spacing_ns(limits.spacing.count());
  to.set_target_spacing_ns(limits.target_spacing.count());
  to.set_per_target(limits.per_target);
}

Limits get(const pb::Limits& from, Check& check) {
  const auto spacing = [&check](std::int64_t ns) {
    check.most(static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)), "limits.spacing",
               static_cast<std::uint64_t>(kSpacingMax.count()));
    return check.duration(ns, "limits.spacing");
  };
  return {.spacing = spacing(from.spacing_ns()),
          .target_spacing = spacing(from.target_spacing_ns()),
          .per_target = static_cast<std::uint32_t>(check.most(from.per_target(), "limits.per_target", kPermitsMax))};
}

void put(const Ceilings& ceilings, pb::Ceilings& to) {
  to.set_workers(ceilings.workers);
  to.set_per_worker(ceilings.per_worker);
}

Ceilings get(const pb::Ceilings& from, Check& check) {
  const auto most = [&check](std::uint32_t value, std::string_view what, std::uint64_t max) {
    return static_cast<std::uint32_t>(check.most(value, what, max));
  };
  return {.workers = most(from.workers(), "ceilings.workers", kWorkersMax),
          .per_worker = most(from.per_worker(), "ceilings.per_worker", kSlotsMax)};
}

void put(const JobSpec& spec, pb::JobSpec& to) {
  to.set_kind(spec.kind);
  to.set_options(spec.options);
  to.set_mode(static_cast<pb::Mode>(spec.mode));
  if (spec.range) put(*spec.range, *to.mutable_range());
  to.set_trend(static_cast<pb::CostTrend>(spec.trend));
  to.set_task_timeout_ns(spec.task_timeout.count());
  to.set_deadline_ns(spec.deadline.count());
  to.set_retries(spec.retries);
  to.set_backoff_ns(spec.backoff.count());
  to.set_max_fails_unit(static_cast<pb::FailLimitUnit>(spec.max_fails.unit));
  to.set_max_fails(spec.max_fails.value);
  to.set_priority(spec.priority);
  to.set_name(spec.name);
  to.set_key(spec.key);
  to.set_hedge(spec.hedge);
  if (spec.limits.any()) put(spec.limits, *to.mutable_limits());
  if (spec.ceilings.any()) put(spec.ceilings, *to.mutable_ceilings());
  if (spec.retry_of) put(spec.retry_of, *to.mutable_retry_of());
}

JobSpec get(const pb::JobSpec& from, Check& check) {
  JobSpec spec;
  spec.kind = check.text(from.kind(), "job.kind", kNameBytesMax);
  spec.options = check.text(from.options(), "job.options", kOptionsBytesMax);
  spec.mode = check.one_of<Mode>(from.mode(), "job.mode", kModes);
  if (from.has_range()) spec.range = get(from.range(), check);
  spec.trend = check.one_of<CostTrend>(from.trend(), "job.trend", kTrends);
  spec.task_timeout = check.duration(from.task_timeout_ns(), "job.task_timeout");
  spec.deadline = check.duration(from.deadline_ns(), "job.deadline");
  spec.retries = from.retries();
  spec.backoff = check.duration(from.backoff_ns(), "job.backoff");
  spec.max_fails.unit = check.one_of<FailLimit::Unit>(from.max_fails_unit(), "job.max_fails_unit", kFailUnits);
  spec.max_fails.value = from.max_fails();
  spec.priority = from.priority();
  spec.name = check.text(from.name(), "job.name", kNameBytesMax);
  spec.key = check.text(from.key(), "job.key", kNameBytesMax);
  spec.hedge = from.hedge();
  if (from.has_limits()) spec.limits = get(from.limits(), check);
  if (from.has_ceilings()) spec.ceilings = get(from.ceilings(), check);
  spec.retry_of = get(from.retry_of());
  return spec;
}

void put(const JobSummary& job, pb::JobSummary& to) {
  put(job.id, *to.mutable_id());
  to.set_name(job.name);
  to.set_kind(job.kind);
  to.set_mode(static_cast<pb::Mode>(job.mode));
  to.set_state(static_cast<pb::JobState>(job.state));
  to.set_priority(job.priority);
  to.set_tasks(job.tasks);
  to.set_ok(job.ok);
  to.set_failed(job.failed);
  to.set_cancelled(job.cancelled);
  to.set_running(job.running);
  to.set_delayed(job.delayed);
  for (const std::uint64_t count : job.by_status) to.add_by_status(count);
  if (job.retry_of) put(job.retry_of, *to.mutable_retry_of());
  to.set_client(for_people(job.client, kNameBytesMax));
  to.set_submitted_at_ms(job.submitted_at.value);
  to.set_started_at_ms(job.started_at.value);
  to.set_finished_at_ms(job.finished_at.value);
  to.set_elapsed_ns(job.elapsed.count());
  put(job.run_ms, *to.mutable_run_ms());
  put(job.queued_ms, *to.mutable_queued_ms());
  to.set_visible_rows(job.visible_rows);
}

JobSummary get(const pb::JobSummary& from, Check& check) {
  JobSummary job;
  job.id = get(from.id());
  job.name = check.text(from.name(), "job.name", kNameBytesMax);
  job.kind = check.text(from.kind(), "job.kind", kNameBytesMax);
  job.mode = check.one_of<Mode>(from.mode(), "job.mode", kModes);
  job.state = check.one_of<JobState>(from.state(), "job.state", kJobStates);
  job.priority = from.priority();
  job.tasks = from.tasks();
  job.ok = from.ok();
  job.failed = from.failed();
  job.cancelled = from.cancelled();
  job.running = from.running();
  job.delayed = from.delayed();
  check.most(static_cast<std::uint64_t>(from.by_status_size()), "job.by_status: statuses", kTaskStatuses);
  for (int i = 0; check.ok() && i < from.by_status_size(); ++i)
    job.by_status.at(static_cast<std::size_t>(i)) = from.by_status(i);
  job.retry_of = get(from.retry_of());
  job.client = check.text(from.client(), "job.client", kNameBytesMax);
  job.submitted_at = {from.submitted_at_ms()};
  job.started_at = {from.started_at_ms()};
  job.finished_at = {from.finished_at_ms()};
  job.elapsed = check.duration(from.elapsed_ns(), "job.elapsed");
  job.run_ms = get(from.run_ms(), "job.run_ms", check);
  job.queued_ms = get(from.queued_ms(), "job.queued_ms", check);
  job.visible_rows = from.visible_rows();
  return job;
}

void put(const KindOffer& kind, pb::KindOffer& to) {
  to.set_name(kind.name);
  to.set_preferred(static_cast<pb::Lane>(kind.preferred));
  to.set_argument_max(kind.argument_max);
}

std::vector<KindOffer> get(const google::protobuf::RepeatedPtrField<pb::KindOffer>& from, Check& check) {
  check.most(static_cast<std::uint64_t>(from.size()), "kinds", kKindsMax);
  std::vector<KindOffer> kinds;
  for (int i = 0; check.ok() && i < from.size(); ++i)
    kinds.push_back({.name = check.text(from[i].name(), "kind.name", kNameBytesMax),
                     .preferred = check.one_of<Lane>(from[i].preferred(), "kind.preferred", kLanes),
                     .argument_max = from[i].argument_max()});
  return kinds;
}

std::array<std::uint32_t, kLanes> per_lane(const google::protobuf::RepeatedField<std::uint32_t>& from,
                                           std::string_view what, Check& check) {
  std::array<std::uint32_t, kLanes> lanes{};
  check.most(static_cast<std::uint64_t>(from.size()), what, kLanes);
  for (int i = 0; check.ok() && i < from.size(); ++i)
    lanes.at(static_cast<std::size_t>(i)) = static_cast<std::uint32_t>(check.most(from[i], what, kSlotsMax));
  return lanes;
}

}  // namespace brigade::wire
