"""Bad input: one line that says what, where and why, the exit code of the contract, and nothing submitted."""

import sys

from support import *


class BadInput(BrigadeTest):
    def refuse(self, *arguments, code=2, says=(), **how):
        done = self.brigade(*arguments, code=code, **how)
        message = done.stderr.strip()
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(message.splitlines()), 1, message)
        for word in says:
            self.assertIn(str(word), message)

    def test_numbers_that_are_none(self):
        self.refuse("run", "factorial", "--", "-1", says=["-1"])
        self.refuse("run", "factorial", "1e9", says=["1e9"])
        self.refuse("run", "factorial", "abc", says=["abc"])
        self.refuse("run", "factorial", "9..3", says=["9..3"])

    def test_an_empty_list(self):
        self.refuse("run", "factorial", "--from", "-", stdin="# nothing\n\n", says=["no task"])
        self.refuse("run", "factorial", says=["factorial"])

    def test_a_bad_line_is_named_and_nothing_is_submitted(self):
        broker = self.broker()
        self.worker(broker)
        path = self.home / "list"
        path.write_text("1\n2\nthree\n4\n")
        self.refuse("run", "factorial", "--from", path, broker=broker, says=["3", "three", path])
        self.refuse("run", "factorial", "--from", "-", broker=broker, stdin=path.read_text(), says=["3", "three"])
        self.assertEqual(self.brigade("jobs", "-o", "ndjson", broker=broker).stdout, "")

    def test_a_list_that_is_not_there(self):
        self.refuse("run", "fetch", "--from", self.home / "missing", says=["missing"])

    def test_schemes_that_fetch_does_not_speak(self):
        self.refuse("run", "fetch", "ftp://example.org/", says=["ftp"])
        self.refuse("run", "fetch", "file:///etc/passwd", says=["file"])

    def test_an_n_over_the_limit_of_every_worker(self):
        broker = self.broker()
        self.worker(broker, "--factorial-max", 1000)
        self.refuse("run", "factorial", 1001, broker=broker, code=7, says=["1001", "1000"])
        self.assertEqual(self.brigade("jobs", "-o", "ndjson", broker=broker).stdout, "")

    def test_a_kind_that_no_worker_offers(self):
        broker = self.broker()
        self.worker(broker, "--kinds", "factorial")
        self.refuse("run", "noop", "0..9", broker=broker, code=7, says=["noop"])
        job = self.brigade("submit", "noop", "0..9", "-o", "quiet", broker=broker).stdout.strip()
        self.assertIn("noop", self.brigade("why", job, broker=broker).stdout)

    def test_an_unwritable_output(self):
        self.refuse("run", "noop", "0..9", "--out", self.home / "no" / "such" / "file", says=["file"])
        (self.home / "target").write_text("kept")
        (self.home / "link").symlink_to(self.home / "target")
        self.refuse("run", "noop", "0..9", "--out", self.home / "link", says=["link"])
        self.assertEqual((self.home / "target").read_text(), "kept")

    def test_a_broker_that_is_not_there(self):
        endpoint = f"tcp://127.0.0.1:{refused_port()}"
        self.refuse("run", "noop", "0..9", "--broker", endpoint, "--connect-timeout", "300ms", code=3, says=[endpoint])
        self.refuse("jobs", "--broker", endpoint, "--connect-timeout", "300ms", code=3, says=[endpoint])

    def test_a_broker_without_workers(self):
        broker = self.broker()
        self.refuse("run", "noop", "0..9", "--connect-timeout", "300ms", broker=broker, code=3, says=["worker"])

    def test_mistyped_words_suggest_the_nearest(self):
        self.refuse("rum", "noop", "0..9", says=["run"])
        self.refuse("run", "noop", "0..9", "--modee", "threads", says=["--mode"])
        self.refuse("run", "noop", "0..9", "--mode", "thread", says=["threads"])

    def test_an_unknown_job(self):
        broker = self.broker()
        self.refuse("job", "deadbeef", broker=broker, says=["deadbeef"])


class BadServices(BrigadeTest):
    def ends(self, program, says, code):
        self.assertEqual(program.wait(), code, program.text())
        self.assertIn(says, program.text())

    def test_a_port_in_use(self):
        broker = self.broker()
        self.ends(self.start("brigade-broker", "--ephemeral", "--listen", broker.endpoint), "in use", 1)

    def test_a_worker_with_an_unknown_kind(self):
        self.ends(self.start("brigade-worker", "--kinds", "knit"), "knit", 2)

    def test_mistyped_words_suggest_the_nearest(self):
        self.ends(self.start("brigade-broker", "chek"), "did you mean 'check'?", 2)
        self.ends(self.start("brigade-broker", "--stat", "x"), "did you mean '--state'?", 2)
        self.ends(self.start("brigade-broker", "check", "x", "--outptu"), "did you mean '--output'?", 2)
        self.ends(self.start("brigade-worker", "--thread=3"), "did you mean '--threads'?", 2)
        self.ends(self.start("brigade-worker", "serve"), "no argument is expected, but there is 'serve'", 2)

    def test_an_endpoint_that_others_can_reach(self):
        self.ends(self.start("brigade-broker", "--ephemeral", "--listen", "tcp://0.0.0.0:0"), "--insecure-listen", 2)

    def test_random_bytes_on_the_port_disturb_nobody(self):
        broker = self.broker()
        self.worker(broker)
        port = int(broker.endpoint.rpartition(":")[2])
        for size in (1, 100, 100_000):
            with socket.create_connection(("127.0.0.1", port)) as stranger, contextlib.suppress(OSError):
                stranger.sendall(os.urandom(size))
        self.assert_complete(self.results("run", "noop", "0..99", broker=broker), 100)
        self.assertIsNone(broker.process.poll())


if __name__ == "__main__":
    unittest.main(verbosity=2)
