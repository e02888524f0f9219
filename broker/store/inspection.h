// A store's folder seen from outside, for check, backup and export: beside its broker or without one.
//
// Only reads, and never for long: rows come in pages, each a read of its own, so that a running broker's write-ahead
// log can be folded into its database meanwhile. What is written is only ever added to; so pages fit together, and a
// job whose rows or files vanish between two pages was forgotten (has_job() tells) and is no damage.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/store/database.h"
#include "broker/store/index_rows.h"
#include "broker/store/payload_reader.h"
#include "broker/store/store.h"

namespace brigade::broker {

/// Something that is not as the broker wrote it.
struct Damage {
  std::filesystem::path file;
  std::uint64_t job_number = 0;  ///< in the index; 0: of no job
  JobId job;                     ///< 0: its row does not say
  std::optional<Run> tasks;      ///< which tasks are concerned, if only some
  std::string what;              ///< a sentence that names the file
};
using ReportDamage = std::function<void(Damage)>;

/// What the index says of a job. A part that is damaged is absent and named in `damages`.
struct InspectedJob {
  std::uint64_t number = 0;
  std::optional<JobOpened> opened;
  std::optional<JobSealed> sealed;
  std::optional<JobFinished> finished;
  std::vector<Damage> damages;

  JobId id() const { return opened ? opened->job : JobId{}; }
};

/// A row of the table of chunks (its key is the first task) or of blocks (its key is the position in the log).
struct IndexedRow {
  std::uint64_t key = 0;
  std::string packed;
  std::string in_row;
  std::uint64_t not_ok = 0, span_class = 0, first = 0, last = 0;  ///< of a block: the columns to look for
};

/// A decoded record and its row.
struct InspectedBlock {
  std::uint64_t position = 0;
  BlockRow row;
  StoredBlock stored;
};
struct InspectedChunk {
  ChunkRow row;
  StoredArguments stored;
};

class Inspection {
 public:
  /// Opens the index in `folder`; its segments are those of `segments_of`, another folder while a copy is made.
  /// Refuses what is no state folder, and versions that this program does not know.
  static Result<std::unique_ptr<Inspection>> open(const std::filesystem::path& folder,
                                                  const std::filesystem::path& segments_of);
  static Result<std::unique_ptr<Inspection>> open(const std::filesystem::path& folder) { return open(folder, folder); }

  /// The job with the lowest number above `after`; nothing when there is none.
  Result<std::optional<InspectedJob>> next_job(std::uint64_t after);
  /// Whether the job is there now: not forgotten meanwhile.
  Result<bool> has_job(std::uint64_t number);

  /// The next few rows with a key of at least `from`; none at the end.
  Result<std::vector<IndexedRow>> chunks(std::uint64_t job, std::uint64_t from);
  Result<std::vector<IndexedRow>> blocks(std::uint64_t job, std::uint64_t from);

  /// The record of a row, whole and fitting it, or an error that names the file.
  Result<InspectedChunk> read_chunk(std::uint64_t job, const IndexedRow& row);
  Result<InspectedBlock> read_block(std::uint64_t job, const IndexedRow& row);
  /// The record's bytes as they were written.
  Result<Bytes> read_record(std::uint64_t job, const Location& location, std::string_view in_row) {
    return payload_.read(job, location, in_row);
  }
  /// Closes the job's files.
  void close(std::uint64_t job) { payload_.forget(job); }

  /// The index's file, or that of a record's segment.
  std::filesystem::path file_of(std::uint64_t job, const Location& location) const;
  Error damaged_row(std::uint64_t job, const char* what, std::uint64_t key) const;
  Database& database() { return *database_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  Inspection(std::unique_ptr<Database> database, std::filesystem::path folder, std::filesystem::path segments_of);
  Result<void> check_version();
  Result<std::vector<IndexedRow>> page(Statement& query, std::uint64_t job, std::uint64_t from);

  std::unique_ptr<Database> database_;
  std::filesystem::path folder_;
  std::filesystem::path segments_of_;
  PayloadReader payload_;
  Statement ask_job_;
  Statement ask_has_;
  Statement ask_chunks_;
  Statement ask_blocks_;
};

}  // namespace brigade::broker
