// A copy of a store's folder that a broker can start from, taken beside the broker at work or without one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "broker/store/inspection.h"
#include "broker/store/segment_copy.h"
#include "broker/store/store.h"

namespace brigade::broker {

struct BackupTaken {
  std::uint64_t jobs = 0, records = 0;
  std::uint64_t bytes = 0;         ///< of the records
  std::uint64_t commit = 0;        ///< the copy is the store as this commit left it, but for `forgotten`
  std::vector<JobId> forgotten{};  ///< meanwhile, and so not in the copy
};

/// Copies the store in `folder` to `to`, which does not exist or is empty. The copy is made under another name beside
/// it and renamed once all of it is on disk.
///
/// The index is copied as of one commit; then each record that it points to is read, verified, and written to the same
/// place of the copy. Segment files only grow, so that a broker at work changes none of these. It may forget a job, and
/// its files are gone: then the copy forgets the job too. (To begin again with a newer index need never end.)
///
/// An error of code `storage`: the store is damaged, and is better exported; of another code: nothing can be copied
/// from there or to there.
Result<BackupTaken> back_up(const std::filesystem::path& folder, const std::filesystem::path& to);

/// The steps of that, for back_up() and for tests of what happens between them.
class Backup {
 public:
  /// `folder` is there already, and empty. `live` must outlive this.
  Backup(Inspection& live, std::filesystem::path folder) : live_(live), folder_(std::move(folder)) {}

  /// The index as of one commit, even while the broker makes the next ones.
  Result<void> copy_index();
  /// What the copied index points to.
  Result<void> copy_records();
  /// The copy is a store of its own. Returns what is in it.
  Result<BackupTaken> end();

 private:
  Result<void> copy_pages(Database& copy);
  Result<bool> copy_job(Inspection& copy, const InspectedJob& job);
  Result<void> copy_table(Inspection& copy, std::uint64_t job, bool is_chunks, SegmentCopy& segments);
  Result<void> copy_record(Inspection& copy, std::uint64_t job, const IndexedRow& row, bool is_chunk,
                           SegmentCopy& segments);
  Result<void> forget_the_forgotten();
  Result<std::uint64_t> copied_epoch();

  Inspection& live_;
  std::filesystem::path folder_;
  BackupTaken taken_;
  std::vector<std::uint64_t> forgotten_;
};

}  // namespace brigade::broker
