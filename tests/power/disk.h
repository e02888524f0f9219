// A disk as POSIX promises it, and no better: what was written is read back by everyone, but only what was synced is
// there after a power loss. Contents last by a sync of the file, names (of new and of deleted files) by a sync of
// their folder.
//
// The real files hold what a running machine sees; this class notes beside them what is on disk, and what is not
// synced yet. Every change of a file asks it first, so it is also where the power goes and where errors come from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace brigade::power {

enum class Step : std::uint8_t { create, write, truncate, sync, unlink, make_folder, sync_folder };

/// Which file of a store, or which folder.
enum class Part : std::uint8_t { segment, mark, database, log, journal, segments_folder, state_folder, folder_above };

struct Operation {
  Step step = Step::write;
  Part part = Part::segment;
  auto operator<=>(const Operation&) const = default;
};
std::string to_string(Operation operation);

/// What goes wrong, once, at the operation number `nth` of those that are like `only` (of all when it is absent).
struct Fault {
  enum class Kind : std::uint8_t {
    power_off_before,  ///< nothing more happens, not even this; of a write, some sectors may
    power_off_after,   ///< this is the last thing that happens
    error,             ///< it is refused with `error_number`
    errors,            ///< so are all like it, until calm()
  };
  Kind kind = Kind::power_off_before;
  std::uint64_t nth = 1;
  std::optional<Operation> only;
  int error_number = 0;
};

/// What of the unsynced changes a power loss leaves.
enum class Left : std::uint8_t { nothing, the_earlier_ones, any_sectors };

/// A file or folder, which may have a name, or none any more.
struct Node {
  struct Change {
    std::uint64_t number = 0;  ///< changes of the whole disk before it
    std::uint64_t offset = 0;
    std::string bytes;
    bool cut = false;  ///< the file's end is moved to `offset`; else `bytes` are written there
  };
  bool is_folder = false;
  std::string synced;  ///< the contents on disk
  std::vector<Change> unsynced;
};

/// Used by any thread. `errno`s are returned; 0 is success.
class Disk {
 public:
  /// All that is below `root` now is on disk. What lies elsewhere is not this disk's business: it never fails.
  /// REQUIRES: no part of its path is a symbolic link.
  void mount(std::filesystem::path root);

  // ---- What happens to it ----------------------------------------------------------------------------------------

  /// Takes the place of an earlier fault. Counting starts now.
  void plan(Fault fault);
  void calm() { plan_nothing(); }
  /// A bug to be found: the broker syncs this part nowhere.
  void forget_syncs_of(Part part);
  bool forgets_to_sync(Part part) const;
  /// Called, locked, at the moment the power goes.
  void when_off(std::function<void()> call) { when_off_ = std::move(call); }
  void turn_off();
  bool is_off() const;
  /// The process is gone, but not the machine: whoever starts next sees all that was written, synced or not.
  void restart_process();
  /// The machine is gone: `root` has again what was on disk, and what `left` says of the rest.
  void restart_machine(Left left, std::uint64_t seed);

  std::uint64_t operations() const;
  /// The operation at which the plan struck.
  std::optional<Operation> struck() const;
  /// All kinds of operations since the latest plan().
  std::set<Operation> seen() const;

  // ---- Before each change of a real file -------------------------------------------------------------------------

  /// The node by that name; none: there is none, or it is not below the root.
  std::shared_ptr<Node> find(const std::filesystem::path& path) const;
  /// A new, empty file.
  int create(const std::filesystem::path& path, std::shared_ptr<Node>& node);
  int write(Part part, Node& node, std::uint64_t offset, std::string_view bytes);
  int truncate(Part part, Node& node, std::uint64_t size);
  int sync(Part part, Node& node);
  int unlink(const std::filesystem::path& path);
  int make_folder(const std::filesystem::path& path);
  int sync_folder(const std::filesystem::path& path);
  Part part_of(const std::filesystem::path& path) const;

 private:
  using Names = std::map<std::filesystem::path, std::shared_ptr<Node>>;

  void plan_nothing();
  bool is_ours(const std::filesystem::path& path) const;
  /// Counts the operation and says what becomes of it: 0, or an errno. `change` notes it where it happens.
  int happen(Operation operation, const std::function<void()>& change);
  void go_off();
  void add_change(Node& node, Node::Change change);
  Names names_left(Left left, std::uint64_t seed) const;
  void lay_out(const Names& names) const;

  mutable std::recursive_mutex mutex_;
  std::filesystem::path root_;
  Names names_;         ///< as everyone sees them
  Names names_synced_;  ///< as they are on disk
  std::uint64_t changes_ = 0;
  std::uint64_t operations_ = 0;
  std::set<Operation> seen_;
  std::set<Part> forgotten_;
  std::optional<Fault> fault_;
  std::optional<Operation> struck_;
  bool off_ = false;
  std::function<void()> when_off_;
};

/// The disk of this program: SQLite and the store's system calls work on it. (They are called without an argument for
/// it, so there can be only one.)
Disk& disk();

}  // namespace brigade::power
