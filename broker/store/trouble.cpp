#include "broker/store/trouble.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace brigade::broker {

bool is_passing(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG || error_number == EMFILE ||
         error_number == ENFILE;
}

Trouble trouble_with(const std::filesystem::path& file, int error_number) {
  return {.passing = is_passing(error_number),
          .reason = file.string() + ": " + std::generic_category().message(error_number)};
}

Error storage_error(std::string message) {
  return {ErrorCode::storage, std::move(message)};
}

}  // namespace brigade::broker
