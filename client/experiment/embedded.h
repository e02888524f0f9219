// Files of the source tree that the client carries inside.
#pragma once

#include <string_view>

namespace brigade::experiment {

/// client/experiment/python/baseline.py
std::string_view baseline_script();
/// web/report/dist/report.html: a page that shows the JSON of its element "brigade-data".
std::string_view report_template();

}  // namespace brigade::experiment
