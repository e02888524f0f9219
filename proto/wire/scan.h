// A look at a serialised message before Protobuf parses it. Included by this folder's sources only.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string_view>

#include "proto/model/result.h"

namespace brigade::wire {

/// What the parsed form of a message may take. Four MiB of empty sub-messages would parse into 176 MiB.
inline constexpr std::size_t kParsedBytesMax = std::size_t{48} << 20;

/// Whether `bytes` can be a message of `type` whose parsed form stays within `parsed_bytes_max`, nested no deeper than
/// our messages are, with UTF-8 in all text. Allocates nothing.
Result<void> scan(const google::protobuf::Descriptor& type, std::string_view bytes,
                  std::size_t parsed_bytes_max = kParsedBytesMax);

}  // namespace brigade::wire
