// Jobs and results of a store's folder, one after another, past whatever is damaged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "broker/store/inspection.h"

namespace brigade::broker {

struct ExportedResults {
  Results rows;               ///< of one block, or a part of it
  bool has_arguments = true;  ///< false: the job's are damaged there; always true for a range
};

struct ExportSink {
  std::function<bool(const JobOpened&)> wants;
  /// Each job that was accepted; the results follow, in the order of completion.
  std::function<void(const JobOpened&, const JobSummary&)> job;
  std::function<void(const ExportedResults&)> results;  ///< empty: they are not read
  ReportDamage damage;                                  ///< what is left out because of it
  std::function<void(const std::string&)> note;
};

/// Reads the folder with or without a broker at work in it. Returns how much was found damaged. An error: nothing can
/// be read.
Result<std::uint64_t> export_store(const std::filesystem::path& folder, const ExportSink& sink);

}  // namespace brigade::broker
