// The kinds that a worker offers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/model/result.h"
#include "proto/model/time.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

/// What a worker's owner sets for all jobs.
struct KindSettings {
  std::uint64_t factorial_max = 20'000'000;                ///< the largest n
  std::uint64_t memory = 0;                                ///< that all tasks may take together; 0: no limit
  std::vector<std::string> fetch_allow;                    ///< CIDRs that fetch may reach although they are not global
  bool allow_all_addresses = false;                        ///< a private cluster: what its user could reach, fetch may
  std::uint64_t fetch_body_max = std::uint64_t{64} << 20;  ///< of a fetched body where its job says nothing
  std::string fetch_cache;                                 ///< folder of the cache of fetch; empty: none
  std::uint64_t fetch_cache_size = std::uint64_t{1} << 30;
};

/// All kinds, or those named. An unknown name is an error that lists the known ones; so is a bad CIDR, or a cache
/// that cannot be used.
Result<std::vector<Kind>> kinds(const KindSettings& settings, const std::vector<std::string>& names = {});

}  // namespace brigade::worker
