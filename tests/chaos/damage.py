"""A broker that starts on damaged files: it must refuse and name the file, or serve everything as it was, or fail the
reads of what is damaged. Anything else would be a silent loss.

REQUIRES: a cluster whose broker keeps its state in `cluster.state`."""

import collections
import json
import random
import shutil
import signal

JOBS = (("range", ["noop", "0..49999"]), ("texts", ["echo", "--from", "-"]), ("numbers", ["factorial", "1..300"]))
WAITING = ["sleep", "1h", "--count", "100"]  # never ends: it must still be there


def prepare(cluster, killed):
    """A state with finished jobs and one that goes on, and what its readers should see. `killed`: the last word is in
    the index's log, as kill -9 leaves it."""
    texts = "".join(f"text number {number} {'x' * (number % 200)}\n" for number in range(5000))
    for name, words in JOBS:
        done = cluster.brigade("run", *words, "--name", name, "-o", "quiet", stdin=texts if "-" in words else None)
        if done.returncode != 0:
            raise OSError(done.stderr)
    cluster.brigade("submit", *WAITING, "--name", "waiting")
    truth = {name: answers(cluster, name).stdout for name, _ in JOBS}
    for slot in cluster.slots:
        slot.worker.end()
    cluster.broker.signal(signal.SIGKILL if killed else signal.SIGTERM)
    cluster.broker.wait()
    return truth


def answers(cluster, job):
    return cluster.brigade("results", job, "--order", "input", "-o", "ndjson")


def harm(folder, rng):
    """Flips a bit, blanks a sector, or cuts the end of a random file. Returns what was done."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size > 0
                   and not path.name.endswith("-shm") and path.name != "lock")
    path = rng.choice(files)
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    how = rng.choice(("bit", "sector", "end"))
    if how == "bit":
        data[at] ^= 1 << rng.randrange(8)
    elif how == "sector":
        data[at:at + 512] = bytes(len(data[at:at + 512]))
    else:
        del data[at:]
    path.write_bytes(data)
    return f"{how} of {path.name} at {at}"


def outcome(cluster, truth):
    """How a broker takes the state as it is now."""
    try:
        cluster.start_broker()
    except AssertionError as refusal:
        return "refused" if str(cluster.state) in str(refusal) else f"silent: it ended without naming a file: {refusal}"
    listed = {job["name"]: job for job in cluster.ask("jobs")}
    if missing := {"waiting", *truth} - set(listed):
        return f"silent: no job {sorted(missing)}"
    if listed["waiting"]["tasks"] != 100 or listed["waiting"]["state"] not in ("queued", "running"):
        return f"silent: the waiting job is {json.dumps(listed['waiting'])}"
    named = False
    for name, wanted in truth.items():
        read = answers(cluster, name)
        if read.stdout == wanted and read.returncode == 0:
            continue
        if read.returncode == 0 or not read.stderr:
            return f"silent: the results of {name} are others"
        named = True
    return "read refused" if named else "whole"


def count_outcomes(cluster, truth, times, seed):
    """Yields (what was done, outcome) for each damage."""
    rng = random.Random(seed)
    whole = cluster.home / "whole"
    shutil.copytree(cluster.state, whole)
    for _ in range(times):
        shutil.rmtree(cluster.state)
        shutil.copytree(whole, cluster.state)
        done = harm(cluster.state, rng)
        yield done, outcome(cluster, truth)
        if cluster.broker.process.poll() is None:
            cluster.broker.signal(signal.SIGKILL)
            cluster.broker.wait()


def report(found, say=print):
    """Counts, and each silent loss. Returns whether there was none."""
    counts = collections.Counter(how.split(":")[0] for _, how in found)
    for done, how in found:
        if how.startswith("silent"):
            say(f"{done}: {how}")
    say(", ".join(f"{how} {count}" for how, count in sorted(counts.items())) + f", silent losses {counts['silent']}")
    return counts["silent"] == 0
