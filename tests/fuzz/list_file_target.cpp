// A list of tasks from a file and the same one through a pipe: the same tasks, or an error.
#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "client/cli/list_input.h"
#include "tests/fuzz/input.h"

namespace brigade::fuzz {
namespace {

using cli::Shape;

constexpr Shape kShapes[] = {Shape::factorial, Shape::noop, Shape::sleep, Shape::spin,
                             Shape::fetch,     Shape::echo, Shape::other};

/// A descriptor's name: it is opened anew, from its beginning.
std::string path_of(const base::Fd& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

base::Fd file_with(std::string_view text) {
  base::Fd file(::memfd_create("list", MFD_CLOEXEC));
  require(::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return file;
}

/// Closed for writing once it is read from: `text` fits into it.
base::Fd pipe_with(std::string_view text) {
  std::array<int, 2> ends{};
  require(::pipe(ends.data()) == 0);
  const base::Fd writer(ends[1]);
  require(::write(writer.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return base::Fd(ends[0]);
}

struct Read {
  std::string error;
  std::uint64_t tasks = 0;
  cli::Largest largest;
  std::string arguments;
  bool operator==(const Read&) const = default;
};

Read read(cli::TaskList& list) {
  Read read;
  std::uint64_t line = 0;
  for (;;) {
    const auto task = list.source();
    if (!task) return {.error = task.error().message};
    if (!*task) return read;
    require((*task)->label.line > line);
    line = (*task)->label.line;
    ++read.tasks;
    if ((*task)->number > read.largest.number) read.largest = {(*task)->number, line};
    read.arguments += (*task)->argument + '\n' + (*task)->label.tag + '\n';
  }
}

void check(Shape shape, std::string_view text) {
  const base::Fd file = file_with(text);
  const base::Fd pipe = pipe_with(text);
  auto checked = cli::open_list(path_of(file), "kind", shape, -1);
  auto streamed = cli::open_list(path_of(pipe), "kind", shape, -1);
  require(static_cast<bool>(streamed));
  const Read through_pipe = read(*streamed);
  require(static_cast<bool>(checked) == through_pipe.error.empty());
  if (!checked) return;
  require(read(*checked) == through_pipe);
  require(checked->tasks == through_pipe.tasks && checked->largest == through_pipe.largest);
}

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brigade::fuzz;
  Input input(data, size);
  const Shape shape = kShapes[input.below(std::size(kShapes))];
  check(shape, input.bytes(60'000));
  return 0;
}
