#include "client/output/csv.h"

namespace brigade::output {
namespace {

constexpr std::string_view kCommon = "job,index,kind,status,attempts,worker,queued_ms,run_ms,finished_at,line,tag";

std::string_view arguments_header(Shape shape) {
  switch (shape) {
    case Shape::factorial:
    case Shape::noop:
      return ",args.n";
    case Shape::sleep:
    case Shape::spin:
      return ",args.duration_ms";
    case Shape::fetch:
      return ",args.url";
    case Shape::echo:
      return ",args.text";
    case Shape::other:
      return ",args.bytes_base64";
  }
  return "";
}

std::string_view answer_header(Shape shape) {
  switch (shape) {
    case Shape::factorial:
      return ",result.digits,result.decimal,result.hex,result.binary,result.digest";
    case Shape::fetch:
      return ",result.http_status,result.bytes,result.content_type,result.url,result.redirects,result.sha256"
             ",result.dns_ms,result.connect_ms,result.tls_ms,result.ttfb_ms,result.total_ms"
             ",result.body,result.body_base64,result.path,result.cached";
    case Shape::noop:
      return ",result.n";
    case Shape::sleep:
    case Shape::spin:
      return "";
    case Shape::echo:
      return ",result.text";
    case Shape::other:
      return ",result.bytes_base64";
  }
  return "";
}

void append_number_cell(std::string& out, std::uint64_t number) {
  out += ',';
  append_number(out, number);
}

void append_ms_cell(std::string& out, double ms) {
  out += ',';
  append_ms(out, ms, 3);
}

void append_text_cell(std::string& out, std::string_view text) {
  out += ',';
  append_csv_cell(out, text);
}

void append_base64_cell(std::string& out, std::string_view bytes) {
  out += ',';
  append_base64(out, bytes);
}

void append_factorial(std::string& out, const wire::FactorialAnswer& answer, wire::FactorialForm form) {
  using Form = wire::FactorialForm;
  append_number_cell(out, answer.digits);
  for (const Form column : {Form::decimal, Form::hex, Form::binary, Form::digest}) {
    if (column != form) {
      out += ',';
    } else if (form == Form::binary) {
      append_base64_cell(out, answer.value);
    } else {
      append_text_cell(out, answer.value);
    }
  }
}

void append_fetch(std::string& out, const wire::FetchAnswer& answer, bool show_body, std::string_view path) {
  append_number_cell(out, answer.http_status);
  append_number_cell(out, answer.bytes);
  append_text_cell(out, answer.content_type);
  append_text_cell(out, answer.url);
  append_number_cell(out, answer.redirects);
  out += ',';
  append_hex(out, answer.sha256);
  for (const double ms : {answer.dns_ms, answer.connect_ms, answer.tls_ms, answer.ttfb_ms, answer.total_ms}) {
    append_ms_cell(out, ms);
  }
  const std::string_view body = show_body && answer.body ? std::string_view(*answer.body) : std::string_view();
  const bool text = is_utf8(body);
  append_text_cell(out, text ? body : std::string_view());
  append_base64_cell(out, text ? std::string_view() : body);
  append_text_cell(out, path);
  append_text_cell(out, answer.cached ? "true" : "");
}

void append_argument(std::string& out, Shape shape, const Row& row) {
  switch (shape) {
    case Shape::factorial:
    case Shape::noop:
      return append_number_cell(out, row.number);
    case Shape::sleep:
    case Shape::spin:
      out += ',';
      return append_ms(out, static_cast<double>(row.number) / 1e6, 6);
    case Shape::fetch:
      return append_text_cell(out, row.request != nullptr ? row.request->url : "");
    case Shape::echo:
      return append_text_cell(out, row.argument);
    case Shape::other:
      return append_base64_cell(out, row.argument);
  }
}

void append_no_answer(std::string& out, Shape shape) {
  for (const char c : answer_header(shape)) {
    if (c == ',') out += ',';
  }
}

}  // namespace

void append_csv_cell(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void ResultCsv::append_header(std::string& out) const {
  out += kCommon;
  out += arguments_header(view_.shape);
  out += answer_header(view_.shape);
  out += ",error.code,error.message\r\n";
}

void ResultCsv::append_answer(std::string& out, const Row& row) const {
  if (row.status != TaskStatus::ok) return append_no_answer(out, view_.shape);
  switch (view_.shape) {
    case Shape::factorial: {
      const auto answer = wire::decode_factorial_answer(row.value);
      return answer ? append_factorial(out, *answer, view_.form) : append_no_answer(out, view_.shape);
    }
    case Shape::fetch: {
      const auto answer = wire::decode_fetch_answer(row.value);
      return answer ? append_fetch(out, *answer, view_.show_body, row.path) : append_no_answer(out, view_.shape);
    }
    case Shape::noop: {
      const auto number = wire::decode_number(row.value);
      return append_number_cell(out, number ? *number : 0);
    }
    case Shape::sleep:
    case Shape::spin:
      return;
    case Shape::echo:
      return append_text_cell(out, row.value);
    case Shape::other:
      return append_base64_cell(out, row.value);
  }
}

void ResultCsv::append_facts(std::string& out, const Row& row) {
  out += view_.id;
  append_number_cell(out, row.index);
  append_text_cell(out, view_.kind);
  append_text_cell(out, word_of(row.status));
  append_number_cell(out, row.attempts);
  append_text_cell(out, row.worker);
  append_ms_cell(out, row.queued_ms);
  out += ',';
  append_ms(out, row.run_ms, 6);
  out += ',';
  if (row.finished_at.value > 0) utc_.append(out, row.finished_at);
  out += ',';
  if (row.line != 0) append_number(out, row.line);
  append_text_cell(out, row.tag);
  append_argument(out, view_.shape, row);
}

void ResultCsv::begin_factorial(std::string& out, const Row& row, std::uint64_t digits) {
  append_facts(out, row);
  append_number_cell(out, digits);
  out.append(view_.form == wire::FactorialForm::binary ? 3 : view_.form == wire::FactorialForm::hex ? 2 : 1, ',');
}

void ResultCsv::end_factorial(std::string& out) const {
  // The columns of the other forms, and those of an error.
  out.append(view_.form == wire::FactorialForm::binary ? 1 : view_.form == wire::FactorialForm::hex ? 2 : 3, ',');
  out += ",,\r\n";
}

void ResultCsv::append(std::string& out, const Row& row) {
  append_facts(out, row);
  append_answer(out, row);
  const bool ok = row.status == TaskStatus::ok;
  append_text_cell(out, ok ? std::string_view() : name_of(row.status));
  append_text_cell(out, ok ? std::string_view() : message_of(row));
  out += "\r\n";
}

}  // namespace brigade::output
