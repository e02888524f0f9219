#include "worker/exec/slices.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>

namespace brigade::worker {
namespace {

constexpr std::uint64_t kGrainMax = 4096;
constexpr std::uint64_t kGrainGrowth = 8;
constexpr double kGrainNs = 500'000;                  // what a grain should take
constexpr double kShareNs = 200'000;                  // below this the rest of a slice is not worth sharing
constexpr std::size_t kIdleJobsMax = 64;              // jobs remembered without a lease
constexpr auto kLook = std::chrono::milliseconds(1);  // how soon an idle thread looks at a slow neighbour again

std::vector<std::uint32_t> offsets_of(const Lease& lease) {
  const Column<std::uint32_t>& sizes = lease.arguments.sizes;
  if (lease.brief.range || sizes.is_constant()) return {};
  std::vector<std::uint32_t> offsets(sizes.size() + 1);
  for (std::size_t row = 0; row < sizes.size(); ++row) offsets[row + 1] = offsets[row] + sizes[row];
  return offsets;
}

/// Each place's task when smaller numbers go first; empty where they do so anyway. Within windows of places: so what is
/// given back of a long lease has few gaps, and can be another's lease.
std::vector<std::uint32_t> ascending_order(const Slice& slice) {
  constexpr std::size_t kWindow = 256;
  const Run& run = slice.work.lease.run;
  std::vector<std::uint64_t> numbers(run.count);
  std::array<char, 8> bytes{};
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = number_of(slice.argument(run.first + i, bytes)).value_or(0);
  if (std::ranges::is_sorted(numbers)) return {};
  std::vector<std::uint32_t> order(numbers.size());
  std::iota(order.begin(), order.end(), 0u);
  for (std::span<std::uint32_t> rest(order); !rest.empty(); rest = rest.subspan(std::min(kWindow, rest.size())))
    std::ranges::stable_sort(rest.first(std::min(kWindow, rest.size())), {}, [&](auto i) { return numbers[i]; });
  return order;
}

/// The smaller of two limits of which 0 means none.
Duration stricter(Duration a, Duration b) {
  if (a <= Duration{}) return b;
  return b <= Duration{} ? a : std::min(a, b);
}

Prepared prepare(const std::vector<Kind>& kinds, const JobBrief& brief) {
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.name == brief.kind; });
  if (kind == kinds.end())
    return always(Ending::failed(TaskStatus::unsupported_kind, "this worker does not offer the kind " + brief.kind));
  Result<Prepared> prepared = kind->prepare(brief);
  if (prepared) return *std::move(prepared);
  return always(Ending::failed(TaskStatus::invalid_argument, prepared.error().message));
}

}  // namespace

std::string_view Slice::argument(std::uint64_t index, std::array<char, 8>& number) const {
  const Lease& lease = work.lease;
  if (lease.brief.range) {
    std::uint64_t rest = lease.brief.range->at(index);
    for (char& byte : number) {
      byte = static_cast<char>(rest & 0xFF);
      rest >>= 8;
    }
    return {number.data(), number.size()};
  }
  const std::size_t row = static_cast<std::size_t>(index - lease.run.first);
  const std::size_t size = lease.arguments.sizes[row];
  const std::size_t offset = offsets.empty() ? row * size : offsets[row];
  return lease.arguments.blob.view().substr(offset, size);
}

Runs Slice::tasks(std::uint64_t from, std::uint64_t to) const {
  if (from == to) return {};
  if (order.empty()) return {{index_at(from), to - from}};
  std::vector<std::uint64_t> indices;
  for (std::uint64_t place = from; place < to; ++place) indices.push_back(index_at(place));
  std::ranges::sort(indices);
  Runs runs;
  for (const std::uint64_t index : indices) {
    if (!runs.empty() && runs.back().end() == index)
      ++runs.back().count;
    else
      runs.push_back({index, 1});
  }
  return runs;
}

PermitGate::Question question_of(const Slice& slice, std::uint64_t index) {
  const Lease& lease = slice.work.lease;
  return {
      .job = lease.job, .target = {}, .counted = lease.brief.limits.per_target > 0, .lease = lease.id, .index = index};
}

SliceQueue::SliceQueue(std::vector<Kind> kinds, Options options)
    : kinds_(std::move(kinds)), options_(options), spare_(options.loop ? 0 : options.threads) {
  if (options_.memory != nullptr) options_.memory->on_room(this, [this] { wake_threads(); });
}

SliceQueue::~SliceQueue() {
  if (options_.memory != nullptr) options_.memory->dismiss(this);
}

