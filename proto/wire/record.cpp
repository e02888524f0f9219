// What the store keeps: envelopes and bodies as one record, and specs and summaries.
#include <google/protobuf/arena.h>

#include <array>

#include "proto/wire/codec.h"
#include "proto/wire/limits.h"
#include "proto/wire/parts.h"

namespace brigade::wire {
namespace {

// A record begins with these, little-endian; the envelope and the body follow.
struct Header {
  std::uint32_t magic = 0x31'52'47'42;  // "BGR1"
  std::uint32_t envelope_bytes = 0;
  std::uint64_t body_bytes = 0;
};
static_assert(sizeof(Header) == 16);

// An envelope on disk holds at most kRunsMax runs.
constexpr std::size_t kRecordEnvelopeBytesMax = 2 * kEnvelopeBytesMax;

Frames to_record(const Out& out) {
  Frames pieces{Bytes()};
  Header header;
  for (const Bytes& piece : out.body.pieces()) {
    header.body_bytes += piece.size();
    pieces.push_back(piece);
  }
  const std::size_t envelope_bytes = out.envelope.ByteSizeLong();
  header.envelope_bytes = static_cast<std::uint32_t>(envelope_bytes);
  std::string head(sizeof header + envelope_bytes, '\0');
  std::memcpy(head.data(), &header, sizeof header);
  require(out.envelope.SerializeToArray(head.data() + sizeof header, static_cast<int>(envelope_bytes)));
  pieces.front() = Bytes::of(std::move(head));
  return pieces;
}

// The envelope parsed, and the bytes behind it that are there. `record_bytes`: of the whole record.
Bytes open_record(const Bytes& record, std::uint64_t record_bytes, pb::Envelope& envelope, Check& check) {
  Header header;
  if (record.size() < sizeof header) {
    check.refuse("a record of {} bytes", record.size());
    return {};
  }
  std::memcpy(&header, record.data(), sizeof header);
  const std::uint64_t left = record_bytes - sizeof header;
  if (header.magic != Header{}.magic) check.refuse("no record begins here");
  if (header.envelope_bytes > kRecordEnvelopeBytesMax)
    check.refuse("a record's envelope of {} bytes, at most {}", header.envelope_bytes, kRecordEnvelopeBytesMax);
  if (header.body_bytes > left || header.envelope_bytes != left - header.body_bytes)
    check.refuse("a record of {} bytes that should have 16 + {} + {}", record_bytes, header.envelope_bytes,
                 header.body_bytes);
  const std::size_t begin = sizeof header + header.envelope_bytes;
  if (begin > record.size()) check.refuse("an envelope of {} bytes, of which not all are there", header.envelope_bytes);
  if (!check.ok()) return {};
  if (!parse(record.view().substr(sizeof header, header.envelope_bytes), envelope, check)) return {};
  if (envelope.protocol() != kProtocolVersion) check.refuse("a record of version {}", envelope.protocol());
  return record.part(begin, record.size() - begin);
}

DecodedBlock get_block(const pb::BlockRecord& stored, BodyReader& body, Check& check) {
  DecodedBlock block;
  block.origin.worker = check.text(stored.origin().worker(), "origin.worker", kNameBytesMax);
  block.origin.attempts = stored.origin().attempts();
  block.origin.queued_ms =
      static_cast<float>(check.milliseconds(static_cast<double>(stored.origin().queued_ms()), "origin.queued_ms"));
  block.origin.leased_at = {stored.origin().leased_at_ms()};
  // Not kTasksPerMessageMax: the broker ends the tasks of a cancelled job in one block of constants.
  block.outcomes = get(stored.runs(), kTasksPerJobMax, body, check);
  body.finish();
  return block;
}

template <class Value, class Stored>
Result<Value> decode_value(std::string_view bytes) {
  Check check;
  Stored stored;
  if (bytes.size() > kEnvelopeBytesMax) check.refuse("{} bytes, at most {}", bytes.size(), kEnvelopeBytesMax);
  if (!check.ok() || !parse(bytes, stored, check)) return check.error();
  Value value = get(stored, check);
  if (!check.ok()) return check.error();
  return value;
}

}  // namespace

std::string encode_spec(const JobSpec& spec) {
  pb::JobSpec stored;
  put(spec, stored);
  return stored.SerializeAsString();
}

Result<JobSpec> decode_spec(std::string_view bytes) {
  return decode_value<JobSpec, pb::JobSpec>(bytes);
}

std::string encode_summary(const JobSummary& summary) {
  pb::JobSummary stored;
  put(summary, stored);
  return stored.SerializeAsString();
}

Result<JobSummary> decode_summary(std::string_view bytes) {
  return decode_value<JobSummary, pb::JobSummary>(bytes);
}

Frames encode_block(const Origin& origin, const Outcomes& outcomes) {
  pb::Envelope envelope;
  envelope.set_protocol(kProtocolVersion);
  Out out{.envelope = envelope, .body = BodyWriter(envelope)};
  auto& block = *envelope.mutable_block_record();
  block.mutable_origin()->set_worker(origin.worker);
  block.mutable_origin()->set_attempts(origin.attempts);
  block.mutable_origin()->set_queued_ms(origin.queued_ms);
  block.mutable_origin()->set_leased_at_ms(origin.leased_at.value);
  put(outcomes, *block.mutable_runs(), out.body);
  return to_record(out);
}

Result<DecodedBlock> decode_block(const Bytes& record) {
  Check check;
  pb::Envelope envelope;
  const Bytes rest = open_record(record, record.size(), envelope, check);
  if (check.ok() && !envelope.has_block_record()) check.refuse("no block of outcomes");
  if (!check.ok()) return check.error();
  BodyReader body(envelope.columns(), rest, check);
  DecodedBlock block = get_block(envelope.block_record(), body, check);
  if (!check.ok()) return check.error();
  return block;
}

Result<DecodedBlock> decode_block_beginning(const Bytes& beginning, std::uint64_t record_bytes) {
  Check check;
  pb::Envelope envelope;
  const Bytes rest = open_record(beginning, record_bytes, envelope, check);
  if (check.ok() && (!envelope.has_block_record() || envelope.columns().blobs_size() == 0))
    check.refuse("no block of outcomes");
  if (!check.ok()) return check.error();
  const std::uint64_t values = *envelope.columns().blobs().rbegin();
  const std::uint64_t missing = record_bytes - beginning.size();
  if (missing > values || values - missing > rest.size())
    check.refuse("values of {} bytes, {} missing", values, missing);
  if (!check.ok()) return check.error();
  BodyReader body(envelope.columns(), rest.part(0, rest.size() - (values - missing)), check, values);
  DecodedBlock block = get_block(envelope.block_record(), body, check);
  if (!check.ok()) return check.error();
  block.outcomes.values = {};
  block.left_out = values;
  return block;
}

Frames encode_arguments(std::uint64_t count, const Values& arguments, const Values& labels) {
  pb::Envelope envelope;
  envelope.set_protocol(kProtocolVersion);
  Out out{.envelope = envelope, .body = BodyWriter(envelope)};
  envelope.mutable_arguments_record()->set_count(count);
  out.body.values(arguments, count);
  out.body.values(labels, count);
  return to_record(out);
}

Result<DecodedArguments> decode_arguments(const Bytes& record) {
  Check check;
  pb::Envelope envelope;
  const Bytes rest = open_record(record, record.size(), envelope, check);
  if (check.ok() && !envelope.has_arguments_record()) check.refuse("no arguments");
  if (!check.ok()) return check.error();
  DecodedArguments decoded;
  decoded.count = check.most(envelope.arguments_record().count(), "arguments.count", kTasksPerMessageMax);
  BodyReader body(envelope.columns(), rest, check);
  decoded.arguments = body.values("arguments", decoded.count);
  decoded.labels = body.values("labels", decoded.count);
  body.finish();
  if (!check.ok()) return check.error();
  return decoded;
}

}  // namespace brigade::wire
