#include "proto/output/ndjson.h"

namespace brigade::output {
namespace {

void append_field(std::string& out, std::string_view name, std::string_view text) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

void append_bytes(std::string& out, std::string_view name, std::string_view bytes) {
  if (is_utf8(bytes)) return append_field(out, name, bytes);
  out += '"';
  out += name;
  out += "_base64\":\"";
  append_base64(out, bytes);
  out += '"';
}

void append_factorial(std::string& out, const Row& row, wire::FactorialForm form) {
  const auto answer = wire::decode_factorial_answer(row.value);
  if (!answer) return append_bytes(out, "bytes", row.value);
  out += "\"digits\":";
  append_number(out, answer->digits);
  switch (form) {
    case wire::FactorialForm::decimal:
    case wire::FactorialForm::hex:
      out += form == wire::FactorialForm::hex ? ",\"hex\":" : ",\"decimal\":";
      append_json_string(out, answer->value);
      break;
    case wire::FactorialForm::binary:
      out += ",\"binary\":\"";
      append_base64(out, answer->value);
      out += '"';
      break;
    case wire::FactorialForm::digest:
      out += ",\"digest\":";
      append_json_string(out, answer->value);
      out += ",\"sha256\":";
      append_json_string(out, answer->value);
      break;
    case wire::FactorialForm::digits:
      break;
  }
}

void append_noop(std::string& out, const Row& row) {
  const auto number = wire::decode_number(row.value);
  if (!number) return append_bytes(out, "bytes", row.value);
  out += "\"n\":";
  append_number(out, *number);
}

void append_time(std::string& out, std::string_view name, double ms) {
  out += ",\"";
  out += name;
  out += "\":";
  append_ms(out, ms, 3);
}

void append_fetch(std::string& out, const Row& row, bool show_body) {
  const auto answer = wire::decode_fetch_answer(row.value);
  if (!answer) return append_bytes(out, "bytes", row.value);
  out += "\"http_status\":";
  append_number(out, answer->http_status);
  out += ",\"bytes\":";
  append_number(out, answer->bytes);
  out += ',';
  append_field(out, "content_type", answer->content_type);
  out += ',';
  append_field(out, "url", answer->url);
  if (answer->http_version > 0) {
    out += ",\"http_version\":";
    append_ms(out, answer->http_version / 10.0, 1);
  }
  out += ",\"redirects\":";
  append_number(out, answer->redirects);
  out += ",\"sha256\":\"";
  append_hex(out, answer->sha256);
  out += '"';
  append_time(out, "dns_ms", answer->dns_ms);
  append_time(out, "connect_ms", answer->connect_ms);
  append_time(out, "tls_ms", answer->tls_ms);
  append_time(out, "ttfb_ms", answer->ttfb_ms);
  append_time(out, "total_ms", answer->total_ms);
  if (answer->cached) out += ",\"cached\":true";
  if (show_body && answer->body) {
    out += ',';
    append_bytes(out, "body", *answer->body);
  }
  if (!row.path.empty()) {
    out += ',';
    append_field(out, "path", row.path);
  }
}

/// As a line of a list may have it.
void append_request(std::string& out, const Row& row) {
  if (row.request == nullptr) return append_field(out, "url", "");
  const wire::FetchRequest& request = *row.request;
  append_field(out, "url", request.url);
  if (!request.method.empty()) {
    out += ',';
    append_field(out, "method", request.method);
  }
  if (!request.headers.empty()) {
    out += ",\"headers\":[";
    for (const std::string& header : request.headers) {
      if (&header != &request.headers.front()) out += ',';
      append_json_string(out, header);
    }
    out += ']';
  }
  if (request.data) {
    out += ',';
    append_bytes(out, "body", *request.data);
  }
  if (!request.sha256.empty()) {
    out += ",\"sha256\":\"";
    append_hex(out, request.sha256);
    out += '"';
  }
}

}  // namespace

void append_arguments_json(std::string& out, const JobView& view, const Row& row) {
  if (!row.has_argument) {
    out += "null";
    return;
  }
  out += '{';
  switch (view.shape) {
    case Shape::factorial:
    case Shape::noop:
      out += "\"n\":";
      append_number(out, row.number);
      break;
    case Shape::sleep:
    case Shape::spin:
      out += "\"duration_ms\":";
      append_ms(out, static_cast<double>(row.number) / 1e6, 6);
      break;
    case Shape::fetch:
      append_request(out, row);
      break;
    case Shape::echo:
      append_bytes(out, "text", row.argument);
      break;
    case Shape::other:
      append_bytes(out, "bytes", row.argument);
      break;
  }
  out += '}';
}

ResultJson::ResultJson(const JobView& view) : view_(view) {
  before_index_ = "{\"job\":\"" + view.id + "\",\"index\":";
  before_status_ = ",\"kind\":";
  append_json_string(before_status_, view.kind);
  before_status_ += ",\"status\":\"";
}

void ResultJson::append_answer(std::string& out, const Row& row) const {
  out += '{';
  switch (view_.shape) {
    case Shape::factorial:
      append_factorial(out, row, view_.form);
      break;
    case Shape::fetch:
      append_fetch(out, row, view_.show_body);
      break;
    case Shape::noop:
      append_noop(out, row);
      break;
    case Shape::sleep:
    case Shape::spin:
      break;
    case Shape::echo:
      append_bytes(out, "text", row.value);
      break;
    case Shape::other:
      append_bytes(out, "bytes", row.value);
      break;
  }
  out += '}';
}

void ResultJson::append_facts(std::string& out, const Row& row) {
  out += before_index_;
  append_number(out, row.index);
  out += before_status_;
  out += word_of(row.status);
  out += "\",\"attempts\":";
  append_number(out, row.attempts);
  out += ",\"worker\":";
  append_json_string(out, row.worker);
  out += ",\"queued_ms\":";
  append_ms(out, row.queued_ms, 3);
  out += ",\"run_ms\":";
  append_ms(out, row.run_ms, 6);
  if (row.finished_at.value > 0) {
    out += ",\"finished_at\":\"";
    utc_.append(out, row.finished_at);
    out += '"';
  }
  if (row.line != 0) {
    out += ",\"line\":";
    append_number(out, row.line);
  }
  if (!row.tag.empty()) {
    out += ",\"tag\":";
    append_json_string(out, row.tag);
  }
  out += ",\"args\":";
  append_arguments_json(out, view_, row);
}

void ResultJson::begin_factorial(std::string& out, const Row& row, std::uint64_t digits) {
  append_facts(out, row);
  out += ",\"result\":{\"digits\":";
  append_number(out, digits);
  out += view_.form == wire::FactorialForm::binary ? ",\"binary\":\""
         : view_.form == wire::FactorialForm::hex  ? ",\"hex\":\""
                                                   : ",\"decimal\":\"";
}

void ResultJson::append(std::string& out, const Row& row) {
  append_facts(out, row);
  if (row.status == TaskStatus::ok) {
    out += ",\"result\":";
    append_answer(out, row);
  } else {
    out += ",\"error\":{\"code\":\"";
    out += name_of(row.status);
    out += "\",\"message\":";
    append_json_string(out, message_of(row));
    out += '}';
  }
  out += '}';
}

}  // namespace brigade::output
