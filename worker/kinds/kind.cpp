#include "worker/kinds/kind.h"

#include <utility>

#include "proto/base/text.h"

namespace brigade::worker {

std::optional<std::uint64_t> number_of(std::string_view argument) {
  if (argument.size() != 8) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = 8; i-- > 0;) number = number << 8 | static_cast<unsigned char>(argument[i]);
  return number;
}

Ending not_a_number(std::string_view argument) {
  return Ending::failed(TaskStatus::invalid_argument,
                        "the argument has " + std::to_string(argument.size()) + " bytes, not the 8 of a number");
}

Ending not_finished_within(Duration limit) {
  return Ending::retryable(TaskStatus::timeout, "not finished within " + base::format_duration(limit));
}

Prepared always(Ending ending) {
  const auto run = [ending = std::move(ending)](TaskFeed& feed) {
    while (feed.next()) feed.end(ending);
  };
  return {.on_thread = [run] { return Runner(run); }, .on_loop = {}, .memory_of = {}};
}

}  // namespace brigade::worker
