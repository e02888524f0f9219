// `brigade run`: its options.
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/dry_run.h"
#include "client/cli/job_options.h"
#include "client/cli/kinds.h"
#include "client/cli/run.h"

namespace brigade::cli {

void declare_run(Declare& root) {
  auto options = std::make_shared<RunOptions>();
  auto job = std::make_shared<JobOptions>();
  Declare command = root.command("run",
                                 "Submit tasks, show progress, print the results, exit. Without a broker a private "
                                 "cluster is started and taken down again",
                                 {});
  command.flag({"--private", "Start a private cluster even where a broker is known"}, options->private_cluster);
  command.number({"--workers", "Worker processes of a private cluster", "1; with --mode processes one per core"},
                 options->workers, 1, 1024);
  command.number({"--threads", "Threads of each worker", "one per core; with --mode processes 1"}, options->threads, 1,
                 4096);
  command.number({"--io-concurrency", "Transfers that each worker has in flight", "256"}, options->io_concurrency, 1,
                 1'000'000);
  command.text({"--fetch-cache", "Folder where the workers keep what fetch got, to ask only for what has changed",
                "none", "DIR"},
               options->fetch_cache);
  command.size({"--fetch-cache-size", "How much that folder may take on disk", "1GiB"}, options->fetch_cache_size);
  declare_job_options(command, *job);
  command.choice({"--order", "Results as they complete, or in the order of the input"}, options->order,
                 {"completion", "input"});
  command.text({"--out", "Write the results to this file instead: whole or not at all", "", "FILE"}, options->out);
  command.text({"--report", "Write a page for the browser: where the time of the tasks went", "", "FILE"},
               options->report);
  command.flag({"--resume", "Run only what the file of --out lacks (NDJSON)"}, options->resume);
  command.flag({"--dry-run", "Only say what would be run: tasks, and for factorials digits, bytes and memory"},
               options->dry_run);
  command.examples("  brigade run factorial 1..10\n  brigade run fetch --from urls.txt -o csv > pages.csv\n");
  declare_kinds(command, job, true, [options](Context& context, JobRequest request) {
    return options->dry_run ? dry_run(context, std::move(request)) : run_job(context, *options, std::move(request));
  });
}

}  // namespace brigade::cli
