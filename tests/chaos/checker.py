"""Compares what was accepted with what was seen, in the manner of Jepsen's total-queue. Knows nothing but the history.

lost         an accepted task for which a complete read has no record
unexpected   a record of a task that nobody submitted, a wrong answer, a task that failed, a job that nobody asked for,
             a read out of order, a process that ended by itself
duplicates   two records of a task in one read, two records that differ, two jobs for one key
stuck        a task that is not final although the faults are over, a submit that never succeeded, a hung command

All must be 0. A task may be `failed` with `worker_lost` where it names three losses of workers that were
killed, stopped or cut off: that is promised.
"""

import dataclasses

import tasks

EXAMPLES = 5
KILLS_OF_A_POISON_TASK = 3


@dataclasses.dataclass
class Finding:
    count: int = 0
    examples: list = dataclasses.field(default_factory=list)

    def add(self, text, count=1):
        self.count += count
        if len(self.examples) < EXAMPLES:
            self.examples.append(text)


@dataclasses.dataclass
class Verdict:
    lost: Finding = dataclasses.field(default_factory=Finding)
    unexpected: Finding = dataclasses.field(default_factory=Finding)
    duplicates: Finding = dataclasses.field(default_factory=Finding)
    stuck: Finding = dataclasses.field(default_factory=Finding)
    jobs: int = 0
    tasks: int = 0
    records: int = 0
    blamed: int = 0  # tasks that failed as worker_lost, as promised

    def kinds(self):
        return {name: getattr(self, name) for name in ("lost", "unexpected", "duplicates", "stuck")}

    def good(self):
        return not any(finding.count for finding in self.kinds().values())

    def line(self):
        return ", ".join(f"{name} {finding.count}" for name, finding in self.kinds().items())

    def examples(self):
        return [f"{name}: {text}" for name, finding in self.kinds().items() for text in finding.examples]


class Job:
    def __init__(self, key, spec):
        self.key = key
        self.spec = spec
        self.digests = [None] * spec["tasks"]
        self.final = None
        self.complete_reads = 0


class Read:
    def __init__(self, job, order):
        self.job = job
        self.order = order
        self.seen = bytearray(job.spec["tasks"])
        self.last = -1


def check(events):
    """The verdict on a whole history."""
    checker = Checker()
    for event in events:
        handler = getattr(checker, "on_" + event["event"], None)
        if handler:
            handler(event)
    return checker.conclude()


class Checker:
    def __init__(self):
        self.verdict = Verdict()
        self.asked = {}  # key -> event of its first submit
        self.job_of = {}  # key -> id
        self.jobs = {}  # id -> Job
        self.reads = {}
        self.harmed = set()  # workers that were killed, stopped or cut off

    def on_submit(self, event):
        self.asked.setdefault(event["key"], event)

    def on_accepted(self, event):
        key, job = event["key"], event["job"]
        if key not in self.asked:
            self.verdict.unexpected.add(f"job {job} was accepted for key {key}, which nobody submitted")
        elif self.job_of.setdefault(key, job) != job:
            self.verdict.duplicates.add(f"key {key} is job {self.job_of[key]} and job {job}")
        elif job not in self.jobs:
            self.jobs[job] = Job(key, self.asked[key]["spec"])

    def on_read(self, event):
        if event["job"] in self.jobs:
            self.reads[event["read"]] = Read(self.jobs[event["job"]], event["order"])
        else:
            self.verdict.unexpected.add(f"a read of {event['job']}, which was not accepted")

    def on_rows(self, event):
        read = self.reads.get(event["read"])
        for row in event["rows"] if read else []:
            self.verdict.records += 1
            self.take(read, *row)

    def take(self, read, index, status, args, answer, digest):
        job = read.job
        task = f"task {index} of {job.key}"
        if not 0 <= index < job.spec["tasks"]:
            return self.verdict.unexpected.add(f"{task}, which has {job.spec['tasks']} tasks")
        if read.seen[index]:
            self.verdict.duplicates.add(f"{task} twice in one read")
        read.seen[index] = 1
        if read.order == "input" and index <= read.last:
            self.verdict.unexpected.add(f"{task} after task {read.last} in the order of the input")
        read.last = index
        if job.digests[index] is None:
            job.digests[index] = digest
            self.judge(job, index, status, args, answer)
        elif job.digests[index] != digest:
            self.verdict.duplicates.add(f"{task} is not the record that an earlier reader saw")

    def judge(self, job, index, status, args, answer):
        expected = tasks.answer_of(job.spec, index)
        if status == "ok":
            if (args, answer) != expected:
                self.verdict.unexpected.add(f"task {index} of {job.key} is {args} {answer}, not {expected}")
        elif args == expected[0] and self.is_blamed(status, answer):
            self.verdict.blamed += 1
        else:
            self.verdict.unexpected.add(f"task {index} of {job.key} {status}: {answer}")

    def is_blamed(self, status, error):
        """Whether it failed because it was alone on workers that were lost, one after another."""
        if status != "failed" or error.get("code") != "worker_lost":
            return False
        named = [word for word in error["message"].split() if word in self.harmed]
        return len(named) >= KILLS_OF_A_POISON_TASK

    def on_read_ended(self, event):
        read = self.reads.get(event["read"])
        if read and event["complete"]:
            read.job.complete_reads += 1
            missing = read.seen.count(0)
            if missing:
                self.verdict.lost.add(f"{missing} tasks of {read.job.key}, first {read.seen.index(0)}", missing)

    def on_final(self, event):
        if event["job"] in self.jobs:
            self.jobs[event["job"]].final = event["state"]

    def on_listed(self, event):
        names = set()
        for job, name in event["jobs"]:
            asked = self.asked.get(name)
            if not asked:
                self.verdict.unexpected.add(f"job {job} with name {name}, which nobody submitted")
            elif asked["keyed"] and (name in names or self.job_of.get(name, job) != job):
                self.verdict.duplicates.add(f"job {job} is a second one for key {name}")
            names.add(name)

    def on_kill(self, event):
        self.harmed.add(event["victim"])

    def on_fault(self, event):
        self.harmed.add(event.get("victim"))

    def on_died(self, event):
        self.verdict.unexpected.add(f"{event['role']} {event['victim']} ended by itself: {event['log']}")

    def on_hung(self, event):
        self.verdict.stuck.add(event["what"])

    def conclude(self):
        self.verdict.jobs = len(self.jobs)
        for key in self.asked.keys() - self.job_of.keys():
            self.verdict.stuck.add(f"{key} was never accepted", self.asked[key]["spec"]["tasks"])
        for name, job in self.jobs.items():
            self.verdict.tasks += job.spec["tasks"]
            if job.final == "unknown":
                self.verdict.lost.add(f"{job.key} is {name}, which the broker does not know", job.spec["tasks"])
            elif job.final != "done" or not job.complete_reads:
                unseen = max(1, job.digests.count(None))
                self.verdict.stuck.add(f"{job.key} is {name}: {job.final}, {unseen} tasks unseen", unseen)
        return self.verdict
