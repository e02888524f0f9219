// What an experiment leaves: its files, and what is printed of it.
#pragma once

#include "client/cli/context.h"
#include "client/experiment/record.h"

namespace brigade::cli {

/// Makes results.csv, summary.json, trace.json and report.html from what is measured; the summary.
Result<experiment::Json> write_results(const experiment::ResultsFolder& folder);

/// The page that shows these summaries: whole or not at all.
Result<void> write_page(const std::string& path, const std::vector<experiment::Json>& summaries);

/// In the format that was asked for: tables and words, the summary (json), one row per run (ndjson, csv).
ExitCode print_results(const Context& context, const experiment::Measured& measured, const experiment::Json& summary);

/// The table of the cells, the comparisons, the recommendation, the warnings. `width` 0: as wide as needed.
std::string results_text(const experiment::Json& summary, std::size_t width);

}  // namespace brigade::cli
