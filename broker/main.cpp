// brigade-broker: sets up the store, the socket and the loop, and says where it serves.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <system_error>

#include "broker/loop.h"
#include "broker/options.h"
#include "broker/store/sqlite_store.h"
#include "proto/base/file_limit.h"
#include "proto/base/log.h"
#include "proto/base/memory.h"
#include "proto/base/service_flags.h"
#include "proto/base/version.h"

namespace brigade::broker {
namespace {
namespace log = base::log;

constexpr int kExitFailure = 1;

/// A folder that goes when the broker goes, whatever ends it but kill -9.
class TemporaryFolder {
 public:
  TemporaryFolder() = default;
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;  // nothing more can be done about it at the end
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

 private:
  std::filesystem::path path_;
};

std::filesystem::path make_temporary() {
  std::string path = (std::filesystem::temp_directory_path() / "brigade-ephemeral-XXXXXX").string();
  return mkdtemp(path.data()) != nullptr ? path : "";
}

/// Whoever finds the lock free may sweep the folder: its broker is gone.
base::Fd lock_private(const std::filesystem::path& folder) {
  base::Fd lock(::open((folder / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return lock;
}

Started first_event(const Options& options, Recovered recovered) {
  return {.seed = base::random_u64(),
          .version = std::string(base::version()),
          .pid = static_cast<std::uint32_t>(::getpid()),
          .durable = options.durable(),
          .state_folder = options.state.string(),
          .recovered = std::move(recovered)};
}

int fail(const Error& error) {
  log::error("{}", error.message);
  return kExitFailure;
}

int serve(const Options& options, base::SignalFd& signals) {
  Mailbox mailbox;
  auto opened = open_store({.folder = options.state,
                            .sync = options.durable(),
                            .cache_bytes = options.cache_bytes,
                            .signals = mailbox.signals()});
  if (!opened) return fail(opened.error());
  auto router = net::Router::bind(options.listen);
  if (!router) return fail(router.error());
  std::size_t unfinished = 0;
  for (const RecoveredJob& job : opened->recovered.jobs) unfinished += job.sealed && !job.finished ? 1 : 0;
  if (options.durable())
    log::info("state in {}: {} jobs, {} of them unfinished", options.state.string(), opened->recovered.jobs.size(),
              unfinished);
  if (options.insecure_listen) log::warn("listening without authentication: whoever reaches the port may use it");
  for (const std::string& endpoint : (*router)->endpoints()) log::info("serving at {}", endpoint);
  Loop loop(options.settings, {**router, *opened->store, mailbox, signals});
  const auto ended = loop.run(first_event(options, std::move(opened->recovered)));
  if (!ended) return fail(ended.error());
  return 0;
}

int run(Options options) {
  base::SignalFd signals({SIGTERM, SIGINT, SIGHUP});
  ::signal(SIGXFSZ, SIG_IGN);  // a file size limit is a full disk to the store, not the end
  base::raise_file_limit();
  base::Fd lock;
  if (!options.private_folder.empty() && !(lock = lock_private(options.private_folder)))
    return fail({ErrorCode::invalid, "cannot lock " + options.private_folder.string()});
  if (options.ephemeral) options.state = make_temporary();
  if (options.state.empty()) return fail({ErrorCode::storage, "cannot make a temporary folder"});
  const TemporaryFolder folder(options.ephemeral ? options.state : options.private_folder);
  return serve(options, signals);
}

}  // namespace
}  // namespace brigade::broker

int main(int argc, char** argv) {
  using namespace brigade;
  auto ordered = broker::read_options(argc, argv);
  return std::visit(overload{[](int exit) { return exit; },
                             [](broker::Options& options) {
                               if (const auto ready = base::log::init(options.log_level); !ready) {
                                 std::fprintf(stderr, "brigade-broker: %s\n", ready.error().message.c_str());
                                 return base::kExitUsage;
                               }
                               base::keep_freed_memory();
                               return broker::run(std::move(options));
                             },
                             [](const auto& command) { return broker::carry_out(command); }},
                    ordered);
}
