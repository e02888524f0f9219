// Thousands of libcurl transfers in one thread of Boost.Asio. All of it happens in that thread.
#pragma once

#include <curl/curl.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "proto/model/time.h"
#include "worker/kinds/fetch/lookups.h"
#include "worker/kinds/fetch/multi.h"
#include "worker/kinds/fetch/transfer.h"

namespace brigade::worker {

/// Made by std::make_shared: a stop that comes late must not find it gone.
class Driver : public std::enable_shared_from_this<Driver> {
 public:
  explicit Driver(boost::asio::io_context& io);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// Performs what Transfer::begin() made ready, until `deadline`; `told` is what a timeout's message calls the limit.
  /// `transfer` must live until the coroutine ends.
  boost::asio::awaitable<CURLcode> perform(Transfer& transfer, Instant deadline, Duration told, std::stop_token stop);

 private:
  struct Active;
  struct Begin;
  struct Cancel;
  void begin(const std::shared_ptr<Active>& active);
  void start(const std::shared_ptr<Active>& active);
  void resolved(const std::string& host, Lookups::Outcome outcome);
  void finished(Transfer& transfer, CURLcode code);
  void finish(const std::shared_ptr<Active>& active, CURLcode code);
  void cancel(std::uint64_t ticket);
  void cancel_some();
  Multi& multi_with_room();

  boost::asio::io_context& io_;
  CURLSH* share_;  // one cache of names for all multi handles
  std::vector<std::shared_ptr<Multi>> multis_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Active>> active_;
  std::unordered_map<const Transfer*, std::uint64_t> tickets_;
  Lookups lookups_;
  std::deque<std::uint64_t> stopped_;  // tickets of transfers that are to be cancelled
  std::uint64_t last_ticket_ = 0;
};

}  // namespace brigade::worker
