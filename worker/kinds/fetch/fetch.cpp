#include "worker/kinds/fetch/fetch.h"

#include <mutex>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <utility>

#include "proto/base/os.h"
#include "worker/kinds/fetch/url_parts.h"

namespace brigade::worker {
namespace {

/// One thread's blocking transfers of one job: one handle and its connections, used again and again.
class BlockingFetch {
 public:
  explicit BlockingFetch(std::shared_ptr<const FetchJob> job) : multi_(curl_multi_init()), job_(job), transfer_(job) {
    require(multi_ != nullptr);
    if (job_->robots) robots_ = std::make_unique<BlockingFetch>(job_->robots_job);
  }
  ~BlockingFetch() { curl_multi_cleanup(multi_); }
  BlockingFetch(const BlockingFetch&) = delete;
  BlockingFetch& operator=(const BlockingFetch&) = delete;

  Ending fetch(const TaskFeed::Task& task, const std::stop_token& stop) {
    if (std::optional<Ending> refusal = transfer_.begin(task.argument, task.last_attempt)) return *std::move(refusal);
    const bool limited = task.limit > Duration{};
    const Duration limit = limited ? task.limit : kFetchTimeout;
    Duration left = limit;  // waits for permits do not count
    while (true) {
      const ActiveTime asking(task.permits);
      if (std::optional<Ending> refusal = robots_refusal(task, stop)) return *std::move(refusal);
      if (job_->robots) left -= asking.so_far();
      const Target target = task.permits != nullptr ? transfer_.target() : Target{};
      if (target.id && !task.permits->pass(target, stop))
        return Ending::failed(TaskStatus::cancelled, "the job was stopped");
      const Instant begun = base::monotonic_now();
      transfer_.limit(left, limit);
      const CURLcode code = perform(stop);
      left -= base::monotonic_now() - begun;
      if (task.permits != nullptr) close_request(*task.permits, transfer_);
      if (!transfer_.follow(code)) return transfer_.end(code);
    }
  }

 private:
  /// How the task ends if its next request may not be made. One task gets an origin's robots.txt, the others wait for
  /// it.
  std::optional<Ending> robots_refusal(const TaskFeed::Task& task, const std::stop_token& stop) {
    const std::optional<UrlParts> url = job_->robots ? url_parts(transfer_.url()) : std::nullopt;
    if (!url) return std::nullopt;
    while (!stop.stop_requested()) {
      const auto news = std::make_shared<std::binary_semaphore>(0);
      Robots::Turn turn = job_->robots->ask(url->origin, base::monotonic_now(), [news] { news->release(); });
      if (turn.word) return job_->robots->refusal(*turn.word, *url);
      if (turn.errand) {
        const std::string file = turn.errand->url();
        TaskFeed::Task errand = task;
        errand.argument = file;
        errand.last_attempt = true;
        Ending ending = robots_->fetch(errand, stop);
        turn.errand->fetched(ending, base::monotonic_now());
        if (ending.status == TaskStatus::cancelled) return ending;
      } else {
        if (task.permits != nullptr) task.permits->begin_to_wait();
        news->acquire();  // whoever is on the errand ends in time, or is stopped as this is
        if (task.permits != nullptr) task.permits->go_on();
      }
    }
    return Ending::failed(TaskStatus::cancelled, "the job was stopped");
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
  std::shared_ptr<const FetchJob> job_;
  Transfer transfer_;
  std::unique_ptr<BlockingFetch> robots_;  // gets the robots.txt, of a job that asks for them
};

Runner blocking(const std::shared_ptr<const FetchJob>& job) {
  const auto fetch = std::make_shared<BlockingFetch>(job);
  return [fetch](TaskFeed& feed) {
    while (feed.next()) feed.end(fetch->fetch(feed.task(), feed.stop()));
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
