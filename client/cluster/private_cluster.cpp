#include "client/cluster/private_cluster.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "client/cluster/folders.h"
#include "client/cluster/stale.h"
#include "proto/base/memory.h"

namespace brigade::cluster {
namespace {

constexpr Duration kPatience = std::chrono::seconds(2);
// A worker that lived less did not die of a task that it had been given by bad luck: something is wrong with it.
constexpr Duration kEarly = std::chrono::seconds(1);
constexpr unsigned kEarlyDeathsMax = 60;  // in a row; a task that kills its workers is found long before
constexpr std::size_t kLogTailBytes = 2000;

/// Whether somebody listens at the socket already.
bool accepts(const std::filesystem::path& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket_path.string();
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const base::Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return probe && connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Result<std::unique_ptr<PrivateCluster>> PrivateCluster::start(const PrivateOptions& options) {
  std::unique_ptr<PrivateCluster> cluster(new PrivateCluster(options));
  if (auto made = cluster->make_folder(); !made) return made.error();
  cluster->watch_ = base::Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!cluster->watch_) return Error{ErrorCode::internal, std::string("epoll: ") + std::strerror(errno)};
  if (auto started = cluster->start_broker(); !started) return started.error();
  if (options.tcp)
    if (auto found = cluster->find_tcp_endpoint(); !found) return found.error();
  // The workers load their libraries while the broker opens its store.
  for (std::size_t i = 0; i < options.workers; ++i) {
    if (auto started = cluster->start_worker(i); !started) return started.error();
  }
  if (auto listening = cluster->wait_until_listening(); !listening) return listening.error();
  return cluster;
}

PrivateCluster::~PrivateCluster() {
  // Workers first: without a broker to take leave of they linger.
  const bool orphans = !broker_ || broker_->has_ended();
  std::vector<Process*> workers;
  for (Process& worker : workers_) workers.push_back(&worker);
  stop_all(std::move(workers), orphans ? Duration(0) : kPatience);
  if (broker_) stop_all({&*broker_}, kPatience);
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<void> PrivateCluster::make_folder() {
  const auto parent = runtime_folder();
  sweep_stale_folders(parent);
  std::string name = (parent / kPrivatePrefix).string() + "XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    return Error{ErrorCode::unavailable, "cannot make a folder for the private cluster in " + parent.string() + ": " +
                                             std::strerror(errno) + "; set XDG_RUNTIME_DIR to one that you may write"};
  }
  folder_ = name;
  endpoint_ = "ipc://" + socket_path().string();
  lock_ = base::Fd(open((folder_ / "client.lock").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!lock_ || flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::unavailable, "cannot lock " + folder_.string() + ": " + std::strerror(errno)};
  }
  return {};
}

Result<void> PrivateCluster::watch(const Process& process) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ctl(watch_.get(), EPOLL_CTL_ADD, process.fd(), &event) == 0) return {};
  return Error{ErrorCode::internal, std::string("epoll: ") + std::strerror(errno)};
}

Result<void> PrivateCluster::start_broker() {
  auto program = find_program("brigade-broker");
  if (!program) return program.error();
  base::SpawnOptions spawn;
  spawn.arguments = {*program, "--private", folder_.string()};
  if (options_.tcp) spawn.arguments.insert(spawn.arguments.end(), {"--listen", "tcp://127.0.0.1:0"});
  if (!options_.state.empty()) spawn.arguments.insert(spawn.arguments.end(), {"--state", options_.state.string()});
  spawn.die_with_parent = true;
  spawn.new_session = true;
  spawn.stderr_file = log_path();
  spawn.stdout_file = log_path();
  auto started = Process::start(spawn);
  if (!started) return started.error();
  broker_ = *std::move(started);
  return watch(*broker_);
}

