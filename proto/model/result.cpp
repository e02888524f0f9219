#include "proto/model/result.h"

#include <cstdio>
#include <cstdlib>

namespace brigade {

void require(bool holds, std::source_location where) {
  if (holds) [[likely]]
    return;
  std::fprintf(stderr, "broken invariant at %s:%u in %s; please report this\n", where.file_name(), where.line(),
               where.function_name());
  std::abort();
}

}  // namespace brigade
