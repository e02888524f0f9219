// A value that is too long to be held: written while its parts come.
#pragma once

#include <string>
#include <string_view>

#include "proto/wire/kinds.h"

namespace brigade::output {

/// The text of a long value (digits, or base64 of bytes), part by part.
class LongText {
 public:
  explicit LongText(wire::FactorialForm form) : base64_(form == wire::FactorialForm::binary) {}
  void append(std::string& out, std::string_view bytes);
  void finish(std::string& out);

 private:
  bool base64_;
  std::string rest_;  // bytes that no group of base64 could be made of yet
};

}  // namespace brigade::output