std::shared_ptr<ActiveJob> SliceQueue::job_of(const Lease& lease) {
  forget_idle_jobs();
  std::shared_ptr<ActiveJob>& job = jobs_[lease.job];
  if (!job) {
    job = std::make_shared<ActiveJob>();
    job->id = lease.job;
    job->prepared = prepare(kinds_, lease.brief);
    job->limit = stricter(lease.brief.task_timeout, options_.time_limit);
    job->limited = lease.brief.limits.any();
    require(!job->limited || options_.gate != nullptr);
    job->coroutine = options_.loop && job->prepared.on_loop;
  }
  return job;
}

void SliceQueue::forget_idle_jobs() {
  if (jobs_.size() < kIdleJobsMax) return;
  std::erase_if(jobs_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

void SliceQueue::add(Work work) {
  const Now now = base::now();
  auto slice = std::make_shared<Slice>();
  slice->arrived = now.instant;
  slice->origin = {.lease = work.lease.id, .job = work.lease.job, .leased_at = now.utc};
  slice->offsets = offsets_of(work.lease);
  slice->end = work.lease.run.count;
  slice->work = std::move(work);
  if (slice->end == 0) return;
  const bool for_one = slice->end == 1;
  {
    const std::lock_guard lock(mutex_);
    slice->job = job_of(slice->work.lease);
  }
  if (slice->job->prepared.ascending) slice->order = ascending_order(*slice);
  {
    const std::lock_guard lock(mutex_);
    slices_.push_back(std::move(slice));
  }
  for_one ? changed_.notify_one() : changed_.notify_all();
}

Runs SliceQueue::give_back(LeaseId lease) {
  Runs runs;
  {
    const std::lock_guard lock(mutex_);
    const auto give = [&runs](const Runs& tasks) { runs.insert(runs.end(), tasks.begin(), tasks.end()); };
    for (const auto& station : stations_) give(station->cut(lease));
    for (const auto& slice : slices_) {
      if (slice->work.lease.id != lease) continue;
      give(slice->tasks(slice->next, slice->end));
      slice->end = slice->next;
    }
    drop_started();
  }
  if (options_.gate != nullptr)
    for (const Run& run : options_.gate->withdraw(lease)) runs.push_back(run);
  std::sort(runs.begin(), runs.end());
  return runs;
}

void SliceQueue::abort(JobId id) {
  const std::lock_guard lock(mutex_);
  const auto entry = jobs_.find(id);
  if (entry == jobs_.end()) return;
  const std::shared_ptr<ActiveJob> job = std::move(entry->second);
  jobs_.erase(entry);
  job->aborted = true;
  for (const auto& slice : slices_)
    if (slice->job == job) slice->end = slice->next;
  for (const auto& station : stations_) station->cut(id);
  drop_started();
  job->stop.request_stop();
}

void SliceQueue::release(std::uint64_t bytes) {
  bool was_full = false;
  {
    const std::lock_guard lock(mutex_);
    was_full = is_full();
    unreleased_ -= static_cast<std::int64_t>(bytes);
  }
  if (was_full) changed_.notify_all();
}

std::uint32_t SliceQueue::busy() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

Duration SliceQueue::least_limit() const {
  const std::lock_guard lock(mutex_);
  Duration least{};
  if (running_ == 0 && slices_.empty()) return least;
  for (const auto& [id, job] : jobs_) least = stricter(least, job->limit);
  return least;
}

Station& SliceQueue::add_station(Tray& tray) {
  const std::lock_guard lock(mutex_);
  stations_.push_back(std::make_unique<Station>(tray, spare_, options_.gate));
  return *stations_.back();
}

void SliceQueue::drop_started() {
  std::erase_if(slices_, [](const auto& slice) { return slice->next == slice->end; });
}

std::optional<Grain> SliceQueue::first_startable(bool may_wait) {
  if (is_full()) return std::nullopt;
  bool one_waits = false;  // for memory
  for (const auto& slice : slices_) {
    if (slice->job->running >= slice->work.per_worker || (!may_wait && slice->job->limited)) continue;
    if (one_waits && slice->job->prepared.memory_of) continue;
    Grain grain{.slice = slice, .begin = slice->next, .end = slice->next + grain_size(*slice)};
    if (fit(grain)) return grain;
    one_waits = true;
  }
  return std::nullopt;
}

std::uint64_t SliceQueue::memory_of(const Grain& grain) const {
  std::uint64_t largest = 0;
  std::array<char, 8> bytes{};
  for (std::uint64_t place = grain.begin; place < grain.end; ++place)
    largest = std::max(largest, number_of(grain.slice->argument(grain.slice->index_at(place), bytes)).value_or(0));
  return grain.slice->job->prepared.memory_of(largest);
}

bool SliceQueue::fit(Grain& grain) const {
  if (options_.memory == nullptr || !grain.slice->job->prepared.memory_of) return true;
  grain.memory = memory_of(grain);
  if (options_.memory->take(grain.memory)) return true;
  grain.end = grain.begin + 1;
  grain.memory = memory_of(grain);
  if (grain.memory > options_.memory->limit()) grain.memory = 0;  // its kind refuses it
  return options_.memory->take(grain.memory);
}

std::uint64_t SliceQueue::grain_size(const Slice& slice) const {
  if (slice.job->coroutine || slice.job->limited) return 1;
  const std::uint64_t rest = slice.end - slice.next;
  std::uint64_t size = slice.job->grain;
  if (slice.job->task_ns * static_cast<double>(rest) > kShareNs)
    size = std::min(size, std::max<std::uint64_t>(1, rest / (2 * std::uint64_t{options_.threads})));
  return std::min(size, rest);
}

std::optional<Grain> SliceQueue::take_locked(Station& station, bool may_wait) {
  std::optional<Grain> grain = first_startable(may_wait);
  if (grain) {
    const std::shared_ptr<Slice> slice = grain->slice;
    slice->next = grain->end;
    if (slice->next == slice->end) std::erase(slices_, slice);
  } else {
    grain = steal(station);
  }
  if (!grain) return grain;
  ++grain->slice->job->running;
  ++running_;
  spare_.task_began();
  station.memory_ = grain->memory;
  if (!grain->slice->job->coroutine) station.begin(*grain, base::monotonic_now());
  return grain;
}

std::optional<Grain> SliceQueue::take(Station& station, bool may_wait) {
  const std::lock_guard lock(mutex_);
  return stopped_ ? std::nullopt : take_locked(station, may_wait);
}

std::optional<Grain> SliceQueue::wait(Station& station) {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (std::optional<Grain> grain = take_locked(station, true)) return grain;
    // A neighbour's grain was sized for fast tasks; when it meets a slow one, nobody tells.
    if (may_steal_soon(station)) {
      changed_.wait_for(lock, kLook);
    } else {
      changed_.wait(lock);
    }
  }
  return std::nullopt;
}

bool SliceQueue::may_steal_soon(const Station& thief) const {
  return std::any_of(stations_.begin(), stations_.end(), [&](const auto& station) {
    if (station.get() == &thief) return false;
    const auto slice = station->unstarted();
    return slice && slice->job->running < slice->work.per_worker;
  });
}

std::optional<Grain> SliceQueue::steal(const Station& thief) {
  if (is_full()) return std::nullopt;
  for (const auto& station : stations_) {
    if (station.get() == &thief) continue;
    const auto slice = station->unstarted();
    if (!slice || slice->job->running >= slice->work.per_worker) continue;
    const std::uint64_t memory = station->memory_;  // of the largest of both halves
    if (memory > 0 && !options_.memory->take(memory)) continue;
    if (std::optional<Grain> grain = station->split()) {
      grain->memory = memory;
      return grain;
    }
    if (memory > 0) options_.memory->untake(memory);
  }
  return std::nullopt;
}

void SliceQueue::done(Station& station, const std::shared_ptr<ActiveJob>& job) {
  const Station::Tally tally = station.take_tally();
  std::uint64_t freed = 0;
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    freed = std::exchange(station.memory_, 0);
    --running_;
    spare_.task_ended();
    --job->running;
    unreleased_ += static_cast<std::int64_t>(tally.weight);
    if (tally.tasks > 0) {
      const double task_ns = static_cast<double>(tally.elapsed.count()) / static_cast<double>(tally.tasks);
      job->task_ns = job->task_ns > 0 ? (job->task_ns + task_ns) / 2 : task_ns;
      const double fitting = std::clamp(kGrainNs / std::max(job->task_ns, 1.0), 1.0, static_cast<double>(kGrainMax));
      job->grain = std::min(static_cast<std::uint64_t>(fitting), job->grain * kGrainGrowth);
    }
    more = !slices_.empty();
  }
  if (freed > 0) options_.memory->give_back(freed);
  if (more) changed_.notify_one();  // the job may have been at its ceiling
}

void SliceQueue::wake_threads() {
  { const std::lock_guard lock(mutex_); }  // whoever found no room has begun to wait
  changed_.notify_all();
}

void SliceQueue::done(ActiveJob& job, std::uint64_t weight) {
  const std::lock_guard lock(mutex_);
  --running_;
  spare_.task_ended();
  --job.running;
  unreleased_ += static_cast<std::int64_t>(weight);
}

void SliceQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    slices_.clear();
    for (const auto& station : stations_) station->cut_all();
    for (const auto& [id, job] : jobs_) {
      job->aborted = true;
      job->stop.request_stop();
    }
  }
  changed_.notify_all();
}

Instant SliceQueue::report_overdue(Instant now) {
  Instant next = kNever;
  const std::lock_guard lock(mutex_);
  for (const auto& station : stations_) next = std::min(next, station->report_overdue(now));
  return next;
}

}  // namespace brigade::worker
