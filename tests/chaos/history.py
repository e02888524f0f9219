"""What clients did and saw, and what was done to whom, in the order in which it happened.

A history is a file of events, one JSON object per line, with at least `at` (seconds, monotonic) and `event`:

submit      key, spec, keyed     a client asks for a job; `keyed`: asked again it must be the same one
accepted    key, job             the broker's answer
refused     key, reason          it says no for now
read        read, job, order     a reader begins; it may go on in another process: it is one read all the same
rows        read, rows           rows of [index, status, args, answer, digest of the whole record]
read_ended  read, complete       complete: it claims to have seen everything
final       job, state           how the job ended
listed      jobs                 [id, name] of every job that the broker knows, at the end
kill        role, victim, pid, held, proof      kill -9; `held`: tasks that the victim had; `proof`: how that is known
fault       name, …              any other fault, when it was over, with what was measured
footprint   role, pid, …         what a process takes (footprint.py)
died        role, victim, log    a process ended that nobody had touched
hung        what                 a command that did not end within its generous limit
"""

import hashlib
import json
import threading
import time


def digest_of(record):
    """Tells two versions of one record apart."""
    return hashlib.blake2b(record, digest_size=8).hexdigest()


class History:
    """Writes events from any thread."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.file = open(path, "w", encoding="utf-8", buffering=1)

    def add(self, event, **fields):
        line = json.dumps({"at": round(time.monotonic(), 4), "event": event, **fields}, separators=(",", ":"))
        with self.lock:
            self.file.write(line + "\n")

    def close(self):
        self.file.close()


def events_of(path):
    """The events of a history's file, one after another: a long one need not fit into memory."""
    with open(path, encoding="utf-8") as lines:
        yield from map(json.loads, lines)
