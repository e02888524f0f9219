"""The faults, each a function that does harm, heals it, and says so in the history.

A nemesis is a thread that deals out the faults of one party (broker or worker); several of them overlap. What kills
makes sure first that its victim holds work: a kill that hits nobody at work shows nothing.
"""

import os
import re
import resource
import signal
import time

import clients
import network
from cluster import kill, seconds_since
from support import BIN
from world import Party

LONG = clients.tasks.sleep_spec(15000, 1)  # a job that is not over when a broker that cannot store is asked about it
NOTICED_S = 30  # a full disk is noticed by then: there is always something to write


def kill_broker(world, rng):
    """kill -9 with tasks running; it comes back at the same endpoint, at once or a little later."""
    cluster = world.cluster
    with cluster.broker_lock:
        held = world.until(lambda: cluster.status().get("tasks_running"))
        if not held or cluster.broker.process.poll() is not None:
            return
        pid, away = cluster.broker.pid, rng.choice([0, 0, 0, rng.uniform(0, 5)])
        begin = time.monotonic()
        kill(cluster.broker)
        time.sleep(away)
        cluster.start_broker()
        serving = round(seconds_since(begin) - away, 4)
        unfinished = int(re.search(r"(\d+) of them unfinished", cluster.broker.text()).group(1))
        proof = f"{unfinished} jobs were unfinished when it came back"
        working = world.until(lambda: any(worker["leases"] for worker in cluster.workers().values()))
        measured = {"working_s": round(seconds_since(begin) - away, 4)} if working and not away else {}
        world.killed("broker", "broker", pid, held if unfinished else 0, proof, serving_s=serving, **measured)


def stop_broker(world, rng):
    with world.cluster.broker_lock:
        stop_for(world.cluster.broker, rng.uniform(0.2, 6), world)
        world.history.add("fault", name="broker-stop")


def fill_disk(world, rng):
    """The disk of the state is full for a while: submits are refused with the reason; it goes on by itself. Some of
    the time the broker is killed meanwhile, and has to start on a full disk."""
    cluster = world.cluster
    with cluster.broker_lock:
        key = f"full-{time.monotonic_ns()}"
        job = clients.submit(world, f"{key}-long", LONG)
        seen = observe_trouble(world, key, job, lambda: fill(cluster.filler))
        if rng.random() < 0.5:
            kill(cluster.broker)
            seen["restarted"] = starts(cluster)
        time.sleep(rng.uniform(0, 2))
        cluster.filler.unlink()
        if cluster.broker.process.poll() is not None:
            cluster.start_broker()
        world.settled.append(job)
        world.history.add("fault", name="disk-full", **seen, back_s=seconds_until_accepted(world, seen["key"]))


def starts(cluster):
    """What became of a start: "serves", or why it refused to."""
    try:
        cluster.start_broker()
    except AssertionError as refusal:
        return str(refusal)[-300:]
    return "serves"


def fill(filler):
    """Takes what is left, to the last page."""
    with open(filler, "ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def observe_trouble(world, key, job, harm):
    """What submit, status and why (of an unfinished job) say once the broker cannot store. `harm`: sees to that."""
    world.history.add("submit", key=key, spec=clients.tasks.sleep_spec(1, 1), keyed=True)
    end = time.monotonic() + NOTICED_S
    while True:
        harm()
        _, refused = clients.submit_once(world, key, clients.tasks.sleep_spec(1, 1))
        trouble = world.cluster.status().get("trouble", "")
        why = world.cluster.brigade("why", job)
        why = why.stdout.strip() if why else ""
        if ("cannot store" in refused and trouble and "cannot store" in why) or time.monotonic() > end:
            return {"key": key, "refused": refused, "trouble": trouble, "why": why}
        time.sleep(0.05)


def seconds_until_accepted(world, key):
    """Of a new job; what was refused under `key` is submitted again as well. None: the broker has died of the fault."""
    begin, spec, back = time.monotonic(), clients.tasks.sleep_spec(1, 1), None
    for name in (key + "-after", key):
        world.history.add("submit", key=name, spec=spec, keyed=True)
        job = None
        while not job:
            if world.cluster.broker.process.poll() is not None:
                return back
            job, _ = clients.submit_once(world, name, spec)
        world.settled.append(job)
        back = back or seconds_since(begin)
    return back


def limit_files(world, rng):
    """The broker may open no more than a few files and connections for a while."""
    with world.cluster.broker_lock:
        pid = world.cluster.broker.pid
        limit_for(pid, resource.RLIMIT_NOFILE, len(os.listdir(f"/proc/{pid}/fd")) + rng.randrange(4),
                  rng.uniform(0.5, 3))
        key = f"files-{time.monotonic_ns()}"
        world.history.add("fault", name="file-limit", back_s=seconds_until_accepted(world, key))


def limit_file_size(world, rng):
    """No file of the broker may grow for a while."""
    with world.cluster.broker_lock:
        pid, key = world.cluster.broker.pid, f"size-{time.monotonic_ns()}"
        job = clients.submit(world, f"{key}-long", LONG)
        old = resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        seen = observe_trouble(world, key, job, lambda: None)
        time.sleep(rng.uniform(0, 2))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, old)
        world.settled.append(job)
        world.history.add("fault", name="file-size", **seen, back_s=seconds_until_accepted(world, seen["key"]))


