// The cluster of one `brigade run`: a broker and workers over ipc in a folder of their own, gone afterwards.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cluster/process.h"
#include "proto/base/os.h"
#include "proto/model/result.h"
#include "proto/model/time.h"

namespace brigade::cluster {

struct PrivateOptions {
  unsigned workers = 1;
  unsigned threads = 0;               ///< of each worker; 0: the worker's own choice, one per core
  unsigned io_concurrency = 0;        ///< of each worker; 0: the worker's own choice
  std::filesystem::path fetch_cache;  ///< of all workers; empty: none
  std::optional<std::uint64_t> fetch_cache_size;
  Duration timeout = std::chrono::seconds(5);  ///< for the broker to listen
  int interrupt_fd = -1;                       ///< start() gives up when it becomes readable
  bool tcp = false;                            ///< by TCP on loopback instead of a local socket
  std::filesystem::path state;                 ///< keep jobs here, synced, as a service does; empty: not synced
};

/// The processes die with this one, however it ends; the broker removes the folder if this one cannot.
class PrivateCluster {
 public:
  static Result<std::unique_ptr<PrivateCluster>> start(const PrivateOptions& options);
  /// Ends the processes and removes the folder.
  ~PrivateCluster();
  PrivateCluster(const PrivateCluster&) = delete;
  PrivateCluster& operator=(const PrivateCluster&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  /// Readable when one of the processes has ended: time to call tend().
  int watch_fd() const { return watch_.get(); }
  /// Starts a worker anew in place of one that died. An error: the broker died, or workers die as soon as they start;
  /// the end of their log is in the message.
  Result<void> tend();

 private:
  explicit PrivateCluster(PrivateOptions options) : options_(options) {}
  Result<void> make_folder();
  Result<void> start_broker();
  Result<void> start_worker(std::size_t number);
  Result<void> wait_until_listening() const;
  /// Where the broker serves by TCP, as it says in its log.
  Result<void> find_tcp_endpoint();
  Result<void> watch(const Process& process);
  Error with_log(const std::string& what) const;
  std::filesystem::path log_path() const { return folder_ / "log"; }
  std::filesystem::path socket_path() const { return folder_ / "broker"; }

  PrivateOptions options_;
  std::filesystem::path folder_;
  base::Fd lock_;
  base::Fd watch_;
  std::string endpoint_;
  std::optional<Process> broker_;
  std::vector<Process> workers_;
  unsigned early_deaths_ = 0;
};

}  // namespace brigade::cluster
