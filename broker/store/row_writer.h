// Each kind of write as rows of the index and records of the job's files.
#pragma once

#include <cstdint>

#include "broker/store/database.h"
#include "broker/store/index_rows.h"
#include "broker/store/payload_files.h"
#include "broker/store/store.h"

namespace brigade::broker {

/// Jobs are named by number here: small, given in the order of their opening, never reused while rows or files remain.
/// REQUIRES: everything is called within a transaction of the database's owner.
class RowWriter {
 public:
  RowWriter(Database& database, PayloadFiles& files) : database_(database), files_(files) {}

  MaybeTrouble put(std::uint64_t job, const Write& write);
  /// Deletes up to `rows_max` rows of every table of a forgotten job, and says whether more are left.
  MaybeTrouble purge(std::uint64_t job, std::uint64_t rows_max, bool& more);

 private:
  MaybeTrouble put(std::uint64_t job, const JobOpened& write);
  MaybeTrouble put(std::uint64_t job, const ChunkArrived& write);
  MaybeTrouble put(std::uint64_t job, const JobSealed& write);
  MaybeTrouble put(std::uint64_t job, const BlockAppended& write);
  MaybeTrouble put(std::uint64_t job, const AttemptsCounted& write);
  MaybeTrouble put(std::uint64_t job, const JobFinished& write);
  MaybeTrouble put(std::uint64_t job, const JobForgotten& write);

  Database& database_;
  PayloadFiles& files_;
  Statement open_job_{database_, "INSERT INTO jobs(number, opened) VALUES(?, ?)"};
  Statement seal_job_{database_, "UPDATE jobs SET sealed=?2 WHERE number=?1"};
  Statement finish_job_{database_, "UPDATE jobs SET finished=?2 WHERE number=?1"};
  Statement delete_job_{database_, "DELETE FROM jobs WHERE number=?"};
  Statement purge_later_{database_, "INSERT OR IGNORE INTO forgotten(job) VALUES(?)"};
  Statement purged_{database_, "DELETE FROM forgotten WHERE job=?"};
  Statement add_chunk_{database_, "INSERT INTO chunks(job, first, packed, record) VALUES(?, ?, ?, ?)"};
  Statement add_block_{database_,
                       "INSERT INTO blocks(job, position, not_ok, class, first, last, packed, record)"
                       " VALUES(?, ?, ?, ?, ?, ?, ?, ?)"};
  Statement add_attempts_{database_,
                          "INSERT INTO attempts(job, count, packed)"
                          " VALUES(?1, (SELECT coalesce(max(count), 0) + 1 FROM attempts WHERE job=?1), ?2)"};
  Statement purge_chunks_{database_,
                          "DELETE FROM chunks WHERE job=?1 AND first IN"
                          " (SELECT first FROM chunks WHERE job=?1 LIMIT ?2)"};
  Statement purge_blocks_{database_,
                          "DELETE FROM blocks WHERE job=?1 AND position IN"
                          " (SELECT position FROM blocks WHERE job=?1 LIMIT ?2)"};
  Statement purge_attempts_{database_,
                            "DELETE FROM attempts WHERE job=?1 AND count IN"
                            " (SELECT count FROM attempts WHERE job=?1 LIMIT ?2)"};
};

}  // namespace brigade::broker
