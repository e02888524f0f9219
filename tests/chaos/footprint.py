"""What the processes take while they run: memory, descriptors, threads, and the state's disk. A run of half an hour
must not take more at its end than when it was warm."""

import os
import statistics

from figures import quantile
from world import Party

EVERY_S = 2
LONG_S = 600  # of a process that has lived shorter nothing is said
GROWTH = 1.3  # of the median, from the second quarter of a life to its last
SLACK = {"resident_bytes": 32 << 20, "descriptors": 16, "threads": 2, "disk_bytes": 64 << 20}  # growth below is noise


class Watcher(Party):
    """Samples the broker and each worker."""

    def __init__(self, world):
        super().__init__(world, "watcher", seed=0)

    def act(self):
        cluster = self.world.cluster
        programs = [("broker", cluster.broker)] + [("worker", slot.worker) for slot in cluster.slots]
        for role, program in programs:
            taken = taken_by(program.pid)
            if taken and role == "broker":
                taken["disk_bytes"] = bytes_under(cluster.state)
            if taken:
                self.world.history.add("footprint", role=role, pid=program.pid, **taken)
        self.world.over.wait(EVERY_S)


def taken_by(pid):
    """None: the process is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as lines:
            status = dict(line.split(":", 1) for line in lines)
        return {"resident_bytes": int(status["VmRSS"].split()[0]) << 10, "threads": int(status["Threads"]),
                "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}
    except (OSError, KeyError):  # a process that ends has no VmRSS
        return None


def bytes_under(folder):
    """As the disk counts them; what is deleted meanwhile is not counted."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


class Life:
    """The samples of one process."""

    def __init__(self, role, samples):
        self.role = role
        self.samples = samples
        self.seconds = samples[-1]["at"] - samples[0]["at"]

    def quarter(self, number, name):
        count = len(self.samples)
        return [sample[name] for sample in self.samples[number * count // 4:(number + 1) * count // 4]]

    def names(self):
        return [name for name in SLACK if name in self.samples[0]]

    def grown(self):
        """The names of what grew. The first quarter does not count: caches fill, the load comes up."""
        warm = {name: statistics.median(self.quarter(1, name)) for name in self.names()}
        last = {name: statistics.median(self.quarter(3, name)) for name in self.names()}
        return [name for name in warm if last[name] > GROWTH * warm[name] and last[name] > warm[name] + SLACK[name]]

    def line(self):
        figures = []
        for name in self.names():
            unit, scale = ("MiB", 1 << 20) if name.endswith("_bytes") else ("", 1)
            shown = [round(statistics.median(self.quarter(number, name)) / scale) for number in range(4)]
            most = round(quantile([sample[name] for sample in self.samples], 1) / scale)
            figures.append(f"{name.removesuffix('_bytes')} {' '.join(map(str, shown))}, at most {most} {unit}".rstrip())
        return f"{self.role}, {self.seconds / 60:.0f} min, medians of each quarter: {'; '.join(figures)}"


def lives(events):
    """Of the processes that lived long enough for a judgement."""
    by_process = {}
    for event in events:
        by_process.setdefault((event["role"], event["pid"]), []).append(event)
    found = [Life(role, samples) for (role, _), samples in by_process.items()]
    return [life for life in found if life.seconds >= LONG_S]
