"""One huge factorial in parts: two jobs that the client plans, on several workers."""

import json
import math
import signal
import unittest

import support

N = 200_000
FORMS = ("decimal", "hex", "binary", "digits", "digest")
PRIVATE = ("--private", "--workers", 2, "--threads", 1)


class Split(support.BrigadeTest):
    def split(self, *arguments, **how):
        results = self.results("run", "factorial", *arguments, **how)
        self.assertEqual(len(results), 1)
        return results[0]

    def test_gives_the_record_of_one_factorial_in_every_form(self):
        for form in FORMS:
            whole = self.split(N, "--as", form, "--private")
            split = self.split(N, "--as", form, "--split", 4, *PRIVATE)
            self.assertEqual((split["status"], split["args"]), ("ok", {"n": N}))
            self.assertEqual(split["result"], whole["result"])
            self.assertEqual(split.keys(), whole.keys())

    def test_is_right_where_parts_have_nothing_to_do(self):
        for n in (0, 1, 2, 3, 20, 21):
            self.assertEqual(self.split(n, "--split", 64, *PRIVATE)["result"]["decimal"], str(math.factorial(n)))

    def test_uses_all_workers_and_leaves_one_job_behind(self):
        served = self.broker()
        for name in ("one", "two"):
            self.worker(served, "--threads", 1, name=name)
        done = self.brigade("run", "factorial", 1_000_000, "--as", "digest", "--split", 6, broker=served)
        self.assertIn("6 parts in ", done.stderr)
        finished = {name: worker["finished_tasks"] for name, worker in self.workers(served).items()}
        self.assertEqual(sum(finished.values()), 7)
        self.assertTrue(all(tasks > 0 for tasks in finished.values()), finished)
        jobs = [json.loads(line) for line in self.brigade("jobs", "-o", "ndjson", broker=served).stdout.splitlines()]
        self.assertEqual([job["tasks"] for job in jobs], [1])
        # What is left is a job like any other, whose result can be read again.
        again = self.results("results", jobs[0]["id"], broker=served)[0]
        self.assertEqual(again["args"], {"n": 1_000_000})
        self.assertEqual(again["result"], json.loads(done.stdout)["result"])

    def test_large_parts_and_results_travel(self):
        whole = self.split(3_000_000, "--as", "digest", "--private")
        split = self.split(3_000_000, "--as", "digest", "--split", 2, *PRIVATE)
        self.assertEqual(split["result"], whole["result"])

    def test_wrong_usage_is_refused_before_anything_runs(self):
        for words, says in ((("1..3", "--split", 2), "takes exactly one number"), ((5, 6, "--split", 2), "exactly one"),
                            ((5, "--split", 1), "2..64"), ((5, "--split", 65), "2..64"),
                            ((100_000_000, "--split", 2), "leave out --split"),
                            ((5, "--split", 2, "--resume", "--out", self.home / "out"), "neither --resume")):
            done = self.brigade("run", "factorial", *words, code=2)
            self.assertIn(says, done.stderr)
        self.brigade("run", "factorial", "--from", "-", "--split", 2, stdin="5\n", code=2)
        self.assertIn("--split", self.brigade("submit", "factorial", 5, "--split", 2, code=2).stderr)
        self.brigade("run", "factorial", 21_000_000, "--split", 4, *PRIVATE, code=7)

    def test_a_part_that_fails_is_the_result(self):
        served = self.broker()
        self.worker(served, "--memory", "32MiB")
        failed = self.results("run", "factorial", 3_000_000, "--split", 2, broker=served, code=1)
        self.assertTrue(failed)
        for result in failed:
            self.assertEqual((result["status"], result["args"]), ("failed", {"n": 3_000_000}))
            self.assertEqual(result["error"]["code"], "too_large")

    def test_a_lost_worker_is_made_up_for(self):
        served = self.broker()
        victim = self.worker(served, "--threads", 1, name="victim")
        run = self.start("brigade", "run", "factorial", 5_000_000, "--as", "digest", "--split", 8,
                         "--broker", served.endpoint, "-o", "ndjson")
        self.await_lease(served, "victim")
        victim.signal(signal.SIGKILL)
        self.worker(served, name="other")
        self.assertEqual(run.wait(), 0, run.text())
        self.assertIn('"status":"ok"', run.text())

    def test_an_interrupt_cancels_the_parts_and_leaves_no_job_behind(self):
        served = self.broker()
        self.worker(served, "--threads", 1, name="only")
        run = self.start("brigade", "run", "factorial", 15_000_000, "--split", 64, "--broker", served.endpoint)
        self.await_lease(served, "only")
        run.signal(signal.SIGINT)
        self.assertEqual(run.wait(), 130)
        self.assertIn("the parts are cancelled, and nothing is merged", run.text())
        self.assertEqual(self.brigade("jobs", "-o", "ndjson", broker=served).stdout, "")

    def test_a_dry_run_says_what_parts_and_merge_take(self):
        plan = json.loads(self.brigade("run", "factorial", 10_000_000, "--split", 4, "--dry-run", "-o", "json").stdout)
        self.assertEqual((plan["tasks"], plan["largest"], plan["parts"]), (1, 10_000_000, 4))
        self.assertLess(plan["memory_per_part_bytes"], plan["memory_per_task_bytes"] / 2)
        table = self.brigade("run", "factorial", 10_000_000, "--split", 4, "--dry-run", "-o", "table").stdout
        self.assertIn("for each of 4 parts, then up to", table)


if __name__ == "__main__":
    unittest.main()
