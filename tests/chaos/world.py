"""What clients and nemeses share: the cluster, the history, what was accepted, and when it is enough."""

import collections
import random
import threading
import time


class Party(threading.Thread):
    """Somebody who acts until it is enough. What goes wrong in a test's own thread ends the run: it is not to be
    mistaken for calm."""

    def __init__(self, world, name, seed):
        super().__init__(name=name, daemon=True)
        self.world = world
        self.random = random.Random(seed)
        self.failure = None

    def run(self):
        try:
            while not self.world.over.is_set():
                self.act()
        except Exception as failure:
            self.failure = failure
            self.world.end_faults()


class World:
    def __init__(self, cluster, history, patience_s):
        self.cluster = cluster
        self.history = history
        self.patience_s = patience_s
        self.over = threading.Event()  # no new jobs, no new faults
        self.over_at = None
        self.lock = threading.Lock()
        self.accepted = {}  # job id -> key; those that were not forgotten
        self.settled = collections.deque()  # jobs that nobody will submit again or read
        self.tasks = 0
        self.kills = {}  # role -> those that hit somebody at work

    def end_faults(self):
        with self.lock:
            self.over_at = self.over_at or time.monotonic()
        self.over.set()

    def out_of_patience(self):
        return self.over.is_set() and time.monotonic() > self.over_at + self.patience_s

    def accept(self, key, spec, job):
        self.history.add("accepted", key=key, job=job)
        with self.lock:
            if job not in self.accepted:
                self.accepted[job] = key
                self.tasks += spec["tasks"]

    def killed(self, role, victim, pid, held, proof, **measured):
        """`held`: tasks that the victim had when it was killed; a kill that hit nobody at work does not count."""
        self.history.add("kill", role=role, victim=victim, pid=pid, held=held, proof=proof, **measured)
        with self.lock:
            self.kills[role] = self.kills.get(role, 0) + (held > 0)

    def until(self, condition):
        """The first true answer of `condition`; what is not true when the faults are over is None."""
        while not self.over.is_set():
            answer = condition()
            if answer:
                return answer
            time.sleep(0.01)
        return None
