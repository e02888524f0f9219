// A line of a fetch list that has more to say than a URL:
//   {"url":"https://…","method":"PUT","headers":{"Accept":"text/html"},"body":"…"}
#pragma once

#include <string_view>

#include "proto/model/result.h"
#include "proto/wire/kinds.h"

namespace brigade::cli {

/// Whether the line is meant as such a request.
bool is_request_line(std::string_view text);
/// The error is a sentence that names the member at fault.
Result<wire::FetchRequest> parse_request_line(std::string_view text);

}  // namespace brigade::cli
