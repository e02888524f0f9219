#include "client/bench/audience.h"

#include <unistd.h>

#include <utility>

#include "proto/base/version.h"
#include "proto/wire/codec.h"

namespace brigade::bench {
namespace {

constexpr Duration kEndNoticed = std::chrono::milliseconds(20);
constexpr std::uint64_t kCredit = std::uint64_t{1} << 40;  // more than any job of a benchmark weighs

}  // namespace

Audience::Audience(std::vector<JobId> jobs, std::unique_ptr<net::Dealer> anchor)
    : jobs_(std::move(jobs)), anchor_(std::move(anchor)) {}

Result<std::unique_ptr<Audience>> Audience::start(const std::string& endpoint, std::vector<JobId> jobs) {
  auto anchor = net::Dealer::connect(endpoint);
  if (!anchor) return anchor.error();
  std::unique_ptr<Audience> audience(new Audience(std::move(jobs), *std::move(anchor)));
  if (auto connected = audience->connect(endpoint); !connected) return connected.error();
  audience->thread_ = std::thread([it = audience.get()] { it->run(); });
  return audience;
}

Audience::~Audience() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

Result<void> Audience::connect(const std::string& endpoint) {
  for (std::size_t client = 0; client < jobs_.size(); ++client) {
    auto dealer = net::Dealer::connect(endpoint, *anchor_);
    if (!dealer) return dealer.error();
    dealers_.push_back(*std::move(dealer));
    send(client, ClientHello{.version = std::string(base::version()), .pid = static_cast<std::uint32_t>(::getpid())});
  }
  return {};
}

void Audience::run() {
  while (!stopped_)
    for (const std::size_t client : net::wait(dealers_, kEndNoticed)) receive(client);
}

void Audience::receive(std::size_t client) {
  while (const auto frames = dealers_[client]->receive())
    if (const auto message = wire::decode(*frames)) answer(client, *message);
}

void Audience::answer(std::size_t client, const Message& message) {
  if (std::holds_alternative<Ping>(message)) send(client, Pong{});
  if (const auto* results = std::get_if<Results>(&message)) rows_ += results->outcomes.count();
  if (!std::holds_alternative<Welcome>(message)) return;
  ++welcomed_;
  send(client, Read{.reader = RequestId{1}, .job = jobs_[client], .credit_bytes = kCredit});
}

// What cannot be sent is missed in the count of rows, which the measurement waits for.
void Audience::send(std::size_t client, const Message& message) {
  (void)dealers_[client]->send(wire::encode(message));
}

}  // namespace brigade::bench
