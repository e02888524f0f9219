#include "proto/base/file_limit.h"

#include <sys/resource.h>

namespace brigade::base {

std::uint64_t raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);  // to the hard limit: always allowed
  return limit.rlim_max;
}

}  // namespace brigade::base
