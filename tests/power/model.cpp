#include "tests/power/model.h"

#include <variant>

namespace brigade::power {
namespace {

using namespace broker;

constexpr std::uint64_t kAll = std::uint64_t{1} << 40;

RecoveredJob recovered_from(const JobModel& model) {
  RecoveredJob job{.id = model.opened.job, .spec = model.opened.spec, .client = model.opened.client};
  job.tasks = model.tasks();
  job.chunks = model.chunks.size();
  job.sealed = model.sealed.has_value();
  if (model.sealed) job.accepted_at = model.sealed->accepted_at;
  if (model.sealed) job.hash = model.sealed->hash;
  for (const BlockAppended& block : model.blocks) {
    std::size_t row = 0;
    for (const Run& run : block.outcomes.runs) {
      job.done.insert(run);
      for (std::uint64_t task = run.first; task < run.end(); ++task, ++row) {
        const TaskStatus status = block.outcomes.status[row];
        ++job.by_status[static_cast<std::size_t>(status)];
        if (status != TaskStatus::ok && !is_cancellation(status)) job.failed.insert({task, 1});
      }
    }
  }
  job.log_rows = model.rows();
  job.attempts = model.attempts;
  if (model.finished) {
    job.finished = model.finished->summary;
    job.done.clear();
    job.attempts.clear();
  }
  return job;
}

bool same(const RecoveredJob& a, const RecoveredJob& b) {
  return a.id == b.id && a.spec == b.spec && a.client == b.client && a.accepted_at == b.accepted_at &&
         a.tasks == b.tasks && a.chunks == b.chunks && a.hash == b.hash && a.sealed == b.sealed && a.done == b.done &&
         a.failed == b.failed && a.by_status == b.by_status && a.log_rows == b.log_rows && a.attempts == b.attempts &&
         a.finished == b.finished;
}

std::optional<std::string> difference(const JobModel& job, Store& store) {
  const JobId id = job.opened.job;
  for (const ChunkArrived& chunk : job.chunks) {
    const auto stored = store.arguments(id, chunk.run);
    if (!stored) return stored.error().message;
    if (stored->arguments != chunk.arguments || stored->labels != chunk.labels)
      return "other arguments from task " + std::to_string(chunk.run.first) + " on of job " + to_string(id);
  }
  const auto blocks = store.blocks(id, 0, kAll, false);
  if (!blocks) return blocks.error().message;
  if (blocks->size() != job.blocks.size()) return "another number of blocks of job " + to_string(id);
  for (std::size_t i = 0; i < job.blocks.size(); ++i) {
    const StoredBlock& stored = (*blocks)[i];
    const BlockAppended& block = job.blocks[i];
    if (stored.position != block.position || stored.origin != block.origin || stored.outcomes != block.outcomes)
      return "another block at row " + std::to_string(block.position) + " of job " + to_string(id);
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t JobModel::tasks() const {
  if (sealed) return sealed->tasks;
  return chunks.empty() ? 0 : chunks.back().run.end();
}

std::uint64_t JobModel::rows() const {
  return blocks.empty() ? 0 : blocks.back().position + count_of(blocks.back().outcomes.runs);
}

void add_to(Model& model, const Write& write) {
  std::visit(overload{[&](const JobOpened& opened) { model[opened.job].opened = opened; },
                      [&](const ChunkArrived& chunk) { model[chunk.job].chunks.push_back(chunk); },
                      [&](const JobSealed& sealed) { model[sealed.job].sealed = sealed; },
                      [&](const BlockAppended& block) { model[block.job].blocks.push_back(block); },
                      [&](const AttemptsCounted& attempts) { model[attempts.job].attempts.push_back(attempts); },
                      [&](const JobFinished& finished) { model[finished.job].finished = finished; },
                      [&](const JobForgotten& forgotten) { model.erase(forgotten.job); }},
             write);
}

bool matches(const Model& model, const Recovered& recovered) {
  if (model.size() != recovered.jobs.size()) return false;
  auto job = recovered.jobs.begin();
  for (const auto& [id, expected] : model)
    if (!same(recovered_from(expected), *job++)) return false;
  return true;
}

std::optional<std::string> difference(const Model& model, Store& store) {
  for (const auto& [id, job] : model)
    if (auto found = difference(job, store)) return found;
  return std::nullopt;
}

}  // namespace brigade::power
