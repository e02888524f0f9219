// What the store's writer thread tells the broker's loop.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/events.h"
#include "broker/store/store.h"
#include "proto/base/os.h"

namespace brigade::broker {

/// The only thing that the writer's thread and the loop share. Many commits between two looks are one event.
class Mailbox {
 public:
  /// What the store is to call. The mailbox must outlive the store.
  StoreSignals signals();
  int fd() const { return wake_.fd(); }

  struct News {
    std::vector<Event> events;           ///< in the order of their happening
    std::optional<std::string> failure;  ///< the store is dead, and why
  };
  News take();

 private:
  void put(Event event);

  std::mutex mutex_;
  News news_;
  base::EventFd wake_;
};

}  // namespace brigade::broker
