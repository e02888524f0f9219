#include "worker/exec/outcome_rows.h"

#include <utility>

#include "proto/wire/limits.h"

namespace brigade::worker {
namespace {

constexpr std::size_t kBlockBytes = 2 * wire::kMiB;  // a block is full with so many bytes of values
constexpr std::size_t kMoveBytes = 64 * 1024;        // from this size on a value is moved, not copied
constexpr std::size_t kGrownBytes = 256 * 1024;      // and large enough to go: more at once makes what follows wait

}  // namespace

bool OutcomeRows::fits(std::size_t size) const {
  if (count_ == 0) return true;
  return count_ < wire::kTasksPerMessageMax && runs_.size() < wire::kRunsMax && blob_.size() + size <= kBlockBytes;
}

bool OutcomeRows::is_grown() const {
  return blob_.size() >= kGrownBytes;
}

void OutcomeRows::add(const OutcomeRow& row, std::string_view value, std::string* owned) {
  if (!runs_.empty() && runs_.back().end() == row.index) {
    ++runs_.back().count;
  } else {
    runs_.push_back({row.index, 1});
  }
  ++count_;
  status_.add(row.status);
  start_ms_.push_back(row.start_ms);
  run_ms_.push_back(row.run_ms);
  retry_after_ms_.add(row.retry_after_ms);
  sizes_.add(static_cast<std::uint32_t>(value.size()));
  if (blob_.empty() && owned != nullptr && value.size() >= kMoveBytes) {
    blob_ = std::move(*owned);
  } else {
    blob_.append(value);
  }
}

Outcomes OutcomeRows::take() {
  Outcomes outcomes;
  outcomes.runs = std::move(runs_);
  outcomes.status = status_.take();
  outcomes.start_ms = Column<float>::of(std::move(start_ms_));
  outcomes.run_ms = Column<float>::of(std::move(run_ms_));
  outcomes.retry_after_ms = retry_after_ms_.take();
  outcomes.values = {.sizes = sizes_.take(), .blob = Bytes::of(std::move(blob_))};
  return outcomes;
}

}  // namespace brigade::worker
