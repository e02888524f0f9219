#include "worker/kinds/table.h"

#include <algorithm>
#include <utility>

#include "worker/kinds/factorial/factorial.h"
#include "worker/kinds/fetch/fetch.h"
#include "worker/kinds/simple.h"

namespace brigade::worker {
namespace {

Error unknown_kind(const std::string& name, const std::vector<Kind>& known) {
  std::string message = "there is no kind '" + name + "'; the kinds are ";
  for (const Kind& kind : known) message += (&kind == &known.front() ? "" : ", ") + kind.name;
  return {ErrorCode::invalid, std::move(message)};
}

}  // namespace

Result<std::vector<Kind>> kinds(const KindSettings& settings, const std::vector<std::string>& names) {
  Result<AddressPolicy> addresses = AddressPolicy::make(settings.fetch_allow, settings.allow_all_addresses);
  if (!addresses) return addresses.error();
  FetchSettings fetch{.addresses = *std::move(addresses), .body_max = settings.fetch_body_max};
  if (!settings.fetch_cache.empty()) {
    auto cache = HttpCache::open(settings.fetch_cache, settings.fetch_cache_size);
    if (!cache) return cache.error();
    fetch.cache = *std::move(cache);
  }
  std::vector<Kind> all{factorial_kind(settings.factorial_max, settings.memory),
                        fetch_kind(std::move(fetch)),
                        noop_kind(),
                        sleep_kind(),
                        spin_kind(),
                        echo_kind()};
  if (names.empty()) return all;
  std::vector<Kind> chosen;
  for (const std::string& name : names) {
    const auto named = [&](const Kind& kind) { return kind.name == name; };
    const auto kind = std::find_if(all.begin(), all.end(), named);
    if (kind == all.end()) return unknown_kind(name, all);
    if (std::none_of(chosen.begin(), chosen.end(), named)) chosen.push_back(*kind);
  }
  return chosen;
}

}  // namespace brigade::worker
