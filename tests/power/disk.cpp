#include "tests/power/disk.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <random>
#include <sstream>
#include <utility>

namespace brigade::power {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kSectorBytes = 512;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

void apply(std::string& contents, const Node::Change& change) {
  if (change.cut) {
    contents.resize(change.offset);
    return;
  }
  contents.resize(std::max<std::size_t>(contents.size(), change.offset + change.bytes.size()));
  contents.replace(change.offset, change.bytes.size(), change.bytes);
}

/// The change in parts of at most a sector each.
std::vector<Node::Change> sectors_of(const Node::Change& change) {
  if (change.cut) return {change};
  std::vector<Node::Change> sectors;
  for (std::size_t at = 0; at < change.bytes.size();) {
    const std::size_t size = std::min(kSectorBytes - (change.offset + at) % kSectorBytes, change.bytes.size() - at);
    sectors.push_back({.number = change.number, .offset = change.offset + at, .bytes = change.bytes.substr(at, size)});
    at += size;
  }
  return sectors;
}

/// Which unsynced changes a power loss leaves, by its seed.
class Survival {
 public:
  Survival(Left left, std::uint64_t seed, std::uint64_t changes) : left_(left), random_(seed) {
    earlier_than_ = random_() % (changes + 1);
    constexpr std::array<unsigned, 4> kPercents{5, 50, 50, 95};
    percent_ = kPercents[random_() % kPercents.size()];
  }

  bool keeps(std::uint64_t number) {
    if (left_ == Left::nothing) return false;
    return left_ == Left::the_earlier_ones ? number < earlier_than_ : random_() % 100 < percent_;
  }
  bool keeps_name() { return left_ != Left::nothing && random_() % 2 == 0; }

 private:
  Left left_;
  std::mt19937_64 random_;
  std::uint64_t earlier_than_ = 0;
  unsigned percent_ = 0;
};

}  // namespace

std::string to_string(Operation operation) {
  constexpr std::array kSteps{"create", "write", "truncate", "sync", "unlink", "make folder", "sync folder"};
  constexpr std::array kParts{"segment", "mark", "database", "log", "journal", "segments", "state", "folder above"};
  return std::string(kSteps[static_cast<std::size_t>(operation.step)]) + " " +
         kParts[static_cast<std::size_t>(operation.part)];
}

// ---- What happens to it --------------------------------------------------------------------------------------------

void Disk::mount(fs::path root) {
  const std::lock_guard lock(mutex_);
  root_ = std::move(root);
  names_.clear();
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    auto node = std::make_shared<Node>();
    node->is_folder = entry.is_directory();
    if (!node->is_folder) node->synced = read_file(entry.path());
    names_[entry.path()] = std::move(node);
  }
  names_synced_ = names_;
  seen_.clear();
  forgotten_.clear();
  plan_nothing();
  off_ = false;
}

void Disk::plan(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
  struck_.reset();
  operations_ = 0;
  seen_.clear();
}

void Disk::plan_nothing() {
  const std::lock_guard lock(mutex_);
  fault_.reset();
  operations_ = 0;
}

void Disk::forget_syncs_of(Part part) {
  const std::lock_guard lock(mutex_);
  forgotten_.insert(part);
}

bool Disk::forgets_to_sync(Part part) const {
  const std::lock_guard lock(mutex_);
  return forgotten_.contains(part);
}

void Disk::turn_off() {
  const std::lock_guard lock(mutex_);
  go_off();
}

bool Disk::is_off() const {
  const std::lock_guard lock(mutex_);
  return off_;
}

void Disk::restart_process() {
  const std::lock_guard lock(mutex_);
  plan_nothing();
  off_ = false;
}

void Disk::restart_machine(Left left, std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  names_ = names_left(left, seed);
  names_synced_ = names_;
  lay_out(names_);
  restart_process();
}

std::uint64_t Disk::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

std::optional<Operation> Disk::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

std::set<Operation> Disk::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

/// Names and contents after a power loss.
Disk::Names Disk::names_left(Left left, std::uint64_t seed) const {
  Survival survival(left, seed, changes_);
  Names names = names_synced_;
  for (const auto& [path, node] : names_)
    if (survival.keeps_name()) names[path] = node;
  for (const auto& [path, node] : names_synced_)
    if (!names_.contains(path) && survival.keeps_name()) names.erase(path);
  // A folder comes before what is in it.
  for (auto it = names.begin(); it != names.end();) {
    const fs::path above = it->first.parent_path();
    it = above == root_ || names.contains(above) ? std::next(it) : names.erase(it);
  }
  for (const auto& [path, node] : names) {
    for (const Node::Change& change : node->unsynced)
      for (const Node::Change& sector : sectors_of(change))
        if (survival.keeps(sector.number)) apply(node->synced, sector);
    node->unsynced.clear();
  }
  return names;
}

