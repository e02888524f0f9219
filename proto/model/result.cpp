#include "proto/model/result.h"

#include <cstdio>
#include <cstdlib>

namespace brigade {

void require(bool holds, const char* file, unsigned line, const char* function) {
  if (holds) [[likely]]
    return;
  std::fprintf(stderr, "broken invariant at %s:%u in %s; please report this\n", file, line, function);
  std::abort();
}

}  // namespace brigade
