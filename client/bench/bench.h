// The runner's own figures, measured through its real programs: every result is checked by this client.
#pragma once

#include "client/bench/figures.h"
#include "client/session.h"

namespace brigade::bench {

/// Who works for this session: the process ids as the broker tells them.
Result<Parties> parties_of(client::Session& session);

/// One job of so many no-op tasks: how fast they run, and what that costs the broker.
Result<Figures> dispatch(client::Session& session, const Load& load, pid_t broker);
/// Jobs of one task each, one after another: how long a task takes from its submit to its result.
Result<Figures> latency(client::Session& session, const Load& load, pid_t broker);
/// One job that nobody runs: what a queued task costs the broker. REQUIRES: no worker is connected.
Result<Figures> memory(client::Session& session, const Load& load, pid_t broker);

}  // namespace brigade::bench
