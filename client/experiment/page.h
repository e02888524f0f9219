// report.html: the page with the figures inside, one file that needs nothing else.
#pragma once

#include <string>

#include "client/experiment/record.h"

namespace brigade::experiment {

/// The page that shows these summaries: one, or several beside each other.
std::string report_page(const std::vector<Json>& summaries);

}  // namespace brigade::experiment
