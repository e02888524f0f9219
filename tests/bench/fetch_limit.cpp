// What libcurl alone reaches on epoll in one thread, for comparison with `brigade run fetch`.
//
//   brigade-fetch-limit URL REQUESTS AT_ONCE   seconds, and microseconds of CPU per request
#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

std::size_t drop(char*, std::size_t, std::size_t size, void*) {
  return size;
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

class Probe {
 public:
  Probe(std::string url, std::uint64_t requests, std::uint64_t at_once) : url_(std::move(url)), requests_(requests) {
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(at_once));
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Probe::watch);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Probe::set_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    for (std::uint64_t i = 0; i < std::min(requests, at_once); ++i) start(make());
  }

  /// Whether all requests were answered with 200.
  bool run() {
    std::array<epoll_event, 128> events;
    while (ended_ < requests_) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms_);
      if (count == 0) act(CURL_SOCKET_TIMEOUT, 0);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        act(event.data.fd, ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                               ((event.events & ~std::uint32_t{EPOLLOUT}) != 0 ? CURL_CSELECT_IN : 0));
      }
    }
    return good_ == requests_;
  }

 private:
  CURL* make() {
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    return easy;
  }

  void start(CURL* easy) {
    ++started_;
    curl_multi_add_handle(multi_, easy);
  }

  static int watch(CURL*, curl_socket_t fd, int what, void* self, void*) {
    epoll_event event{
        .events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u),
        .data = {.fd = fd}};
    const int epoll = static_cast<Probe*>(self)->epoll_;
    if (what == CURL_POLL_REMOVE) return ::epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr), 0;
    if (::epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) != 0) ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    return 0;
  }

  static int set_timer(CURLM*, long timeout_ms, void* self) {
    static_cast<Probe*>(self)->wait_ms_ = static_cast<int>(timeout_ms);
    return 0;
  }

  void act(curl_socket_t fd, int action) {
    int running = 0, left = 0;
    curl_multi_socket_action(multi_, fd, action, &running);
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      CURL* easy = message->easy_handle;
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      good_ += status == 200 ? 1 : 0;
      ++ended_;
      curl_multi_remove_handle(multi_, easy);
      if (started_ < requests_) start(easy);
    }
  }

  const std::string url_;
  const std::uint64_t requests_;
  CURLM* const multi_ = curl_multi_init();
  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int wait_ms_ = 0;
  std::uint64_t started_ = 0, ended_ = 0, good_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: brigade-fetch-limit URL REQUESTS AT_ONCE\n", stderr), 2;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::uint64_t requests = std::strtoull(argv[2], nullptr, 10);
  Probe probe(argv[1], requests, std::strtoull(argv[3], nullptr, 10));
  const auto begun = Clock::now();
  const bool right = probe.run();
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::printf("%.4f %.2f\n", seconds, 1e6 * cpu_seconds() / static_cast<double>(requests));
  return right ? 0 : 1;
}
