// Verifies one job of a store: its chunks, its result log, its attempts.
#pragma once

#include <map>
#include <vector>

#include "broker/store/check.h"

namespace brigade::broker {

class JobCheck {
 public:
  JobCheck(Inspection& store, const InspectedJob& job);
  /// Reads all of it. What was found is in checked() and damages().
  void run();

  /// The job was not there any more at the end: what was missing is no damage.
  bool forgotten() const { return forgotten_; }
  const CheckedJob& checked() const { return checked_; }
  /// The first of them; checked().damages is how many there are.
  const std::vector<Damage>& damages() const { return damages_; }
  /// Bytes in the job's segment files that no row points to: what crashes left behind.
  std::uint64_t left_behind() const { return left_behind_; }

 private:
  void read_chunks();
  void read_chunk(const IndexedRow& row);
  void read_blocks();
  void read_block(const IndexedRow& row);
  void take_in(const InspectedBlock& block);
  void read_attempts();
  void compare_with_summary();
  void compare_with_files();
  void damaged(std::optional<Run> tasks, std::string what);
  void damaged(const std::filesystem::path& file, std::optional<Run> tasks, std::string what);
  void count(const Location& location);
  std::string name() const;

  Inspection& store_;
  const InspectedJob& job_;
  CheckedJob checked_;
  std::vector<Damage> damages_;
  std::uint64_t next_task_ = 0;  ///< where the next chunk should begin
  std::uint64_t log_rows_ = 0;   ///< where the next block should begin
  bool log_whole_ = true;        ///< all of it was read
  RunSet done_;
  std::array<std::uint64_t, kTaskStatuses> by_status_{};
  std::map<std::uint32_t, std::uint64_t> pointed_to_;  ///< bytes of records by segment
  std::uint64_t left_behind_ = 0;
  bool forgotten_ = false;
};

}  // namespace brigade::broker
