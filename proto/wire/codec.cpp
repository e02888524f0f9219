// The envelope, and which message it carries.
#include "proto/wire/codec.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <array>

#include "proto/wire/limits.h"
#include "proto/wire/parts.h"
#include "proto/wire/scan.h"

namespace brigade::wire {
namespace {

using Case = pb::Envelope::MessageCase;

// Most envelopes are built in this much of the stack, without an allocation per part.
constexpr std::size_t kArenaBytes = 4'096;

class StackArena {
 public:
  pb::Envelope& envelope() { return *google::protobuf::Arena::CreateMessage<pb::Envelope>(&arena_); }

 private:
  google::protobuf::ArenaOptions options() {
    google::protobuf::ArenaOptions options;
    options.initial_block = block_.data();
    options.initial_block_size = block_.size();
    return options;
  }

  alignas(8) std::array<char, kArenaBytes> block_;
  google::protobuf::Arena arena_{options()};
};

Message get_session(const pb::Envelope& envelope, In& in) {
  switch (envelope.message_case()) {
    case Case::kWorkerHello:
      return get(envelope.worker_hello(), in);
    case Case::kClientHello:
      return get(envelope.client_hello(), in);
    case Case::kWelcome:
      return get(envelope.welcome(), in);
    case Case::kRefused:
      return get(envelope.refused(), in);
    case Case::kPing:
      return Ping{};
    case Case::kPong:
      return Pong{};
    case Case::kHeartbeat:
      return get(envelope.heartbeat(), in);
    case Case::kLeaving:
      return Leaving{};
    default:
      break;
  }
  in.check.refuse("no message that is known here");
  return {};
}

Message get_message(const pb::Envelope& envelope, In& in) {
  switch (envelope.message_case()) {
    case Case::kLease:
      return get(envelope.lease(), in);
    case Case::kReclaim:
      return get(envelope.reclaim(), in);
    case Case::kReturned:
      return get(envelope.returned(), in);
    case Case::kAbort:
      return get(envelope.abort(), in);
    case Case::kBlock:
      return get(envelope.block(), in);
    case Case::kBlockStored:
      return get(envelope.block_stored(), in);
    case Case::kDrain:
      return Drain{};
    case Case::kWant:
      return get(envelope.want(), in);
    case Case::kGrant:
      return get(envelope.grant(), in);
    case Case::kRelease:
      return get(envelope.release(), in);
    case Case::kHold:
      return get(envelope.hold(), in);
    case Case::kOpen:
      return get(envelope.open(), in);
    case Case::kOpened:
      return get(envelope.opened(), in);
    case Case::kChunk:
      return get(envelope.chunk(), in);
    case Case::kChunkStored:
      return get(envelope.chunk_stored(), in);
    case Case::kSeal:
      return get(envelope.seal(), in);
    case Case::kSealed:
      return get(envelope.sealed(), in);
    case Case::kSubmitRejected:
      return get(envelope.submit_rejected(), in);
    case Case::kRead:
      return get(envelope.read(), in);
    case Case::kTake:
      return get(envelope.take(), in);
    case Case::kStopReading:
      return get(envelope.stop_reading(), in);
    case Case::kResults:
      return get(envelope.results(), in);
    case Case::kReadEnded:
      return get(envelope.read_ended(), in);
    case Case::kWatch:
      return get(envelope.watch(), in);
    case Case::kJobChanged:
      return get(envelope.job_changed(), in);
    case Case::kReadRejected:
      return get(envelope.read_rejected(), in);
    case Case::kAsk:
      return get(envelope.ask(), in);
    case Case::kAnswer:
      return get(envelope.answer(), in);
    default:
      return get_session(envelope, in);
  }
}

// Peers of other versions must still be able to tell each other so: of a foreign Hello only the version counts, and
// Refused has the same form in every version.
std::optional<Message> get_foreign(const pb::Envelope& envelope, Check& check) {
  switch (envelope.message_case()) {
    case Case::kWorkerHello: {
      WorkerHello hello;
      hello.protocol = envelope.protocol();
      return hello;
    }
    case Case::kClientHello: {
      ClientHello hello;
      hello.protocol = envelope.protocol();
      return hello;
    }
    case Case::kRefused:
      return Refused{get(envelope.refused().error(), check)};
    default:
      check.refuse("protocol version {}, and this side has {}", envelope.protocol(), kProtocolVersion);
      return std::nullopt;
  }
}

// A blob above kFrameBytesMax in several frames; all else as it is.
void add_piece(const Bytes& piece, Frames& frames) {
  std::size_t at = 0;
  do {
    const std::size_t length = std::min(kFrameBytesMax, piece.size() - at);
    frames.push_back(piece.part(at, length));
    at += length;
  } while (at < piece.size());
}

}  // namespace

bool parse(std::string_view bytes, google::protobuf::Message& to, Check& check) {
  if (const auto scanned = scan(*to.GetDescriptor(), bytes); !scanned)
    check.refuse("{}", scanned.error().message);
  else if (!to.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    check.refuse("not what the protocol's schema describes");
  return check.ok();
}

Frames encode(const Message& message) {
  StackArena arena;
  pb::Envelope& envelope = arena.envelope();
  envelope.set_protocol(kProtocolVersion);
  Out out{.envelope = envelope, .body = BodyWriter(envelope)};
  std::visit([&out](const auto& content) { put(content, out); }, message);
  Frames frames;
  frames.reserve(1 + out.body.pieces().size());
  frames.push_back(Bytes::of(envelope.SerializeAsString()));
  for (const Bytes& piece : out.body.pieces()) add_piece(piece, frames);
  return frames;
}

Result<Message> decode(Frames frames) {
  Check check;
  StackArena arena;
  pb::Envelope& envelope = arena.envelope();
  if (frames.empty() || frames.size() > kFramesMax)
    check.refuse("{} frames, from 1 to {} are allowed", frames.size(), kFramesMax);
  else if (frames[0].size() > kEnvelopeBytesMax)
    check.refuse("an envelope of {} bytes, at most {}", frames[0].size(), kEnvelopeBytesMax);
  if (!check.ok() || !parse(frames[0].view(), envelope, check)) return check.error();

  std::optional<Message> message;
  if (envelope.protocol() != kProtocolVersion) {
    message = get_foreign(envelope, check);
  } else {
    BodyReader body(envelope.columns(), std::span(frames).subspan(1), check);
    In in{.protocol = envelope.protocol(), .body = body, .check = check};
    message = get_message(envelope, in);
    body.finish();
  }
  if (!check.ok()) return check.error();
  return *std::move(message);
}

}  // namespace brigade::wire
