#include "proto/output/summary_json.h"

#include "proto/base/text.h"
#include "proto/output/json_text.h"

namespace brigade::output {
namespace {

/// Members of a JSON object, one after another.
class Members {
 public:
  void text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(out_, value);
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    append_number(out_, value);
  }
  void signed_number(std::string_view name, std::int64_t value) {
    begin(name);
    out_ += std::to_string(value);
  }
  void ms(std::string_view name, double value) {
    begin(name);
    append_ms(out_, value, 3);
  }
  void raw(std::string_view name, std::string_view json) {
    begin(name);
    out_ += json;
  }
  void utc(std::string_view name, UtcMs time) {
    if (time.value == 0) return raw(name, "null");
    text(name, base::format_utc(time));
  }
  std::string object() const { return "{" + out_ + "}"; }

 private:
  void begin(std::string_view name) {
    if (!out_.empty()) out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
  }
  std::string out_;
};

std::string quantiles_json(const Quantiles& ms) {
  Members members;
  members.ms("p50", static_cast<double>(ms.p50));
  members.ms("p90", static_cast<double>(ms.p90));
  members.ms("p99", static_cast<double>(ms.p99));
  return members.object();
}

std::string errors_json(const JobSummary& job) {
  Members members;
  for (std::size_t i = 1; i < kTaskStatuses; ++i) {
    if (job.by_status[i] > 0) members.number(name_of(static_cast<TaskStatus>(i)), job.by_status[i]);
  }
  return members.object();
}

}  // namespace

double tasks_per_second(std::uint64_t tasks, Duration elapsed) {
  return elapsed.count() > 0 ? static_cast<double>(tasks) * 1e9 / static_cast<double>(elapsed.count()) : 0;
}

std::string summary_json(const JobSummary& job, std::optional<Duration> elapsed) {
  const Duration taken = elapsed.value_or(job.elapsed);
  Members members;
  members.text("id", to_string(job.id));
  members.text("name", job.name);
  members.text("kind", job.kind);
  members.text("mode", name_of(job.mode));
  members.text("state", name_of(job.state));
  members.signed_number("priority", job.priority);
  members.number("tasks", job.tasks);
  members.number("ok", job.ok);
  members.number("failed", job.failed);
  members.number("cancelled", job.cancelled);
  members.number("running", job.running);
  members.number("delayed", job.delayed);
  members.raw("errors", errors_json(job));
  if (job.retry_of) {
    members.text("retry_of", to_string(job.retry_of));
  } else {
    members.raw("retry_of", "null");
  }
  members.text("client", job.client);
  members.utc("submitted_at", job.submitted_at);
  members.utc("started_at", job.started_at);
  members.utc("finished_at", job.finished_at);
  members.ms("elapsed_ms", to_ms(taken));
  members.ms("tasks_per_s", tasks_per_second(job.finished(), taken));
  members.raw("run_ms", quantiles_json(job.run_ms));
  members.raw("queued_ms", quantiles_json(job.queued_ms));
  return members.object();
}

}  // namespace brigade::output
