#include "broker/store/reader.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "proto/wire/codec.h"

namespace brigade::broker {
namespace {

constexpr std::uint64_t kBeginningBytes = 64 * 1024;  // more than what is before a single task's value in its record
constexpr std::uint64_t kEntryBytes = 512;            // nodes, vectors and owners of one record, roughly

template <class T>
std::uint64_t bytes_of(const Column<T>& column) {
  return column.items().size();
}

std::uint64_t bytes_of(const Values& values) {
  return bytes_of(values.sizes) + values.blob.size();
}

std::uint64_t bytes_of(const Outcomes& outcomes) {
  return outcomes.runs.size() * sizeof(Run) + bytes_of(outcomes.status) + bytes_of(outcomes.start_ms) +
         bytes_of(outcomes.run_ms) + bytes_of(outcomes.retry_after_ms) + bytes_of(outcomes.values);
}

/// As a reader gets it: a value above kWholeValueMax is left out.
StoredBlock without_large_value(StoredBlock block) {
  const std::uint64_t bytes = block.outcomes.values.blob.size();
  if (bytes <= kWholeValueMax || block.outcomes.count() != 1) return block;
  block.left_out = bytes;
  block.outcomes.values = {};
  return block;
}

/// Whether the value of a block may have to be read in parts.
bool may_be_large(const BlockRow& row) {
  return row.record.length > kWholeValueMax && row.tasks() == 1;
}

/// Values of several chunks as one column and one blob.
class Joiner {
 public:
  void add(const Values& values, std::uint64_t rows) {
    for (std::uint64_t row = 0; row < rows; ++row) sizes_.push_back(values.sizes[row]);
    blob_.append(values.blob.view());
  }
  Values take() { return {.sizes = Column<std::uint32_t>::of(std::move(sizes_)), .blob = Bytes::of(std::move(blob_))}; }

 private:
  std::vector<std::uint32_t> sizes_;
  std::string blob_;
};

/// The first task of `run` that is in `runs`. REQUIRES: there is one.
std::uint64_t first_of(const Runs& runs, Run run) {
  std::uint64_t first = run.end();
  for (const Run& own : runs)
    if (const auto part = intersection(own, run)) first = std::min(first, part->first);
  return first;
}

/// Up to which task of `run` its blocks have `bytes_max`: what begins from there on is too much.
template <class Found>
std::uint64_t reach_within(const Found& found, Run run, std::uint64_t bytes_max) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks;  // first task, bytes
  for (const auto& entry : found) {
    const BlockRow& row = entry.second.row;
    blocks.emplace_back(first_of(row.runs, run), may_be_large(row) ? kBeginningBytes : row.record.length);
  }
  std::ranges::sort(blocks);
  std::uint64_t bytes = 0;
  for (const auto& [first, length] : blocks) {
    if (bytes > 0 && bytes >= bytes_max) return first;
    bytes += length;
  }
  return run.end();
}

}  // namespace

Result<std::unique_ptr<Reader>> Reader::open(const std::filesystem::path& folder, std::uint64_t cache_bytes) {
  auto database = Database::open(index_file(folder), Access::read_only);
  if (!database) return database.error();
  return std::unique_ptr<Reader>(new Reader(*std::move(database), folder, cache_bytes));
}

Reader::Reader(std::unique_ptr<Database> database, const std::filesystem::path& folder, std::uint64_t cache_bytes)
    : database_(std::move(database)),
      payload_(index_file(folder), segments_folder(folder)),
      chunks_(cache_bytes),
      blocks_(cache_bytes),
      ask_chunk_(*database_,
                 "SELECT first, packed, record FROM chunks WHERE job=? AND first<=? ORDER BY first DESC LIMIT 1"),
      ask_blocks_(*database_,
                  "SELECT position, packed, record FROM blocks WHERE job=?1 AND position>=coalesce("
                  "(SELECT position FROM blocks WHERE job=?1 AND position<=?2 ORDER BY position DESC LIMIT 1), 0)"
                  " ORDER BY position"),
      ask_block_(*database_, "SELECT packed FROM blocks WHERE job=? AND position=?"),
      ask_failed_(*database_,
                  "SELECT position, packed, record FROM blocks WHERE job=?1 AND not_ok>0 AND position>=coalesce("
                  "(SELECT position FROM blocks WHERE job=?1 AND position<=?2 ORDER BY position DESC LIMIT 1), 0)"
                  " ORDER BY position"),
      ask_class_(*database_, "SELECT class FROM blocks WHERE job=? AND class>=? ORDER BY class LIMIT 1"),
      ask_span_(*database_,
                "SELECT position, packed, record FROM blocks INDEXED BY blocks_by_span"
                " WHERE job=? AND class=? AND first BETWEEN ? AND ? AND last>=?") {}

