"""An operator and a broker's state folder: check, backup, export, beside the broker and without it."""

from support import *


class Admin(BrigadeTest):
    def admin(self, *arguments, code=0):
        """Runs `brigade-broker …` to its end and checks its exit code."""
        done = subprocess.run([str(BIN / "brigade-broker"), *map(str, arguments)], env=self.env, text=True,
                              capture_output=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, f"{arguments}\nstdout: {done.stdout[-2000:]}\nstderr: {done.stderr}")
        return done

    def check(self, state, code=0):
        return json.loads(self.admin("check", state, "-o", "json", code=code).stdout)

    def with_jobs(self):
        """A broker with a finished job of segments, a finished one of rows, and an unfinished one."""
        self.state = self.home / "jobs"
        broker = self.broker("--state", self.state)
        worker = self.worker(broker)
        lines = self.home / "lines"
        lines.write_text("".join(f"text {i} {'.' * 500}\ttag {i}\n" for i in range(2000)))
        self.texts = self.brigade("submit", "echo", "--from", lines, "--name", "texts", "-o", "quiet",
                                  broker=broker).stdout.strip()
        self.range = self.brigade("submit", "factorial", "1..100", "--name", "range", "-o", "quiet",
                                  broker=broker).stdout.strip()
        self.brigade("wait", self.texts, self.range, broker=broker)
        worker.signal(signal.SIGTERM)
        worker.wait()
        self.waiting = self.brigade("submit", "sleep", "1h", "--count", 3, "-o", "quiet",
                                    broker=broker).stdout.strip()
        return broker

    def test_a_whole_store_is_whole_beside_its_broker_and_after_it(self):
        broker = self.with_jobs()
        found = self.check(self.state)
        self.assertEqual([job["id"] for job in found["jobs"]], [self.texts, self.range, self.waiting])
        self.assertEqual([job["results"] for job in found["jobs"]], [2000, 100, 0])
        self.assertEqual([job["state"] for job in found["jobs"]], ["finished", "finished", "unfinished"])
        self.assertEqual((found["whole"], found["damages"]), (True, []))
        broker.signal(signal.SIGKILL)
        broker.wait()
        self.assertTrue(self.check(self.state)["whole"])
        table = self.admin("check", self.state)
        self.assertRegex(table.stdout, rf"{self.texts} +echo +finished +2,000 +2,000 .* texts\n")
        self.assertRegex(table.stdout, r"\nwhole: 3 jobs, 2,103 tasks, 2,100 results, ")
        self.assertEqual(table.stderr, "")

    def test_damage_is_named_with_its_job_and_tasks(self):
        broker = self.with_jobs()
        broker.signal(signal.SIGTERM)
        broker.wait()
        segment = self.state / "segments" / "1-1.seg"
        with open(segment, "r+b") as file:
            file.seek(1000)
            file.write(b"\xff\x00\xff")
        found = self.check(self.state, code=1)
        damage, = found["damages"]
        self.assertEqual((damage["file"], damage["job"]), (str(segment), self.texts))
        self.assertEqual(damage["tasks"]["first"], 0)
        self.assertEqual((found["whole"], found["damage_count"]), (False, 1))
        self.assertIn("Restore it from a backup", self.admin("check", self.state, code=1).stderr)

    def test_a_backup_beside_a_busy_broker_is_a_store_to_start_from(self):
        broker = self.with_jobs()
        self.worker(broker)
        running = self.brigade("submit", "echo", "--from", self.home / "lines", "--name", "running", "-o", "quiet",
                               broker=broker).stdout.strip()
        sleeping = self.brigade("submit", "sleep", "1ms", "--count", 5000, "-o", "quiet", broker=broker).stdout.strip()
        eventually(lambda: self.job(sleeping, broker)["ok"] > 100, "results arrive")
        seen = self.job(sleeping, broker)["ok"]
        done = self.admin("backup", self.state, self.home / "copy")
        self.assertRegex(done.stderr, r"copy: 5 jobs, [\d,]+ records of .*, as of commit ")
        self.brigade("forget", self.texts, broker=broker)
        self.brigade("wait", running, broker=broker)
        self.assertEqual([job["id"] for job in self.check(self.home / "copy")["jobs"]],
                         [self.texts, self.range, self.waiting, running, sleeping])
        again = self.broker("--state", self.home / "copy")
        results = self.results("results", self.texts, broker=again)
        self.assertEqual([result["tag"] for result in results], [f"tag {i}" for i in range(2000)])
        self.assertGreaterEqual(self.job(sleeping, again)["ok"], seen)
        self.worker(again)
        self.brigade("wait", running, sleeping, broker=again)
        self.assert_complete(self.results("results", sleeping, broker=again), 5000)

    def test_a_backup_overwrites_nothing_and_copies_no_damage(self):
        broker = self.with_jobs()
        self.assertIn("is not empty", self.admin("backup", self.state, self.home, code=2).stderr)
        broker.signal(signal.SIGTERM)
        broker.wait()
        with open(self.state / "segments" / "1-1.seg", "r+b") as file:
            file.truncate(5000)
        done = self.admin("backup", self.state, self.home / "copy", code=1)
        self.assertIn("is cut short", done.stderr)
        self.assertEqual([name for name in os.listdir(self.home) if name.startswith("copy")], [])

    def exported(self, *arguments, code=0):
        done = self.admin("export", self.state, *arguments, code=code)
        return done.stdout.splitlines(), done.stderr

    def test_an_export_is_what_the_client_prints(self):
        broker = self.with_jobs()
        jobs = self.brigade("jobs", "-o", "ndjson", broker=broker).stdout.splitlines()
        lines, notes = self.exported()
        self.assertEqual((lines[:2], notes), (jobs[:2], ""))
        self.assertEqual(json.loads(lines[2])["tasks"], 3)
        for name in ["texts", "range"]:
            results = self.brigade("results", name, "--order", "completion", "-o", "ndjson", broker=broker)
            lines, _ = self.exported(name, "--results")
            self.assertEqual(lines[1:], results.stdout.splitlines())
        broker.signal(signal.SIGKILL)
        broker.wait()
        self.assertEqual(len(self.exported("--results")[0]), 3 + 2000 + 100)
        self.assertEqual([json.loads(line)["id"] for line in self.exported(self.range[:8])[0]], [self.range])
        self.assertIn("has no job 'nobody'", self.exported("nobody", code=2)[1])

    def test_an_export_goes_past_damage(self):
        broker = self.with_jobs()
        broker.signal(signal.SIGKILL)
        broker.wait()
        segment = self.state / "segments" / "1-1.seg"
        with open(segment, "r+b") as file:
            file.seek(segment.stat().st_size - 100)  # in the last result, say
            file.write(b"\xff\x00\xff")
        lines, errors = self.exported("--results", code=1)
        self.assertIn(f"{segment} is damaged", errors)
        rows = [row for row in map(json.loads, lines) if "index" in row]
        self.assertGreater(len(rows), 100)
        self.assertLess(len(rows), 2100)
        segment.unlink()
        lines, errors = self.exported("texts", "--results", code=1)
        self.assertIn(str(segment), errors)
        self.assertEqual(json.loads(lines[0])["ok"], 2000)

    def test_a_quota_refuses_submits_until_jobs_are_forgotten(self):
        broker = self.broker("--state", self.home / "jobs", "--state-max", "1MiB")
        lines = self.home / "lines"
        lines.write_text("".join(f"text {i} {'.' * 500}\n" for i in range(800)))
        submit = ["submit", "echo", "--from", lines, "-o", "quiet"]
        first, second = (self.brigade(*submit, broker=broker).stdout.strip() for _ in range(2))
        self.worker(broker)
        self.brigade("wait", first, second, broker=broker)  # results go in, quota or not
        self.assert_complete(self.results("results", second, broker=broker), 800)
        status = json.loads(self.brigade("status", "-o", "json", broker=broker).stdout)
        self.assertEqual(status["state_bytes_max"], 1 << 20)
        self.assertGreater(status["state_bytes"], 1 << 20)
        self.assertIn("submits are refused", self.brigade("status", "-o", "table", broker=broker).stdout)
        refused = self.brigade(*submit, broker=broker, code=3)
        self.assertIn("of 1 MiB (--state-max). Forget finished jobs", refused.stderr)
        self.brigade("submit", "noop", "0..9", broker=broker, code=3)
        self.brigade("forget", first, broker=broker)
        eventually(lambda: json.loads(self.brigade("status", "-o", "json", broker=broker).stdout)["state_bytes"]
                   < 1 << 20, "the space of the forgotten job is counted no more")
        third = self.brigade(*submit, broker=broker).stdout.strip()
        self.brigade("wait", third, broker=broker)
        self.assertIn("1e9", self.admin("--state-max", "1e9", code=2).stderr)

    def test_usage_and_folders_that_are_none(self):
        self.assertIn("is no broker's state folder", self.admin("check", self.home, code=2).stderr)
        self.assertIn("STATE is required", self.admin("check", code=2).stderr)
        self.assertIn("STATE", self.admin("check", "--help").stdout)
        self.assertIn("check", self.admin("--help").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
