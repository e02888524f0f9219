"""The limits of a job hold across its workers: measured where the requests arrive."""

from support import *

URLS = int(os.environ.get("BRIGADE_URLS", "300"))  # 10,000 take two minutes: BRIGADE_LIMIT_S=300


def pages(path, before):
    """One page in ten is elsewhere, one in ten is busy when it is asked first."""
    if path.startswith("/hop/"):
        return 0, "302 Found", f"Location: /page/{path[5:]}\r\n"
    if path.startswith("/busy/") and before == 0:
        return 0, "503 Busy", ""
    return 0.02, "200 OK", ""


class Limits(BrigadeTest):
    def three_workers(self, *arguments):
        broker = self.broker()
        for i in range(3):
            self.worker(broker, *arguments, name=f"w{i}")
        return broker

    def fetch(self, broker, urls, *arguments, **how):
        listing = self.home / "urls"
        listing.write_text("".join(f"{url}\n" for url in urls))
        results = self.results("run", "fetch", "--from", listing, *arguments, broker=broker, **how)
        self.assert_complete(results, len(urls))
        return results

    def test_a_rate_counts_every_request_of_every_worker(self):
        server = CountingServer(self, pages)
        broker = self.three_workers()
        kinds = ["hop", "busy"] + ["page"] * 8
        urls = [server.url(f"{kinds[i % 10]}/{i}") for i in range(URLS)]
        results = self.fetch(broker, urls, "--rate", "100/s", "--backoff", "50ms")
        self.assertEqual({r["result"]["http_status"] for r in results}, {200})
        self.assertEqual(len({r["worker"] for r in results}), 3)
        self.assertEqual(len(server.arrivals), URLS * 12 // 10)
        # 101 begin within a second at most. A worker that is kept from running between its look at the clock and its
        # write is late, and so is what the server sees when it was kept from running itself.
        self.assertLessEqual(server.most_within(1), 101 + 100 * server.noise_s())
        span = server.arrivals[-1][0] - server.arrivals[0][0]
        self.assertGreaterEqual(span, (len(server.arrivals) - 1) / 100 - 0.1)

    def test_a_host_is_asked_by_no_more_at_once_than_allowed(self):
        server = CountingServer(self, pages, ports=2)
        broker = self.three_workers()
        urls = [server.url(f"page/{i}", i % 2) for i in range(120)]
        results = self.fetch(broker, urls, "--per-host", 2)
        self.assertEqual(len({r["worker"] for r in results}), 3)
        self.assertEqual(server.most, {port: 2 for port in server.ports})

    def test_blocking_workers_keep_the_limits_too(self):
        server = CountingServer(self, pages)
        broker = self.three_workers("--threads", 4)
        urls = [server.url(f"{'hop' if i % 4 == 0 else 'page'}/{i}") for i in range(100)]
        self.fetch(broker, urls, "--mode", "threads", "--per-host", 2, "--rate", "100/s")
        self.assertEqual(server.most, {server.ports[0]: 2})
        self.assertLessEqual(server.most_within(1), 101 + 100 * server.noise_s())

    def test_a_host_that_asks_for_a_pause_gets_it_from_all_workers(self):
        def busy_once(path, before):
            busy = path == "/page/20" and before == 0
            return (0, "429 Too Many", "Retry-After: 1\r\n") if busy else (0, "200 OK", "")

        server = CountingServer(self, busy_once)
        broker = self.three_workers()
        self.fetch(broker, [server.url(f"page/{i}") for i in range(100)], "--rate", "200/s")
        asked_at = next(at for at, _, path in server.arrivals if path == "/page/20")
        during = [at for at, _, _ in server.arrivals if asked_at + server.noise_s() + 0.05 < at < asked_at + 0.95]
        self.assertEqual(during, [])

    def test_a_slow_rate_does_not_use_up_the_time_limit(self):
        server = CountingServer(self, pages)
        broker = self.three_workers()
        results = self.fetch(broker, [server.url(f"hop/{i}") for i in range(10)], "--rate", "10/s", "--timeout",
                             "300ms", "--retries", 0)
        self.assertEqual({r["status"] for r in results}, {"ok"})

    def test_what_waits_is_explained_can_be_cancelled_and_holds_up_no_worker_that_leaves(self):
        server = CountingServer(self, pages)
        broker = self.broker()
        worker = self.worker(broker, name="w")
        urls = [server.url(f"page/{i}") for i in range(50)]
        job = self.brigade("submit", "fetch", *urls, "--rate", "1/m", "-o", "quiet", broker=broker).stdout.strip()
        eventually(lambda: "rate (--rate)" in self.brigade("why", job, broker=broker).stdout, "why names the rate")
        worker.signal(signal.SIGTERM)
        began = time.monotonic()
        worker.wait()
        self.assertLess(time.monotonic() - began, 5)
        self.worker(broker, name="v")
        eventually(lambda: "rate (--rate)" in self.brigade("why", job, broker=broker).stdout, "others wait instead")
        self.brigade("cancel", job, broker=broker)
        self.brigade("wait", job, broker=broker, code=6)
        self.assertLessEqual(len(server.arrivals), 3)


if __name__ == "__main__":
    unittest.main()
