#include "broker/mailbox.h"

namespace brigade::broker {

StoreSignals Mailbox::signals() {
  return {.committed = [this](Sequence sequence) { put(Committed{sequence}); },
          .stalled = [this](std::string why) { put(StoreStalled{std::move(why)}); },
          .resumed = [this] { put(StoreResumed{}); },
          .failed =
              [this](std::string why) {
                {
                  const std::scoped_lock lock(mutex_);
                  news_.failure = std::move(why);
                }
                wake_.signal();
              }};
}

void Mailbox::put(Event event) {
  {
    const std::scoped_lock lock(mutex_);
    auto& events = news_.events;
    if (std::get_if<Committed>(&event) && !events.empty() && std::get_if<Committed>(&events.back()))
      events.back() = std::move(event);
    else
      events.push_back(std::move(event));
  }
  wake_.signal();
}

Mailbox::News Mailbox::take() {
  wake_.clear();
  const std::scoped_lock lock(mutex_);
  return std::exchange(news_, {});
}

}  // namespace brigade::broker
