// Messages to frames and back. Protobuf stays behind this header.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "proto/model/bytes.h"
#include "proto/model/messages.h"

namespace brigade::wire {

using Frames = std::vector<Bytes>;

/// Frame 0 is the envelope; packed columns and blobs follow as they are, without a copy (a blob above
/// kFrameBytesMax in several frames).
Frames encode(const Message& message);

/// Views into the frames, without a copy (a blob that came in several frames is joined). Checks every bound of limits.h
/// and every length against its rows, so that no later reader must: a malformed message is an error, never undefined.
/// A frame that was copied into a joined blob is let go at once, so that the blob is not in memory twice.
Result<Message> decode(Frames frames);

/// For the store: a job's spec and summary, and a block's columns, as bytes.
std::string encode_spec(const JobSpec& spec);
Result<JobSpec> decode_spec(std::string_view bytes);
std::string encode_summary(const JobSummary& summary);
Result<JobSummary> decode_summary(std::string_view bytes);

/// Outcomes with their origin as one self-delimiting record in pieces, to be written one after another.
Frames encode_block(const Origin& origin, const Outcomes& outcomes);
struct DecodedBlock {
  Origin origin;
  Outcomes outcomes;
  std::uint64_t left_out = 0;  ///< bytes of the values, which end the record and were not looked at
};
Result<DecodedBlock> decode_block(const Bytes& record);
/// Of a record of `record_bytes` only its `beginning` is at hand, all but (part of) its values.
Result<DecodedBlock> decode_block_beginning(const Bytes& beginning, std::uint64_t record_bytes);

/// The same for the arguments and labels of `count` tasks.
Frames encode_arguments(std::uint64_t count, const Values& arguments, const Values& labels);
struct DecodedArguments {
  std::uint64_t count = 0;
  Values arguments;
  Values labels;
};
Result<DecodedArguments> decode_arguments(const Bytes& record);

}  // namespace brigade::wire
