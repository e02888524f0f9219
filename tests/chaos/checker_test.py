"""The checker on histories that were made up: a good one passes, and each defect that is planted is found."""

import unittest

import checker

NOOP = {"kind": "noop", "first": 10, "tasks": 3}


def submit(key="a", spec=NOOP, keyed=True):
    return {"event": "submit", "key": key, "spec": spec, "keyed": keyed}


def accepted(job="j", key="a"):
    return {"event": "accepted", "key": key, "job": job}


def row(index, number=None, digest="same", status="ok", answer=None):
    number = 10 + index if number is None else number
    return [index, status, {"n": 10 + index}, answer or {"n": number}, digest]


def read(rows, name="r", job="j", order="completion", complete=True):
    return [{"event": "read", "read": name, "job": job, "order": order},
            {"event": "rows", "read": name, "rows": rows},
            {"event": "read_ended", "read": name, "complete": complete}]


def final(state="done", job="j"):
    return {"event": "final", "job": job, "state": state}


def listed(*jobs):
    return {"event": "listed", "jobs": list(jobs)}


ALL = [row(0), row(1), row(2)]


class Checker(unittest.TestCase):
    def counts(self, *events):
        verdict = checker.check(events)
        return {name: finding.count for name, finding in verdict.kinds().items() if finding.count}

    def test_a_good_history_passes(self):
        verdict = checker.check([submit(), accepted(), accepted(), *read(ALL, order="input"),
                                 *read([row(2), row(0)], "cut short", complete=False),
                                 *read(list(reversed(ALL)), "r2"), final(), listed(["j", "a"])])
        self.assertTrue(verdict.good(), verdict.examples())
        self.assertEqual((verdict.jobs, verdict.tasks, verdict.records), (1, 3, 8))
        self.assertEqual(verdict.line(), "lost 0, unexpected 0, duplicates 0, stuck 0")

    def test_lost_tasks(self):
        self.assertEqual(self.counts(submit(), accepted(), *read([row(1)]), final()), {"lost": 2})

    def test_a_lost_job(self):
        self.assertEqual(self.counts(submit(), accepted(), final("unknown")), {"lost": 3})

    def test_wrong_answers(self):
        for wrong in (row(1, number=99), row(1, status="cancelled", answer={"code": "cancelled", "message": ""})):
            self.assertEqual(self.counts(submit(), accepted(), *read([row(0), wrong, row(2)]), final()),
                             {"unexpected": 1})

    def test_tasks_and_jobs_that_nobody_submitted(self):
        good = [submit(), accepted(), *read(ALL), final()]
        self.assertEqual(self.counts(submit(), accepted(), *read([*ALL, row(3)]), final()), {"unexpected": 1})
        self.assertEqual(self.counts(*good, accepted("k", "b")), {"unexpected": 1})
        self.assertEqual(self.counts(*good, listed(["j", "a"], ["k", "b"])), {"unexpected": 1})
        self.assertEqual(self.counts(*good, *read([], job="k")), {"unexpected": 1})

    def test_a_read_out_of_order(self):
        self.assertEqual(self.counts(submit(), accepted(), *read([row(0), row(2), row(1)], order="input"), final()),
                         {"unexpected": 1})

    def test_duplicates(self):
        self.assertEqual(self.counts(submit(), accepted(), *read([*ALL, row(1)]), final()), {"duplicates": 1})
        self.assertEqual(self.counts(submit(), accepted(), *read(ALL), *read([row(1, digest="other")], "r2",
                                                                             complete=False), final()),
                         {"duplicates": 1})

    def test_two_jobs_for_one_key(self):
        good = [submit(), accepted(), *read(ALL), final()]
        self.assertEqual(self.counts(*good, accepted("k")), {"duplicates": 1})
        self.assertEqual(self.counts(*good, listed(["j", "a"], ["k", "a"])), {"duplicates": 1})

    def test_a_run_without_a_key_may_be_several_jobs(self):
        self.assertEqual(self.counts(submit(keyed=False), accepted("file"), *read(ALL, job="file"), final(job="file"),
                                     listed(["j", "a"], ["k", "a"])), {})

    def test_what_is_stuck(self):
        self.assertEqual(self.counts(submit()), {"stuck": 3})
        self.assertEqual(self.counts(submit(), accepted(), *read([row(0)], complete=False), final("not done")),
                         {"stuck": 2})
        self.assertEqual(self.counts(submit(), accepted(), final()), {"stuck": 3})
        self.assertEqual(self.counts({"event": "hung", "what": "brigade wait"}), {"stuck": 1})

    def test_a_process_that_ended_by_itself(self):
        self.assertEqual(self.counts({"event": "died", "role": "broker", "victim": "broker", "log": "abort"}),
                         {"unexpected": 1})

    def test_a_task_may_be_blamed_for_workers_that_were_lost(self):
        def counts(*names):
            error = {"code": "worker_lost", "message": "lost the worker each time; workers lost: w1 w2 w3"}
            harm = [{"event": "kill", "role": "worker", "victim": name} for name in names]
            return self.counts(submit(), accepted(), *harm, *read([row(0), row(1, status="failed", answer=error),
                                                                   row(2)]), final())
        self.assertEqual(counts("w1", "w2", "w3"), {})
        self.assertEqual(counts("w1", "w2"), {"unexpected": 1})


class Answers(unittest.TestCase):
    def test_every_kind_has_its_answer(self):
        answer = checker.tasks.answer_of
        self.assertEqual(answer({"kind": "noop", "first": 5, "tasks": 9}, 2), ({"n": 7}, {"n": 7}))
        self.assertEqual(answer({"kind": "factorial", "first": 3, "tasks": 9}, 2),
                         ({"n": 5}, {"digits": 3, "decimal": "120"}))
        self.assertEqual(answer({"kind": "sleep", "ms": 5, "tasks": 9}, 2), ({"duration_ms": 5}, {}))
        self.assertEqual(answer({"kind": "echo", "text": "c", "tasks": 9, "pad": 2}, 2),
                         ({"text": "c/2.."}, {"text": "c/2.."}))


if __name__ == "__main__":
    unittest.main(verbosity=2)