Result<void> PrivateCluster::start_worker(std::size_t number) {
  auto program = find_program("brigade-worker");
  if (!program) return program.error();
  base::SpawnOptions spawn;
  // Workers of one machine share its memory, a quarter of which is left to all else.
  const std::uint64_t memory = base::usable_memory() / 4 * 3 / std::max(1u, options_.workers);
  spawn.arguments = {*program,   "--broker",
                     endpoint(), "--private",
                     "--name",   "w" + std::to_string(number + 1),
                     "--memory", std::to_string(memory)};
  if (options_.threads > 0)
    spawn.arguments.insert(spawn.arguments.end(), {"--threads", std::to_string(options_.threads)});
  if (options_.io_concurrency > 0) {
    spawn.arguments.insert(spawn.arguments.end(), {"--io-concurrency", std::to_string(options_.io_concurrency)});
  }
  if (!options_.fetch_cache.empty())
    spawn.arguments.insert(spawn.arguments.end(), {"--fetch-cache", options_.fetch_cache.string()});
  if (options_.fetch_cache_size)
    spawn.arguments.insert(spawn.arguments.end(), {"--fetch-cache-size", std::to_string(*options_.fetch_cache_size)});
  spawn.die_with_parent = true;
  spawn.new_session = true;
  spawn.stderr_file = log_path();
  spawn.stdout_file = log_path();
  auto started = Process::start(spawn);
  if (!started) return started.error();
  if (number < workers_.size()) {
    workers_[number] = *std::move(started);
  } else {
    workers_.push_back(*std::move(started));
  }
  return watch(workers_[number]);
}

Result<void> PrivateCluster::wait_until_listening() const {
  const base::Fd changes(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  inotify_add_watch(changes.get(), folder_.c_str(), IN_CREATE | IN_MOVED_TO);
  const Instant until = base::monotonic_now() + options_.timeout;
  while (!accepts(socket_path())) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - base::monotonic_now()).count();
    if (left <= 0) return with_log("the private broker does not listen");
    // Between bind and listen the socket is there and refuses: a millisecond later it does not.
    const bool bound = access(socket_path().c_str(), F_OK) == 0;
    pollfd fds[3] = {{.fd = changes.get(), .events = POLLIN, .revents = 0},
                     {.fd = broker_->fd(), .events = POLLIN, .revents = 0},
                     {.fd = options_.interrupt_fd, .events = POLLIN, .revents = 0}};
    poll(fds, 3, bound ? 1 : static_cast<int>(left));
    if ((fds[1].revents & POLLIN) != 0) return with_log("the private broker ended as soon as it was started");
    if ((fds[2].revents & POLLIN) != 0) return Error{ErrorCode::cancelled, "interrupted"};
    char events[1024];
    while (read(changes.get(), events, sizeof events) > 0) continue;
  }
  return {};
}

Result<void> PrivateCluster::find_tcp_endpoint() {
  constexpr std::string_view kSays = "serving at tcp://";
  if (auto listening = wait_until_listening(); !listening) return listening;
  for (const Instant until = base::monotonic_now() + options_.timeout; base::monotonic_now() < until;) {
    const std::string log = tail_of(log_path(), kLogTailBytes);  // a moment after it listens
    const std::size_t at = log.find(kSays);
    const std::size_t end = at == std::string::npos ? at : log.find('\n', at);
    if (end != std::string::npos) {
      const std::size_t begin = at + kSays.find("tcp://");
      endpoint_ = log.substr(begin, end - begin);
      return {};
    }
    pollfd broker{.fd = broker_->fd(), .events = POLLIN, .revents = 0};
    if (poll(&broker, 1, 1) > 0) break;
  }
  return with_log("the private broker does not say where it listens");
}

Result<void> PrivateCluster::tend() {
  if (broker_->has_ended()) return with_log("the private broker died (" + broker_->end_text() + ")");
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (!workers_[i].has_ended()) continue;
    const bool early = base::monotonic_now() - workers_[i].started_at() < kEarly;
    early_deaths_ = early ? early_deaths_ + 1 : 0;
    if (early_deaths_ > kEarlyDeathsMax) {
      return with_log("workers end as soon as they are started (" + workers_[i].end_text() + ")");
    }
    if (auto started = start_worker(i); !started) return started;
  }
  return {};
}

Error PrivateCluster::with_log(const std::string& what) const {
  const std::string tail = tail_of(log_path(), kLogTailBytes);
  return Error{ErrorCode::unavailable, tail.empty() ? what : what + "; the end of its log:\n" + tail};
}

}  // namespace brigade::cluster
