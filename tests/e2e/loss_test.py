"""Workers and clients that die: every task has exactly one result all the same."""

from support import *

URLS = int(os.environ.get("BRIGADE_URLS", "1500"))  # 100,000 take ten seconds


class Loss(BrigadeTest):
    def submit(self, broker, *arguments):
        return self.brigade("submit", *arguments, "-o", "quiet", broker=broker).stdout.strip()

    def test_one_worker_killed_one_drained_one_joining(self):
        broker = self.broker()
        first = self.worker(broker, "--threads", 1, name="first")
        second = self.worker(broker, "--threads", 1, name="second")
        job = self.submit(broker, "sleep", "20ms", "--count", 400, "--mode", "threads")
        self.await_lease(broker, "first")
        first.signal(signal.SIGKILL)
        self.worker(broker, "--threads", 2, name="third")
        self.await_lease(broker, "second")
        second.signal(signal.SIGTERM)
        self.assertEqual(second.wait(), 0)
        self.brigade("wait", job, broker=broker)
        results = self.results("results", job, broker=broker)
        self.assert_complete(results, 400)
        self.assertTrue(all(result["status"] == "ok" for result in results))
        self.assertIn("third", {result["worker"] for result in results})
        self.assertEqual(self.job(job, broker)["ok"], 400)

    def test_a_silent_worker_is_replaced_and_its_late_results_count_once(self):
        broker = self.broker()
        silent = self.worker(broker, "--threads", 1, name="silent")
        job = self.submit(broker, "sleep", "50ms", "--count", 40, "--mode", "threads")
        self.await_lease(broker, "silent")
        silent.signal(signal.SIGSTOP)
        self.worker(broker, "--threads", 1, name="other")
        eventually(lambda: "silent" not in self.workers(broker), "the silent worker is given up")
        silent.signal(signal.SIGCONT)
        self.brigade("wait", job, broker=broker)
        self.assert_complete(self.results("results", job, broker=broker), 40)

    def test_a_straggler_runs_a_second_time_elsewhere(self):
        asked = threading.Semaphore(0)
        first = threading.Lock()

        def respond(request, connection):
            if "straggler" in request and first.acquire(blocking=False):
                asked.acquire()  # the first to ask is not answered as long as the test runs
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        server = OddServer(self, respond)
        self.addCleanup(asked.release)
        broker = self.broker()
        self.worker(broker)
        self.worker(broker)
        urls = [server.url(str(number)) for number in range(20)] + [server.url("straggler")]
        results = self.results("run", "fetch", *urls, "--retries", 0, "--timeout", "1h", "--hedge", broker=broker)
        self.assert_complete(results, 21)
        self.assertTrue(all(result["status"] == "ok" for result in results))

    def test_an_idle_worker_drains_at_once(self):
        broker = self.broker()
        worker = self.worker(broker)
        worker.signal(signal.SIGTERM)
        self.assertEqual(worker.wait(), 0)
        eventually(lambda: not self.workers(broker), "the broker has forgotten the worker")

    def test_drain_by_command(self):
        broker = self.broker()
        worker = self.worker(broker, name="tired")
        self.brigade("drain", "tired", broker=broker)
        self.assertEqual(worker.wait(), 0)

    def test_a_killed_client_leaves_its_job_running(self):
        broker = self.broker()
        self.worker(broker)
        client = self.start("brigade", "run", "sleep", "20ms", "--count", "100", "--name", "orphan", "--broker",
                            broker.endpoint)
        eventually(lambda: '"running"' in self.brigade("jobs", "-o", "ndjson", broker=broker).stdout, "the job runs")
        client.signal(signal.SIGKILL)
        self.brigade("wait", "orphan", broker=broker)
        self.assert_complete(self.results("results", "orphan", broker=broker), 100)

    def test_a_restarted_broker_goes_on(self):
        state = self.home / "jobs"
        broker = self.broker("--state", state)
        self.worker(broker, "--threads", 1, name="steady")
        job = self.submit(broker, "sleep", "20ms", "--count", 200, "--mode", "threads")
        self.await_lease(broker, "steady")
        broker.signal(signal.SIGKILL)
        broker.wait()
        again = self.broker("--state", state, listen=broker.endpoint)
        self.brigade("wait", job, broker=again)
        results = self.results("results", job, broker=again)
        self.assert_complete(results, 200)
        self.assertTrue(all(result["status"] == "ok" for result in results))

    def test_a_list_of_urls_outlives_its_broker_and_a_worker(self):
        """At a third of the list the server waits until the broker is killed, at two thirds until a worker is."""
        reached, killed = ([threading.Event(), threading.Event()] for _ in range(2))

        def answer(path, before):
            for third in range(2):
                if len(server.arrivals) == (third + 1) * URLS // 3:
                    reached[third].set()
                    killed[third].wait()
            return 0, "200 OK", ""

        server = CountingServer(self, answer)
        for event in killed:
            self.addCleanup(event.set)
        state = self.home / "jobs"
        broker = self.broker("--state", state)
        doomed = self.worker(broker, name="doomed")
        self.worker(broker, name="steady")
        urls = self.home / "urls"
        urls.write_text("".join(f"{server.url(number)}\n" for number in range(URLS)))
        job = self.submit(broker, "fetch", "--from", urls, "--timeout", "1h")
        reached[0].wait()
        broker.signal(signal.SIGKILL)
        broker.wait()
        killed[0].set()
        again = self.broker("--state", state, listen=broker.endpoint)
        reached[1].wait()
        doomed.signal(signal.SIGKILL)
        killed[1].set()
        self.brigade("wait", job, broker=again)
        results = self.results("results", job, broker=again)
        self.assert_complete(results, URLS)
        self.assertEqual({result["status"] for result in results}, {"ok"})
        fetched = {result["result"]["url"] for result in results}
        self.assertEqual(fetched, {server.url(number) for number in range(URLS)})

    def test_results_in_both_orders_and_from_a_cursor(self):
        broker = self.broker()
        self.worker(broker)
        job = self.submit(broker, "noop", "0..4999")
        self.brigade("wait", job, broker=broker)
        by_input = self.results("results", job, "--order", "input", broker=broker)
        self.assertEqual([r["index"] for r in by_input], list(range(5000)))
        by_completion = self.results("results", job, "--order", "completion", broker=broker)
        self.assert_complete(by_completion, 5000)
        rest = self.results("results", job, "--order", "completion", "--from", 1234, broker=broker)
        self.assertEqual(rest, by_completion[1234:])

    def test_a_key_makes_submitting_idempotent(self):
        broker = self.broker()
        self.worker(broker)
        job = self.submit(broker, "noop", "0..99", "--key", "once")
        self.assertEqual(self.submit(broker, "noop", "0..99", "--key", "once"), job)
        done = self.brigade("submit", "noop", "0..98", "--key", "once", broker=broker, code=2)
        self.assertIn("once", done.stderr)

    def test_failed_tasks_are_retried_as_a_new_job(self):
        broker = self.broker()
        self.worker(broker)
        port = refused_port()
        urls = self.home / "urls"
        urls.write_text(f"http://127.0.0.1:{port}/a\ttag a\n")
        job = self.submit(broker, "fetch", "--from", urls, "--retries", 0)
        self.brigade("wait", job, broker=broker, code=1)
        again = self.brigade("retry", job, "--failed", "-o", "quiet", broker=broker).stdout.strip()
        self.brigade("wait", again, broker=broker, code=1)
        self.assertEqual(self.job(again, broker)["retry_of"], job)
        result, = self.results("results", again, broker=broker)
        self.assertEqual((result["index"], result["tag"], result["line"]), (0, "tag a", 1))
        self.brigade("forget", job, broker=broker)
        self.brigade("job", job, broker=broker, code=2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
