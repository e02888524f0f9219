// Uploads of jobs.
#include "proto/wire/limits.h"
#include "proto/wire/parts.h"
#include "proto/wire/text.h"

namespace brigade::wire {

void put(const Open& message, Out& out) {
  auto& to = *out.envelope.mutable_open();
  to.set_request(message.request.value);
  put(message.spec, *to.mutable_spec());
}

Message get(const pb::Open& from, In& in) {
  return Open{.request = RequestId{from.request()}, .spec = get(from.spec(), in.check)};
}

void put(const Opened& message, Out& out) {
  auto& to = *out.envelope.mutable_opened();
  to.set_request(message.request.value);
  put(message.job, *to.mutable_job());
  to.set_next_chunk(message.next_chunk);
  to.set_sealed(message.sealed);
}

Message get(const pb::Opened& from, In&) {
  return Opened{.request = RequestId{from.request()},
                .job = get(from.job()),
                .next_chunk = from.next_chunk(),
                .sealed = from.sealed()};
}

void put(const Chunk& message, Out& out) {
  auto& to = *out.envelope.mutable_chunk();
  put(message.job, *to.mutable_job());
  to.set_sequence(message.sequence);
  to.set_count(message.count);
  out.body.values(message.arguments, message.count);
  out.body.values(message.labels, message.count);
}

Message get(const pb::Chunk& from, In& in) {
  Chunk chunk;
  chunk.job = get(from.job());
  chunk.sequence = from.sequence();
  chunk.count = in.check.most(from.count(), "chunk.count", kTasksPerMessageMax);
  chunk.arguments = in.body.values("chunk.arguments", chunk.count);
  chunk.labels = in.body.values("chunk.labels", chunk.count);
  return chunk;
}

void put(const ChunkStored& message, Out& out) {
  auto& to = *out.envelope.mutable_chunk_stored();
  put(message.job, *to.mutable_job());
  to.set_sequence(message.sequence);
}

Message get(const pb::ChunkStored& from, In&) {
  return ChunkStored{.job = get(from.job()), .sequence = from.sequence()};
}

void put(const Seal& message, Out& out) {
  auto& to = *out.envelope.mutable_seal();
  put(message.job, *to.mutable_job());
  to.set_tasks(message.tasks);
  to.set_hash(message.hash.data(), message.hash.size());
}

Message get(const pb::Seal& from, In& in) {
  Seal seal;
  seal.job = get(from.job());
  seal.tasks = in.check.most(from.tasks(), "seal.tasks", kTasksPerJobMax);
  if (from.hash().size() == seal.hash.size())
    std::memcpy(seal.hash.data(), from.hash().data(), seal.hash.size());
  else
    in.check.refuse("seal.hash: {} bytes in place of {}", from.hash().size(), seal.hash.size());
  return seal;
}

void put(const Sealed& message, Out& out) {
  auto& to = *out.envelope.mutable_sealed();
  put(message.job, *to.mutable_job());
  to.set_warning(for_people(message.warning, kTextBytesMax));
}

Message get(const pb::Sealed& from, In& in) {
  return Sealed{.job = get(from.job()), .warning = in.check.text(from.warning(), "sealed.warning", kTextBytesMax)};
}

void put(const SubmitRejected& message, Out& out) {
  auto& to = *out.envelope.mutable_submit_rejected();
  to.set_request(message.request.value);
  put(message.job, *to.mutable_job());
  put(message.error, *to.mutable_error());
}

Message get(const pb::SubmitRejected& from, In& in) {
  return SubmitRejected{
      .request = RequestId{from.request()}, .job = get(from.job()), .error = get(from.error(), in.check)};
}

}  // namespace brigade::wire
