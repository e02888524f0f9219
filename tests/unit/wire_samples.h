// One message of every type, with columns of both forms.
#pragma once

#include <vector>

#include "proto/model/messages.h"

namespace brigade::wire {

inline constexpr JobId kJob{.high = 0x0123'4567'89AB'CDEF, .low = 0xFEDC'BA98'7654'3210};

inline Values values_of(std::initializer_list<std::string_view> texts) {
  ValuesBuilder builder;
  for (const auto text : texts) builder.add(text);
  return builder.take();
}

inline Outcomes packed_outcomes() {
  Outcomes outcomes;
  outcomes.runs = {{10, 2}, {3, 1}, {1'000'000'000'000, 1}};
  outcomes.status = Column<TaskStatus>::of({TaskStatus::ok, TaskStatus::protocol, TaskStatus::dns, TaskStatus::ok});
  outcomes.start_ms = Column<float>::of({0, 1.5f, 2, 1e30f});
  outcomes.run_ms = Column<float>::of({3, 4, 5, 6});
  outcomes.retry_after_ms = Column<std::uint32_t>::of({kFinal, 0, 1000, kFinal});
  outcomes.values = values_of({"one", "", "three", "f"});
  return outcomes;
}

inline Outcomes constant_outcomes(std::uint64_t count) {
  Outcomes outcomes;
  outcomes.runs = {{7, count}};
  outcomes.run_ms = Column<float>(0.25f);
  return outcomes;
}

inline JobSpec sample_spec() {
  return {.kind = "fetch",
          .options = std::string("\0\xFF binary", 9),
          .mode = Mode::coroutines,
          .range = Arithmetic{.start = 5, .step = -3, .count = 1'000'000'000},
          .trend = CostTrend::falling,
          .hedge = true,
          .task_timeout = std::chrono::seconds(3),
          .deadline = std::chrono::hours(1),
          .retries = 4,
          .backoff = std::chrono::milliseconds(250),
          .max_fails = {.unit = FailLimit::Unit::percent, .value = 5},
          .limits = {.spacing = std::chrono::milliseconds(10),
                     .target_spacing = std::chrono::hours(24),
                     .per_target = 1'000'000},
          .ceilings = {.workers = 65'536, .per_worker = 1'000'000},
          .priority = -7,
          .name = "naïve job",
          .key = "key",
          .retry_of = kJob};
}

inline JobSummary sample_summary() {
  JobSummary job{.id = kJob,
                 .name = "n",
                 .kind = "factorial",
                 .mode = Mode::processes,
                 .state = JobState::cancelled,
                 .priority = -1,
                 .tasks = 1,
                 .ok = 2,
                 .failed = 3,
                 .cancelled = 4,
                 .running = 5,
                 .delayed = 6};
  for (std::size_t i = 0; i < kTaskStatuses; ++i) job.by_status[i] = 100 + i;
  job.retry_of = {.high = 1, .low = 2};
  job.client = "uid 1000";
  job.submitted_at = {1'700'000'000'000};
  job.started_at = {1'700'000'000'001};
  job.finished_at = {1'700'000'000'002};
  job.elapsed = std::chrono::nanoseconds(12345);
  job.run_ms = {.p50 = 1, .p90 = 2, .p99 = 3};
  job.queued_ms = {.p50 = 4, .p90 = 5, .p99 = 6};
  job.visible_rows = 77;
  return job;
}

inline WorkerSummary sample_worker() {
  return {.name = "w",
          .host = "h",
          .version = "1.2.3",
          .pid = 42,
          .slots = {4, 1000},
          .busy = {1, 999},
          .kinds = {{.name = "fetch", .preferred = Lane::loop, .argument_max = 9}, {.name = "noop"}},
          .leases = 3,
          .leased_tasks = 1000,
          .finished_tasks = 2000,
          .draining = true,
          .silent_for = std::chrono::milliseconds(12)};
}

inline Read sample_read() {
  return {.reader = RequestId{1},
          .job = kJob,
          .order = Order::input,
          .from = 12,
          .failed_only = true,
          .with_arguments = true,
          .credit_bytes = 1 << 20,
          .follow = false};
}

inline Results sample_results() {
  return {.reader = RequestId{1},
          .job = kJob,
          .next = 99,
          .ended = true,
          .origins = {{.worker = "a", .attempts = 1, .queued_ms = 2.5f, .leased_at = {5}},
                      {.worker = "", .attempts = 0, .queued_ms = 0, .leased_at = {-6}},
                      {.worker = "ccc", .attempts = 3, .queued_ms = 7, .leased_at = {1'700'000'000'000}}},
          .origin = Column<std::uint16_t>::of({0, 2, 1, 0}),
          .outcomes = packed_outcomes(),
          .arguments = values_of({"http://a", "http://bb", "", "x"}),
          .labels = values_of({"", "", "l", ""})};
}

/// In the order of Message, so that a forgotten type shows.
inline std::vector<Message> samples() {
  const Error error{ErrorCode::conflict, "the key stands for another job"};
  return {
      WorkerHello{.instance = InstanceId{0xFFFF'FFFF'FFFF'FFFF},
                  .name = "worker-1",
                  .host = "host",
                  .version = "0.1.0",
                  .pid = 7,
                  .slots = {8, 1000},
                  .kinds = {{.name = "factorial", .preferred = Lane::threads, .argument_max = 100'000}},
                  .held = {{.lease = LeaseId{1}, .job = kJob, .unfinished = {{0, 10}, {20, 5}}},
                           {.lease = LeaseId{2}, .job = {.high = 0, .low = 3}, .unfinished = {}},
                           {.lease = LeaseId{3}, .job = kJob, .unfinished = {{100, 1}}}},
                  .draining = true},
      ClientHello{.version = "0.1.0", .pid = 8},
      Welcome{.epoch = 3, .version = "0.1.0", .upload_credit_bytes = 64 << 20},
      Refused{error},
      Ping{},
      Pong{},
      Heartbeat{.last_lease = LeaseId{9}, .held = {LeaseId{8}, LeaseId{9}}, .busy = {1, 2}},
      Leaving{},
      Lease{.id = LeaseId{5},
            .job = kJob,
            .run = {100, 3},
            .attempt = 2,
            .last_attempt = false,
            .brief = {.kind = "fetch",
                      .options = "o",
                      .mode = Mode::serial,
                      .task_timeout = std::chrono::seconds(1),
                      .limits = {.per_target = 2},
                      .per_worker = 3},
            .arguments = values_of({"http://a", "b", "cc"})},
      Reclaim{LeaseId{5}},
      Returned{.lease = LeaseId{5}, .runs = {{1, 2}, {5, 6}}},
      Abort{kJob},
      Block{.sequence = 1, .lease = LeaseId{5}, .job = kJob, .leased_at = {123}, .outcomes = packed_outcomes()},
      BlockStored{17},
      Drain{},
      Open{.request = RequestId{1}, .spec = sample_spec()},
      Open{.request = RequestId{2}, .spec = sample_spec(), .hash = ContentHash{1, 2, 3}},
      Open{.request = RequestId{3}, .spec = sample_spec(), .hash = ContentHash{1}, .read = sample_read()},
      Opened{.request = RequestId{1}, .job = kJob, .next_chunk = 4, .sealed = true},
      Chunk{
          .job = kJob, .sequence = 3, .count = 2, .arguments = values_of({"a", "bb"}), .labels = values_of({"", "l"})},
      ChunkStored{.job = kJob, .sequence = 3},
      Seal{.job = kJob, .tasks = 1'000'000, .hash = {1, 2, 3, 255}},
      Seal{.job = kJob, .tasks = 1, .hash = {1}, .read = sample_read()},
      Sealed{.request = RequestId{4}, .job = kJob, .existed = true, .warning = "no connected worker offers fetch"},
      SubmitRejected{.request = RequestId{2}, .job = kJob, .error = error},
      sample_read(),
      Take{.reader = RequestId{1}, .bytes = 4096},
      StopReading{RequestId{1}},
      sample_results(),
      ReadEnded{.reader = RequestId{1}, .next = 13},
      Watch{kJob},
      JobChanged{sample_summary()},
      Ask{.request = RequestId{4}, .verb = Verb::cancel, .subject = "last"},
      Answer{.request = RequestId{4},
             .last = false,
             .error = error,
             .jobs = {sample_summary(), JobSummary{}},
             .specs = {sample_spec(), JobSpec{}},
             .workers = {sample_worker(), WorkerSummary{}},
             .status = BrokerStatus{.version = "0.1.0",
                                    .pid = 1,
                                    .epoch = 2,
                                    .uptime = std::chrono::seconds(3),
                                    .durable = true,
                                    .state_folder = "/s",
                                    .trouble = "disk full",
                                    .jobs = 4,
                                    .jobs_unfinished = 5,
                                    .tasks_waiting = 6,
                                    .tasks_running = 7,
                                    .tasks_delayed = 8,
                                    .workers = 9,
                                    .clients = 10,
                                    .malformed_messages = 11,
                                    .stale_messages = 12,
                                    .state_bytes = 13,
                                    .state_bytes_max = 14},
             .reasons = {"because", "of that"}},
      ReadRejected{.reader = RequestId{1}, .job = kJob, .error = error},
      Want{.job = kJob, .target = TargetId{~std::uint64_t{0}}, .name = "http://a:80", .count = 3, .in_use = 1'000'000},
      Grant{.job = kJob,
            .target = TargetId{5},
            .count = 100,
            .first = Instant(std::chrono::seconds(7)),
            .spacing = std::chrono::microseconds(101),
            .sent = Instant(std::chrono::seconds(6))},
      Release{.job = kJob, .target = TargetId{5}, .permits = 2, .unwanted = 3},
      Hold{.job = kJob, .target = TargetId{5}, .name = "http://a:80", .wait = std::chrono::hours(1)},
      // The other form of the columns.
      Lease{.id = LeaseId{6},
            .job = kJob,
            .run = {0, 65'536},
            .brief = {.kind = "noop", .range = Arithmetic{.start = 0, .step = 1, .count = 70'000}}},
      Lease{.id = LeaseId{7}, .job = kJob, .run = {0, 3}, .arguments = values_of({"aa", "bb", "cc"})},
      Block{.sequence = 2, .lease = LeaseId{6}, .job = kJob, .outcomes = constant_outcomes(65'536)},
      Results{.reader = RequestId{1}, .origins = {Origin{}}, .outcomes = constant_outcomes(5)},
      Results{.reader = RequestId{1}, .next = 5},
      Results{.reader = RequestId{1},
              .next = 5,
              .whole_bytes = 9,
              .offset = 2,
              .origins = {Origin{}},
              .outcomes = {.runs = {{5, 1}}, .values = values_of({"abc"})}},
      Read{.from = 5, .offset = 2},
      Chunk{.job = kJob},
      Answer{},
      WorkerHello{},
      Heartbeat{},
  };
}

}  // namespace brigade::wire
