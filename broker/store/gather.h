// Arguments of tasks that do not follow each other.
#pragma once

#include "broker/store/store.h"

namespace brigade::broker {

/// Arguments and labels of the tasks of several runs, one after another; ask(run) gives those of one.
template <class Ask>
Result<StoredArguments> gather_arguments(const Runs& runs, Ask ask) {
  if (runs.size() == 1) return ask(runs.front());  // nothing is copied
  ValuesBuilder arguments, labels;
  for (const Run& run : runs) {
    auto stored = ask(run);
    if (!stored) return stored.error();
    ValuesReader argument(stored->arguments), label(stored->labels);
    for (std::uint64_t i = 0; i < run.count; ++i) {
      arguments.add(argument.next());
      labels.add(label.next());
    }
  }
  return StoredArguments{.arguments = arguments.take(), .labels = labels.take()};
}

}  // namespace brigade::broker
