// What a store holds after some writes, and whether one does.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/store/store.h"

namespace brigade::power {

struct JobModel {
  broker::JobOpened opened;
  std::vector<broker::ChunkArrived> chunks;
  std::optional<broker::JobSealed> sealed;
  std::vector<broker::BlockAppended> blocks;
  std::vector<broker::AttemptsCounted> attempts;
  std::optional<broker::JobFinished> finished;

  /// In chunks so far; all of them once it is sealed.
  std::uint64_t tasks() const;
  /// Length of the result log.
  std::uint64_t rows() const;
};

/// Jobs in the order of their ids, which tests give in the order of their opening.
using Model = std::map<JobId, JobModel>;

void add_to(Model& model, const broker::Write& write);
/// Whether a recovered store has these jobs, each as it was.
bool matches(const Model& model, const broker::Recovered& recovered);
/// Reads every argument and every outcome. What is not as it was; nothing: all is.
std::optional<std::string> difference(const Model& model, broker::Store& store);

}  // namespace brigade::power
