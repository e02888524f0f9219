"""Two times, each measured alone, where nothing else happens: a broker's recovery with many
unfinished tasks, and how soon a lost worker's task is leased to another one."""

import signal
import time

import support
from cluster import kill, seconds_since

REPEATS = 5


def recovery_times(cluster, tasks):
    """Kill -9 of a broker that holds `tasks` unfinished tasks with arguments: until it says that it serves, and until a
    client has an answer. REQUIRES: a started cluster without workers."""
    text = "".join(f"https://example.com/some/page/of/usual/length/{number}\n" for number in range(tasks))
    done = cluster.brigade("submit", "echo", "--from", "-", "-o", "quiet", stdin=text)
    if done.returncode != 0:
        raise OSError(done.stderr)
    for _ in range(REPEATS):
        begin = time.monotonic()
        kill(cluster.broker)
        cluster.start_broker()
        serving = seconds_since(begin)
        waiting = cluster.status()["tasks_waiting"]
        if waiting != tasks:
            raise AssertionError(f"{waiting} of {tasks} tasks are there after a restart")
        yield serving, seconds_since(begin)


def release_times(cluster, count, number):
    """Until the only task of a lost worker is leased to an idle one, `count` times. `number`: SIGKILL, or SIGSTOP where
    only silence tells. REQUIRES: a started cluster with two workers."""
    for _ in range(count):
        job = cluster.brigade("submit", "sleep", "1h", "-o", "quiet").stdout.strip()
        victim = support.eventually(lambda: holder(cluster), "the task is leased")
        lost = victim.name
        begin = time.monotonic()
        victim.worker.signal(number)
        support.eventually(lambda: (slot := holder(cluster)) and slot.name != lost, "it is leased to the other one")
        yield seconds_since(begin)
        cluster.brigade("cancel", job)
        cluster.brigade("wait", job)
        replace(cluster, victim)


def holder(cluster):
    """The slot whose worker has a lease."""
    workers = cluster.workers()
    return next((slot for slot in cluster.slots if workers.get(slot.name, {}).get("leases")), None)


def replace(cluster, slot):
    if slot.worker.process.poll() is None:
        slot.worker.signal(signal.SIGKILL)
        slot.worker.wait()
    cluster.start_worker(slot)
    slot.worker.wait_for("connected to broker")
    idle = lambda: [worker for worker in cluster.workers().values() if not worker["leases"]]
    support.eventually(lambda: len(idle()) == 2 and len(cluster.workers()) == 2, "two idle workers")
