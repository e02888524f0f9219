"""A broker and its workers as real processes that can be killed and come back under the same endpoint."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
import network
import support

HUNG_S = 300  # of one command: no fault lasts nearly as long
DISK_MIB = 256
KEEP = "5m"  # longer than a job of these clients waits to be read; what nobody forgets goes after it


def size_of(path):
    """Of a file that others make, rename and delete meanwhile; 0: there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class Slot:
    """A place for a worker. Each process that fills it has a name of its own, so that a record tells who made it."""

    def __init__(self, number):
        self.number = number
        self.lock = threading.Lock()  # held by whoever plays with the worker
        self.started = 0
        self.worker = None
        self.name = ""
        self.namespace = None
        self.cable = None


class Cluster:
    """`cables`: broker and workers each in a network namespace. `disk`: the state is on a small disk of its own."""

    def __init__(self, home, history, *, workers, threads=2, cables=False, disk=False):
        self.home = home
        self.history = history
        self.threads = threads
        self.namespace = network.Namespace() if cables else None
        self.prefix = self.namespace.prefix if cables else []  # of the broker and of clients
        self.port = 5757 if cables else free_port()
        # Not by ipc: libzmq 4.3.4 aborts in ipc_listener.cpp when a process has too many files open.
        self.env = dict(support.private_environment(home), BRIGADE_BROKER=f"tcp://127.0.0.1:{self.port}")
        self.state = self.home / "disk" / "state"
        self.state.parent.mkdir()
        self.disk = self.state.parent if disk else None
        self.filler = self.state.parent / "filler"  # of who fills the disk
        if disk:
            network.run("mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(self.state.parent))
        self.broker = None
        self.broker_lock = threading.Lock()
        self.slots = [Slot(number) for number in range(workers)]
        for slot in self.slots if cables else []:
            slot.namespace = network.Namespace()
            slot.cable = network.Cable(self.namespace, slot.namespace, slot.number)

    def fullness(self):
        """The share of the small disk that the state takes; what a fault put there does not count."""
        disk = os.statvfs(self.disk)
        return 1 - (disk.f_bfree * disk.f_frsize + size_of(self.filler)) / (disk.f_blocks * disk.f_frsize)

    def start(self):
        self.start_broker()
        for slot in self.slots:
            self.start_worker(slot)
        for slot in self.slots:
            slot.worker.wait_for("connected to broker")

    def start_broker(self):
        """Returns when it serves."""
        host, insecure = ("0.0.0.0", ["--insecure-listen"]) if self.namespace else ("127.0.0.1", [])
        self.broker = support.Program(
            self.home, "broker",
            ["brigade-broker", "--listen", f"tcp://{host}:{self.port}", "--state", self.state, "--keep", KEEP,
             *insecure], self.env, self.prefix)
        self.broker.wait_for(r"serving at tcp")

    def start_worker(self, slot):
        slot.started += 1
        slot.name = f"w{slot.number}-{slot.started}"
        host = slot.cable.addresses[0] if slot.cable else "127.0.0.1"
        slot.worker = support.Program(
            self.home, slot.name,
            ["brigade-worker", "--broker", f"tcp://{host}:{self.port}", "--threads", self.threads, "--name", slot.name],
            self.env, slot.namespace.prefix if slot.namespace else [])

    def recover_the_dead(self):
        """Whoever ended without being killed is reported and replaced. REQUIRES: the caller holds no lock."""
        with self.broker_lock:
            if self.broker.process.poll() is not None:
                self.report_death("broker", "broker", self.broker)
                self.start_broker()
        for slot in self.slots:
            with slot.lock:
                if slot.worker.process.poll() is not None:
                    self.report_death("worker", slot.name, slot.worker)
                    self.start_worker(slot)

    def report_death(self, role, name, program):
        self.history.add("died", role=role, victim=name, log=f"code {program.wait()}: {program.text()[-2000:]}")

    def command(self, *arguments):
        return [*self.prefix, str(support.BIN / "brigade"), *map(str, arguments)]

    def brigade(self, *arguments, stdin=None, patience="60s"):
        """Runs a command to its end, through restarts of the broker. None: it hung, which is an event."""
        try:
            return subprocess.run(self.command(*arguments, "--connect-timeout", patience), env=self.env, text=True,
                                  input=stdin if stdin is not None else "", capture_output=True, timeout=HUNG_S,
                                  check=False)
        except subprocess.TimeoutExpired:
            self.history.add("hung", what=f"brigade {' '.join(map(str, arguments))}")
            return None

    def ask(self, *arguments):
        """What the broker says now, as objects. None: it does not answer."""
        done = self.brigade(*arguments, "-o", "ndjson", patience="1s")
        return [json.loads(line) for line in done.stdout.splitlines()] if done and done.returncode == 0 else None

    def status(self):
        return (self.ask("status") or [{}])[0]

    def workers(self):
        return {worker["name"]: worker for worker in self.ask("workers") or []}

    def stop(self):
        """Ends everything; what was stopped ends too."""
        for program in [self.broker, *(slot.worker for slot in self.slots)]:
            if program:
                program.end()
        for namespace in [self.namespace, *(slot.namespace for slot in self.slots)]:
            if namespace:
                namespace.close()
        if self.disk:
            network.run("umount", str(self.disk))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def kill(program):
    """kill -9, and returns when the process is gone."""
    os.kill(program.pid, signal.SIGKILL)
    program.wait()


def seconds_since(begin):
    return round(time.monotonic() - begin, 4)
