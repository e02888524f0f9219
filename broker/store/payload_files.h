// Where records are written: segment files that belong to one job each, so that forgetting a job is unlinking its
// files. Records of a job that stays small go into the index's rows instead: a hundred thousand little jobs need no
// files.
//
// A segment is a row of records, each a RecordHeader (payload_record.h) and its bytes. Files only grow; what a crash
// left behind the last acknowledged record is never pointed to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/store/file.h"
#include "broker/store/index_rows.h"
#include "broker/store/segment_removal.h"
#include "broker/store/trouble.h"
#include "proto/wire/codec.h"

namespace brigade::broker {

/// Where a record went.
struct Placed {
  Location location;
  std::string in_row;  ///< its bytes when location.segment is 0
};

/// Where the segments are in the store's folder.
std::filesystem::path segments_folder(const std::filesystem::path& folder);
/// The file of a job's segment in that folder of segments.
std::filesystem::path segment_file(const std::filesystem::path& folder, std::uint64_t job, std::uint32_t segment);

/// Which segment a file's name stands for.
struct SegmentName {
  std::uint64_t job = 0;
  std::uint32_t segment = 0;
};
/// "12-3.seg" is job 12's segment 3; nothing for other names.
std::optional<SegmentName> parse_segment_name(const std::string& name);

/// Used by one thread. Between two calls of accept() or undo(), all that was placed is one batch.
class PayloadFiles {
 public:
  /// Creates `folder`, or finds the files in it: those of `jobs`, those of `forgotten` jobs, which are to be removed,
  /// and others, which a first write that never committed has left: they are unlinked.
  static Result<PayloadFiles> open(std::filesystem::path folder, bool sync, const std::set<std::uint64_t>& jobs,
                                   const std::set<std::uint64_t>& forgotten);

  /// Writes a record of `job`, or says that it belongs into its row. On disk only after sync().
  MaybeTrouble place(std::uint64_t job, const wire::Frames& record, Placed& placed);
  /// Everything placed is in its file, and on disk when syncing.
  MaybeTrouble sync();
  /// The batch is committed.
  void accept();
  /// The batch never was: files are as before it.
  MaybeTrouble undo();

  /// The job's files are to go, in steps.
  void remove(std::uint64_t job);
  /// Gives back up to so many bytes of files that are to go.
  void remove_some(std::uint64_t bytes_max) { removal_.step(bytes_max); }
  /// Whether all files of a job that was removed are gone.
  bool is_removed(std::uint64_t job) const { return !removal_.has(job); }
  /// Bytes in all files.
  std::uint64_t bytes() const { return bytes_ + removal_.bytes(); }

 private:
  struct Extent {
    std::uint32_t segment = 0;  ///< the one that is written to; 0: none yet
    std::uint64_t end = 0;      ///< of that segment
    std::uint64_t bytes = 0;    ///< in all its segments
    std::uint64_t bytes_in_rows = 0;
  };
  struct JobFiles {
    Extent extent;
    Extent before;               ///< the batch
    bool touched = false;        ///< by the batch
    bool dirty = false;          ///< written to and not synced
    std::unique_ptr<File> file;  ///< the segment that is written to, while it is open
  };

  PayloadFiles(std::filesystem::path folder, bool sync) : folder_(std::move(folder)), sync_(sync) {}
  Result<void> find_files(const std::set<std::uint64_t>& jobs, const std::set<std::uint64_t>& forgotten);
  JobFiles& touch(std::uint64_t job);
  MaybeTrouble make_room(std::uint64_t job, JobFiles& files, std::uint64_t bytes);
  MaybeTrouble open_segment(std::uint64_t job, JobFiles& files, bool create);
  MaybeTrouble close_files();
  MaybeTrouble write(std::uint64_t job, JobFiles& files, const std::string& header, const wire::Frames& record);
  MaybeTrouble flush();
  MaybeTrouble sync(JobFiles& files);
  MaybeTrouble undo(std::uint64_t job, JobFiles& files);

  std::filesystem::path folder_;
  bool sync_;
  bool folder_changed_ = true;  ///< since its latest sync; an earlier life may have died before its own
  std::map<std::uint64_t, JobFiles> jobs_;
  std::vector<std::uint64_t> touched_;
  std::vector<std::uint64_t> open_;  ///< jobs whose file may be open
  // Small records are gathered and written together.
  std::string gathered_;
  std::uint64_t gathered_job_ = 0;
  std::uint64_t gathered_at_ = 0;  ///< offset in the job's segment
  std::uint64_t bytes_ = 0;        ///< of files that stay
  SegmentRemoval removal_;
};

}  // namespace brigade::broker
