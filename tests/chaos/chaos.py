"""Runs a workload on real processes while faults strike, then checks its history. See README.md."""

import argparse
import dataclasses
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

import checker
import clients
import damage
import footprint
import network
import recovery
from cluster import Cluster, support
from figures import Figures, spread
from history import History, events_of
from nemesis import FAULTS, Nemesis, why_not
from world import World

PATIENCE_S = 300  # after the last fault, until what is not done counts as stuck
CLIENTS = 3


@dataclasses.dataclass
class Plan:
    """Ends when all of them are reached. `size`: tasks of the largest ordinary job."""

    minutes: float = 0
    tasks: int = 0
    turns: int = 0  # of each nemesis: each fault at least so many times
    kills: dict = dataclasses.field(default_factory=dict)  # role -> those that hit work
    faults: tuple = tuple(FAULTS)
    seed: int = 1
    workers: int = 4
    size: int = 500
    nemeses: int = 1  # for workers: they overlap
    pause_s: float = 1.0


@dataclasses.dataclass
class Outcome:
    verdict: checker.Verdict
    figures: Figures
    lives: list  # what long-lived processes took
    seconds: float

    def good(self):
        return self.verdict.good() and not any(life.grown() for life in self.lives)


def possible(faults, say):
    """Those that can be had here; says why of the rest."""
    reasons = {name: why_not(name) for name in faults}
    for name, reason in reasons.items():
        if reason:
            say(f"without {name}: {reason}")
    return tuple(name for name in faults if not reasons[name])


def run(plan, home, say=print):
    """REQUIRES: the faults are possible here. The history is left in `home`."""
    if "disk-full" in plan.faults:
        network.make_mounts_private()
    begin = time.monotonic()
    history = History(home / "history.ndjson")
    cluster = Cluster(home, history, workers=plan.workers, cables="cut" in plan.faults, disk="disk-full" in plan.faults)
    try:
        cluster.start()
        world = World(cluster, history, PATIENCE_S)
        strike(world, plan, say)
        read_everything(world)
    finally:
        cluster.stop()
        history.close()
    verdict = checker.check(events_of(history.path))
    figures = Figures([event for event in events_of(history.path) if event["event"] in ("kill", "fault")])
    lives = footprint.lives(event for event in events_of(history.path) if event["event"] == "footprint")
    return Outcome(verdict, figures, lives, time.monotonic() - begin)


def strike(world, plan, say):
    """Clients work and faults happen until the plan is fulfilled; returns when all is healed and every client done."""
    rng = random.Random(plan.seed)
    slots = plan.workers * world.cluster.threads
    people = [clients.Client(world, number, rng.random(), plan.size, plan.faults) for number in range(CLIENTS)]
    people += [clients.Load(world, number, slots) for number in range(2)]
    people += [clients.Janitor(world), footprint.Watcher(world)]
    nemeses = [Nemesis(world, f"{party} nemesis {number}", rng.random(), faults, plan.pause_s)
               for party, count in (("broker", 1), ("worker", plan.nemeses)) for number in range(count)
               if (faults := [FAULTS[name][1] for name in plan.faults if FAULTS[name][0] == party])]
    for party in people + nemeses:
        party.start()
    await_enough(world, plan, nemeses, say)
    for party in nemeses + people:
        party.join()
        if party.failure:
            raise party.failure
    world.cluster.recover_the_dead()


def await_enough(world, plan, nemeses, say):
    end = time.monotonic() + plan.minutes * 60
    told = time.monotonic()
    while not world.over.wait(0.1):
        if time.monotonic() > told + 60:
            told = time.monotonic()
            say(f"… {world.tasks} tasks accepted, kills that hit work: {world.kills}")
        if (time.monotonic() >= end and world.tasks >= plan.tasks
                and all(nemesis.turns >= plan.turns for nemesis in nemeses)
                and all(world.kills.get(role, 0) >= count for role, count in plan.kills.items())):
            world.end_faults()


def read_everything(world):
    """In the calm: what was not forgotten."""
    for job in list(world.accepted):
        clients.read_to_the_end(world, job)
    listed = support.eventually(lambda: world.cluster.ask("jobs"), "the broker lists its jobs")
    world.history.add("listed", jobs=[[job["id"], job["name"]] for job in listed])


