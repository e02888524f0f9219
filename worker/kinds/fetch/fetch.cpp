#include "worker/kinds/fetch/fetch.h"

#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "proto/base/os.h"

namespace brigade::worker {
namespace {

/// One thread's blocking transfers of one job: one handle and its connections, used again and again.
class BlockingFetch {
 public:
  explicit BlockingFetch(std::shared_ptr<const FetchJob> job) : multi_(curl_multi_init()), transfer_(std::move(job)) {
    require(multi_ != nullptr);
  }
  ~BlockingFetch() { curl_multi_cleanup(multi_); }
  BlockingFetch(const BlockingFetch&) = delete;
  BlockingFetch& operator=(const BlockingFetch&) = delete;

  Ending fetch(const TaskFeed& feed) {
    const TaskFeed::Task& task = feed.task();
    if (std::optional<Ending> refusal = transfer_.begin(task.argument, task.last_attempt)) return *std::move(refusal);
    const bool limited = task.limit > Duration{};
    const Duration limit = limited ? task.limit : kFetchTimeout;
    Duration left = limit;  // waits for permits do not count
    while (true) {
      const Target target = task.permits != nullptr ? transfer_.target() : Target{};
      if (target.id && !task.permits->pass(target, feed.stop()))
        return Ending::failed(TaskStatus::cancelled, "the job was stopped");
      const Instant begun = base::monotonic_now();
      transfer_.limit(left, limit);
      const CURLcode code = perform(feed.stop());
      left -= base::monotonic_now() - begun;
      if (task.permits != nullptr) close_request(*task.permits, transfer_);
      if (!transfer_.follow(code)) return transfer_.end(code);
    }
  }

 private:
  // curl_easy_perform() in pieces, so that a stop ends it at once.
  CURLcode perform(const std::stop_token& stop) {
    constexpr int kPollMs = 1000;
    const std::stop_callback on_stop(stop, [this] { curl_multi_wakeup(multi_); });
    curl_multi_add_handle(multi_, transfer_.handle());
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    int running = 1;
    while (running > 0 && !stop.stop_requested()) {
      curl_multi_perform(multi_, &running);
      if (running > 0) curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left))
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    curl_multi_remove_handle(multi_, transfer_.handle());
    return code;
  }

  CURLM* multi_;
  Transfer transfer_;
};

Runner blocking(const std::shared_ptr<const FetchJob>& job) {
  const auto fetch = std::make_shared<BlockingFetch>(job);
  return [fetch](TaskFeed& feed) {
    while (feed.next()) feed.end(fetch->fetch(feed));
  };
}

void initialise_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

void close_request(TaskPermits& permits, const Transfer& transfer) {
  if (const Duration wait = transfer.asked_to_wait(); wait > Duration{}) permits.hold(wait);
  permits.ended();
}

Kind fetch_kind(FetchSettings settings) {
  initialise_curl();
  const auto shared = std::make_shared<const FetchSettings>(std::move(settings));
  const auto prepare = [shared](const JobBrief& brief) -> Result<Prepared> {
    const auto job = make_fetch_job(brief.options, shared, brief.limits.any());
    if (!job) return job.error();
    return Prepared{.on_thread = [job = *job] { return blocking(job); },
                    .on_loop = [job = *job](LoopThread& thread) { return fetch_on_loop(thread, job); },
                    .stops_itself = true};
  };
  return {.name = "fetch", .preferred = Lane::loop, .argument_max = 0, .prepare = prepare};
}

}  // namespace brigade::worker
