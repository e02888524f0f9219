#include "broker/options.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "proto/base/service_flags.h"
#include "proto/net/socket.h"

namespace brigade::broker {
namespace {

/// $STATE_DIRECTORY (systemd), else $XDG_STATE_HOME/brigade, else ~/.local/state/brigade.
std::filesystem::path default_state() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value != nullptr ? value : "");
  };
  if (const auto folder = variable("STATE_DIRECTORY"); !folder.empty()) return folder;
  if (const auto folder = variable("XDG_STATE_HOME"); !folder.empty()) return folder / "brigade";
  if (const auto home = variable("HOME"); !home.empty()) return home / ".local/state/brigade";
  return "/var/lib/brigade";
}

void describe(CLI::App& app, Options& options) {
  app.add_option("--listen", options.listen, "Endpoint to serve, tcp://HOST:PORT or ipc://PATH; may be given again")
      ->envname("BRIGADE_LISTEN")
      ->default_str("tcp://127.0.0.1:5757")
      ->delimiter(',');
  auto* state = app.add_option("--state", options.state, "Folder of jobs and results")
                    ->envname("BRIGADE_STATE")
                    ->default_str(default_state().string());
  app.add_flag("--ephemeral", options.ephemeral, "Keep nothing beyond this process: no syncing, a temporary folder")
      ->excludes(state);
  base::add_duration(app, "--keep", options.settings.keep_results, "How long results of finished jobs are kept",
                     "BRIGADE_KEEP");
  base::add_size(app, "--memory", options.memory,
                 "What may be kept in memory of arguments and results that wait for the disk, and to be read again",
                 "BRIGADE_MEMORY");
  base::add_size(app, "--state-max", options.settings.state_bytes_max,
                 "Refuse new jobs while jobs and results take so much on disk; results are stored all the same",
                 "BRIGADE_STATE_MAX");
  app.add_flag("--insecure-listen", options.insecure_listen,
               "Allow endpoints that other machines can reach, without authentication");
  app.add_option("--private", options.private_folder)->group("");  // for `brigade run`
  app.add_option("--log-level", options.log_level, "debug, info, warn, error or off")
      ->envname("BRIGADE_LOG")
      ->default_str("info");
}

constexpr std::uint64_t kMemoryMin = std::uint64_t{32} << 20;

/// How the memory is shared out. A client may always have a message or two under way.
void share_memory(Options& options) {
  options.cache_bytes = options.memory / 32;
  options.settings.unstored_bytes_max = options.memory / 4;
  options.settings.upload_credit_bytes = std::min(options.settings.upload_credit_bytes, options.memory / 8);
}

/// What is wrong with an endpoint, or nothing.
Result<void> check_listen(const Options& options) {
  for (const std::string& endpoint : options.listen) {
    if (const auto checked = net::check_endpoint(endpoint); !checked) return checked;
    if (!options.insecure_listen && !net::is_local(endpoint))
      return Error{ErrorCode::invalid,
                   endpoint +
                       " can be reached from other machines, and nothing would authenticate them; listen on "
                       "127.0.0.1 or ipc, or give --insecure-listen on a network that you trust"};
  }
  return {};
}

CLI::App* describe(CLI::App& app, CheckOrder& order) {
  CLI::App* check = app.add_subcommand("check", "Verify all that is stored in a state folder; a broker may be at work");
  check->add_option("STATE", order.state, "The folder")->required();
  check->add_option("-o,--output", order.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->default_str("table");
  return check;
}

CLI::App* describe(CLI::App& app, BackupOrder& order) {
  CLI::App* backup = app.add_subcommand("backup", "Copy a state folder, whole and verified; a broker may be at work");
  backup->add_option("STATE", order.state, "The folder")->required();
  backup->add_option("TO", order.to, "The copy: a folder that does not exist yet, or is empty")->required();
  return backup;
}

CLI::App* describe(CLI::App& app, ExportOrder& order) {
  CLI::App* exports =
      app.add_subcommand("export", "Print jobs of a state folder as NDJSON, past damage; a broker may be at work");
  exports->add_option("STATE", order.state, "The folder")->required();
  exports->add_option("JOB", order.jobs, "Only these: an id, the beginning of one, or a name; may be given again");
  exports->add_flag("--results", order.results, "Print the results of each job after it, as `brigade results` does");
  return exports;
}

}  // namespace

Ordered read_options(int argc, char** argv) {
  Options options;
  CheckOrder check;
  BackupOrder backup;
  ExportOrder exporting;
  CLI::App app("The broker: takes jobs from clients and spreads their tasks over workers.", "brigade-broker");
  describe(app, options);
  app.require_subcommand(0, 1);
  const CLI::App* checks = describe(app, check);
  const CLI::App* backs_up = describe(app, backup);
  const CLI::App* exports = describe(app, exporting);
  if (const auto exit = base::parse(app, argc, argv)) return *exit;
  if (checks->parsed()) return check;
  if (backs_up->parsed()) return backup;
  if (exports->parsed()) return exporting;
  if (!options.private_folder.empty()) {
    options.listen.push_back("ipc://" + (options.private_folder / "broker").string());
    options.synced = !options.state.empty();
    if (!options.synced) options.state = options.private_folder / "state";
  }
  if (options.memory < kMemoryMin) {
    std::fprintf(stderr, "brigade-broker: --memory: at least 32 MiB\n");
    return base::kExitUsage;
  }
  share_memory(options);
  if (options.listen.empty()) options.listen = {"tcp://127.0.0.1:5757"};
  if (options.state.empty()) options.state = default_state();
  if (const auto checked = check_listen(options); !checked) {
    std::fprintf(stderr, "brigade-broker: %s\n", checked.error().message.c_str());
    return base::kExitUsage;
  }
  return options;
}

}  // namespace brigade::broker
