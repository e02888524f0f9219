// A store's folder after damage to its files: opening it gives an error or everything that was acknowledged, and
// reading gives an error or the right data; never other data, never less of it.
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <tuple>

#include "broker/pages.h"
#include "broker/store/sqlite_store.h"
#include "tests/fuzz/input.h"
#include "tests/support/temporary_folder.h"

namespace brigade::fuzz {
namespace {

namespace fs = std::filesystem;
using broker::Recovered;
using broker::RecoveredJob;
using broker::StoreSignals;

// ---- What is stored ----------------------------------------------------------------------------------------------

constexpr JobId kFinished{1, 1}, kRunning{2, 2}, kUpload{3, 3};

Values texts(Run run, const std::string& prefix, std::size_t padding = 0) {
  ValuesBuilder builder;
  for (std::uint64_t task = run.first; task < run.end(); ++task)
    builder.add(prefix + std::to_string(task) + std::string(padding, '.'));
  return builder.take();
}

/// Every fifth task failed.
broker::BlockAppended block(JobId job, std::uint64_t position, Run run, std::size_t padding) {
  Outcomes outcomes{.runs = {run}};
  std::vector<TaskStatus> status;
  for (std::uint64_t task = run.first; task < run.end(); ++task)
    status.push_back(task % 5 == 4 ? TaskStatus::dns : TaskStatus::ok);
  outcomes.status = Column<TaskStatus>::of(std::move(status));
  outcomes.run_ms = Column<float>(static_cast<float>(position));
  outcomes.values = texts(run, "answer ", padding);
  return {.job = job, .position = position, .origin = {.worker = "w", .attempts = 1}, .outcomes = outcomes};
}

broker::ChunkArrived chunk(JobId job, std::uint64_t sequence, Run run, std::size_t padding) {
  return {.job = job,
          .sequence = sequence,
          .run = run,
          .arguments = texts(run, "argument ", padding),
          .labels = texts(run, "line ")};
}

/// A range that is finished, a list that runs (its payload partly in segments), and an upload.
std::vector<broker::Write> writes() {
  JobSpec range{.kind = "noop", .range = Arithmetic{.start = 0, .step = 1, .count = 200}, .key = "range"};
  JobSpec list{.kind = "echo", .retries = 2, .key = "list"};
  JobSpec upload{.kind = "echo", .key = "upload"};
  std::vector<broker::Write> writes{broker::JobOpened{kFinished, range, "someone", {1}},
                                    broker::JobSealed{kFinished, 200, {1}, {2}}};
  for (std::uint64_t at = 0; at < 200; at += 5) writes.push_back(block(kFinished, at, {195 - at, 5}, 0));
  JobSummary summary{.id = kFinished, .state = JobState::done, .tasks = 200, .ok = 160, .failed = 40};
  summary.by_status[static_cast<std::size_t>(TaskStatus::ok)] = 160;
  summary.by_status[static_cast<std::size_t>(TaskStatus::dns)] = 40;
  summary.visible_rows = 200;
  writes.push_back(broker::JobFinished{kFinished, summary});
  writes.push_back(broker::JobOpened{kRunning, list, "someone", {1}});
  for (std::uint64_t i = 0; i < 4; ++i) writes.push_back(chunk(kRunning, i, {i * 10, 10}, i == 1 ? 1000 : 0));
  writes.push_back(broker::JobSealed{kRunning, 40, {2}, {3}});
  for (std::uint64_t at = 0; at < 20; at += 5) writes.push_back(block(kRunning, at, {at, 5}, at == 5 ? 2000 : 0));
  for (std::uint64_t task = 20; task < 30; ++task)
    writes.push_back(broker::AttemptsCounted{
        .job = kRunning, .run = {task, 1}, .trial = {.attempts = 1, .failures = 1}, .lost_worker = ""});
  writes.push_back(broker::JobOpened{kUpload, upload, "someone", {1}});
  writes.push_back(chunk(kUpload, 0, {0, 3}, 0));
  return writes;
}

// ---- What is read ------------------------------------------------------------------------------------------------

using Row = std::tuple<std::uint64_t, TaskStatus, float, std::string, std::string, std::string, std::string>;
using Rows = std::vector<Row>;

void collect(const Results& results, Rows& rows) {
  ValuesReader values(results.outcomes.values), arguments(results.arguments), labels(results.labels);
  std::size_t row = 0;
  for (const Run& run : results.outcomes.runs)
    for (std::uint64_t task = run.first; task < run.end(); ++task, ++row)
      rows.emplace_back(task, results.outcomes.status[row], results.outcomes.run_ms[row], values.next(),
                        arguments.next(), labels.next(), results.origins.at(results.origin[row]).worker);
}

Result<Rows> read(broker::Store& store, broker::SendPage order) {
  broker::Pages pages(store);
  Rows rows;
  order.bytes_max = 3000;
  while (order.from < order.end) {
    const auto page = pages.make(order);
    if (!page) return page.error();
    require(page->next > order.from);
    for (const Results& results : page->messages) collect(results, rows);
    order.from = page->next;
  }
  return rows;
}

/// All ways to read a job.
std::vector<Result<Rows>> read_all(broker::Store& store, const RecoveredJob& job) {
  std::vector<Result<Rows>> reads;
  const bool arguments = !job.spec.range;
  const std::uint64_t contiguous = job.finished ? job.tasks : job.done.first_missing(0);
  for (const bool failed_only : {false, true})
    reads.push_back(read(store, {.job = job.id,
                                 .order = Order::completion,
                                 .end = job.log_rows,
                                 .failed_only = failed_only,
                                 .with_arguments = arguments}));
  reads.push_back(read(store, {.job = job.id, .order = Order::input, .end = contiguous, .with_arguments = arguments}));
  return reads;
}

// ---- The folder --------------------------------------------------------------------------------------------------

struct File {
  fs::path path;  ///< in the folder
  std::string bytes;
};
using Files = std::vector<File>;

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// As after a crash of the machine: without the lock and the log's shared memory.
Files files_of(const fs::path& folder) {
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().filename() != "lock" && entry.path().extension() != ".sqlite-shm")
      files.push_back({entry.path().lexically_relative(folder), content(entry.path())});
  std::ranges::sort(files, {}, &File::path);
  return files;
}

void lay_out(const fs::path& folder, const Files& files) {
  fs::remove_all(folder);
  fs::create_directories(folder / "segments");
  for (const File& file : files) std::ofstream(folder / file.path, std::ios::binary) << file.bytes;
}

class TemporaryFolder : public test::TemporaryFolder {
 public:
  fs::path state() const { return path() / "state"; }
};

StoreSignals no_signals() {
  return {.committed = [](Sequence) {}, .stalled = [](std::string) {}, .resumed = [] {}, .failed = [](std::string) {}};
}

/// The store as it should be: its files while the write-ahead log holds all, and after all is in the database.
struct Whole {
  TemporaryFolder folder;
  std::array<Files, 2> files;
  Recovered recovered;
  std::vector<std::vector<Result<Rows>>> reads;  ///< of each recovered job

