// Puts the parts of a value together again, for whoever needs it whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "proto/model/messages.h"

namespace brigade::client {

class PartJoiner {
 public:
  /// The page with the whole value, once its last part is here. Parts come in order.
  std::optional<Results> add(const Results& part) {
    if (part.offset == 0) {
      joined_.clear();
      joined_.reserve(part.whole_bytes);
    }
    joined_ += part.outcomes.values.blob.view();
    if (offset_after(part) > 0) return std::nullopt;
    Results whole = part;
    const auto size = static_cast<std::uint32_t>(joined_.size());
    whole.outcomes.values = {.sizes = Column(size), .blob = Bytes::of(std::exchange(joined_, {}))};
    whole.whole_bytes = whole.offset = 0;
    return whole;
  }

 private:
  std::string joined_;
};

}  // namespace brigade::client
