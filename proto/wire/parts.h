// Each message's way to and from its form in the schema. Included by this folder's sources only.
// put() fills the envelope and the body; get() makes the value and reports what is wrong with it to the check.
#pragma once

#include "proto/model/messages.h"
#include "proto/schema/wire.pb.h"
#include "proto/wire/body.h"
#include "proto/wire/check.h"

namespace brigade::wire {

struct Out {
  pb::Envelope& envelope;
  BodyWriter body;
};

struct In {
  std::uint32_t protocol;
  BodyReader& body;
  Check& check;
};

// Values that several messages have (jobs.cpp).
void put(JobId id, pb::JobId& to);  // 0 leaves `to` empty
void put(const Arithmetic& range, pb::Arithmetic& to);
void put(const Error& error, pb::Error& to);
void put(const Limits& limits, pb::Limits& to);
void put(const Ceilings& ceilings, pb::Ceilings& to);
void put(const JobSpec& spec, pb::JobSpec& to);
void put(const Read& read, pb::Read& to);
void put(const JobSummary& job, pb::JobSummary& to);
void put(const KindOffer& kind, pb::KindOffer& to);
JobId get(const pb::JobId& from);
Arithmetic get(const pb::Arithmetic& from, Check& check);
Error get(const pb::Error& from, Check& check);
Limits get(const pb::Limits& from, Check& check);
Ceilings get(const pb::Ceilings& from, Check& check);
JobSpec get(const pb::JobSpec& from, Check& check);
Read get(const pb::Read& from, Check& check);
JobSummary get(const pb::JobSummary& from, Check& check);
std::vector<KindOffer> get(const google::protobuf::RepeatedPtrField<pb::KindOffer>& from, Check& check);
/// One number per lane, none above kSlotsMax; missing ones are 0.
std::array<std::uint32_t, kLanes> per_lane(const google::protobuf::RepeatedField<std::uint32_t>& from,
                                           std::string_view what, Check& check);

// Outcomes (outcomes.cpp): runs in the message, all else in the body. `tasks_max` bounds the rows.
void put(const Outcomes& outcomes, google::protobuf::RepeatedField<std::uint64_t>& runs, BodyWriter& body);
Outcomes get(const google::protobuf::RepeatedField<std::uint64_t>& runs, std::uint64_t tasks_max, BodyReader& body,
             Check& check);
/// The origins of a page of results as columns.
void put(const std::vector<Origin>& origins, BodyWriter& body);
std::vector<Origin> get_origins(std::uint32_t count, BodyReader& body, Check& check);

// Messages, by the part of the protocol that they belong to.
// sessions.cpp
void put(const WorkerHello& message, Out& out);
void put(const ClientHello& message, Out& out);
void put(const Welcome& message, Out& out);
void put(const Refused& message, Out& out);
void put(const Ping& message, Out& out);
void put(const Pong& message, Out& out);
void put(const Heartbeat& message, Out& out);
void put(const Leaving& message, Out& out);
Message get(const pb::WorkerHello& from, In& in);
Message get(const pb::ClientHello& from, In& in);
Message get(const pb::Welcome& from, In& in);
Message get(const pb::Refused& from, In& in);
Message get(const pb::Heartbeat& from, In& in);
// work.cpp
void put(const Lease& message, Out& out);
void put(const Reclaim& message, Out& out);
void put(const Returned& message, Out& out);
void put(const Abort& message, Out& out);
void put(const Block& message, Out& out);
void put(const BlockStored& message, Out& out);
void put(const Drain& message, Out& out);
Message get(const pb::Lease& from, In& in);
Message get(const pb::Reclaim& from, In& in);
Message get(const pb::Returned& from, In& in);
Message get(const pb::Abort& from, In& in);
Message get(const pb::Block& from, In& in);
Message get(const pb::BlockStored& from, In& in);
// permits.cpp
void put(const Want& message, Out& out);
void put(const Grant& message, Out& out);
void put(const Release& message, Out& out);
void put(const Hold& message, Out& out);
Message get(const pb::Want& from, In& in);
Message get(const pb::Grant& from, In& in);
Message get(const pb::Release& from, In& in);
Message get(const pb::Hold& from, In& in);
// submitting.cpp
void put(const Open& message, Out& out);
void put(const Opened& message, Out& out);
void put(const Chunk& message, Out& out);
void put(const ChunkStored& message, Out& out);
void put(const Seal& message, Out& out);
void put(const Sealed& message, Out& out);
void put(const SubmitRejected& message, Out& out);
Message get(const pb::Open& from, In& in);
Message get(const pb::Opened& from, In& in);
Message get(const pb::Chunk& from, In& in);
Message get(const pb::ChunkStored& from, In& in);
Message get(const pb::Seal& from, In& in);
Message get(const pb::Sealed& from, In& in);
Message get(const pb::SubmitRejected& from, In& in);
// reading.cpp
void put(const Read& message, Out& out);
void put(const Take& message, Out& out);
void put(const StopReading& message, Out& out);
void put(const Results& message, Out& out);
void put(const ReadEnded& message, Out& out);
void put(const Watch& message, Out& out);
void put(const JobChanged& message, Out& out);
void put(const ReadRejected& message, Out& out);
Message get(const pb::Read& from, In& in);
Message get(const pb::Take& from, In& in);
Message get(const pb::StopReading& from, In& in);
Message get(const pb::Results& from, In& in);
Message get(const pb::ReadEnded& from, In& in);
Message get(const pb::Watch& from, In& in);
Message get(const pb::JobChanged& from, In& in);
Message get(const pb::ReadRejected& from, In& in);
// asking.cpp
void put(const Ask& message, Out& out);
void put(const Answer& message, Out& out);
Message get(const pb::Ask& from, In& in);
Message get(const pb::Answer& from, In& in);

/// Bytes that can be a message of `type` by scan(), parsed; false says why in `check`.
bool parse(std::string_view bytes, google::protobuf::Message& to, Check& check);

}  // namespace brigade::wire
