// One HTTP transfer: a libcurl handle, what it received, and how that ends a task. Used again for the job's next tasks.
#pragma once

#include <curl/curl.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "worker/kinds/fetch/cache_use.h"
#include "worker/kinds/fetch/fetch_job.h"
#include "worker/kinds/gate.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

class Transfer {
 public:
  explicit Transfer(std::shared_ptr<const FetchJob> job);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Makes the handle ready for a task's argument. Not empty: the task ends so, and nothing is to be performed.
  std::optional<Ending> begin(std::string_view argument, bool last_attempt);
  /// The whole transfer's time limit, and what messages call it.
  void limit(Duration left, Duration told);
  /// Where libcurl follows no redirects (hops.cpp): whether another request must follow. Then the handle is ready for
  /// it.
  bool follow(CURLcode code);
  /// What the next request goes to; none for what is no URL.
  Target target() const;
  /// Of a 429 or 503: its Retry-After, at most an hour.
  Duration asked_to_wait() const;
  /// How the task ends, after libcurl ended the transfer with `code`.
  Ending end(CURLcode code);

  CURL* handle() const { return easy_; }
  /// Of the next request.
  const std::string& url() const { return hop_.empty() ? task_.url : hop_; }
  /// Where the transfer connects first: its own server's URL, or the proxy's.
  const std::string& peer_url() const { return job_->options.proxy.empty() ? url() : job_->options.proxy; }
  /// Called, once per transfer, when the name is resolved: from within libcurl.
  void on_resolved(std::function<void()> call) { on_resolved_ = std::move(call); }

 private:
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };

  void set_options();
  void set_request();
  void set_security();
  void forget_answer();
  bool redirect();
  void drop_credentials();
  const curl_slist* headers() const;
  void add_conditions();
  bool is_plain_get() const;
  // The cache (cached.cpp)
  bool serve_kept();
  void describe_kept(wire::FetchAnswer& answer) const;
  void hold(std::size_t size);
  // Bodies that broke off (resume.cpp)
  bool may_resume() const;
  std::string part_key() const;
  std::vector<std::string> conditions_of_part();
  bool go_on_with_part();
  bool is_refused_part(CURLcode code) const;
  void keep_part();
  std::string strong_validator() const;
  bool begin_body();
  static std::size_t write(char* data, std::size_t one, std::size_t size, void* self);
  static std::size_t header(char* data, std::size_t one, std::size_t size, void* self);
  static int before_request(void* self, char* remote, char* local, int remote_port, int local_port);
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  Ending ending(CURLcode code);
  Ending answer();
  Ending wrong_checksum(const std::string& sha256, std::uint32_t http_status);
  Ending failure(CURLcode code);
  bool answer_begun() const;
  Ending timed_out();
  Ending not_connected();
  std::string detail(CURLcode code) const;
  Ending proxy_refused(long status);
  std::string host() const;
  std::string peer() const;

  const std::shared_ptr<const FetchJob> job_;
  std::unique_ptr<CURL, FreeEasy> owned_;
  CURL* easy_;
  Digest digest_;
  std::function<void()> on_resolved_;
  std::array<char, CURL_ERROR_SIZE> message_{};

  FetchTask task_;
  bool last_attempt_ = true;
  Duration limit_{};
  std::string body_;
  std::uint64_t bytes_ = 0;
  std::uint64_t header_bytes_ = 0;
  // Redirects that were followed one by one.
  std::string hop_;  // where the last one leads
  std::uint32_t redirects_ = 0;
  double earlier_ms_ = 0;  // what the requests before took
  bool too_many_redirects_ = false;
  std::unique_ptr<curl_slist, FreeList> headers_elsewhere_;
  std::unique_ptr<curl_slist, FreeList> conditional_;  // headers with conditions of ours
  std::optional<CacheUse> cache_;
  bool keeps_ = false;           // the body is held for the cache, too
  bool cached_ = false;          // the answer is the kept one
  std::optional<Partial> part_;  // what this request asks the rest of
  bool resumed_ = false;         // the body goes on from a part
  bool part_refused_ = false;    // the server sends another part than asked for
  bool body_too_large_ = false;
  bool header_too_large_ = false;
  std::string forbidden_;  // an address that was refused
  int open_error_ = 0;     // errno of a socket that could not be made
};

/// The URL without user and password: for messages.
std::string without_password(std::string_view url);

}  // namespace brigade::worker
