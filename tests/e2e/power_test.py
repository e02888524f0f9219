"""The broker loses its power again and again: what was accepted is done, each task once and right."""

from support import *

POWER_LOSS = 86  # the exit code of a broker whose power went
NEVER = 10**12


class PowerLoss(BrigadeTest):
    def setUp(self):
        super().setUp()
        self.disk = self.home / "disk"
        self.disk.mkdir()
        self.endpoint = "tcp://127.0.0.1:0"

    def broker_until(self, operation):
        """A broker that ends at that operation on its disk, which then has nothing unsynced but by chance."""
        self.env.update(POWER_LOSS_ROOT=str(self.disk), POWER_LOSS_AT=str(operation))
        broker = self.start("power-loss-broker", "--listen", self.endpoint, "--state", self.disk / "state")
        broker.endpoint = self.endpoint = broker.wait_for(r"serving at (\S+)").group(1)
        return broker

    def submit(self, key, broker):
        """The job's id, or nothing when the broker is gone."""
        command = ["brigade", "submit", "noop", "0..199", "--key", key, "-o", "quiet", "--connect-timeout", "1s",
                   "--broker", broker.endpoint]
        done = subprocess.run([str(BIN / command[0]), *command[1:]], env=self.env, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=LIMIT_S)
        return done.stdout.strip() if done.returncode == 0 else None

    def submit_until_it_ends(self, broker, accepted):
        """Submits under new keys; those that got no answer come again, to this broker's successor."""
        while broker.process.poll() is None:
            key = f"key {len(accepted)}"
            job = self.submit(key, broker)
            if job:
                accepted[key] = job
        self.assertEqual(broker.wait(), POWER_LOSS, broker.text())

    def test_all_that_was_accepted_is_done_once_and_right(self):
        accepted = {}
        for operation in (170, 90, 120, 151, 260):
            broker = self.broker_until(operation)
            if not accepted:
                self.worker(broker, "--threads", 1, name="steady")
            self.submit_until_it_ends(broker, accepted)
        broker = self.broker_until(NEVER)
        for key, job in accepted.items():
            self.assertEqual(self.submit(key, broker), job, "a key means the job that was accepted under it")
            self.brigade("wait", job, broker=broker)
            results = self.results("results", job, broker=broker)
            self.assert_complete(results, 200)
            self.assertTrue(all(r["status"] == "ok" and r["result"] == {"n": r["index"]} for r in results))
        self.assertGreater(len(accepted), 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
