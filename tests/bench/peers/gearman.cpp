// Gearman's share of scripts/bench-peers: `gearman worker PORT` answers for ever; `gearman client PORT TASKS` submits
// no-op tasks, a thousand under way, checks each answer, and prints tasks per second and the median of 500 round trips
// in microseconds.
#include <libgearman/gearman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

gearman_return_t answer(gearman_job_st* job, void*) {
  return gearman_job_send_complete(job, gearman_job_workload(job), gearman_job_workload_size(job));
}

int work(std::uint16_t port) {
  gearman_worker_st* worker = gearman_worker_create(nullptr);
  gearman_worker_add_server(worker, "127.0.0.1", port);
  gearman_worker_define_function(worker, "noop", 4, gearman_function_create(answer), 0, nullptr);
  while (gearman_success(gearman_worker_work(worker))) continue;
  return 1;
}

std::size_t right = 0;

gearman_return_t check(gearman_task_st* task) {
  const auto* wanted = static_cast<const std::string*>(gearman_task_context(task));
  const std::string got(static_cast<const char*>(gearman_task_data(task)), gearman_task_data_size(task));
  right += got == *wanted ? 1 : 0;
  return GEARMAN_SUCCESS;
}

int ask(std::uint16_t port, std::size_t tasks) {
  constexpr std::size_t kUnderWay = 1000, kTrips = 500;
  gearman_client_st* client = gearman_client_create(nullptr);
  gearman_client_add_server(client, "127.0.0.1", port);
  gearman_client_set_complete_fn(client, check);
  std::vector<std::string> arguments(tasks);
  for (std::size_t i = 0; i < tasks; ++i) arguments[i] = std::to_string(i);
  const auto begun = Clock::now();
  for (std::size_t first = 0; first < tasks; first += kUnderWay) {
    for (std::size_t i = first; i < std::min(tasks, first + kUnderWay); ++i) {
      gearman_return_t code{};
      gearman_client_add_task(client, nullptr, &arguments[i], "noop", nullptr, arguments[i].data(),
                              arguments[i].size(), &code);
    }
    gearman_client_run_tasks(client);
    gearman_client_task_free_all(client);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::vector<double> micros;
  for (std::size_t i = 0; i < kTrips; ++i) {
    const auto sent = Clock::now();
    std::size_t size = 0;
    gearman_return_t code{};
    std::free(gearman_client_do(client, "noop", nullptr, "x", 1, &size, &code));
    if (!gearman_success(code)) return 1;
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - sent).count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("%.1f %.1f\n", static_cast<double>(tasks) / seconds, micros[kTrips / 2]);
  return right == tasks ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  if (std::strcmp(argv[1], "worker") == 0) return work(port);
  return argc < 4 ? 2 : ask(port, static_cast<std::size_t>(std::atoll(argv[3])));
}
