// All commands: each is declared in a file of its own name.
#pragma once

#include "client/cli/declare.h"

namespace brigade::cli {

void declare_run(Declare& root);
void declare_submit(Declare& root);
void declare_wait(Declare& root);
void declare_results(Declare& root);
void declare_jobs(Declare& root);
void declare_job(Declare& root);
void declare_cancel(Declare& root);
void declare_forget(Declare& root);
void declare_retry(Declare& root);
void declare_why(Declare& root);
void declare_workers(Declare& root);
void declare_status(Declare& root);
void declare_drain(Declare& root);
void declare_up(Declare& root);
void declare_down(Declare& root);
void declare_supervise(Declare& root);
void declare_bench(Declare& root);
void declare_experiment(Declare& root);
void declare_report(Declare& root);
void declare_doctor(Declare& root);
/// `tree`: for the scripts; the finished tree's root.
void declare_completion(Declare& root, CLI::App& tree);
void declare_version(Declare& root);

/// "brigade 0.1.0": what --version prints.
std::string version_line();

}  // namespace brigade::cli
