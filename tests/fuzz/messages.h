// Plausible messages of the three parties, made from an input's bytes: with few peers, jobs and leases, so that they
// hit what is there, and with any number now and then. What they say may be wrong, but never too much for the codec.
#pragma once

#include <vector>

#include "proto/model/messages.h"
#include "tests/fuzz/input.h"

namespace brigade::fuzz {

/// What a peer could know, and lie about.
struct Known {
  std::uint64_t epoch = 1;
  std::vector<JobId> jobs;
  std::vector<LeaseId> leases;
  std::vector<RequestId> requests;
};

Runs some_runs(Input& input);
Message worker_says(Input& input, const Known& known);
Message client_says(Input& input, const Known& known);
Message broker_says(Input& input, const Known& known);

/// The message as its receiver has it after the wire: nothing else can reach a core.
Result<Message> over_the_wire(const Message& message);
/// Any bytes as an envelope.
Result<Message> raw_message(Input& input);

}  // namespace brigade::fuzz
