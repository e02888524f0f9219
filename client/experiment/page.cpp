#include "client/experiment/page.h"

#include "client/experiment/embedded.h"

namespace brigade::experiment {

std::string report_page(const std::vector<Json>& summaries) {
  constexpr std::string_view kPlace = R"(id="brigade-data">null</script>)";
  constexpr std::string_view kNull = "null</script>";
  std::string data = Json{{"runs", summaries}}.dump();
  // "</script>" in a text would end the element; in JSON a slash may be escaped.
  for (std::size_t at = data.find("</"); at != std::string::npos; at = data.find("</", at + 3))
    data.insert(at + 1, "\\");
  std::string page(report_template());
  const std::size_t place = page.find(kPlace);
  require(place != std::string::npos);
  page.replace(place + kPlace.size() - kNull.size(), 4, data);
  return page;
}

}  // namespace brigade::experiment
