"""What fetch checks and whom it goes through: checksums, proxies, cookies."""

import hashlib

from support import *

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class FetchOptions(BrigadeTest):
    def recording(self, respond=lambda request: EMPTY):
        """A server that keeps the requests that it was sent."""
        seen = []

        def answer(request, connection):
            seen.append(request)
            connection.sendall(respond(request))

        server = RequestServer(self, answer)
        server.seen = seen
        return server

    def test_a_body_that_is_not_the_expected_one_fails(self):
        nginx = Nginx(self)
        (nginx.root / "file").write_bytes(b"contents")
        right, wrong = hashlib.sha256(b"contents").hexdigest(), hashlib.sha256(b"other").hexdigest()
        self.results("run", "fetch", nginx.url("file"), "--sha256", right.upper())
        listing = self.home / "list"
        listing.write_text("".join(json.dumps(line) + "\n" for line in (
            {"url": nginx.url("file"), "sha256": right}, {"url": nginx.url("file"), "sha256": wrong},
            {"url": nginx.url("file")}, {"url": nginx.url("missing"), "sha256": right})))
        good, bad, other, missing = self.results("run", "fetch", "--from", listing, "--sha256", wrong, code=1)
        self.assertEqual((good["status"], good["args"]["sha256"]), ("ok", right))
        self.assertEqual((bad["error"]["code"], bad["attempts"]), ("checksum", 1))
        self.assertIn(right, bad["error"]["message"])
        self.assertEqual(other["error"]["code"], "checksum")
        self.assertIn("HTTP 404", missing["error"]["message"])
        done = self.brigade("run", "fetch", nginx.url("file"), "--sha256", right[:-1], code=2)
        self.assertIn("64 hexadecimal digits", done.stderr)

    def test_a_proxy_is_used_only_where_one_is_named(self):
        proxy, target = self.recording(), self.recording()
        through = ["--proxy", f"http://user:secret@127.0.0.1:{proxy.port}", "--retries", 0]
        self.results("run", "fetch", "http://no-such-host.invalid/page", *through)
        self.assertIn("GET http://no-such-host.invalid/page HTTP/1.1", proxy.seen[0])
        self.assertIn("Proxy-Authorization: Basic ", proxy.seen[0])
        self.env["http_proxy"] = f"http://127.0.0.1:{proxy.port}"
        self.results("run", "fetch", target.url("direct"))
        self.assertEqual((len(proxy.seen), len(target.seen)), (1, 1))
        refusing = self.recording(lambda request: b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        result, = self.results("run", "fetch", "https://brigade.test/", "--proxy", refusing.url(), code=1)
        self.assertEqual((result["error"]["code"], result["attempts"]), ("connect", 1), result)
        self.assertIn("CONNECT brigade.test:443", refusing.seen[0])
        result, = self.results("run", "fetch", target.url(), "--proxy", f"http://u:secret@127.0.0.1:{refused_port()}",
                               "--retries", 0, code=1)
        self.assertEqual(result["error"]["code"], "connect")
        self.assertNotIn("secret", result["error"]["message"])
        done = self.brigade("run", "fetch", target.url(), "--proxy", "socks5://h", code=2)
        self.assertIn("--proxy", done.stderr)

    def test_a_shared_worker_checks_the_address_of_the_proxy(self):
        broker, proxy = self.broker(), self.recording()
        self.start("brigade-worker", "--broker", broker.endpoint).wait_for("connected to broker")
        result, = self.results("run", "fetch", "http://93.184.216.34/", "--proxy", proxy.url(), broker=broker, code=1)
        self.assertEqual(result["error"]["code"], "forbidden_address")
        self.assertIn("the proxy 127.0.0.1", result["error"]["message"])
        self.assertEqual(proxy.seen, [])

    def test_cookies_follow_the_redirects_of_their_own_task_only(self):
        def respond(request):
            if " /in " not in request.split("\r\n")[0]:
                return EMPTY
            return (b"HTTP/1.1 302 Found\r\nSet-Cookie: pass=1\r\nLocation: /wall\r\nContent-Length: 0\r\n"
                    b"Connection: close\r\n\r\n")

        server = self.recording(respond)
        for mode in ("coroutines", "threads"):
            for chosen, sent in ((["--cookies"], [False, True, False]), ([], [False, False, False])):
                del server.seen[:]
                self.results("run", "fetch", server.url("in"), server.url("out"), *chosen, "--mode", mode,
                             "--io-concurrency", 1, "--threads", 1)
                self.assertEqual(["Cookie: pass=1" in request for request in server.seen], sent)

    def test_an_address_that_one_job_names_for_a_host_serves_that_job_alone(self):
        broker = self.broker()
        self.worker(broker)
        server = self.recording()
        url = f"http://localhost:{server.port}/"
        elsewhere = ["--resolve", f"localhost:{server.port}:127.0.0.2", "--retries", 0]
        result, = self.results("run", "fetch", url, *elsewhere, broker=broker, code=1)  # nobody listens there
        self.assertEqual(result["error"]["code"], "connect")
        self.results("run", "fetch", url, broker=broker)
        self.assertEqual(len(server.seen), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
