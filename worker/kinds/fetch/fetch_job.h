// One fetch job's options, checked and ready for libcurl.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/model/job.h"
#include "proto/wire/kinds.h"
#include "worker/kinds/fetch/address_policy.h"
#include "worker/kinds/fetch/http_cache.h"
#include "worker/kinds/fetch/partials.h"
#include "worker/kinds/fetch/robots.h"

namespace brigade::worker {

struct FetchSettings {
  AddressPolicy addresses;
  std::uint64_t body_max = 0;                  ///< of decoded bytes, where the job says nothing
  std::shared_ptr<HttpCache> cache = nullptr;  ///< the worker's; null: it has none
  std::shared_ptr<Partials> partials = std::make_shared<Partials>();
};

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// Shared by all transfers of the job; constant.
struct FetchJob {
  wire::FetchOptions options;
  /// libcurl follows no redirects, each is a request of its own: one that wants a permit (the job has limits), that the
  /// cache may know, or that a robots.txt may forbid.
  bool one_by_one = false;
  std::shared_ptr<const FetchSettings> settings;
  std::uint64_t body_max = 0;
  Duration connect_timeout{};
  std::unique_ptr<curl_slist, FreeList> headers;
  std::unique_ptr<curl_slist, FreeList> resolve;
  std::shared_ptr<HttpCache> cache;  ///< null: the job has nothing to do with it
  std::shared_ptr<Robots> robots;    ///< null: the job does not ask
  /// How the job gets a robots.txt, if it does: as its own requests, but with no header of theirs except User-Agent.
  std::shared_ptr<const FetchJob> robots_job;
  bool resumes = false;     ///< as far as its options go: a body that broke off may be gone on with
  bool cut_at_max = false;  ///< a larger body ends at body_max, and is an answer

  /// Whether connections and names are its own: an address that one job names for a host must not serve another job.
  bool is_apart() const { return resolve != nullptr; }
};

/// One task as libcurl is told of it.
struct FetchTask {
  std::string url;
  std::string method;
  std::optional<std::string> own_data;                ///< in place of the job's
  std::unique_ptr<curl_slist, FreeList> own_headers;  ///< all of the task's, where it has some of its own
  std::string sha256;                                 ///< expected; empty: any
};
/// The error is for people: an argument that is no request, a header of two lines.
Result<FetchTask> make_fetch_task(const FetchJob& job, std::string_view argument);

/// Decodes and checks the options. A line break in a header or an unknown method character is an error.
Result<std::shared_ptr<const FetchJob>> make_fetch_job(std::string_view options,
                                                       const std::shared_ptr<const FetchSettings>& settings,
                                                       bool limited = false);

}  // namespace brigade::worker