void Reader::note(std::uint64_t job, Sequence sequence, const ChunkArrived& chunk, Sequence on_disk) {
  on_disk_ = on_disk;
  Chunk record{.run = chunk.run, .stored = {.arguments = chunk.arguments, .labels = chunk.labels}};
  const std::uint64_t bytes = kEntryBytes + bytes_of(chunk.arguments) + bytes_of(chunk.labels);
  chunks_.add(job, chunk.run.first, std::move(record), bytes, on_disk, sequence);
}

void Reader::note(std::uint64_t job, Sequence sequence, const BlockAppended& block, Sequence on_disk) {
  on_disk_ = on_disk;
  while (!underway_.empty() && underway_.front().sequence <= on_disk) underway_.pop_front();
  underway_.push_back({sequence, job, block.position});
  classes_[job].present |= std::uint64_t{1} << class_of(span_of(block.outcomes.runs));
  StoredBlock record{.position = block.position, .origin = block.origin, .outcomes = block.outcomes};
  blocks_.add(job, block.position, std::move(record), kEntryBytes + bytes_of(block.outcomes), on_disk, sequence);
}

void Reader::forget(std::uint64_t job) {
  payload_.forget(job);
  chunks_.erase_job(job);
  blocks_.erase_job(job);
  classes_.erase(job);
  std::erase_if(underway_, [job](const Underway& block) { return block.job == job; });
}

template <class Use>
void Reader::for_underway(std::uint64_t job, Sequence committed, Use use) {
  for (const Underway& block : underway_) {
    if (block.sequence > committed) return;
    if (block.job != job) continue;
    if (const StoredBlock* cached = blocks_.find(job, block.position, committed)) use(*cached);
  }
}

Error Reader::damaged(std::uint64_t job, const char* what, std::uint64_t number) const {
  return {ErrorCode::storage, database_->file().string() + " is damaged: " + what + " " + std::to_string(number) +
                                  " of job number " + std::to_string(job)};
}

// ---- Arguments ---------------------------------------------------------------------------------------------------

Result<StoredArguments> Reader::arguments(std::uint64_t job, Run run, Sequence committed) {
  Joiner arguments, labels;
  for (std::uint64_t task = run.first; task < run.end();) {
    auto chunk = chunk_with(job, task, committed);
    if (!chunk) return chunk.error();
    const std::uint64_t skipped = task - chunk->run.first;
    const std::uint64_t count = std::min(run.end(), chunk->run.end()) - task;
    StoredArguments part{.arguments = slice(chunk->stored.arguments, skipped, count),
                         .labels = slice(chunk->stored.labels, skipped, count)};
    if (count == run.count) return part;  // the usual case: nothing is copied
    arguments.add(part.arguments, count);
    labels.add(part.labels, count);
    task += count;
  }
  return StoredArguments{.arguments = arguments.take(), .labels = labels.take()};
}

Result<Reader::Chunk> Reader::chunk_with(std::uint64_t job, std::uint64_t task, Sequence committed) {
  const Chunk* cached = chunks_.find_at_or_before(job, task, committed);
  if (cached != nullptr && cached->run.contains(task)) return *cached;
  auto chunk = read_chunk(job, task);
  if (chunk)
    chunks_.add(job, chunk->run.first, *chunk,
                kEntryBytes + bytes_of(chunk->stored.arguments) + bytes_of(chunk->stored.labels), on_disk_);
  return chunk;
}

Result<Reader::Chunk> Reader::read_chunk(std::uint64_t job, std::uint64_t task) {
  Rows rows(ask_chunk_, job, task);
  const bool found = rows.next();
  if (auto error = rows.error()) return *error;
  const Error none{ErrorCode::not_found, "no arguments are stored for task " + std::to_string(task)};
  if (!found) return none;
  const auto row = unpack_chunk({job, rows.number(0)}, rows.bytes(1));
  if (!row) return damaged(job, "chunk", rows.number(0));
  if (!row->run.contains(task)) return none;
  auto bytes = payload_.read(job, row->record, rows.bytes(2));
  if (!bytes) return bytes.error();
  auto decoded = wire::decode_arguments(*bytes);
  if (!decoded || decoded->count != row->run.count) return damaged(job, "chunk", rows.number(0));
  return Chunk{.run = row->run,
               .stored = {.arguments = std::move(decoded->arguments), .labels = std::move(decoded->labels)}};
}