def report(outcome, say=print):
    verdict = outcome.verdict
    say(f"{verdict.jobs} jobs, {verdict.tasks} tasks, {verdict.records} records read in {outcome.seconds:.0f} s")
    for line in [*outcome.figures.lines(), *(life.line() for life in outcome.lives)]:
        say(line)
    for life in outcome.lives:
        if names := life.grown():
            say(f"the {life.role} grew: {', '.join(names)}")
    if verdict.blamed:
        say(f"{verdict.blamed} tasks failed as worker_lost: alone on three workers that were lost")
    for line in verdict.examples():
        say(line)
    say(verdict.line())


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__,
                                     epilog=f"faults: {', '.join(FAULTS)}")
    parser.add_argument("--minutes", type=float, help="at least so long (default: 5, or as the other goals take)")
    parser.add_argument("--seed", type=int, help="of what is done to whom; when exactly is up to the machine")
    parser.add_argument("--faults", help="only these, separated by commas (default: all that this machine allows)")
    parser.add_argument("--tasks", type=int, default=0, help="at least so many are accepted")
    parser.add_argument("--broker-kills", type=int, default=0, help="at least so many with tasks running")
    parser.add_argument("--worker-kills", type=int, default=0, help="at least so many with leases; ten workers")
    parser.add_argument("--recovery-tasks", type=int, help="instead: a broker's recovery with so many unfinished tasks")
    parser.add_argument("--releases", type=int, help="instead: how soon tasks of so many lost workers are leased again")
    parser.add_argument("--damages", type=int, help="instead: how a broker takes so many damages to its files")
    parser.add_argument("--keep", action="store_true", help="keep the history and the logs, also of a good run")
    return parser.parse_args()


def plan_of(options):
    """A run for kills has those faults alone unless others are named."""
    kills = {"broker": options.broker_kills, "worker": options.worker_kills}
    kills = {role: count for role, count in kills.items() if count}
    goals = bool(kills or options.tasks)
    wanted = [f"{role}-kill" for role in kills] or list(FAULTS)
    if options.faults:
        wanted = options.faults.split(",")
        if unknown := [name for name in wanted if name not in FAULTS]:
            sys.exit(f"scripts/chaos: no fault {unknown[0]!r}; there are {', '.join(FAULTS)}")
    minutes = options.minutes if options.minutes is not None else (0 if goals else 5)
    size = max(500, min(20000, 4 * options.tasks // (1 + sum(kills.values()))))
    return Plan(minutes=minutes, tasks=options.tasks, kills=kills, faults=possible(wanted, print),
                seed=options.seed if options.seed is not None else random.randrange(2**32), size=size,
                workers=10 if options.worker_kills else 4, nemeses=3 if options.worker_kills else 1,
                pause_s=0.3 if kills else 1.0)


def measure(options, home):
    """The times that are measured alone."""
    history = History(home / "history.ndjson")
    cluster = Cluster(home, history, workers=2 if options.releases else 0, threads=1)
    try:
        cluster.start()
        if options.recovery_tasks:
            serving, answering = zip(*recovery.recovery_times(cluster, options.recovery_tasks))
            print(f"broker with {options.recovery_tasks} unfinished tasks, kill to serving: {spread(serving)}")
            print(f"kill to a client's first answer: {spread(answering)}")
        else:
            for name, number in (("killed", signal.SIGKILL), ("stopped", signal.SIGSTOP)):
                count = options.releases if name == "killed" else min(10, options.releases)
                times = list(recovery.release_times(cluster, count, number))
                print(f"worker {name}, until its task is leased again: {spread(times)}")
    finally:
        cluster.stop()
        history.close()


def count_damages(options, home):
    """Half of them to what a broker that was killed leaves, half to what one that ended leaves."""
    found = []
    seed = options.seed if options.seed is not None else random.randrange(2**32)
    print(f"seed {seed}", flush=True)
    for killed in (False, True):
        place = home / ("killed" if killed else "ended")
        place.mkdir()
        history = History(place / "history.ndjson")
        cluster = Cluster(place, history, workers=1)
        try:
            cluster.start()
            truth = damage.prepare(cluster, killed)
            found += damage.count_outcomes(cluster, truth, (options.damages + killed) // 2, seed + killed)
        finally:
            cluster.stop()
            history.close()
    return damage.report(found)


def main():
    options = arguments()
    if options.damages:
        with tempfile.TemporaryDirectory(prefix="brigade-chaos-") as home:
            return 0 if count_damages(options, pathlib.Path(home)) else 1
    if options.recovery_tasks or options.releases:
        with tempfile.TemporaryDirectory(prefix="brigade-chaos-") as home:
            measure(options, pathlib.Path(home))
        return 0
    plan = plan_of(options)
    print(f"seed {plan.seed}, faults {', '.join(plan.faults)}", flush=True)
    home = pathlib.Path(tempfile.mkdtemp(prefix="brigade-chaos-"))
    outcome = run(plan, home, lambda text: print(text, flush=True))
    report(outcome)
    if outcome.good() and not options.keep:
        shutil.rmtree(home)
    else:
        print(f"history and logs are in {home}")
    return 0 if outcome.good() else 1


if __name__ == "__main__":
    sys.exit(main())
