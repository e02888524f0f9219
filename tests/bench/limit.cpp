// What ZeroMQ alone reaches between three processes, for comparison with `brigade bench`: no store, no scheduler, no
// codec, no loss.
//
//   brigade-limit dispatch [TASKS [TASKS_PER_MESSAGE]]   tasks per second, each answered with its number, 8 bytes
//   brigade-limit latency [TRIPS]                        median and 99th percentile of one message at a time, in µs
//   brigade-limit factorial FIRST LAST                   ms until FIRST! (by GMP) to LAST!, by one multiplication each,
//                                                        have come in messages of a quarter of a MiB
#include <gmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>
#include <zmq.hpp>

namespace {

using Clock = std::chrono::steady_clock;

struct Request {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

constexpr std::uint64_t kHello = 0;  // a worker's first message: a request for nothing
constexpr std::size_t kMessageBytes = 256 * 1024;
constexpr std::uint64_t kUnderWay = 8;  // requests that the client has out at once

/// Passes messages from the client to the worker and back.
void broker(const std::string& endpoint) {
  zmq::context_t context(1);
  zmq::socket_t router(context, zmq::socket_type::router);
  router.bind(endpoint);
  std::string client, worker;
  std::vector<zmq::message_t> early;
  const auto pass = [&router](const std::string& to, zmq::message_t&& body) {
    router.send(zmq::buffer(to), zmq::send_flags::sndmore);
    router.send(body, zmq::send_flags::none);
  };
  for (;;) {
    zmq::message_t from, body;
    (void)router.recv(from);
    (void)router.recv(body);
    if (worker.empty() && body.size() == sizeof kHello) {
      worker = from.to_string();
      for (zmq::message_t& request : early) pass(worker, std::move(request));
    } else if (from.to_string() == worker) {
      pass(client, std::move(body));
    } else {
      client = from.to_string();
      if (worker.empty())
        early.push_back(std::move(body));
      else
        pass(worker, std::move(body));
    }
  }
}

/// What a worker does with its requests.
using Work = void (*)(zmq::socket_t& dealer, const Request& request);

void echo_numbers(zmq::socket_t& dealer, const Request& request) {
  zmq::message_t answer(request.count * sizeof(std::uint64_t));
  auto* numbers = answer.data<std::uint64_t>();
  for (std::uint64_t i = 0; i < request.count; ++i) numbers[i] = request.first + i;
  dealer.send(answer, zmq::send_flags::none);
}

void compute_factorials(zmq::socket_t& dealer, const Request& request) {
  mpz_t value;
  mpz_init(value);
  std::vector<mp_limb_t> limbs;
  for (std::uint64_t i = 0; i < request.count; ++i) {
    const std::uint64_t n = request.first + i;
    if (i == 0)
      mpz_fac_ui(value, n);
    else
      mpz_mul_ui(value, value, n);
    limbs.push_back(mpz_size(value));
    limbs.insert(limbs.end(), mpz_limbs_read(value), mpz_limbs_read(value) + mpz_size(value));
    if (limbs.size() * sizeof(mp_limb_t) < kMessageBytes && i + 1 < request.count) continue;
    auto* message = new std::vector<mp_limb_t>(std::move(limbs));
    dealer.send(zmq::message_t(
                    message->data(), message->size() * sizeof(mp_limb_t),
                    [](void*, void* owner) { delete static_cast<std::vector<mp_limb_t>*>(owner); }, message),
                zmq::send_flags::none);
    limbs = {};
    limbs.reserve(kMessageBytes / sizeof(mp_limb_t) * 3 / 2);
  }
  mpz_clear(value);
}

void worker(const std::string& endpoint, Work work) {
  zmq::context_t context(1);
  zmq::socket_t dealer(context, zmq::socket_type::dealer);
  dealer.connect(endpoint);
  dealer.send(zmq::buffer(&kHello, sizeof kHello), zmq::send_flags::none);
  for (;;) {
    zmq::message_t asked;
    (void)dealer.recv(asked);
    Request request;
    std::memcpy(&request, asked.data(), sizeof request);
    work(dealer, request);
  }
}

class Client {
 public:
  explicit Client(const std::string& endpoint) { dealer_.connect(endpoint); }
  void ask(Request request) { dealer_.send(zmq::buffer(&request, sizeof request), zmq::send_flags::none); }
  zmq::message_t answer() {
    zmq::message_t answer;
    (void)dealer_.recv(answer);
    return answer;
  }
  /// Numbers in the next answer, summed up; answers come in the order of the requests.
  std::uint64_t sum() {
    const zmq::message_t answer = this->answer();
    const auto* numbers = answer.data<std::uint64_t>();
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < answer.size() / sizeof(std::uint64_t); ++i) total += numbers[i];
    return total;
  }

 private:
  zmq::context_t context_{1};
  zmq::socket_t dealer_{context_, zmq::socket_type::dealer};
};

bool dispatch(Client& client, std::uint64_t tasks, std::uint64_t each) {
  std::uint64_t asked = 0, answered = 0, total = 0;
  const auto begun = Clock::now();
  while (answered < tasks) {
    while (asked < tasks && asked - answered < kUnderWay * each) {
      const std::uint64_t count = std::min(each, tasks - asked);
      client.ask({asked, count});
      asked += count;
    }
    total += client.sum();
    answered += std::min(each, tasks - answered);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::printf("%.0f\n", static_cast<double>(tasks) / seconds);
  return total == tasks * (tasks - 1) / 2;
}

bool latency(Client& client, std::size_t trips) {
  std::vector<double> micros;
  for (std::size_t i = 0; i < trips; ++i) {
    const auto sent = Clock::now();
    client.ask({i, 1});
    if (client.sum() != i) return false;
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - sent).count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("%.1f %.1f\n", micros[trips / 2], micros[trips * 99 / 100]);
  return true;
}

/// Whether the sizes are right; the numbers are kept until the end, as somebody who wants them would.
bool factorials(Client& client, std::uint64_t first, std::uint64_t count) {
  std::vector<zmq::message_t> answers;
  std::uint64_t came = 0;
  const auto begun = Clock::now();
  client.ask({first, count});
  while (came < count) {
    answers.push_back(client.answer());
    const auto* limbs = answers.back().data<mp_limb_t>();
    const std::size_t size = answers.back().size() / sizeof(mp_limb_t);
    for (std::size_t at = 0; at < size; at += 1 + limbs[at]) ++came;
  }
  std::printf("%.3f\n", std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
  return came == count;
}

template <class Run>
pid_t forked(Run run) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  run();
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what != "dispatch" && what != "latency" && (what != "factorial" || argc != 4))
    return std::fputs("usage: brigade-limit dispatch | latency | factorial FIRST LAST\n", stderr), 2;
  const auto number = [&](int at, std::uint64_t fallback) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : fallback;
  };
  const std::string endpoint = "ipc://@brigade-limit-" + std::to_string(::getpid());
  const pid_t between = forked([&] { broker(endpoint); });
  const pid_t behind = forked([&] { worker(endpoint, what == "factorial" ? compute_factorials : echo_numbers); });
  bool right = false;
  {
    Client client(endpoint);
    client.ask({0, 1});  // until all three are connected
    (void)client.answer();
    if (what == "latency") right = latency(client, number(2, 5000));
    if (what == "dispatch") right = dispatch(client, number(2, 10'000'000), number(3, 16'384));
    if (what == "factorial") right = factorials(client, number(2, 0), number(3, 0) - number(2, 0) + 1);
  }
  for (const pid_t child : {between, behind}) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  return right ? 0 : 1;
}
