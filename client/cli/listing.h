// Jobs, workers, the broker: as a table or as data.
#pragma once

#include <string>
#include <vector>

#include "client/cli/context.h"
#include "client/output/text_table.h"
#include "proto/model/job.h"

namespace brigade::cli {

std::string jobs_text(const std::vector<JobSummary>& jobs, output::Format format, std::size_t width);
/// One job on its own; `json`: the summary object alone.
std::string job_text(const JobSummary& job, const JobSpec* spec, output::Format format);
std::string workers_text(const std::vector<WorkerSummary>& workers, output::Format format, std::size_t width);
std::string status_text(const BrokerStatus& status, const std::string& endpoint, output::Format format);
/// A line of titles (lower case, `_` for blanks) and a line for each row.
std::string csv_text(const std::vector<output::TableColumn>& columns,
                     const std::vector<output::TextTable::Cells>& rows);
/// One object of strings: what `up`, `version`, `cancel` and others print as data.
using Fields = std::vector<std::pair<std::string, std::string>>;
std::string fields_text(const Fields& fields, output::Format format);
/// A list of sentences.
std::string sentences_text(const std::string& key, const std::vector<std::string>& sentences, output::Format format);

}  // namespace brigade::cli
