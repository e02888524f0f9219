#include "broker/store/inspection.h"

#include <utility>

#include "broker/store/index.h"
#include "broker/store/job_rows.h"
#include "broker/store/payload_files.h"
#include "broker/store/schema.h"
#include "proto/wire/codec.h"

namespace brigade::broker {
namespace {

/// Rows of a page: with records of at most 4 KiB in them, a megabyte.
constexpr std::uint64_t kInspectedRows = 256;

}  // namespace

Result<std::unique_ptr<Inspection>> Inspection::open(const std::filesystem::path& folder,
                                                     const std::filesystem::path& segments_of) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(index_file(folder), failed))
    return Error{ErrorCode::not_found, folder.string() + " is no broker's state folder: there is no " +
                                           index_file(folder).filename().string() +
                                           " in it. Give the folder that the broker's --state names"};
  auto database = Database::open(index_file(folder), Access::read_only);
  if (!database) return database.error();
  std::unique_ptr<Inspection> inspection(new Inspection(*std::move(database), folder, segments_of));
  if (auto checked = inspection->check_version(); !checked) return checked.error();
  return inspection;
}

Inspection::Inspection(std::unique_ptr<Database> database, std::filesystem::path folder,
                       std::filesystem::path segments_of)
    : database_(std::move(database)),
      folder_(std::move(folder)),
      segments_of_(std::move(segments_of)),
      payload_(index_file(folder_), segments_folder(segments_of_)),
      ask_job_(*database_, "SELECT number, opened, sealed, finished FROM jobs WHERE number>? ORDER BY number LIMIT 1"),
      ask_has_(*database_, "SELECT 1 FROM jobs WHERE number=?"),
      ask_chunks_(*database_,
                  "SELECT first, packed, record FROM chunks WHERE job=? AND first>=? ORDER BY first LIMIT ?"),
      ask_blocks_(*database_,
                  "SELECT position, packed, record, not_ok, class, first, last FROM blocks"
                  " WHERE job=? AND position>=? ORDER BY position LIMIT ?") {}

Result<void> Inspection::check_version() {
  auto version = schema_version(*database_);
  if (!version) return version.error();
  if (*version == kSchemaVersion) return {};
  if (*version == 0)
    return Error{ErrorCode::not_found, folder_.string() + " holds nothing yet: no broker has begun in it"};
  return Error{ErrorCode::conflict, unknown_version(*database_, *version).message};
}

Result<std::optional<InspectedJob>> Inspection::next_job(std::uint64_t after) {
  Rows rows(ask_job_, after);
  if (!rows.next()) {
    if (auto error = rows.error()) return *error;
    return std::optional<InspectedJob>();
  }
  InspectedJob job{.number = rows.number(0), .opened = unpack_opened(rows.number(0), rows.bytes(1))};
  if (!rows.is_null(2)) job.sealed = unpack_sealed(job.number, job.id(), rows.bytes(2));
  if (!rows.is_null(3)) job.finished = unpack_finished(job.number, job.id(), rows.bytes(3));
  const auto lacks = [&](const char* part) {
    const std::string name = job.opened ? to_string(job.id()) : "number " + std::to_string(job.number);
    job.damages.push_back({.file = index_file(folder_),
                           .job_number = job.number,
                           .job = job.id(),
                           .tasks = {},
                           .what = index_file(folder_).string() + " is damaged: " + part + " of job " + name});
  };
  if (!job.opened) lacks("the row");
  if (!rows.is_null(2) && !job.sealed) lacks("the seal");
  if (!rows.is_null(3) && !job.finished) lacks("the summary");
  return std::optional(std::move(job));
}

Result<bool> Inspection::has_job(std::uint64_t number) {
  Rows rows(ask_has_, number);
  const bool found = rows.next();
  if (auto error = rows.error()) return *error;
  return found;
}

Result<std::vector<IndexedRow>> Inspection::chunks(std::uint64_t job, std::uint64_t from) {
  return page(ask_chunks_, job, from);
}

Result<std::vector<IndexedRow>> Inspection::blocks(std::uint64_t job, std::uint64_t from) {
  return page(ask_blocks_, job, from);
}

Result<std::vector<IndexedRow>> Inspection::page(Statement& query, std::uint64_t job, std::uint64_t from) {
  std::vector<IndexedRow> page;
  Rows rows(query, job, from, kInspectedRows);
  while (rows.next()) {
    IndexedRow row{.key = rows.number(0), .packed = std::string(rows.bytes(1)), .in_row = std::string(rows.bytes(2))};
    if (&query == &ask_blocks_) {
      row.not_ok = rows.number(3);
      row.span_class = rows.number(4);
      row.first = rows.number(5);
      row.last = rows.number(6);
    }
    page.push_back(std::move(row));
  }
  if (auto error = rows.error()) return *error;
  return page;
}

Result<InspectedChunk> Inspection::read_chunk(std::uint64_t job, const IndexedRow& row) {
  auto unpacked = unpack_chunk({job, row.key}, row.packed);
  if (!unpacked || unpacked->run.first != row.key) return damaged_row(job, "chunk", row.key);
  auto bytes = payload_.read(job, unpacked->record, row.in_row);
  if (!bytes) return bytes.error();
  auto decoded = wire::decode_arguments(*bytes);
  if (!decoded || decoded->count != unpacked->run.count) return damaged_row(job, "chunk", row.key);
  return InspectedChunk{.row = *unpacked,
                        .stored = {.arguments = std::move(decoded->arguments), .labels = std::move(decoded->labels)}};
}

Result<InspectedBlock> Inspection::read_block(std::uint64_t job, const IndexedRow& row) {
  auto unpacked = unpack_block({job, row.key}, row.packed);
  if (!unpacked) return damaged_row(job, "block", row.key);
  auto bytes = payload_.read(job, unpacked->record, row.in_row);
  if (!bytes) return bytes.error();
  auto decoded = wire::decode_block(*bytes);
  if (!decoded || decoded->outcomes.runs != unpacked->runs) return damaged_row(job, "block", row.key);
  StoredBlock stored{
      .position = row.key, .origin = std::move(decoded->origin), .outcomes = std::move(decoded->outcomes)};
  return InspectedBlock{.position = row.key, .row = *std::move(unpacked), .stored = std::move(stored)};
}

std::filesystem::path Inspection::file_of(std::uint64_t job, const Location& location) const {
  if (location.segment == 0) return index_file(folder_);
  return segment_file(segments_folder(segments_of_), job, location.segment);
}

Error Inspection::damaged_row(std::uint64_t job, const char* what, std::uint64_t key) const {
  return {ErrorCode::storage, index_file(folder_).string() + " is damaged: " + what + " " + std::to_string(key) +
                                  " of job number " + std::to_string(job)};
}

}  // namespace brigade::broker