  Whole() {
    std::promise<void> written;
    const std::vector<broker::Write> all = writes();
    StoreSignals signals = no_signals();
    signals.committed = [&](Sequence sequence) {
      if (sequence.value == all.size()) written.set_value();
    };
    auto opened = broker::open_store({.folder = folder.state(), .sync = true, .signals = std::move(signals)});
    std::uint64_t sequence = 0;
    for (const broker::Write& write : all) opened->store->append({++sequence}, write);
    written.get_future().wait();
    files[0] = files_of(folder.state());
    opened->store.reset();
    files[1] = files_of(folder.state());
    opened = broker::open_store({.folder = folder.state(), .sync = false, .signals = no_signals()});
    for (const RecoveredJob& job : opened->recovered.jobs) {
      reads.push_back(read_all(*opened->store, job));
      for (const auto& rows : reads.back()) require(static_cast<bool>(rows));
    }
    recovered = std::move(opened->recovered);
    require(recovered.jobs.size() == 3);
  }
};

// ---- Damage ------------------------------------------------------------------------------------------------------

/// One place of a file.
void damage(Input& input, std::string& bytes) {
  std::size_t at = input.byte();
  at = (at << 8 | input.byte()) << 8;
  at = (at | input.byte()) % std::max<std::size_t>(1, bytes.size());
  const std::size_t count = std::min<std::size_t>(input.number(), bytes.size() - at);
  switch (input.below(6)) {
    case 0:
      bytes.resize(at);
      return;
    case 1:
      bytes.insert(at, std::string(count, static_cast<char>(input.byte())));
      return;
    case 2:
      bytes.erase(at, count);
      return;
    case 3:  // a page of the disk that was written to the wrong place
      at -= at % 512;
      bytes.replace(at, 512, bytes.substr(512 * input.below(1 + bytes.size() / 512 % 256), 512));
      return;
    case 4:
      bytes.replace(at, count, count, '\0');
      return;
    default:
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ std::max<std::uint8_t>(1, input.byte()));
  }
}

void check(const Whole& whole, const fs::path& folder) {
  auto opened = broker::open_store({.folder = folder, .sync = false, .signals = no_signals()});
  if (!opened) return require(!opened.error().message.empty());
  require(opened->recovered.epoch >= whole.recovered.epoch);
  require(opened->recovered.jobs == whole.recovered.jobs);
  for (std::size_t i = 0; i < whole.recovered.jobs.size(); ++i) {
    const auto reads = read_all(*opened->store, whole.recovered.jobs[i]);
    for (std::size_t way = 0; way < reads.size(); ++way) require(!reads[way] || *reads[way] == *whole.reads[i][way]);
  }
}

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brigade::fuzz;
  static const Whole whole;
  static const TemporaryFolder folder;
  Input input(data, size);
  Files files = whole.files[input.below(2)];
  // One file only: a database and its commit mark that were both emptied are a new store.
  std::string& damaged = files[input.below(files.size())].bytes;
  while (!input.empty()) damage(input, damaged);
  lay_out(folder.state(), files);
  check(whole, folder.state());
  return 0;
}
