#include "broker/core/readers.h"

#include <algorithm>

namespace brigade::broker {
namespace {

using Key = std::pair<PeerId, RequestId>;

Error unknown_job(JobId id) {
  return {ErrorCode::not_found, "no job " + to_string(id) + " here; `brigade jobs` lists what there is"};
}

/// More credit is as good as none at all.
constexpr std::int64_t kCreditMax = std::int64_t{1} << 40;

std::int64_t credit_of(std::uint64_t bytes) {
  return static_cast<std::int64_t>(std::min(bytes, static_cast<std::uint64_t>(kCreditMax)));
}

/// How far a reader could go now: a log cursor, or a task number.
std::uint64_t readable_end(const Job& job, const Reader& reader) {
  if (reader.read.order == Order::completion) return job.visible_rows;
  return job.readable_until(reader.next);
}

/// Failed tasks alone, in input order: the next run of them, if all before it is final.
Run next_failed(const Job& job, const Reader& reader, std::uint64_t end) {
  const auto run = job.failed.first_at_or_after(reader.next);
  if (!run || run->first >= end) return {end, 0};
  return {run->first, std::min(run->end(), end) - run->first};
}

/// `key` is a copy: the caller's may be the map's own.
void drop(State& state, Key key, JobId job) {
  state.readers.erase(key);
  if (const auto it = state.readers_of.find(job); it != state.readers_of.end()) {
    it->second.erase(key);
    if (it->second.empty()) state.readers_of.erase(it);
  }
}

/// Sends the next page, or the end. A page is answered with PageSent, which leads here again.
void feed(State& state, const Key& key, Commands& out) {
  Reader& reader = state.readers.at(key);
  if (reader.busy) return;
  const Job& job = state.jobs.at(reader.read.job);
  std::uint64_t end = readable_end(job, reader);
  std::uint64_t from = reader.next;
  const bool all_seen = end >= (reader.read.order == Order::input ? job.tasks : job.log_rows);
  bool last = (job.is_final() && all_seen) || !reader.read.follow;
  if (reader.read.failed_only && reader.read.order == Order::input) {
    const Run run = next_failed(job, reader, end);
    last = last && (run.count == 0 || run.end() == end);
    from = run.first;
    end = run.end();
  }
  if (from < end) {
    if (reader.credit_bytes <= 0) return;
    reader.busy = true;
    const std::uint64_t bytes = std::min(static_cast<std::uint64_t>(reader.credit_bytes), state.settings.page_bytes);
    out.push_back(SendPage{key.first, key.second, job.id, reader.read.order, from, end, bytes, reader.read.failed_only,
                           reader.read.with_arguments && !job.spec.range, last,
                           from == reader.next ? reader.offset : 0});
    return;
  }
  if (last) {
    send(key.first, ReadEnded{key.second, std::max(reader.next, from)}, out);
    drop(state, key, job.id);
  }
}

}  // namespace

void on_read(State& state, PeerId peer, const Read& read, Commands& out) {
  const Job* job = state.job(read.job);
  if (job == nullptr || !job->sealed) {
    send(peer, ReadRejected{read.reader, read.job, unknown_job(read.job)}, out);
    return;
  }
  const Key key{peer, read.reader};
  if (state.readers.contains(key)) {
    send(peer, ReadRejected{read.reader, read.job, {ErrorCode::malformed, "a reader with this number exists"}}, out);
    return;
  }
  state.readers.emplace(key, Reader{.peer = peer,
                                    .read = read,
                                    .next = read.from,
                                    .offset = read.offset,
                                    .credit_bytes = credit_of(read.credit_bytes)});
  state.readers_of[read.job].insert(key);
  feed(state, key, out);
}

void on_take(State& state, PeerId peer, const Take& take, Commands& out) {
  const auto it = state.readers.find({peer, take.reader});
  if (it == state.readers.end()) return;  // it ended meanwhile
  std::int64_t& credit = it->second.credit_bytes;
  const bool was_dry = credit <= 0;
  credit = std::min(credit + credit_of(take.bytes), kCreditMax);
  if (was_dry && credit > 0) feed(state, it->first, out);
}

void on_stop_reading(State& state, PeerId peer, RequestId reader) {
  const auto it = state.readers.find({peer, reader});
  if (it != state.readers.end()) drop(state, it->first, it->second.read.job);
}

void on_page_sent(State& state, const PageSent& sent, Commands& out) {
  const Key key{sent.peer, sent.reader};
  const auto it = state.readers.find(key);
  if (it == state.readers.end()) return;
  if (sent.ended) return drop(state, key, it->second.read.job);
  it->second.busy = false;
  it->second.next = sent.next;
  it->second.offset = sent.offset;
  it->second.credit_bytes -= static_cast<std::int64_t>(sent.bytes);
  feed(state, key, out);
}

void on_page_unreadable(State& state, const PageUnreadable& page, Commands& out) {
  const Key key{page.peer, page.reader};
  const auto it = state.readers.find(key);
  if (it == state.readers.end()) return;
  const JobId job = it->second.read.job;
  send(page.peer, ReadRejected{page.reader, job, page.error}, out);
  drop(state, key, job);
}

void on_watch(State& state, PeerId peer, const Watch& watch, Now now, Commands& out) {
  const Job* job = state.job(watch.job);
  if (job == nullptr || !job->sealed) {
    send(peer, ReadRejected{RequestId{}, watch.job, unknown_job(watch.job)}, out);
    return;
  }
  if (!job->is_final()) state.watchers[watch.job].insert(peer);
  send(peer, JobChanged{job->summary(now.instant)}, out);
}

void feed_readers(State& state, const Job& job, Commands& out) {
  const auto it = state.readers_of.find(job.id);
  if (it == state.readers_of.end()) return;
  const std::vector<Key> keys(it->second.begin(), it->second.end());
  for (const Key& key : keys) feed(state, key, out);
}

void tell_watchers(State& state, const Job& job, Now now, Commands& out) {
  state.changed.erase(job.id);
  const auto it = state.watchers.find(job.id);
  if (it == state.watchers.end()) return;
  const JobChanged changed{job.summary(now.instant)};
  for (const PeerId peer : it->second) send(peer, changed, out);
  if (job.is_final()) state.watchers.erase(it);
}

void tell_all_watchers(State& state, Now now, Commands& out) {
  const std::vector<JobId> changed(state.changed.begin(), state.changed.end());
  for (const JobId id : changed)
    if (const Job* job = state.job(id)) tell_watchers(state, *job, now, out);
  state.changed.clear();
}

void drop_readers(State& state, PeerId peer) {
  for (auto it = state.readers.lower_bound({peer, RequestId{}});
       it != state.readers.end() && it->first.first == peer;) {
    const auto current = it++;
    const Key key = current->first;
    const JobId job = current->second.read.job;
    drop(state, key, job);
  }
  for (auto it = state.watchers.begin(); it != state.watchers.end();) {
    it->second.erase(peer);
    it = it->second.empty() ? state.watchers.erase(it) : std::next(it);
  }
}

void end_readers(State& state, JobId job, Commands& out) {
  const Error gone{ErrorCode::not_found, "the job was forgotten"};
  if (const auto it = state.readers_of.find(job); it != state.readers_of.end()) {
    for (const auto& [peer, reader] : it->second) {
      send(peer, ReadRejected{reader, job, gone}, out);
      state.readers.erase({peer, reader});
    }
    state.readers_of.erase(it);
  }
  if (const auto it = state.watchers.find(job); it != state.watchers.end()) {
    for (const PeerId peer : it->second) send(peer, ReadRejected{RequestId{}, job, gone}, out);
    state.watchers.erase(it);
  }
  state.changed.erase(job);
}

}  // namespace brigade::broker
