// What people write on the command line and in configuration, and what is written for them.
#include <cstring>

#include "client/cli/task_source.h"
#include "proto/base/text.h"
#include "proto/net/endpoint.h"
#include "proto/net/socket.h"
#include "proto/wire/limits.h"
#include "tests/fuzz/input.h"

namespace brigade::fuzz {
namespace {

void numbers(const std::string& text) {
  const auto number = base::parse_number(text);
  if (number) require(base::parse_number(std::to_string(*number)).operator*() == *number);
  const auto duration = base::parse_duration(text);
  if (duration) require(*duration >= Duration{} && !base::format_duration(*duration).empty());
  const auto size = base::parse_size(text);
  if (size) require(!base::format_size(*size).empty());
  if (number && size) require(*number == *size);
}

/// From the first to the last without a wrap.
void ranges(const std::string& text) {
  const auto range = cli::parse_range(text);
  if (!range) return require(!range.error().message.empty());
  require(range->count >= 1 && range->count <= wire::kTasksPerJobMax);
  const std::uint64_t last = range->at(range->count - 1);
  require(range->step > 0 ? last >= range->start : last <= range->start);
}

void endpoints(const std::string& text) {
  const auto endpoint = net::parse_endpoint(text);
  require(static_cast<bool>(net::check_endpoint(text)) == static_cast<bool>(endpoint));
  const bool local = net::is_local(text);
  if (!endpoint) return require(!local && !endpoint.error().message.empty());
  const std::string written = net::to_zmq(*endpoint);
  const auto again = net::parse_endpoint(written);
  require(again && net::to_zmq(*again) == written);
  require(local == net::is_local(written));
}

void names(const std::string& text) {
  if (const auto id = parse_job_id(text)) require(to_string(*id) == text);
  if (const auto mode = parse_mode(text)) require(name_of(*mode) == text);
  if (const auto status = parse_task_status(text)) require(name_of(*status) == text);
}

void tasks(const std::string& text) {
  for (const cli::Shape shape : {cli::Shape::factorial, cli::Shape::sleep, cli::Shape::fetch, cli::Shape::echo}) {
    const auto task = cli::parse_task(shape, text);
    require(task || !task.error().message.empty());
  }
  if (cli::check_url(text)) require(text.find_first_of("\n\r\t ") == std::string::npos);
}

/// Numbers come from peers, any of them.
void formats(std::uint64_t number) {
  require(!base::format_duration(Duration(static_cast<std::int64_t>(number))).empty());
  require(!base::format_size(number).empty());
  require(!base::format_count(number).empty());
  require(!base::format_utc({static_cast<std::int64_t>(number)}).empty());
}

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brigade::fuzz;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto reads : {numbers, ranges, endpoints, names, tasks}) reads(text);
  std::uint64_t number = 0;
  std::memcpy(&number, text.data(), std::min(size, sizeof(number)));
  formats(number);
  return 0;
}
