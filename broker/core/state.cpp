#include "broker/core/state.h"

#include <algorithm>

#include "broker/core/shares.h"

namespace brigade::broker {
namespace {

constexpr int kCounterBits = 40;  // of a lease's id; above them is the epoch

}  // namespace

const KindOffer* Worker::offer(std::string_view kind) const {
  const auto it = std::ranges::find(kinds, kind, &KindOffer::name);
  return it == kinds.end() ? nullptr : &*it;
}

Job* State::job(JobId id) {
  const auto it = jobs.find(id);
  return it == jobs.end() ? nullptr : &it->second;
}

Worker* State::worker(PeerId peer) {
  const auto it = workers.find(peer);
  return it == workers.end() ? nullptr : &it->second;
}

Held* State::lease(LeaseId id) {
  const auto it = leases.find(id);
  return it == leases.end() ? nullptr : &it->second;
}

JobId State::new_job_id() {
  JobId id;
  do {
    id = {random(), random()};
  } while (!id || jobs.contains(id));
  return id;
}

LeaseId State::new_lease_id() {
  require(++last_lease < std::uint64_t{1} << kCounterBits);
  return LeaseId{epoch << kCounterBits | last_lease};
}

bool State::was_granted(LeaseId id) const {
  return id.value <= (epoch << kCounterBits | last_lease);
}

void acknowledge_when_stored(State& state, PeerId worker, std::uint64_t block, Commands& out) {
  if (state.pending.empty())
    send(worker, BlockStored{block}, out);
  else
    state.pending.push_back({Sequence{state.last_sequence}, 0, AcknowledgePending{worker, block}});
}

void answer_when_stored(State& state, AnswerPending answer, Commands& out) {
  if (state.pending.empty())
    send(answer.client, std::move(answer.answer), out);
  else
    state.pending.push_back({Sequence{state.last_sequence}, 0, std::move(answer)});
}

void send(PeerId to, Message message, Commands& out) {
  out.push_back(Send{to, std::move(message)});
}

void touch(State& state, Job& job) {
  recount(state, job);
  if (state.watchers.contains(job.id)) state.changed.insert(job.id);
  state.idle_hands = true;
}

}  // namespace brigade::broker
