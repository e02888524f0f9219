"""The figures of a run, taken from its history."""


def quantile(values, share):
    """REQUIRES: there are values."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def spread(values):
    """Where there is anything to say."""
    if not values:
        return "-"
    return (f"p50 {quantile(values, 0.5):.3f} s, p99 {quantile(values, 0.99):.3f} s, max {max(values):.3f} s "
            f"({len(values)})")


class Figures:
    def __init__(self, events):
        self.kills = [event for event in events if event["event"] == "kill"]
        self.faults = [event for event in events if event["event"] == "fault"]

    def effective(self, role):
        return sum(event["held"] > 0 for event in self.kills if event["role"] == role)

    def times(self, events, name):
        return [event[name] for event in events if event.get(name) is not None]

    def faults_named(self, name):
        return [event for event in self.faults if event["name"] == name]

    def lines(self):
        roles = sorted({event["role"] for event in self.kills})
        counts = [f"{role} {self.effective(role)} of {sum(event['role'] == role for event in self.kills)}"
                  for role in roles]
        stopped = sum(event.get("stopped", False) for event in self.kills)
        yield f"kills that hit work: {', '.join(counts) or '-'}; workers stopped first: {stopped}"
        names = sorted({event["name"] for event in self.faults})
        yield "other faults: " + (", ".join(f"{name} {len(self.faults_named(name))}" for name in names) or "-")
        yield f"broker, kill to serving: {spread(self.times(self.kills, 'serving_s'))}"
        yield f"broker, kill to its workers hold leases again: {spread(self.times(self.kills, 'working_s'))}"
        yield f"worker, kill to its leases given to others: {spread(self.times(self.kills, 'given_up_s'))}"
        for name in names:
            if times := self.times(self.faults_named(name), "back_s"):
                yield f"{name}, healed to working again: {spread(times)}"
