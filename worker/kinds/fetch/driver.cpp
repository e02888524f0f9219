#include "worker/kinds/fetch/driver.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "proto/base/os.h"

namespace brigade::worker {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kCancelsAtOnce = 32;
constexpr std::size_t kTransfersPerMulti = 600;  // one multi handle with thousands is superlinear in libcurl 7.88

/// What the end of a transfer that began with a look-up says of it.
Lookups::Outcome lookup_outcome(CURLcode code) {
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY) return Lookups::Outcome::not_found;
  const bool cut = code == CURLE_OPERATION_TIMEDOUT || code == CURLE_ABORTED_BY_CALLBACK;
  return cut ? Lookups::Outcome::unknown : Lookups::Outcome::found;
}

}  // namespace

/// A transfer between perform() and its end.
struct Driver::Active {
  std::uint64_t ticket = 0;
  Transfer* transfer = nullptr;
  Multi* multi = nullptr;  // null: waits for its name's look-up
  std::string host;
  Instant deadline{};
  Duration told{};
  std::unique_ptr<asio::steady_timer> patience;  // only of one that waits for a look-up
  CURLcode code = CURLE_OK;
  std::function<void()> resume;
};

/// Gives a coroutine's handler to the driver, which posts it: nothing resumes inside a callback of libcurl.
struct Driver::Begin {
  Driver* driver;
  std::shared_ptr<Active> active;
  template <class Handler>
  void operator()(Handler&& handler) const {
    auto kept = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
    active->resume = [kept] { std::move (*kept)(); };
    driver->begin(active);
  }
};

/// From whatever thread stops the job.
struct Driver::Cancel {
  asio::io_context* io;
  std::weak_ptr<Driver> owner;
  std::uint64_t ticket;
  void operator()() const {
    asio::post(*io, [owner = owner, ticket = ticket] {
      const auto driver = owner.lock();
      if (!driver) return;
      driver->stopped_.push_back(ticket);
      if (driver->stopped_.size() == 1) driver->cancel_some();
    });
  }
};

Driver::Driver(asio::io_context& io) : io_(io), share_(curl_share_init()) {
  require(share_ != nullptr);
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);  // one thread: no locks
}

Driver::~Driver() {
  multis_.clear();
  curl_share_cleanup(share_);
}

asio::awaitable<CURLcode> Driver::perform(Transfer& transfer, Instant deadline, Duration told, std::stop_token stop) {
  const auto active = std::make_shared<Active>();
  active->ticket = ++last_ticket_;
  active->transfer = &transfer;
  active->host = Lookups::host_of(transfer.peer_url());
  active->deadline = deadline;
  active->told = told;
  const Cancel cancel_it{&io_, weak_from_this(), active->ticket};
  const std::stop_callback on_stop(std::move(stop), cancel_it);
  Begin begin_it{this, active};
  auto waiting = asio::async_initiate<const asio::use_awaitable_t<>&, void()>(std::move(begin_it), asio::use_awaitable);
  co_await std::move(waiting);
  co_return active->code;
}

void Driver::begin(const std::shared_ptr<Active>& active) {
  active_.emplace(active->ticket, active);
  tickets_.emplace(active->transfer, active->ticket);
  curl_easy_setopt(active->transfer->handle(), CURLOPT_SHARE, share_);
  if (lookups_.start(active->ticket, active->host, base::monotonic_now())) return start(active);
  active->patience = std::make_unique<asio::steady_timer>(io_, active->deadline - base::monotonic_now());
  active->patience->async_wait([this, ticket = active->ticket](const boost::system::error_code& error) {
    if (error) return;
    const auto late = active_.find(ticket);
    if (late == active_.end() || late->second->multi != nullptr) return;
    lookups_.forget(ticket, late->second->host);
    finish(std::shared_ptr<Active>(late->second), CURLE_OPERATION_TIMEDOUT);
  });
}

void Driver::start(const std::shared_ptr<Active>& active) {
  active->patience.reset();
  Transfer& transfer = *active->transfer;
  transfer.limit(active->deadline - base::monotonic_now(), active->told);
  if (!active->host.empty()) {
    // libcurl calls this from within: the followers start from the queue.
    transfer.on_resolved(
        [this, host = active->host] { asio::post(io_, [this, host] { resolved(host, Lookups::Outcome::found); }); });
  }
  active->multi = &multi_with_room();
  active->multi->add(transfer);
}

void Driver::resolved(const std::string& host, Lookups::Outcome outcome) {
  const Lookups::Next next = lookups_.finished(host, outcome, base::monotonic_now());
  for (const Lookups::Ticket ticket : next.startable)
    if (const auto entry = active_.find(ticket); entry != active_.end()) start(std::shared_ptr<Active>(entry->second));
  for (const Lookups::Ticket ticket : next.failed)
    if (const auto entry = active_.find(ticket); entry != active_.end())
      finish(std::shared_ptr<Active>(entry->second), CURLE_COULDNT_RESOLVE_HOST);
}

// From within Multi's loop over its messages, or its add().
void Driver::finished(Transfer& transfer, CURLcode code) {
  const auto ticket = tickets_.find(&transfer);
  require(ticket != tickets_.end());
  finish(std::shared_ptr<Active>(active_.at(ticket->second)), code);
}

void Driver::finish(const std::shared_ptr<Active>& active, CURLcode code) {
  active->code = code;
  active_.erase(active->ticket);
  tickets_.erase(active->transfer);
  const bool looked_up = active->multi != nullptr && !active->host.empty();
  if (looked_up) {
    // Without effect when the name was resolved before.
    asio::post(io_, [this, host = active->host, outcome = lookup_outcome(code)] { resolved(host, outcome); });
  }
  asio::post(io_, std::move(active->resume));
}

// To close ten thousand connections takes half a second: other transfers have their turns in between.
void Driver::cancel_some() {
  for (std::size_t i = 0; i < kCancelsAtOnce && !stopped_.empty(); ++i) {
    cancel(stopped_.front());
    stopped_.pop_front();
  }
  if (!stopped_.empty())
    asio::post(io_, [self = weak_from_this()] {
      if (const auto driver = self.lock()) driver->cancel_some();
    });
}

void Driver::cancel(std::uint64_t ticket) {
  const auto found = active_.find(ticket);
  if (found == active_.end()) return;
  const std::shared_ptr<Active> active = found->second;
  if (active->multi != nullptr) {
    active->multi->remove(*active->transfer);
  } else {
    lookups_.forget(ticket, active->host);
  }
  finish(active, CURLE_ABORTED_BY_CALLBACK);
}

Multi& Driver::multi_with_room() {
  for (const auto& multi : multis_)
    if (multi->active() < kTransfersPerMulti) return *multi;
  multis_.push_back(
      std::make_shared<Multi>(io_, [this](Transfer& transfer, CURLcode code) { finished(transfer, code); }));
  return *multis_.back();
}

}  // namespace brigade::worker
