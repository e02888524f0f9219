"""The limits of a job hold across its workers: measured where the requests arrive."""

import asyncio
import collections

from support import *


class CountingServer:
    """HTTP/1.1 with kept connections on loopback, several ports, each a host of its own. Notes when requests arrive and
    how many are under way. `answer(path, how often it was asked before)` gives (seconds of work, status line, headers).
    """

    def __init__(self, test, answer, ports=1):
        self.answer, self.arrivals, self.asked = answer, [], collections.Counter()
        self.under_way, self.most = collections.Counter(), collections.Counter()
        self.loop = asyncio.new_event_loop()
        serving = [self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1000))
                   for _ in range(ports)]
        self.stalled_s, self.woke_at = 0, time.monotonic()
        ticker = self.loop.create_task(self.tick())
        self.ports = [server.sockets[0].getsockname()[1] for server in serving]
        thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        thread.start()
        test.addCleanup(self.loop.close)
        for server in serving:
            test.addCleanup(server.close)
        test.addCleanup(thread.join)
        test.addCleanup(self.loop.call_soon_threadsafe, self.loop.stop)
        test.addCleanup(self.loop.call_soon_threadsafe, ticker.cancel)

    async def tick(self):
        """Measures for how long this server itself was kept from running: what came meanwhile, it sees at once."""
        while True:
            now = time.monotonic()
            self.stalled_s, self.woke_at = max(self.stalled_s, now - self.woke_at - 0.005), now
            await asyncio.sleep(0.005)

    async def serve(self, reader, writer):
        port = writer.get_extra_info("sockname")[1]
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ")[1].decode()
                self.arrivals.append((time.monotonic(), port, path))
                self.under_way[port] += 1
                self.most[port] = max(self.most[port], self.under_way[port])
                before = self.asked[path]
                self.asked[path] += 1
                work_s, status, headers = self.answer(path, before)
                await asyncio.sleep(work_s)
                self.under_way[port] -= 1
                writer.write(f"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n".encode())
        writer.close()

    def url(self, path, port=0):
        return f"http://127.0.0.1:{self.ports[port]}/{path}"

    def noise_s(self):
        """By how much requests may seem later than they were begun, on a busy machine."""
        return 0.1 + self.stalled_s

    def most_within(self, seconds):
        """The largest number of requests that arrived in a window of this length."""
        times = [at for at, _, _ in self.arrivals]
        first = most = 0
        for last, at in enumerate(times):
            while times[first] <= at - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most


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
        urls = [server.url(f"{kinds[i % 10]}/{i}") for i in range(600)]
        results = self.fetch(broker, urls, "--rate", "200/s", "--backoff", "50ms")
        self.assertEqual({r["result"]["http_status"] for r in results}, {200})
        self.assertEqual(len({r["worker"] for r in results}), 3)
        self.assertEqual(len(server.arrivals), 720)
        # 201 begin within a second at most. A worker that is kept from running between its look at the clock and its
        # write is late, and so is what the server sees when it was kept from running itself.
        self.assertLessEqual(server.most_within(1), 201 + 200 * server.noise_s())
        span = server.arrivals[-1][0] - server.arrivals[0][0]
        self.assertGreaterEqual(span, 719 / 200 - 0.1)

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
