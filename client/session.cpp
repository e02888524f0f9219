#include "client/session.h"

#include "client/loop.h"

namespace brigade::client {

Session::Session(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::connect(const ConnectOptions& options) {
  auto loop = std::make_unique<Loop>(options);
  CallResult done = loop->call(ConnectCalled{});
  if (auto* error = std::get_if<Error>(&done)) return std::move(*error);
  return std::unique_ptr<Session>(new Session(std::move(loop)));
}

namespace {

ReadCalled read_call(JobId job, const ReadOptions& options) {
  return {.job = job,
          .order = options.order,
          .from = options.from,
          .offset = options.offset,
          .failed_only = options.failed_only,
          .with_arguments = options.with_arguments,
          .follow = options.follow};
}

}  // namespace

Result<Submitted> Session::submit(const JobSpec& spec, const ChunkSource& source,
                                  const std::optional<ReadOptions>& read_next) {
  std::optional<ReadCalled> next;
  if (read_next) next = read_call({}, *read_next);
  CallResult done = loop_->submit(spec, source, next);
  if (auto* error = std::get_if<Error>(&done)) return std::move(*error);
  auto& accepted = std::get<Accepted>(done);
  return Submitted{accepted.job, std::move(accepted.warning), accepted.existed};
}

Result<std::uint64_t> Session::read(JobId job, const ReadOptions& options, const ResultsSink& sink,
                                    const ProgressSink& progress) {
  ReadCalled call = read_call(job, options);
  call.progress = static_cast<bool>(progress);
  CallResult done = loop_->read(call, options.parts, sink, progress);
  if (auto* error = std::get_if<Error>(&done)) return std::move(*error);
  return std::get<ReadDone>(done).cursor;
}

std::uint64_t Session::cursor() const {
  return loop_->cursor();
}

std::uint64_t Session::offset() const {
  return loop_->offset();
}

Result<JobSummary> Session::wait(JobId job, Duration limit, const ProgressSink& progress) {
  CallResult done = loop_->wait({job, limit}, progress);
  if (auto* error = std::get_if<Error>(&done)) return std::move(*error);
  return std::move(std::get<WaitDone>(done).job);
}

Result<Answer> Session::ask(Verb verb, const std::string& subject) {
  CallResult done = loop_->call(AskCalled{verb, subject});
  if (auto* error = std::get_if<Error>(&done)) return std::move(*error);
  return std::move(std::get<Answer>(done));
}

void Session::set_interrupt_fd(int fd) {
  loop_->set_interrupt_fd(fd);
}

}  // namespace brigade::client
