// What tests of fetch share: lists of requests run in one of the kind's two forms, each list by an executor of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "proto/wire/kinds.h"
#include "tests/support/executors.h"
#include "worker/exec/io_loop.h"
#include "worker/exec/thread_pool.h"
#include "worker/kinds/fetch/fetch.h"

namespace brigade::test {

/// A fetch that may reach this machine.
inline worker::Kind local_fetch(std::shared_ptr<worker::HttpCache> cache = nullptr) {
  return worker::fetch_kind({.addresses = *worker::AddressPolicy::make({"127.0.0.0/8"}, false),
                             .body_max = std::uint64_t{64} << 20,
                             .cache = std::move(cache)});
}

inline std::unique_ptr<worker::Executor> executor_of(Lane lane, worker::Outbox& outbox, worker::Kind kind) {
  if (lane == Lane::loop)
    return std::make_unique<worker::IoLoop>(std::vector{std::move(kind)}, outbox,
                                            worker::IoLoopOptions{.threads = 2, .concurrency = 100});
  return std::make_unique<worker::ThreadPool>(std::vector{std::move(kind)}, outbox,
                                              worker::ThreadPoolOptions{.threads = 4});
}

/// `arguments`: URLs, or requests as wire::encode_fetch_argument() makes them.
inline std::vector<Row> fetch_rows(Lane lane, worker::Kind kind, const std::vector<std::string>& arguments,
                                   const wire::FetchOptions& options) {
  worker::Outbox outbox;
  const auto executor = executor_of(lane, outbox, std::move(kind));
  worker::Work work = list_work(1, "fetch", arguments);
  work.lease.brief.options = wire::encode(options);
  work.lease.last_attempt = false;
  return rows_of(*executor, outbox, std::move(work));
}

inline wire::FetchAnswer fetch_answer_of(const Row& row) {
  EXPECT_EQ(row.status, TaskStatus::ok) << row.value;
  const Result<wire::FetchAnswer> decoded = wire::decode_fetch_answer(row.value);
  EXPECT_TRUE(decoded);
  return decoded ? *decoded : wire::FetchAnswer{};
}

}  // namespace brigade::test
