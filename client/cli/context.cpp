#include "client/cli/context.h"

#include <signal.h>
#include <unistd.h>

#include "client/cluster/access_file.h"
#include "client/output/summary.h"
#include "proto/net/socket.h"

namespace brigade::cli {
namespace {

base::SignalFd block_signals() {
  signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(), handled there
  return base::SignalFd({SIGINT, SIGTERM, SIGHUP});
}

}  // namespace

Context::Context() : terminal_(output::look_at_terminal()), signals_(block_signals()) {}

output::Format Context::format() const {
  if (auto format = output::parse_format(globals.output)) return *format;
  return terminal_.out_is_terminal ? output::Format::table : output::Format::ndjson;
}

output::ProgressStyle Context::progress() const {
  return output::progress_style(globals.progress, terminal_).value_or(output::ProgressStyle::none);
}

std::size_t Context::table_width() const {
  return terminal_.out_is_terminal ? output::terminal_width(STDOUT_FILENO) : 0;
}

ExitCode Context::fail(const Error& error) const {
  return fail(exit_code_of(error.code), error.message);
}

ExitCode Context::fail(ExitCode code, std::string_view message) const {
  output::write_error_stream("brigade: " + std::string(message) + "\n");
  return code;
}

void Context::warn(std::string_view message) const {
  output::write_error_stream("brigade: warning: " + std::string(message) + "\n");
}

void Context::note(std::string_view message) const {
  output::write_error_stream(std::string(message) + "\n");
}

void Context::report(const JobSummary& job, Duration elapsed) const {
  output::write_error_stream(output::summary_text(job, elapsed));
}

ExitCode Context::print(std::string_view text) const {
  auto sink = output::Sink::standard_output(signals_.fd());
  auto written = sink.write(text);
  if (written) return kOk;
  if (sink.closed()) return kClosedPipe;
  return fail(written.error());
}

Result<std::optional<std::string>> find_broker(const Context& context) {
  if (!context.globals.broker.empty()) return std::optional<std::string>(context.globals.broker);
  auto access = cluster::read_access(cluster::access_path());
  if (!access) return access.error();
  if (!*access) return std::optional<std::string>();
  return std::optional<std::string>((*access)->endpoint);
}

Result<std::unique_ptr<client::Session>> connect_to(const Context& context, const std::string& endpoint,
                                                    int interrupt_fd) {
  if (auto good = net::check_endpoint(endpoint); !good) return good.error();
  return client::Session::connect(
      {.endpoint = endpoint, .timeout = context.connect_timeout(), .interrupt_fd = interrupt_fd});
}

Result<std::unique_ptr<client::Session>> connect(Context& context) {
  auto endpoint = find_broker(context);
  if (!endpoint) return endpoint.error();
  if (!*endpoint) {
    return Error{ErrorCode::unavailable,
                 "no broker is known: start a cluster with 'brigade up', or name a broker with --broker "
                 "tcp://HOST:5757 or BRIGADE_BROKER"};
  }
  return connect_to(context, **endpoint, context.signals().fd());
}

Result<JobSummary> show_job(client::Session& session, const std::string& job) {
  auto answer = session.ask(Verb::show_job, job);
  if (!answer) return answer.error();
  if (answer->jobs.empty()) return Error{ErrorCode::not_found, "there is no job '" + job + "'; see: brigade jobs"};
  return answer->jobs.front();
}

ExitCode interrupted(const Context& context, std::string_view message) {
  return context.fail(kInterrupted, message);
}

}  // namespace brigade::cli
