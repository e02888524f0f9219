"""A short run of each kind. `scripts/chaos` runs the same for longer."""

import pathlib
import shutil
import tempfile
import unittest

import chaos
import nemesis


CANNOT_WRITE = "No space left|File too large|disk I/O error|database or disk is full"


class Chaos(unittest.TestCase):
    def run_plan(self, plan):
        """The outcome of a plan without the faults that this machine does not allow. Keeps the history of a bad one."""
        plan.faults = chaos.possible(plan.faults, print)
        home = pathlib.Path(tempfile.mkdtemp(prefix="brigade-chaos-"))
        outcome = chaos.run(plan, home)
        chaos.report(outcome)
        self.assertTrue(outcome.verdict.good(), f"the history is in {home}\n{outcome.verdict.examples()}")
        shutil.rmtree(home)
        for role, count in plan.kills.items():
            self.assertGreaterEqual(outcome.figures.effective(role), count, role)
        return outcome

    def test_kills_of_everybody_at_work(self):
        self.run_plan(chaos.Plan(faults=("broker-kill", "worker-kill", "client-kill"), pause_s=0.2, nemeses=2, size=300,
                                 kills={"broker": 4, "worker": 6, "reader": 2, "runner": 1}))

    def test_every_fault_once(self):
        outcome = self.run_plan(chaos.Plan(turns=1, size=300, pause_s=0.2))
        for name in ("disk-full", "file-size"):
            for fault in outcome.figures.faults_named(name):
                for what in ("refused", "trouble", "why"):
                    self.assertRegex(fault[what], CANNOT_WRITE)
        self.assertEqual({name for name in nemesis.NEED_ROOT if not outcome.figures.faults_named(name)},
                         {name for name in nemesis.NEED_ROOT if nemesis.why_not(name)})


if __name__ == "__main__":
    unittest.main(verbosity=2)
