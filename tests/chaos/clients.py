"""Clients that submit, submit again, read while tasks run, and write to files; some are killed or stopped meanwhile.

A client that was hit does what a person would do: the same submit again with its key, results from its cursor, the
same run with --resume.
"""

import json
import signal
import subprocess
import tempfile
import threading
import time

import cluster as processes
import tasks
from history import digest_of
from world import Party

ROWS_PER_EVENT = 1000
CROWDED = 0.6  # share of a small disk from which on nobody adds to it
KEPT = 40  # jobs that nobody looks at any more, until the oldest are read and forgotten
ENDED = (0, 1, 2)  # exit codes: all ok, some failed, and no such job, which another try does not change
PATIENCE = ["--connect-timeout", "60s"]
BIG_UPLOAD = {"kind": "echo", "tasks": 20000, "pad": 200}  # 4 MB: several chunks


def row_of(line):
    """A record as the history keeps it."""
    record = json.loads(line)
    answer = record.get("result", record.get("error"))
    return [record["index"], record["status"], record["args"], answer, digest_of(line)]


class Call:
    """A command that runs while others do something to it. `text` is its standard input."""

    def __init__(self, world, arguments, text=None, feed=False):
        self.world = world
        self.words = arguments
        self.log = tempfile.TemporaryFile(dir=world.cluster.home)
        given = subprocess.DEVNULL
        if feed:
            given = subprocess.PIPE
        elif text is not None:
            given = tempfile.TemporaryFile(dir=world.cluster.home)
            given.write(text.encode())
            given.seek(0)
        self.process = subprocess.Popen(world.cluster.command(*arguments, *PATIENCE), env=world.cluster.env,
                                        stdin=given, stdout=subprocess.PIPE, stderr=self.log)
        if text is not None:
            given.close()
        self.limit = threading.Timer(processes.HUNG_S, self.hang)
        self.limit.start()

    def hang(self):
        self.world.history.add("hung", what=f"brigade {' '.join(map(str, self.words))}")
        self.process.kill()

    def kill(self, role, held, proof):
        """Unless it has ended already."""
        if self.process.poll() is None:
            self.process.kill()
            if self.process.wait() == -signal.SIGKILL:
                self.world.killed(role, " ".join(map(str, self.words[:1])), self.process.pid, held, proof)

    def stop_for(self, seconds):
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)
        self.world.history.add("fault", name="client-stop", seconds=round(seconds, 2))

    def end(self):
        """Its exit code."""
        code = self.process.wait()
        self.limit.cancel()
        self.process.stdout.close()
        self.log.seek(0)
        self.complaint = self.log.read().decode(errors="replace").strip()[-500:]
        self.log.close()
        return code


def submit_once(world, key, spec):
    """Returns (job, reason): the job when it was accepted."""
    words, text = tasks.arguments_of(spec)
    done = world.cluster.brigade("submit", *words, "--key", key, "--name", key, "-o", "quiet", stdin=text)
    if done and done.returncode == 0:
        job = done.stdout.strip()
        world.accept(key, spec, job)
        return job, ""
    reason = done.stderr.strip() if done else "it hung"
    world.history.add("refused", key=key, reason=reason[-300:])
    return None, reason


def submit(world, key, spec):
    """Until it is accepted. None: the patience was over."""
    world.history.add("submit", key=key, spec=spec, keyed=True)
    while not world.out_of_patience():
        job, _ = submit_once(world, key, spec)
        if job:
            return job
        time.sleep(0.2)
    return None


class Read:
    """One reading of a job's results, in as many processes as it takes."""

    def __init__(self, world, name, job, order):
        self.world = world
        self.name = name
        self.job = job
        self.order = order
        self.count = 0
        world.history.add("read", read=name, job=job, order=order)

    def go(self, hits=()):
        """To the end of the job. `hits`: (after so many rows, what to do with the reading process)."""
        hits = sorted(hits, key=lambda hit: hit[0])
        code = None
        while code not in ENDED:
            call = Call(self.world, ["results", self.job, "--follow", "--order", self.order, "--from", self.count,
                                     "-o", "ndjson"])
            self.take(call, hits)
            code = call.end()
            if self.world.out_of_patience():
                break
        self.world.history.add("read_ended", read=self.name, complete=code in (0, 1))

    def take(self, call, hits):
        rows = []
        for line in call.process.stdout:
            if not line.endswith(b"\n"):
                break  # cut off by the kill
            rows.append(row_of(line))
            self.count += 1
            if len(rows) == ROWS_PER_EVENT:
                self.world.history.add("rows", read=self.name, rows=rows)
                rows = []
            if hits and self.count >= hits[0][0]:
                hits.pop(0)[1](call)
        if rows:
            self.world.history.add("rows", read=self.name, rows=rows)