// ---- Blocks ------------------------------------------------------------------------------------------------------

void Reader::Page::add(StoredBlock block) {
  bytes += bytes_of(block.outcomes);
  blocks.push_back(std::move(block));
}

Result<std::vector<StoredBlock>> Reader::blocks(std::uint64_t job, std::uint64_t position, std::uint64_t bytes_max,
                                                Sequence committed) {
  Page page{.job = job, .from = position, .bytes_max = bytes_max, .committed = committed};
  take_remembered(page);
  if (page.full()) return std::move(page.blocks);
  return read_page(ask_blocks_, std::move(page));
}

Result<std::vector<StoredBlock>> Reader::failed_blocks(std::uint64_t job, std::uint64_t position,
                                                       std::uint64_t bytes_max, Sequence committed) {
  auto page = read_page(ask_failed_, {.job = job, .from = position, .bytes_max = bytes_max, .committed = committed});
  if (!page) return page;
  std::uint64_t bytes = 0;
  for (const StoredBlock& block : *page) bytes += bytes_of(block.outcomes);
  for_underway(job, committed, [&](const StoredBlock& block) {
    const std::uint64_t begin = page->empty() ? position : page->back().position + page->back().outcomes.count();
    const bool all_ok = block.outcomes.status.is_constant() && block.outcomes.status.constant() == TaskStatus::ok;
    if (all_ok || block.position + block.outcomes.count() <= begin || (!page->empty() && bytes >= bytes_max)) return;
    bytes += bytes_of(block.outcomes);
    page->push_back(without_large_value(block));
  });
  return page;
}

void Reader::take_remembered(Page& page) {
  while (!page.full()) {
    const StoredBlock* cached = blocks_.find_at_or_before(page.job, page.from, page.committed);
    if (cached == nullptr) return;
    const std::uint64_t end = cached->position + cached->outcomes.count();
    if (end <= page.from) return;
    page.add(without_large_value(*cached));
    page.from = end;
  }
}

Result<std::vector<StoredBlock>> Reader::read_page(Statement& query, Page page) {
  Rows rows(query, page.job, page.from);
  while (!page.full() && rows.next())
    if (auto added = add_row(rows, page); !added) return added.error();
  if (auto error = rows.error()) return *error;
  return std::move(page.blocks);
}

Result<void> Reader::add_row(const Rows& rows, Page& page) {
  const std::uint64_t position = rows.number(0);
  const auto row = unpack_block({page.job, position}, rows.bytes(1));
  if (!row) return damaged(page.job, "block", position);
  if (position + row->tasks() <= page.from) return {};  // the one before: it ends where the page begins
  const StoredBlock* cached = blocks_.find(page.job, position, page.committed);
  auto block = cached != nullptr ? Result<StoredBlock>(without_large_value(*cached))
                                 : read_block(page.job, position, *row, rows.bytes(2));
  if (!block) return block.error();
  page.add(*std::move(block));
  return {};
}

Result<StoredBlock> Reader::read_block(std::uint64_t job, std::uint64_t position, const BlockRow& row,
                                       std::string_view in_row) {
  if (may_be_large(row)) {
    auto beginning = read_beginning(job, position, row);
    if (!beginning) return beginning.error();
    if (*beginning) return **std::move(beginning);
  }
  auto bytes = payload_.read(job, row.record, in_row);
  if (!bytes) return bytes.error();
  auto decoded = wire::decode_block(*bytes);
  if (!decoded || decoded->outcomes.runs != row.runs) return damaged(job, "block", position);
  StoredBlock block{
      .position = position, .origin = std::move(decoded->origin), .outcomes = std::move(decoded->outcomes)};
  blocks_.add(job, position, block, kEntryBytes + bytes_of(block.outcomes), on_disk_);
  return block;
}

Result<std::optional<StoredBlock>> Reader::read_beginning(std::uint64_t job, std::uint64_t position,
                                                          const BlockRow& row) {
  auto bytes = payload_.read_part(job, row.record, 0, std::min(row.record.length, kBeginningBytes));
  if (!bytes) return bytes.error();
  auto decoded = wire::decode_block_beginning(*bytes, row.record.length);
  if (!decoded || decoded->outcomes.runs != row.runs) return damaged(job, "block", position);
  if (decoded->left_out <= kWholeValueMax) return std::optional<StoredBlock>();
  return std::optional<StoredBlock>(StoredBlock{.position = position,
                                                .origin = std::move(decoded->origin),
                                                .outcomes = std::move(decoded->outcomes),
                                                .left_out = decoded->left_out});
}