def limit_for(pid, what, value, seconds):
    soft, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (value, hard))
    time.sleep(seconds)
    try:
        resource.prlimit(pid, what, (soft, hard))
    except ProcessLookupError:
        pass  # it has died of it, which is found out later


def kill_worker(world, rng):
    """kill -9 of a worker that holds leases; half of the victims are stopped first, so that nothing can be returned."""
    slot = take_slot(world, rng)
    if not slot:
        return
    try:
        stopped = rng.random() < 0.5
        held = world.until(lambda: stopped_with_leases(world, slot) if stopped else leased_tasks(world, slot))
        if not held or slot.worker.process.poll() is not None:
            return
        name, worker, broker = slot.name, slot.worker, world.cluster.broker
        time.sleep(rng.uniform(0, 0.5) if stopped else 0)
        kill(worker)
        begin = time.monotonic()
        proof = f"{'stopped' if stopped else 'running'}; of the dead the broker says {leased(world, name)}"
        world.until(lambda: is_given_up(world, name))
        measured = {"given_up_s": seconds_since(begin)} if world.cluster.broker is broker and not stopped else {}
        world.killed("worker", name, worker.pid, held, proof, stopped=stopped, **measured)
        world.cluster.start_worker(slot)
    finally:
        slot.lock.release()


def is_given_up(world, name):
    listed = world.cluster.ask("workers")
    return listed is not None and all(worker["name"] != name for worker in listed)


def take_slot(world, rng):
    """A worker that nobody else plays with, locked."""
    for slot in rng.sample(world.cluster.slots, len(world.cluster.slots)):
        if slot.lock.acquire(blocking=False):
            return slot
    time.sleep(0.05)
    return None


def leased(world, name):
    return world.cluster.workers().get(name, {}).get("leased_tasks", 0)


def leased_tasks(world, slot):
    return leased(world, slot.name)


def stopped_with_leases(world, slot):
    """Stops the worker; what it holds then it holds for good. Goes on where it holds nothing."""
    if not leased_tasks(world, slot):
        return 0
    slot.worker.signal(signal.SIGSTOP)
    held = leased_tasks(world, slot)
    if not held:
        slot.worker.signal(signal.SIGCONT)
    return held


def stop_worker(world, rng):
    slot = take_slot(world, rng)
    if not slot:
        return
    try:
        stop_for(slot.worker, rng.uniform(0.2, 6), world)
        world.history.add("fault", name="worker-stop", victim=slot.name, back_s=seconds_until_leased(world, slot))
    finally:
        slot.lock.release()


def cut_cable(world, rng):
    """Between the broker and one worker, in one direction or in both."""
    slot = take_slot(world, rng)
    if not slot:
        return
    try:
        senders = rng.choice([[0], [1], [0, 1]])
        for sender in senders:
            slot.cable.cut(sender)
        world.over.wait(rng.uniform(0.2, 8))
        for sender in senders:
            slot.cable.heal(sender)
        world.history.add("fault", name="cut", victim=slot.name, senders=senders,
                          back_s=seconds_until_leased(world, slot))
    finally:
        slot.lock.release()


def seconds_until_leased(world, slot):
    """None where the faults were over, or the broker was another one, before it was leased anything."""
    begin, broker = time.monotonic(), world.cluster.broker
    leases = world.until(lambda: leased_tasks(world, slot))
    return seconds_since(begin) if leases and world.cluster.broker is broker else None


def stop_for(program, seconds, world):
    program.signal(signal.SIGSTOP)
    world.over.wait(seconds)
    program.signal(signal.SIGCONT)


# Name: (whose nemesis deals it out, what it does). Those of clients are dealt out by the clients themselves.
FAULTS = {
    "broker-kill": ("broker", kill_broker),
    "broker-stop": ("broker", stop_broker),
    "disk-full": ("broker", fill_disk),
    "file-limit": ("broker", limit_files),
    "file-size": ("broker", limit_file_size),
    "worker-kill": ("worker", kill_worker),
    "worker-stop": ("worker", stop_worker),
    "cut": ("worker", cut_cable),
    "client-kill": ("client", None),
    "client-stop": ("client", None),
}
NEED_ROOT = ("disk-full", "cut")


def why_not(name):
    """Why a fault cannot be had on this machine, or of this build; empty: it can."""
    if name == "file-limit" and b"__ubsan_handle_dynamic_type_cache_miss" in (BIN / "brigade-broker").read_bytes():
        return "UBSan looks at an object's type through a pipe, and takes any for a wrong one when it gets none"
    return network.why_not() if name in NEED_ROOT else ""


class Nemesis(Party):
    """Deals out its faults in turns, each in random order, with pauses of up to `pause_s`."""

    def __init__(self, world, name, seed, faults, pause_s):
        super().__init__(world, name, seed)
        self.faults = faults
        self.pause_s = pause_s
        self.turns = 0

    def act(self):
        for fault in self.random.sample(self.faults, len(self.faults)):
            fault(self.world, self.random)
            self.world.cluster.recover_the_dead()
            if self.world.over.wait(self.random.uniform(0, self.pause_s)):
                return
        self.turns += 1
