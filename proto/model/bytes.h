// An immutable, shared piece of memory: how payload travels without being copied or looked at.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace brigade {

/// A view together with whatever keeps its memory alive (a socket's frame, a vector, a string). Copies share.
class Bytes {
 public:
  Bytes() = default;
  /// `data` must stay valid while `owner` lives.
  Bytes(std::shared_ptr<const void> owner, std::string_view data) : owner_(std::move(owner)), data_(data) {}

  static Bytes of(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    const std::string_view data = *owner;
    return {std::move(owner), data};
  }
  template <class T>
  static Bytes of(std::vector<T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    auto owner = std::make_shared<const std::vector<T>>(std::move(items));
    const std::string_view data(reinterpret_cast<const char*>(owner->data()), owner->size() * sizeof(T));
    return {std::move(owner), data};
  }

  std::string_view view() const { return data_; }
  const char* data() const { return data_.data(); }
  std::size_t size() const { return data_.size(); }
  bool empty() const { return data_.empty(); }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// The same memory, narrowed. REQUIRES: offset + length <= size().
  Bytes part(std::size_t offset, std::size_t length) const { return {owner_, data_.substr(offset, length)}; }

  /// Equal bytes, wherever they lie.
  bool operator==(const Bytes& other) const { return data_ == other.data_; }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view data_;
};

}  // namespace brigade
