// Tasks put aside in a nameless file: more of them than memory should hold.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "client/cli/task_source.h"
#include "proto/base/os.h"
#include "proto/model/result.h"

namespace brigade::cli {

class Spool {
 public:
  static Result<std::shared_ptr<Spool>> create();
  Result<void> add(std::string_view argument, const wire::Label& label);
  std::uint64_t count() const { return count_; }
  /// All of them in order. To be called once, when all are there.
  static Result<TaskSource> read_back(const std::shared_ptr<Spool>& spool);

 private:
  Result<void> flush();
  Result<bool> take(std::string& out, std::size_t size);

  base::Fd file_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace brigade::cli
