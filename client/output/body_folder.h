// The folder that fetched bodies are saved in (`--save DIR`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "proto/base/os.h"
#include "proto/model/result.h"

namespace brigade::output {

/// Files are named by the task's number alone, whatever a server says; nothing is written through a symbolic link.
class BodyFolder {
 public:
  /// Makes the folder where it is missing (its parent must be there).
  static Result<BodyFolder> open(const std::filesystem::path& path);
  /// Writes the body whole or not at all; the path of the file.
  Result<std::string> save(std::uint64_t index, std::string_view body) const;

 private:
  std::filesystem::path path_;
  base::Fd folder_;
};

}  // namespace brigade::output
