"""Several jobs and clients at once; modes; limits of a job."""

from support import *


class Sharing(BrigadeTest):
    def submit(self, broker, *arguments):
        return self.brigade("submit", *arguments, "-o", "quiet", broker=broker).stdout.strip()

    def finished(self, job, broker):
        return self.job(job, broker)["finished_at"]

    def test_two_jobs_at_once_get_equal_shares(self):
        broker = self.broker()
        self.worker(broker, "--threads", 2)
        jobs = [self.submit(broker, "spin", "5ms", "--count", 400) for _ in range(2)]
        for job in jobs:
            self.brigade("wait", job, broker=broker)
        # Where one ran before the other, the first result of the second would come after the last of the first.
        spans = []
        for job in jobs:
            ended = [result["finished_at"] for result in self.results("results", job, broker=broker)]
            spans.append((min(ended), max(ended)))
        self.assertLess(spans[1][0], spans[0][1])
        self.assertLess(spans[0][0], spans[1][1])
        half = sorted(result["finished_at"] for result in self.results("results", jobs[0], broker=broker))[199]
        others = sum(result["finished_at"] <= half for result in self.results("results", jobs[1], broker=broker))
        self.assertTrue(80 <= others <= 320, f"when one job had 200 results the other had {others}")

    def test_two_clients_get_equal_shares_however_many_jobs_one_has(self):
        local = f"ipc://{self.home}/broker"
        broker = self.broker("--listen", local)
        self.worker(broker, "--threads", 2)
        by_tcp = broker.endpoint
        many = [self.submit(broker, "spin", "5ms", "--count", 400) for _ in range(3)]
        broker.endpoint = local  # who comes by the local socket is another client: a user, not a host
        one = self.submit(broker, "spin", "5ms", "--count", 400)
        self.brigade("wait", one, broker=broker)
        clients = {self.job(job, broker)["client"] for job in (*many, one)}
        self.assertEqual(len(clients), 2, clients)
        ended = sorted(result["finished_at"] for result in self.results("results", one, broker=broker))
        broker.endpoint = by_tcp
        for job in many:
            self.brigade("wait", job, broker=broker)
        others = [result["finished_at"] for job in many for result in self.results("results", job, broker=broker)]
        between = sum(ended[100] < at <= ended[300] for at in others)
        self.assertTrue(80 <= between <= 320, f"while one client had 200 results the other had {between}")

    def test_a_job_stays_with_as_many_workers_as_it_may_have(self):
        broker = self.broker()
        for name in ("one", "two", "three"):
            self.worker(broker, "--threads", 2, name=name)
        job = self.submit(broker, "sleep", "5ms", "--count", 200, "--mode", "threads", "--max-workers", 2,
                          "--per-worker", 1)
        why = self.brigade("why", job, broker=broker).stdout
        shown = self.brigade("job", job, "-o", "table", broker=broker).stdout
        self.assertIn("max workers 2, per worker 1", shown)
        results = self.results("results", job, "--follow", broker=broker)
        self.assert_complete(results, 200)
        self.assertLessEqual(len({result["worker"] for result in results}), 2)
        self.assertGreaterEqual(self.job(job, broker)["elapsed_ms"], 200 * 5 / 2)
        if "slot" in why:  # it may have been over already
            self.assertIn("limited to 2 workers (--max-workers)", why)
        self.assertIn("1..65536", self.brigade("run", "noop", "0..1", "--max-workers", 0, code=2).stderr)

    def test_a_higher_priority_overtakes(self):
        broker = self.broker()
        self.worker(broker, "--threads", 1)
        patient = self.submit(broker, "spin", "10ms", "--count", 300)
        urgent = self.submit(broker, "spin", "10ms", "--count", 20, "--priority", 5)
        for job in (urgent, patient):
            self.brigade("wait", job, broker=broker)
        self.assertLess(self.finished(urgent, broker), self.finished(patient, broker))

    def test_cancel_keeps_what_is_done(self):
        broker = self.broker()
        self.worker(broker, "--threads", 1)
        job = self.submit(broker, "spin", "10ms", "--count", 2000)
        eventually(lambda: self.job(job, broker)["ok"] > 0, "some tasks are done")
        self.brigade("cancel", job, broker=broker)
        self.brigade("wait", job, broker=broker, code=6)
        results = self.results("results", job, broker=broker)
        self.assert_complete(results, 2000)
        self.assertEqual({result["status"] for result in results}, {"ok", "cancelled"})

    def test_deadline_and_max_fails_cut_the_rest(self):
        late = self.results("run", "sleep", "100ms", "--count", 1000, "--mode", "serial", "--deadline", "500ms", code=1)
        self.assert_complete(late, 1000)
        self.assertEqual({r["error"]["code"] for r in late if r["status"] == "cancelled"}, {"deadline"})
        urls = "".join(f"http://127.0.0.1:{refused_port()}/{i}\n" for i in range(300))
        cut = self.results("run", "fetch", "--from", "-", "--retries", 0, "--max-fails", 3, "--mode", "serial",
                           stdin=urls, code=1)
        self.assert_complete(cut, 300)
        self.assertIn("max_fails", {r["error"]["code"] for r in cut})
        self.assertEqual({r["status"] for r in cut}, {"failed", "cancelled"})

    def test_a_task_over_its_time_limit_fails(self):
        result, = self.results("run", "sleep", "60s", "--timeout", "100ms", "--retries", 0, code=1)
        self.assertEqual(result["error"]["code"], "timeout")

    def test_wait_says_when_its_limit_is_over(self):
        broker = self.broker()
        job = self.submit(broker, "noop", "0..9")
        self.brigade("wait", job, "--timeout", "200ms", broker=broker, code=5)
        self.assertIn("no worker is connected", self.brigade("why", job, broker=broker).stdout)


