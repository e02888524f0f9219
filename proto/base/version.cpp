#include "proto/base/version.h"

namespace brigade::base {

std::string_view version() {
  return BRIGADE_VERSION;
}

}  // namespace brigade::base