Result<Bytes> Reader::part(std::uint64_t job, std::uint64_t position, std::uint64_t offset, std::uint64_t bytes,
                           Sequence committed) {
  const Error beyond{ErrorCode::invalid, "a value ends before byte " + std::to_string(offset + bytes)};
  if (const StoredBlock* cached = blocks_.find(job, position, committed)) {
    const Bytes& value = cached->outcomes.values.blob;
    if (offset > value.size() || bytes > value.size() - offset) return beyond;
    return value.part(offset, bytes);
  }
  Rows rows(ask_block_, job, position);
  const bool found = rows.next();
  if (auto error = rows.error()) return *error;
  const auto row = found ? unpack_block({job, position}, rows.bytes(0)) : std::nullopt;
  if (!row) return damaged(job, "block", position);
  // All that may be wrong with it is found before its first byte is shown; checking it for each part would take long.
  if (offset == 0)
    if (auto sound = payload_.check(job, row->record); !sound) return sound.error();
  auto block = read_beginning(job, position, *row);
  if (!block) return block.error();
  if (!*block || offset > (*block)->left_out || bytes > (*block)->left_out - offset) return beyond;
  return payload_.read_part(job, row->record, row->record.length - (*block)->left_out + offset, bytes);
}

// ---- Blocks by task ----------------------------------------------------------------------------------------------

Result<std::vector<StoredBlock>> Reader::blocks_with(std::uint64_t job, Run run, std::uint64_t bytes_max,
                                                     Sequence committed) {
  std::vector<StoredBlock> blocks;
  if (run.count == 0) return blocks;
  auto present = classes(job);
  if (!present) return present.error();
  std::map<std::uint64_t, Found> found;
  for (std::uint64_t left = *present; left != 0; left &= left - 1) {
    auto done = find_class(job, static_cast<std::uint64_t>(std::countr_zero(left)), run, found);
    if (!done) return done.error();
  }
  if (const std::uint64_t reach = reach_within(found, run, bytes_max); reach < run.end())
    std::erase_if(found, [&](const auto& entry) { return first_of(entry.second.row.runs, run) >= reach; });
  for (const auto& entry : found) {
    const StoredBlock* cached = blocks_.find(job, entry.first, committed);
    auto next = cached != nullptr ? Result<StoredBlock>(without_large_value(*cached))
                                  : read_block(job, entry.first, entry.second.row, entry.second.in_row);
    if (!next) return next.error();
    blocks.push_back(*std::move(next));
  }
  for_underway(job, committed, [&](const StoredBlock& block) {
    const auto shares = [run](const Run& part) { return intersection(part, run).has_value(); };
    if (!found.contains(block.position) && std::ranges::any_of(block.outcomes.runs, shares))
      blocks.push_back(without_large_value(block));
  });
  return blocks;
}

Result<void> Reader::find_class(std::uint64_t job, std::uint64_t span_class, Run run,
                                std::map<std::uint64_t, Found>& found) {
  const std::uint64_t reach = reach_of(span_class);
  const std::uint64_t from = run.first > reach ? run.first - reach : 0;
  Rows rows(ask_span_, job, span_class, from, run.end() - 1, run.first);
  while (rows.next()) {
    const std::uint64_t position = rows.number(0);
    auto row = unpack_block({job, position}, rows.bytes(1));
    if (!row) return damaged(job, "block", position);
    const auto shares = [run](const Run& part) { return intersection(part, run).has_value(); };
    if (std::none_of(row->runs.begin(), row->runs.end(), shares)) continue;  // the run lies in one of its gaps
    found.emplace(position, Found{.row = *std::move(row), .in_row = std::string(rows.bytes(2))});
  }
  if (auto error = rows.error()) return *error;
  return {};
}

Result<std::uint64_t> Reader::classes(std::uint64_t job) {
  Classes& classes = classes_[job];
  for (std::uint64_t next = 0; !classes.complete;) {  // one look-up per class that there is
    Rows rows(ask_class_, job, next);
    if (!rows.next()) {
      if (auto error = rows.error()) return *error;
      classes.complete = true;
      break;
    }
    if (rows.number(0) > kClassMax) return damaged(job, "span class", rows.number(0));
    classes.present |= std::uint64_t{1} << rows.number(0);
    next = rows.number(0) + 1;
  }
  return classes.present;
}

}  // namespace brigade::broker