class Modes(BrigadeTest):
    """Counts worker processes, task threads and transfers in flight, so that no mode is an alias of another."""

    def test_processes_use_every_worker(self):
        results = self.results("run", "sleep", "40ms", "--count", 60, "--mode", "processes", "--workers", 3)
        self.assert_complete(results, 60)
        self.assertEqual(len({result["worker"] for result in results}), 3)

    def most_at_once(self, mode, *worker_options):
        """The most tasks in flight that a server saw from one shared worker."""
        lock = threading.Lock()
        seen = {"now": 0, "most": 0}

        def respond(request, connection):
            with lock:
                seen["now"] += 1
                seen["most"] = max(seen["most"], seen["now"])
            time.sleep(0.05)
            with lock:
                seen["now"] -= 1
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        server = OddServer(self, respond)
        broker = self.broker()
        for number in range(2):
            self.worker(broker, *worker_options, name=f"w{number}")
        urls = "".join(server.url(str(i)) + "\n" for i in range(120))
        results = self.results("run", "fetch", "--from", "-", "--mode", mode, stdin=urls, broker=broker)
        self.assert_complete(results, 120)
        return seen["most"]

    def test_transfers_in_flight_by_mode(self):
        options = ("--threads", 3, "--io-concurrency", 20)
        self.assertEqual(self.most_at_once("serial", *options), 1)
        self.assertEqual(self.most_at_once("processes", *options), 2)
        self.assertEqual(self.most_at_once("threads", *options), 6)
        self.assertGreater(self.most_at_once("coroutines", *options), 20)

    def test_both_kinds_give_the_same_results_in_every_mode(self):
        nginx = Nginx(self)
        for i in range(10):
            (nginx.root / str(i)).write_text(f"file {i}")
        urls = [nginx.url(i) for i in range(10)]
        numbers, bodies = set(), set()
        for mode in ("serial", "threads", "processes", "coroutines"):
            results = self.results("run", "factorial", "20..40", "--mode", mode)
            numbers.add(tuple(r["result"]["decimal"] for r in results))
            bodies.add(tuple(r["result"]["sha256"] for r in self.results("run", "fetch", *urls, "--mode", mode)))
        self.assertEqual((len(numbers), len(bodies)), (1, 1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