void Disk::lay_out(const Names& names) const {
  for (const auto& entry : fs::directory_iterator(root_)) fs::remove_all(entry.path());
  for (const auto& [path, node] : names) {
    if (node->is_folder)
      fs::create_directory(path);
    else
      std::ofstream(path, std::ios::binary) << node->synced;
  }
}

// ---- Before each change --------------------------------------------------------------------------------------------

bool Disk::is_ours(const fs::path& path) const {
  return !root_.empty() && path.native().starts_with(root_.native() + "/");
}

std::shared_ptr<Node> Disk::find(const fs::path& path) const {
  const std::lock_guard lock(mutex_);
  const auto it = names_.find(path);
  return it == names_.end() ? nullptr : it->second;
}

Part Disk::part_of(const fs::path& path) const {
  const std::string name = path.filename().string();
  if (name.ends_with(".seg")) return Part::segment;
  if (name == "commits") return Part::mark;
  if (name.ends_with("-wal")) return Part::log;
  if (name.ends_with("-journal")) return Part::journal;
  if (name.ends_with(".sqlite")) return Part::database;
  if (name == "segments") return Part::segments_folder;
  return find(path / "index.sqlite") ? Part::state_folder : Part::folder_above;
}

int Disk::happen(Operation operation, const std::function<void()>& change) {
  using Kind = Fault::Kind;
  if (off_) return EIO;
  seen_.insert(operation);
  const bool planned = fault_ && (!fault_->only || *fault_->only == operation);
  if (planned || !fault_) ++operations_;
  const bool lasting = planned && fault_->kind == Kind::errors;
  if (!planned || (lasting ? operations_ < fault_->nth : operations_ != fault_->nth)) {
    change();
    return 0;
  }
  struck_ = operation;
  if (fault_->kind == Kind::error || lasting) return fault_->error_number;
  const bool begun = operation.step == Step::write || operation.step == Step::truncate;
  if (begun || fault_->kind == Kind::power_off_after) change();
  const int result = fault_->kind == Kind::power_off_after ? 0 : EIO;
  go_off();
  return result;
}

void Disk::go_off() {
  off_ = true;
  if (when_off_) when_off_();
}

void Disk::add_change(Node& node, Node::Change change) {
  change.number = changes_++;
  node.unsynced.push_back(std::move(change));
}

int Disk::create(const fs::path& path, std::shared_ptr<Node>& node) {
  const std::lock_guard lock(mutex_);
  if (!is_ours(path)) return 0;
  return happen({Step::create, part_of(path)}, [&] { names_[path] = node = std::make_shared<Node>(); });
}

int Disk::write(Part part, Node& node, std::uint64_t offset, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  return happen({Step::write, part}, [&] { add_change(node, {.offset = offset, .bytes = std::string(bytes)}); });
}

int Disk::truncate(Part part, Node& node, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  return happen({Step::truncate, part}, [&] { add_change(node, {.offset = size, .cut = true}); });
}

int Disk::sync(Part part, Node& node) {
  const std::lock_guard lock(mutex_);
  return happen({Step::sync, part}, [&] {
    for (const Node::Change& change : node.unsynced) apply(node.synced, change);
    node.unsynced.clear();
  });
}

int Disk::unlink(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  if (!find(path)) return 0;
  return happen({Step::unlink, part_of(path)}, [&] { names_.erase(path); });
}

int Disk::make_folder(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  if (!is_ours(path) || find(path)) return 0;
  return happen({Step::make_folder, part_of(path)}, [&] {
    names_[path] = std::make_shared<Node>();
    names_[path]->is_folder = true;
  });
}

int Disk::sync_folder(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  if (path != root_ && !find(path)) return 0;
  return happen({Step::sync_folder, part_of(path)}, [&] {
    std::erase_if(names_synced_, [&](const auto& name) { return name.first.parent_path() == path; });
    for (const auto& [name, node] : names_)
      if (name.parent_path() == path) names_synced_[name] = node;
  });
}

}  // namespace brigade::power
