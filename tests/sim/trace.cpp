#include "tests/sim/trace.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace brigade::sim {
namespace {

constexpr std::uint64_t kPrime = 0x9E37'79B9'7F4A'7C15;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * kPrime;
  return hash ^ (hash >> 29);
}

std::uint64_t mixed(std::uint64_t hash, std::string_view bytes) {
  while (bytes.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    hash = mixed(hash, word);
    bytes.remove_prefix(8);
  }
  std::uint64_t rest = bytes.size();
  for (const char byte : bytes) rest = rest << 8 | static_cast<unsigned char>(byte);
  return mixed(hash, rest);
}

constexpr std::array<std::string_view, std::variant_size_v<Message>> kMessageNames{
    "WorkerHello",    "ClientHello", "Welcome", "Refused",     "Ping",        "Pong",      "Heartbeat",
    "Leaving",        "Lease",       "Reclaim", "Returned",    "Abort",       "Block",     "BlockStored",
    "Drain",          "Open",        "Opened",  "Chunk",       "ChunkStored", "Seal",      "Sealed",
    "SubmitRejected", "Read",        "Take",    "StopReading", "Results",     "ReadEnded", "Watch",
    "JobChanged",     "Ask",         "Answer",  "ReadRejected"};

}  // namespace

void Trace::add(Instant at, Actor actor, std::string_view verb, std::string_view noun,
                std::array<std::uint64_t, 3> numbers) {
  hash_ = mixed(hash_, static_cast<std::uint64_t>(at.time_since_epoch().count()));
  hash_ = mixed(hash_, static_cast<std::uint64_t>(actor.kind) << 32 | actor.number);
  hash_ = mixed(hash_, verb);
  hash_ = mixed(hash_, noun);
  for (const std::uint64_t number : numbers) hash_ = mixed(hash_, number);
  Entry& entry = ring_[count_++ % kKept];
  entry = {at, actor, verb, noun, numbers};
  if (print_) std::puts(text_of(entry).c_str());
}

void Trace::mix(std::string_view bytes) {
  hash_ = mixed(hash_, bytes);
}

std::vector<std::string> Trace::last() const {
  std::vector<std::string> lines;
  for (std::uint64_t i = count_ - std::min<std::uint64_t>(count_, kKept); i < count_; ++i)
    lines.push_back(text_of(ring_[i % kKept]));
  return lines;
}

std::string Trace::text_of(const Entry& entry) {
  char text[200];
  std::snprintf(text, sizeof text, "%12.6f %c%u %.*s %.*s",
                static_cast<double>(entry.at.time_since_epoch().count()) / 1e9, entry.actor.kind, entry.actor.number,
                static_cast<int>(entry.verb.size()), entry.verb.data(), static_cast<int>(entry.noun.size()),
                entry.noun.data());
  std::string line = text;
  std::size_t shown = entry.numbers.size();
  while (shown > 0 && entry.numbers[shown - 1] == 0) --shown;
  for (std::size_t i = 0; i < shown; ++i) {
    std::snprintf(text, sizeof text, entry.numbers[i] < 1'000'000 ? " %llu" : " %llx",
                  static_cast<unsigned long long>(entry.numbers[i]));
    line += text;
  }
  return line;
}

std::string_view name_of(const Message& message) {
  return kMessageNames.at(message.index());
}

std::array<std::uint64_t, 3> numbers_of(const Message& message) {
  using Numbers = std::array<std::uint64_t, 3>;
  const auto first_of = [](const Runs& runs) { return runs.empty() ? 0 : runs.front().first; };
  return std::visit(overload{
                        [](const WorkerHello& m) -> Numbers {
                          return {m.instance.value, m.held.size(), m.draining ? 1u : 0u};
                        },
                        [](const Heartbeat& m) -> Numbers {
                          return {m.last_lease.value, m.held.size()};
                        },
                        [](const Lease& m) -> Numbers {
                          return {m.id.value, m.run.first, m.run.count};
                        },
                        [](const Reclaim& m) -> Numbers { return {m.lease.value}; },
                        [&](const Returned& m) -> Numbers {
                          return {m.lease.value, first_of(m.runs), count_of(m.runs)};
                        },
                        [](const Abort& m) -> Numbers { return {m.job.low}; },
                        [&](const Block& m) -> Numbers {
                          return {m.sequence, m.lease.value, m.outcomes.count()};
                        },
                        [](const BlockStored& m) -> Numbers { return {m.sequence}; },
                        [](const Opened& m) -> Numbers {
                          return {m.job.low, m.next_chunk, m.sealed ? 1u : 0u};
                        },
                        [](const Chunk& m) -> Numbers {
                          return {m.job.low, m.sequence, m.count};
                        },
                        [](const ChunkStored& m) -> Numbers {
                          return {m.job.low, m.sequence};
                        },
                        [](const Seal& m) -> Numbers {
                          return {m.job.low, m.tasks};
                        },
                        [](const Sealed& m) -> Numbers { return {m.job.low}; },
                        [](const Read& m) -> Numbers {
                          return {m.reader.value, m.job.low, m.from};
                        },
                        [](const Take& m) -> Numbers {
                          return {m.reader.value, m.bytes};
                        },
                        [](const Results& m) -> Numbers {
                          return {m.reader.value, m.next, m.outcomes.count()};
                        },
                        [](const ReadEnded& m) -> Numbers {
                          return {m.reader.value, m.next};
                        },
                        [](const Watch& m) -> Numbers { return {m.job.low}; },
                        [](const JobChanged& m) -> Numbers {
                          return {m.job.id.low, m.job.finished(), m.job.tasks};
                        },
                        [](const Ask& m) -> Numbers {
                          return {m.request.value, static_cast<std::uint64_t>(m.verb)};
                        },
                        [](const Answer& m) -> Numbers { return {m.request.value}; },
                        [](const ReadRejected& m) -> Numbers {
                          return {m.reader.value, m.job.low};
                        },
                        [](const auto&) -> Numbers { return {}; },
                    },
                    message);
}

}  // namespace brigade::sim
