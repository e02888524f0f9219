// Tasks of the kind `factorial`, run in one thread.
#pragma once

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "proto/wire/kinds.h"
#include "tests/support/executors.h"
#include "worker/exec/thread_pool.h"
#include "worker/kinds/factorial/factorial.h"

namespace brigade::test {

inline std::string number(std::uint64_t value) {
  return wire::encode_number(value);
}

/// Runs the arguments in the given order.
inline std::vector<Row> run(const wire::FactorialOptions& options, const std::vector<std::string>& arguments,
                            std::uint64_t n_max = 10'000'000) {
  worker::Outbox outbox;
  worker::ThreadPool pool({worker::factorial_kind(n_max)}, outbox, {.threads = 1});
  worker::Work work = list_work(1, "factorial", arguments);
  work.lease.brief.options = wire::encode(options);
  return rows_of(pool, outbox, std::move(work));
}

inline wire::FactorialAnswer answer_of(const Row& row) {
  EXPECT_EQ(row.status, TaskStatus::ok) << row.value;
  const Result<wire::FactorialAnswer> answer = wire::decode_factorial_answer(row.value);
  EXPECT_TRUE(answer);
  return answer ? *answer : wire::FactorialAnswer{};
}

/// Bytes of a line of /proc/self/status.
inline std::uint64_t status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, 10) * 1024;
  return 0;
}

/// The most memory that a task, or tasks one after another, take in a process of its own, beside what that has anyway.
inline std::uint64_t measured_memory(const std::vector<std::string>& arguments, const wire::FactorialOptions& options) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins again
    const std::uint64_t before = status_bytes("VmRSS:");
    (void)run(options, arguments);
    const std::uint64_t peak = status_bytes("VmHWM:") - before;
    _exit(write(ends[1], &peak, sizeof peak) == sizeof peak ? 0 : 1);
  }
  std::uint64_t peak = 0;
  EXPECT_EQ(read(ends[0], &peak, sizeof peak), ssize_t{sizeof peak});
  int status = 0;
  waitpid(child, &status, 0);
  close(ends[0]);
  close(ends[1]);
  return peak;
}

}  // namespace brigade::test
