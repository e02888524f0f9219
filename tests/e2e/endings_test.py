"""However `run` ends, nothing stays behind: no process, no folder."""

import pty
import struct
import termios
import fcntl

from support import *


class Endings(BrigadeTest):
    LONG = ("run", "sleep", "50ms", "--count", "2000", "--mode", "serial")

    def leftovers(self):
        return [path.name for path in self.home.glob("brigade-*") if path.is_dir()]

    def assert_nothing_left(self, children):
        eventually(lambda: not any(alive(child) for child in children), "the children are gone")
        eventually(lambda: not self.leftovers(), "the private folder is gone")

    def started(self, *arguments):
        """A running `run` with its children at work."""
        client = self.start("brigade", *arguments)
        children = eventually(lambda: len(descendants(client.pid)) >= 2 and descendants(client.pid), "children started")
        client.wait_for(r'"index":0')
        return client, children

    def test_a_normal_end(self):
        self.brigade("run", "noop", "0..9")
        self.assertEqual(self.leftovers(), [])

    def test_kill_9(self):
        client, children = self.started(*self.LONG)
        client.signal(signal.SIGKILL)
        self.assert_nothing_left(children)

    def test_ctrl_c_cancels_and_exits_130(self):
        client, children = self.started(*self.LONG)
        client.signal(signal.SIGINT)
        self.assertEqual(client.wait(), 130)
        self.assert_nothing_left(children)

    def test_a_killed_private_broker_is_exit_3(self):
        client, children = self.started(*self.LONG)
        broker = next(pid for pid in children
                      if b"brigade-broker" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(broker, signal.SIGKILL)
        self.assertEqual(client.wait(), 3)
        self.assert_nothing_left(children)

    def test_a_closed_pipe(self):
        done = subprocess.run(["sh", "-c", f"{BIN}/brigade run noop 0..999999 -o ndjson | head -n 1"], env=self.env,
                              capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual(json.loads(done.stdout)["index"], 0)
        self.assertNotIn("rror", done.stderr)
        eventually(lambda: not self.leftovers(), "the private folder is gone")

    def test_a_full_output_disk(self):
        done = subprocess.run(["sh", "-c", f"{BIN}/brigade run noop 0..99999 -o ndjson > /dev/full"], env=self.env,
                              capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual(done.returncode, 2)
        self.assertIn("No space left", done.stderr)
        self.assertEqual(self.leftovers(), [])

    def test_ctrl_c_detaches_from_a_submitted_job(self):
        broker = self.broker()
        self.worker(broker)
        client = self.start("brigade", *self.LONG, "--broker", broker.endpoint)
        client.wait_for(r'"index":0')
        client.signal(signal.SIGINT)
        self.assertEqual(client.wait(), 130)
        self.assertIn("brigade results", client.text())
        job, = map(json.loads, self.brigade("jobs", "-o", "ndjson", broker=broker).stdout.splitlines())
        self.assertEqual(job["state"], "running")
        self.brigade("cancel", "last", broker=broker)

    def test_out_appears_whole(self):
        out = self.home / "results.ndjson"
        self.brigade("run", "noop", "0..99", "--out", out)
        self.assert_complete([json.loads(line) for line in out.read_text().splitlines()], 100)
        self.brigade("run", "noop", "0..199", "--out", out, "--resume")
        self.assert_complete([json.loads(line) for line in out.read_text().splitlines()], 200)

    def test_a_run_that_was_killed_just_before_its_file_stood_is_resumed_without_running_anything(self):
        out = self.home / "results.ndjson"
        for source in (["0..99"], ["--from", "-"]):
            numbers = "".join(f"{number}\n" for number in range(100)) if source == ["--from", "-"] else None
            self.brigade("run", "factorial", *source, "--out", out, stdin=numbers)
            whole = out.read_bytes()
            out.rename(self.home / "results.ndjson.part")
            done = self.brigade("run", "factorial", *source, "--out", out, "--resume", stdin=numbers)
            self.assertIn("has all 100 results", done.stderr)
            self.assertEqual(out.read_bytes(), whole)
            self.assertEqual(self.leftovers(), [])
            self.assertEqual([path.name for path in self.home.glob("results*")], [out.name])


class Terminal(BrigadeTest):
    def test_forty_columns_are_enough(self):
        primary, secondary = pty.openpty()
        fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        env = dict(self.env, TERM="xterm")
        env.pop("CI", None)
        process = subprocess.Popen([str(BIN / "brigade"), "run", "factorial", "1000..1005"], stdin=subprocess.DEVNULL,
                                   stdout=secondary, stderr=secondary, env=env)
        os.close(secondary)
        screen = b""
        with contextlib.suppress(OSError):  # the other end closes
            while part := os.read(primary, 65536):
                screen += part
        self.assertEqual(process.wait(LIMIT_S), 0)
        os.close(primary)
        lines = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", screen).decode().replace("\r", "\n").split("\n")
        self.assertTrue(any("digits)" in line or "…" in line for line in lines), lines)
        self.assertLessEqual(max(map(len, lines)), 40, max(lines, key=len))


class Services(BrigadeTest):
    def test_up_restarts_what_dies_and_down_ends_it(self):
        self.brigade("up", "--listen", f"tcp://127.0.0.1:{refused_port()}", "--workers", 2)
        self.addCleanup(lambda: subprocess.run([BIN / "brigade", "down"], env=self.env, capture_output=True))
        listing = lambda: [json.loads(line) for line in self.brigade("workers", "-o", "ndjson").stdout.splitlines()]
        workers = eventually(lambda: len(listing()) == 2 and listing(), "two workers")
        os.kill(workers[0]["pid"], signal.SIGKILL)
        eventually(lambda: len({w["pid"] for w in listing()} - {workers[0]["pid"]}) == 2, "the worker is replaced")
        self.assert_complete(self.results("run", "noop", "0..99"), 100)
        self.brigade("down")
        self.brigade("jobs", code=3)

    def test_doctor_and_completion_and_version(self):
        self.assertIn("brigade-worker", self.brigade("doctor").stdout)
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("factorial", self.brigade("completion", shell).stdout)
        self.assertRegex(self.brigade("version").stdout, r"\d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main(verbosity=2)
