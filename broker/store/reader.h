// The loop's side of the store: reads over a connection of its own, and remembers what it read or what was just
// written.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "broker/store/database.h"
#include "broker/store/index_rows.h"
#include "broker/store/payload_reader.h"
#include "broker/store/record_cache.h"
#include "broker/store/store.h"

namespace brigade::broker {

/// Used by one thread. Jobs are named by their numbers in the index.
class Reader {
 public:
  /// `cache_bytes`: for each of the two caches.
  static Result<std::unique_ptr<Reader>> open(const std::filesystem::path& folder, std::uint64_t cache_bytes);

  /// Takes note of what is about to be written: it is likely to be read next. `on_disk` is the last write on disk.
  void note(std::uint64_t job, Sequence sequence, const ChunkArrived& chunk, Sequence on_disk);
  void note(std::uint64_t job, Sequence sequence, const BlockAppended& block, Sequence on_disk);
  /// The job has no rows yet: its classes of blocks need not be asked for.
  void note_opened(std::uint64_t job) { classes_[job].complete = true; }
  void forget(std::uint64_t job);

  /// As in Store; `committed` is the last write that may be read. It need not be on disk yet.
  Result<StoredArguments> arguments(std::uint64_t job, Run run, Sequence committed);
  Result<std::vector<StoredBlock>> blocks(std::uint64_t job, std::uint64_t position, std::uint64_t bytes_max,
                                          Sequence committed);
  Result<std::vector<StoredBlock>> failed_blocks(std::uint64_t job, std::uint64_t position, std::uint64_t bytes_max,
                                                 Sequence committed);
  Result<std::vector<StoredBlock>> blocks_with(std::uint64_t job, Run run, std::uint64_t bytes_max, Sequence committed);
  Result<Bytes> part(std::uint64_t job, std::uint64_t position, std::uint64_t offset, std::uint64_t bytes,
                     Sequence committed);

 private:
  struct Chunk {
    Run run;
    StoredArguments stored;
  };
  struct Found {  ///< a block's row
    BlockRow row;
    std::string in_row;
  };
  struct Underway {  ///< a block that no row may stand for yet
    Sequence sequence;
    std::uint64_t job = 0;
    std::uint64_t position = 0;
  };

  struct Page {  ///< blocks that a call collects
    std::uint64_t job = 0;
    std::uint64_t from = 0;  ///< the first row asked for
    std::uint64_t bytes_max = 0;
    Sequence committed;
    std::vector<StoredBlock> blocks = {};
    std::uint64_t bytes = 0;

    bool full() const { return !blocks.empty() && bytes >= bytes_max; }
    void add(StoredBlock block);
  };
  struct Classes {              ///< of spans, which a job's blocks may have
    std::uint64_t present = 0;  ///< a bit for each
    bool complete = false;      ///< else only what was written in this life
  };

  Reader(std::unique_ptr<Database> database, const std::filesystem::path& folder, std::uint64_t cache_bytes);
  Result<Chunk> chunk_with(std::uint64_t job, std::uint64_t task, Sequence committed);
  Result<Chunk> read_chunk(std::uint64_t job, std::uint64_t task);
  Result<StoredBlock> read_block(std::uint64_t job, std::uint64_t position, const BlockRow& row,
                                 std::string_view in_row);
  /// The same for a block with one value that is to be read in parts; nothing when it is small enough after all.
  Result<std::optional<StoredBlock>> read_beginning(std::uint64_t job, std::uint64_t position, const BlockRow& row);
  /// Adds the remembered blocks from page.from on, and moves it behind them.
  void take_remembered(Page& page);
  Result<std::vector<StoredBlock>> read_page(Statement& query, Page page);
  Result<void> add_row(const Rows& rows, Page& page);
  Result<void> find_class(std::uint64_t job, std::uint64_t span_class, Run run, std::map<std::uint64_t, Found>& found);
  Result<std::uint64_t> classes(std::uint64_t job);
  /// Calls use(block) for the job's blocks that may be read and perhaps have no row yet, in the order of the log.
  template <class Use>
  void for_underway(std::uint64_t job, Sequence committed, Use use);
  Error damaged(std::uint64_t job, const char* what, std::uint64_t number) const;

  std::unique_ptr<Database> database_;
  PayloadReader payload_;
  RecordCache<Chunk> chunks_;
  RecordCache<StoredBlock> blocks_;
  std::map<std::uint64_t, Classes> classes_;
  std::deque<Underway> underway_;
  Sequence on_disk_;

  Statement ask_chunk_;
  Statement ask_blocks_;
  Statement ask_block_;
  Statement ask_failed_;
  Statement ask_class_;
  Statement ask_span_;
};

}  // namespace brigade::broker
