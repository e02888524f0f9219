#include "proto/output/row.h"

#include <cstring>

namespace brigade::output {

Shape shape_of(std::string_view kind) {
  if (kind == "factorial") return Shape::factorial;
  if (kind == "fetch") return Shape::fetch;
  if (kind == "noop") return Shape::noop;
  if (kind == "sleep") return Shape::sleep;
  if (kind == "spin") return Shape::spin;
  if (kind == "echo") return Shape::echo;
  return Shape::other;
}

bool has_numeric_argument(Shape shape) {
  return shape == Shape::factorial || shape == Shape::noop || shape == Shape::sleep || shape == Shape::spin;
}

JobView view_of(JobId id, const JobSpec& spec) {
  JobView view{.id = to_string(id), .kind = spec.kind, .shape = shape_of(spec.kind), .range = spec.range};
  if (view.shape == Shape::factorial) {
    const auto options = wire::decode_factorial_options(spec.options);
    if (options) view.form = options->form;
    if (options && options->split) {  // whatever the arguments are, the tasks are about this number
      view.range = Arithmetic{.start = options->split->n, .step = 0, .count = options->split->parts};
      if (!options->split->merge) view.form = wire::FactorialForm::binary;
    }
  }
  return view;
}

std::string_view word_of(TaskStatus status) {
  if (status == TaskStatus::ok) return "ok";
  return is_cancellation(status) ? "cancelled" : "failed";
}

std::string_view message_of(const Row& row) {
  if (!row.value.empty()) return row.value;
  switch (row.status) {
    case TaskStatus::cancelled:
      return "the job was cancelled";
    case TaskStatus::deadline:
      return "the job's deadline was over";
    case TaskStatus::max_fails:
      return "too many of the job's tasks had failed";
    default:
      return "";
  }
}

RowReader::RowReader(const JobView& view, const Results& page)
    : view_(view),
      page_(page),
      values_(page.outcomes.values),
      arguments_(page.arguments),
      labels_(page.labels),
      has_arguments_(!page.arguments.sizes.is_constant() || page.arguments.sizes.constant() != 0),
      has_labels_(!page.labels.sizes.is_constant() || page.labels.sizes.constant() != 0) {}

void RowReader::read_label() {
  row_.index = row_.task;
  row_.line = 0;
  row_.tag = {};
  if (!has_labels_) return;
  const std::string_view bytes = labels_.next();
  if (bytes.empty()) return;
  auto label = wire::decode_label(bytes);
  if (!label) return;  // another client's note
  label_ = *std::move(label);
  row_.line = label_.line;
  row_.tag = label_.tag;
  if (label_.index) row_.index = *label_.index;
}

void RowReader::read_argument() {
  if (view_.range) {
    row_.number = view_.range->at(row_.task);
    return;
  }
  if (!has_arguments_) return;
  row_.argument = arguments_.next();
  if (view_.shape == Shape::fetch) return read_request();
  row_.number = 0;
  if (row_.argument.size() == sizeof row_.number) {  // as wire::encode_number writes it
    std::memcpy(&row_.number, row_.argument.data(), sizeof row_.number);
  }
}

void RowReader::read_request() {
  auto request = wire::decode_fetch_argument(row_.argument);
  request_ = {};
  if (request)
    request_ = *std::move(request);
  else
    request_.url = row_.argument;  // another client's form: shown as it is
  row_.request = &request_;
}

Row* RowReader::next() {
  const Outcomes& outcomes = page_.outcomes;
  while (run_ < outcomes.runs.size() && in_run_ == outcomes.runs[run_].count) {
    ++run_;
    in_run_ = 0;
  }
  if (run_ == outcomes.runs.size()) return nullptr;
  row_.task = outcomes.runs[run_].first + in_run_++;
  const std::size_t i = position_++;
  const std::size_t origin_number = page_.origin[i];
  static const Origin kNobody;
  const Origin& origin = origin_number < page_.origins.size() ? page_.origins[origin_number] : kNobody;
  const double start_ms = static_cast<double>(outcomes.start_ms[i]);
  row_.status = outcomes.status[i];
  row_.attempts = origin.attempts;
  row_.worker = origin.worker;
  row_.queued_ms = static_cast<double>(origin.queued_ms) + start_ms;
  row_.run_ms = static_cast<double>(outcomes.run_ms[i]);
  row_.finished_at = {};
  if (origin.leased_at.value > 0) {
    row_.finished_at.value = origin.leased_at.value + static_cast<std::int64_t>(start_ms + row_.run_ms);
  }
  row_.value = values_.next();
  row_.path = {};
  read_label();
  read_argument();
  return &row_;
}

}  // namespace brigade::output
