// Random writes as a broker makes them: uploads, results, endings of several jobs at once, small and large.
#pragma once

#include <random>
#include <vector>

#include "tests/power/model.h"

namespace brigade::power {

class Workload {
 public:
  explicit Workload(std::uint64_t seed) : random_(seed) {}

  /// One batch that makes sense after `model`.
  std::vector<broker::Write> batch(Model model);
  /// A number below `bound`.
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  std::vector<broker::Write> usual(Model& model);
  broker::Write write_for(const JobModel& job);
  broker::Write open_job(bool range, std::size_t options_bytes = 10);
  broker::Write chunk_of(const JobModel& job);
  broker::Write block_of(const JobModel& job);
  broker::Write end_of(const JobModel& job);

  std::mt19937_64 random_;
  std::uint64_t jobs_ = 0;
};

}  // namespace brigade::power
