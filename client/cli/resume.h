// `--out FILE --resume`: what FILE has already is kept, and only the rest is run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/cli/task_source.h"
#include "proto/base/os.h"
#include "proto/model/result.h"

namespace brigade::cli {

/// Results of earlier runs that ended with `ok`, in FILE and in the FILE.part that an interrupted run has left. Failed
/// and cancelled ones count as missing.
class EarlierResults {
 public:
  /// Reads and checks what is there; REQUIRES: `kind` is that of the job. Moves FILE.part out of the way.
  static Result<EarlierResults> open(const std::filesystem::path& file, const std::string& kind);

  bool empty() const { return entries_.empty(); }
  std::size_t count() const { return entries_.size(); }

  /// The tasks of `source` that are not here, labelled with their own index. An earlier result with other arguments is
  /// an error: the file belongs to another input. The results must outlive the source.
  TaskSource missing(TaskSource source);

  /// Appends to `out` the lines with an index below `end` that were not appended yet, by index.
  Result<void> append_until(std::uint64_t end, std::string& out);
  /// Whether there are results that are not in FILE itself.
  bool has_partial_files() const { return !partial_.empty(); }
  /// The output stands: removes what interrupted runs have left.
  void forget_partial_files() const;

 private:
  struct Entry {
    std::uint64_t index = 0;
    std::uint64_t argument_hash = 0;
    std::size_t file = 0;
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };

  Result<void> read_file(const std::filesystem::path& path, const std::string& kind);
  Result<void> take_line(const std::string& line, std::uint64_t offset, const std::string& kind, bool& good);

  std::vector<Entry> entries_;  // by index, one each
  std::vector<base::Fd> files_;
  std::vector<std::filesystem::path> partial_;
  std::size_t appended_ = 0;
  Shape shape_ = Shape::other;
};

}  // namespace brigade::cli
