// Uploads of jobs.
#include "proto/wire/limits.h"
#include "proto/wire/parts.h"
#include "proto/wire/text.h"

namespace brigade::wire {
namespace {

void put(const ContentHash& hash, std::string& to) {
  to.assign(reinterpret_cast<const char*>(hash.data()), hash.size());
}

ContentHash get_hash(const std::string& from, std::string_view what, Check& check) {
  ContentHash hash{};
  if (from.size() == hash.size())
    std::memcpy(hash.data(), from.data(), hash.size());
  else
    check.refuse("{}: {} bytes in place of {}", what, from.size(), hash.size());
  return hash;
}

}  // namespace

void put(const Open& message, Out& out) {
  auto& to = *out.envelope.mutable_open();
  to.set_request(message.request.value);
  put(message.spec, *to.mutable_spec());
  if (message.hash) put(*message.hash, *to.mutable_hash());
  if (message.read) put(*message.read, *to.mutable_read());
}

Message get(const pb::Open& from, In& in) {
  Open open{.request = RequestId{from.request()}, .spec = get(from.spec(), in.check)};
  if (!from.hash().empty()) open.hash = get_hash(from.hash(), "open.hash", in.check);
  if (from.has_read()) open.read = get(from.read(), in.check);
  return open;
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
  put(message.hash, *to.mutable_hash());
  if (message.read) put(*message.read, *to.mutable_read());
}

Message get(const pb::Seal& from, In& in) {
  Seal seal{.job = get(from.job()),
            .tasks = in.check.most(from.tasks(), "seal.tasks", kTasksPerJobMax),
            .hash = get_hash(from.hash(), "seal.hash", in.check)};
  if (from.has_read()) seal.read = get(from.read(), in.check);
  return seal;
}

void put(const Sealed& message, Out& out) {
  auto& to = *out.envelope.mutable_sealed();
  to.set_request(message.request.value);
  put(message.job, *to.mutable_job());
  to.set_existed(message.existed);
  to.set_warning(for_people(message.warning, kTextBytesMax));
}

Message get(const pb::Sealed& from, In& in) {
  return Sealed{.request = RequestId{from.request()},
                .job = get(from.job()),
                .existed = from.existed(),
                .warning = in.check.text(from.warning(), "sealed.warning", kTextBytesMax)};
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
