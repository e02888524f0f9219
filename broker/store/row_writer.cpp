#include "broker/store/row_writer.h"

#include <string>
#include <variant>

#include "broker/store/job_rows.h"
#include "proto/wire/codec.h"

namespace brigade::broker {

MaybeTrouble RowWriter::put(std::uint64_t job, const Write& write) {
  return std::visit([&](const auto& kind) { return put(job, kind); }, write);
}

MaybeTrouble RowWriter::put(std::uint64_t job, const JobOpened& write) {
  return open_job_.execute(job, pack(job, write));
}

MaybeTrouble RowWriter::put(std::uint64_t job, const ChunkArrived& write) {
  Placed placed;
  const auto record = wire::encode_arguments(write.run.count, write.arguments, write.labels);
  if (auto trouble = files_.place(job, record, placed)) return trouble;
  const ChunkRow row{.run = write.run, .record = placed.location};
  return add_chunk_.execute(job, write.run.first, pack({job, write.run.first}, row), placed.in_row);
}

MaybeTrouble RowWriter::put(std::uint64_t job, const JobSealed& write) {
  return seal_job_.execute(job, pack(job, write));
}

MaybeTrouble RowWriter::put(std::uint64_t job, const BlockAppended& write) {
  Placed placed;
  if (auto trouble = files_.place(job, wire::encode_block(write.origin, write.outcomes), placed)) return trouble;
  BlockRow row = describe(write.outcomes);
  row.record = placed.location;
  const Span span = span_of(row.runs);
  return add_block_.execute(job, write.position, row.not_ok(), class_of(span), span.first, span.last,
                            pack({job, write.position}, row), placed.in_row);
}

MaybeTrouble RowWriter::put(std::uint64_t job, const AttemptsCounted& write) {
  return add_attempts_.execute(job, pack({job, 0}, write));
}

MaybeTrouble RowWriter::put(std::uint64_t job, const JobFinished& write) {
  return finish_job_.execute(job, pack(job, write));
}

MaybeTrouble RowWriter::put(std::uint64_t job, const JobForgotten&) {
  if (auto trouble = delete_job_.execute(job)) return trouble;
  return purge_later_.execute(job);
}

MaybeTrouble RowWriter::purge(std::uint64_t job, std::uint64_t rows_max, bool& more) {
  more = false;
  for (Statement* table : {&purge_chunks_, &purge_blocks_, &purge_attempts_}) {
    if (auto trouble = table->execute(job, rows_max)) return trouble;
    more = more || database_.changes() == rows_max;
  }
  if (more) return std::nullopt;
  return purged_.execute(job);
}

}  // namespace brigade::broker
