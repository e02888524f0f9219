#include "broker/store/recovery.h"

#include <algorithm>
#include <string>
#include <utility>

#include "broker/store/index_rows.h"
#include "broker/store/job_rows.h"

namespace brigade::broker {
namespace {

class Recovery {
 public:
  explicit Recovery(Database& database) : database_(database) {}

  Result<RecoveredIndex> run() {
    if (auto read = read_forgotten(); !read) return read.error();
    if (auto read = read_jobs(); !read) return read.error();
    for (RecoveredJob& job : index_.jobs)
      if (auto read = read_rows(index_.numbers.at(job.id), job); !read) return read.error();
    return std::move(index_);
  }

 private:
  Result<void> read_forgotten();
  Result<void> read_jobs();
  Result<RecoveredJob> read_job(const Rows& rows);
  Result<void> read_rows(std::uint64_t number, RecoveredJob& job);
  Result<void> read_chunks(std::uint64_t number, RecoveredJob& job);
  Result<void> read_blocks(std::uint64_t number, RecoveredJob& job);
  Result<void> read_log_of_finished(std::uint64_t number, RecoveredJob& job);
  Result<void> read_attempts(std::uint64_t number, RecoveredJob& job);

  Error damaged(JobId job, const std::string& what) const {
    return {ErrorCode::storage, database_.file().string() + " is damaged: " + what + " of job " + to_string(job)};
  }

  Database& database_;
  RecoveredIndex index_;
  Statement ask_forgotten_{database_, "SELECT job FROM forgotten ORDER BY job"};
  Statement ask_jobs_{database_, "SELECT number, opened, sealed, finished FROM jobs ORDER BY number"};
  Statement ask_chunks_{database_, "SELECT first, packed FROM chunks WHERE job=? ORDER BY first"};
  Statement ask_blocks_{database_, "SELECT position, packed FROM blocks WHERE job=? ORDER BY position"};
  Statement ask_not_ok_{database_, "SELECT position, packed FROM blocks WHERE job=? AND not_ok>0 ORDER BY position"};
  Statement ask_last_{database_, "SELECT position, packed FROM blocks WHERE job=? ORDER BY position DESC LIMIT 1"};
  Statement ask_attempts_{database_, "SELECT packed FROM attempts WHERE job=? ORDER BY count"};
};

Result<void> Recovery::read_forgotten() {
  Rows rows(ask_forgotten_);
  while (rows.next()) {
    index_.forgotten.push_back(rows.number(0));
    index_.next_number = std::max(index_.next_number, rows.number(0) + 1);
  }
  if (auto error = rows.error()) return *error;
  return {};
}

Result<void> Recovery::read_jobs() {
  Rows rows(ask_jobs_);
  while (rows.next()) {
    auto job = read_job(rows);
    if (!job) return job.error();
    index_.numbers.emplace(job->id, rows.number(0));
    index_.next_number = std::max(index_.next_number, rows.number(0) + 1);
    index_.jobs.push_back(*std::move(job));
  }
  if (auto error = rows.error()) return *error;
  return {};
}

Result<RecoveredJob> Recovery::read_job(const Rows& rows) {
  const std::uint64_t number = rows.number(0);
  auto opened = unpack_opened(number, rows.bytes(1));
  if (!opened)
    return Error{ErrorCode::storage,
                 database_.file().string() + " is damaged: the row of job number " + std::to_string(number)};
  RecoveredJob job;
  job.id = opened->job;
  job.spec = std::move(opened->spec);
  job.client = std::move(opened->client);
  job.sealed = !rows.is_null(2);
  if (job.sealed) {
    const auto sealed = unpack_sealed(number, job.id, rows.bytes(2));
    if (!sealed) return damaged(job.id, "the seal");
    job.accepted_at = sealed->accepted_at;
    job.tasks = sealed->tasks;
    job.hash = sealed->hash;
  }
  if (!rows.is_null(3)) {
    auto finished = unpack_finished(number, job.id, rows.bytes(3));
    if (!finished) return damaged(job.id, "the summary");
    job.finished = std::move(finished->summary);
  }
  return job;
}

Result<void> Recovery::read_rows(std::uint64_t number, RecoveredJob& job) {
  if (auto read = read_chunks(number, job); !read) return read;
  if (job.finished) return read_log_of_finished(number, job);
  if (auto read = read_blocks(number, job); !read) return read;
  return read_attempts(number, job);
}

Result<void> Recovery::read_chunks(std::uint64_t number, RecoveredJob& job) {
  Rows rows(ask_chunks_, number);
  std::uint64_t tasks = 0;
  while (rows.next()) {
    const auto row = unpack_chunk({number, rows.number(0)}, rows.bytes(1));
    if (!row || row->run.first != tasks)
      return damaged(job.id, "the arguments from task " + std::to_string(tasks) + " on");
    tasks = row->run.end();
    ++job.chunks;
  }
  if (auto error = rows.error()) return *error;
  if (!job.sealed) job.tasks = tasks;
  if (!job.spec.range && tasks != job.tasks)
    return damaged(job.id, "the arguments from task " + std::to_string(tasks) + " on");
  return {};
}

Result<void> Recovery::read_blocks(std::uint64_t number, RecoveredJob& job) {
  Rows rows(ask_blocks_, number);
  while (rows.next()) {
    const auto row = unpack_block({number, rows.number(0)}, rows.bytes(1));
    if (!row || rows.number(0) != job.log_rows)
      return damaged(job.id, "the results from row " + std::to_string(job.log_rows) + " on");
    for (const Run& run : row->runs) job.done.insert(run);
    for (const Run& run : row->failures) job.failed.insert(run);
    for (std::size_t status = 0; status < kTaskStatuses; ++status) job.by_status[status] += row->by_status[status];
    job.log_rows += row->tasks();
  }
  if (auto error = rows.error()) return *error;
  return {};
}

Result<void> Recovery::read_log_of_finished(std::uint64_t number, RecoveredJob& job) {
  job.by_status = job.finished->by_status;
  {
    Rows rows(ask_last_, number);
    if (rows.next()) {
      const auto row = unpack_block({number, rows.number(0)}, rows.bytes(1));
      if (!row) return damaged(job.id, "the results from row " + std::to_string(rows.number(0)) + " on");
      job.log_rows = rows.number(0) + row->tasks();
    }
    if (auto error = rows.error()) return *error;
  }
  if (job.log_rows < job.finished->visible_rows)
    return damaged(job.id, "the results from row " + std::to_string(job.log_rows) + " on");
  Rows rows(ask_not_ok_, number);
  while (rows.next()) {
    const auto row = unpack_block({number, rows.number(0)}, rows.bytes(1));
    if (!row) return damaged(job.id, "the results from row " + std::to_string(rows.number(0)) + " on");
    for (const Run& run : row->failures) job.failed.insert(run);
  }
  if (auto error = rows.error()) return *error;
  return {};
}

Result<void> Recovery::read_attempts(std::uint64_t number, RecoveredJob& job) {
  Rows rows(ask_attempts_, number);
  while (rows.next()) {
    auto attempts = unpack_attempts({number, 0}, job.id, rows.bytes(0));
    if (!attempts) return damaged(job.id, "the attempts");
    job.attempts.push_back(*std::move(attempts));
  }
  if (auto error = rows.error()) return *error;
  return {};
}

}  // namespace

Result<RecoveredIndex> recover(Database& database) {
  return Recovery(database).run();
}

}  // namespace brigade::broker
