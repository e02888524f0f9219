#include "client/core/step.h"

#include <cstdio>

namespace brigade::client {

std::string seconds_text(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", to_ms(duration) / 1000);
  return text;
}

Error overdue(const Start& start, const std::string& what, Duration limit) {
  return {ErrorCode::unavailable, "the broker at " + start.endpoint + " is there, but " + what +
                                      " did not come within " + seconds_text(limit) +
                                      "; see `brigade status`, or try again"};
}

}  // namespace brigade::client
