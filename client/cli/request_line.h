// A line of a fetch list that has more to say than a URL:
//   {"url":"https://…","method":"PUT","headers":{"Accept":"text/html"},"body":"…","sha256":"…"}
#pragma once

#include <string>
#include <string_view>

#include "proto/model/result.h"
#include "proto/wire/kinds.h"

namespace brigade::cli {

/// Of an option or member `what`: the error names it.
Result<void> check_header(const std::string& what, const std::string& header);
Result<void> check_method(const std::string& what, const std::string& method);
/// Whether there is a line's end in it, or a byte that would end it elsewhere.
bool has_line_end(std::string_view text);

/// The 32 bytes that 64 hexadecimal digits stand for.
Result<std::string> parse_sha256(const std::string& what, const std::string& text);

/// Whether the line is meant as such a request.
bool is_request_line(std::string_view text);
/// The error is a sentence that names the member at fault.
Result<wire::FetchRequest> parse_request_line(std::string_view text);

}  // namespace brigade::cli