class Client(Party):
    """`faults`: what may happen to its processes."""

    def __init__(self, world, number, seed, size, faults):
        super().__init__(world, f"client {number}", seed)
        self.number = number
        self.size = size
        self.faults = faults
        self.jobs = 0

    def act(self):
        full = self.world.cluster.disk and self.world.cluster.fullness() > CROWDED
        if full or len(self.world.settled) > 4 * KEPT:  # the janitor is behind
            self.world.over.wait(0.1)
            return
        self.jobs += 1
        key = f"c{self.number}-{self.jobs}"
        spec = tasks.spec_of(self.random, key, self.size)
        self.random.choice([self.submit_and_read, self.submit_and_read, self.submit_twice, self.run_to_file])(key, spec)
        if self.random.random() < 0.03 and "client-kill" in self.faults:
            self.break_upload(f"{key}-big")

    def submit_and_read(self, key, spec):
        job = submit(self.world, key, spec)
        if job and self.random.random() < 0.7:
            order = self.random.choice(["input", "completion"])
            Read(self.world, f"{key} while it runs", job, order).go(self.hits(spec["tasks"]))
        self.world.settled.append(job)

    def submit_twice(self, key, spec):
        for _ in range(2):
            job = submit(self.world, key, spec)
        self.world.settled.append(job)

    def hits(self, count):
        """What happens to a reader of `count` rows."""
        what = {"client-kill": lambda call: call.kill("reader", 1, "its output was not at its end"),
                "client-stop": lambda call: call.stop_for(self.random.uniform(0.2, 2))}
        chosen = [what[name] for name in what if name in self.faults and self.random.random() < 0.5]
        return [(self.random.randint(1, max(1, count - 1)), hit) for hit in chosen]

    def break_upload(self, key):
        """Kills a submit in the middle of its tasks, then submits again: it is one job, with all tasks."""
        spec = dict(BIG_UPLOAD, text=key)
        words, text = tasks.arguments_of(spec)
        self.world.history.add("submit", key=key, spec=spec, keyed=True)
        call = Call(self.world, ["submit", *words, "--key", key, "--name", key, "-o", "quiet"], feed=True)
        try:
            call.process.stdin.write(text.encode()[:len(text) * 3 // 4])
            call.process.stdin.flush()
        except BrokenPipeError:
            pass  # it was refused, or lost its broker for too long
        call.kill("uploader", spec["tasks"] * 3 // 4, "it had three quarters of its input, and no end of it")
        try:
            call.process.stdin.close()
        except BrokenPipeError:
            pass
        call.end()
        self.world.settled.append(submit(self.world, key, spec))

    def run_to_file(self, key, spec):
        """`run --out FILE`, and --resume where it did not come to its end. The file is what is checked."""
        self.world.history.add("submit", key=key, spec=spec, keyed=False)
        out = self.world.cluster.home / f"{key}.ndjson"
        kill = "client-kill" in self.faults and self.random.random() < 0.5
        words, text = tasks.arguments_of(spec)
        call, code, resume = None, None, []
        while code not in (0, 1) and not self.world.out_of_patience():
            call = Call(self.world, ["run", *words, "--name", key, "--out", out, *resume], text)
            if kill:
                self.kill_while_it_writes(call, out)
            code, kill, resume = call.end(), False, ["--resume"]
        if code in (0, 1):
            self.check_file(key, out)

    def kill_while_it_writes(self, call, out):
        part = out.with_name(out.name + ".part")
        while call.process.poll() is None and not processes.size_of(part):
            time.sleep(0.002)
        call.kill("runner", 1, "its file was not complete")

    def check_file(self, key, out):
        job, read = f"file of {key}", f"{key} in its file"
        self.world.history.add("accepted", key=key, job=job)
        self.world.history.add("read", read=read, job=job, order="input")
        with open(out, "rb") as lines:
            self.world.history.add("rows", read=read, rows=[row_of(line) for line in lines])
        self.world.history.add("read_ended", read=read, complete=True)
        self.world.history.add("final", job=job, state="done")


class Load(Party):
    """Sees to it that there is always work: a fault must hit somebody who has some."""

    def __init__(self, world, number, slots):
        super().__init__(world, f"load {number}", seed=0)
        self.number = number
        self.jobs = 0
        self.spec = tasks.sleep_spec(ms=10, tasks=slots * 200)

    def act(self):
        self.jobs += 1
        job = submit(self.world, f"load{self.number}-{self.jobs}", self.spec)
        while job and not self.world.over.is_set():
            done = self.world.cluster.brigade("wait", job, "--timeout", "1s")
            if not done or done.returncode in (0, 1):
                break
        self.world.settled.append(job)


class Janitor(Party):
    """Reads and forgets the oldest jobs, so that a run may take for ever; on a small disk in time: on a full one
    nothing can be forgotten."""

    def __init__(self, world):
        super().__init__(world, "janitor", seed=0)

    def act(self):
        job = self.world.settled.popleft() if self.crowded() and self.world.settled else None
        if not job:
            self.world.over.wait(0.1)
        elif read_to_the_end(self.world, job):
            while not self.world.out_of_patience():
                done = self.world.cluster.brigade("forget", job)
                if done and done.returncode in (0, 2):  # 2: an earlier try was heard, its answer was not
                    del self.world.accepted[job]
                    break

    def crowded(self):
        cluster = self.world.cluster
        return len(self.world.settled) > KEPT or bool(cluster.disk) and cluster.fullness() > CROWDED / 2


def read_to_the_end(world, job):
    """Everything twice, by two readers in two orders, once the job is done. Returns whether it is."""
    while True:
        done = world.cluster.brigade("wait", job, "--timeout", "5s")
        state = {0: "done", 1: "done", 2: "unknown"}.get(done.returncode if done else None, "not done")
        if state != "not done" or world.out_of_patience():
            break
    world.history.add("final", job=job, state=state)
    for order in ("input", "completion") if state == "done" else ():
        Read(world, f"{world.accepted[job]} at last by {order}", job, order).go()
    return state == "done"
