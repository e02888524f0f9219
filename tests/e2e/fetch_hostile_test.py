"""Servers that misbehave in every way known: each task ends with its documented code, and nobody else notices."""

from hostile import *


class Answers:
    """What the hostile server says, by the path that is asked for; the code and words that the task must end with."""

    def __init__(self, gone, forbidden):
        self.gone = gone  # set when the test is over
        bomb = {encoding: encoded(encoding, pack(bytes(64 * MIB))) for encoding, pack in PACKERS.items()}
        chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
        self.cases = {
            "endless_body": ("body_too_large", "1 MiB", lambda c: until_closed(c, for_ever(b"\r\n" + bytes(65536)))),
            "endless_headers": ("protocol", "headers", lambda c: until_closed(c, for_ever(b"X-Y: z\r\n" * 1000))),
            "endless_header": ("protocol", "header", lambda c: until_closed(c, for_ever(b"X" * 65536))),
            "endless_interim": ("protocol", "headers",
                                lambda c: self.flood(c, b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)),
            "endless_trailers": ("protocol", "", lambda c: self.flood(c, b"X-Y: z\r\n" * 1000, chunked + b"0\r\n")),
            "endless_chunk": ("timeout", "", lambda c: drip(c, chunked + b"1;" + b"x" * 9999, gone)),
            "slow_head": ("timeout", "no answer", lambda c: drip(c, b"HTTP/1.1 " + b"2" * 9999, gone)),
            "slow_headers": ("timeout", "no complete answer", lambda c: drip(c, OK + b"X: y\r\n" * 9999, gone)),
            "slow_body": ("timeout", "no complete answer",
                          lambda c: drip(c, OK + b"Content-Length: 99999\r\n\r\n" + b"x" * 9999, gone)),
            "silent": ("timeout", "no answer", hang),
            "closed": ("protocol", "an empty answer", lambda c: None),
            "too_short": ("protocol", "ended early", lambda c: c.sendall(OK + b"Content-Length: 9\r\n\r\n12345")),
            "negative_length": ("protocol", "", lambda c: c.sendall(OK + b"Content-Length: -1\r\n\r\n12345")),
            "bad_chunk": ("protocol", "", lambda c: c.sendall(chunked + b"xyz\r\n12345")),
            "short_chunk": ("protocol", "ended early", lambda c: c.sendall(chunked + b"9\r\n12345")),
            "reset_in_head": ("protocol", "", lambda c: reset(c, b"HTTP/1.1 200")),
            "reset_in_body": ("protocol", "ended early", lambda c: reset(c, OK + b"Content-Length: 9\r\n\r\n12345")),
            "garbage": ("protocol", "", lambda c: c.sendall(b"\x00\xff\x17 what is this? " * 9)),
            "old": ("protocol", "", lambda c: c.sendall(b"<html>HTTP/0.9 had no head</html>")),
            "other_version": ("protocol", "", lambda c: c.sendall(b"HTTP/9.9 200 OK\r\n\r\n")),
            "broken_gzip": ("protocol", "", lambda c: c.sendall(encoded("gzip", b"this is no gzip"))),
            "many_encodings": ("protocol", "", lambda c: c.sendall(encoded(", ".join(["gzip"] * 50), b"x"))),
            **{f"{encoding}_bomb": ("body_too_large", "1 MiB", lambda c, packed=packed: c.sendall(packed))
               for encoding, packed in bomb.items()},
            "loop": ("protocol", "more than 10 redirects", lambda c: self.redirect(c, "/loop")),
            "to_file": ("protocol", "no http or https", lambda c: self.redirect(c, "file:///etc/passwd")),
            "to_gopher": ("protocol", "no http or https", lambda c: self.redirect(c, "gopher://127.0.0.1:11211/_x")),
            "to_metadata": ("forbidden_address", "169.254.169.254",
                            lambda c: self.redirect(c, "http://169.254.169.254/latest/meta-data")),
            "to_private": ("forbidden_address", "127.0.0.2", lambda c: self.redirect(c, forbidden)),
        }

    @staticmethod
    def flood(connection, piece, begin=b""):
        connection.sendall(begin)
        while True:
            connection.sendall(piece)

    @staticmethod
    def redirect(connection, to):
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                           .encode())

    def __call__(self, request, connection):
        self.cases[request.split(" ")[1].lstrip("/")][2](connection)


class Hostile(BrigadeTest):
    def setUp(self):
        super().setUp()
        self.gone = threading.Event()
        self.addCleanup(self.gone.set)
        broker = self.broker()
        self.fetcher = self.start("brigade-worker", "--broker", broker.endpoint, "--fetch-allow", "127.0.0.1",
                                  "--io-threads", 2)
        self.fetcher.wait_for("connected to broker")
        self.shared = broker

    def fetch(self, *arguments):
        return self.results("run", "fetch", *arguments, "--retries", 0, broker=self.shared, code=1)

    def peak_kib(self):
        status = pathlib.Path(f"/proc/{self.fetcher.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))

    def assert_ended(self, result, code, words):
        shown = f"{result['args']['url']}: {result}"
        self.assertEqual(result["status"], "failed", shown)
        self.assertEqual(result["error"]["code"], code, shown)
        self.assertIn(words, result["error"]["message"], shown)

    def test_every_hostile_answer_ends_as_documented_and_good_pages_do_not_wait(self):
        nginx = Nginx(self)
        (nginx.root / "page").write_text("good")
        answers = Answers(self.gone, f"http://127.0.0.2:{nginx.port}/page")
        server = OddServer(self, answers)
        strange, good = [server.url(path) for path in answers.cases], [nginx.url("page")] * 500
        listing = self.home / "urls"
        listing.write_text("".join(f"{url}\n" for url in good[:250] + strange + good[250:]))
        self.fetch(nginx.url("page"), "http://127.0.0.2/")
        before = self.peak_kib()
        limits = ["--timeout", "2s", "--max-body", "1MiB", "--compressed"]
        results = self.fetch("--from", listing, *limits)
        self.assert_complete(results, 500 + len(strange))
        for result, (code, words, _) in zip(results[250:250 + len(strange)], answers.cases.values()):
            with self.subTest(result["args"]["url"]):
                self.assert_ended(result, code, words)
                if code == "timeout":
                    self.assertTrue(1900 < result["run_ms"] < 4000, result)
        for result in results[:250] + results[250 + len(strange):]:
            self.assertEqual((result["status"], result["result"]["bytes"]), ("ok", 4), result)
            self.assertLess(result["run_ms"], 1900, "held up by another transfer")
        self.assertLess(self.peak_kib() - before, 48 * 1024 * MEMORY_FACTOR, "memory of a worker under attack")
        blocking = self.fetch(*strange, *limits, "--mode", "threads")
        for result, (code, words, _) in zip(blocking, answers.cases.values()):
            with self.subTest("blocking " + result["args"]["url"]):
                self.assert_ended(result, code, words)

    def test_what_exceeds_an_announced_length_is_not_part_of_the_answer(self):
        server = OddServer(self, lambda _, c: c.sendall(OK + b"Content-Length: 4\r\n\r\n" + b"good" + b"evil" * 9))
        results = self.results("run", "fetch", *[server.url()] * 3, "--body", "--mode", "serial", broker=self.shared)
        self.assertEqual([result["result"]["body"] for result in results], ["good"] * 3)

    def test_each_encoding_is_decoded_and_counted_as_decoded(self):
        for encoding, pack in PACKERS.items():
            body = f"packed with {encoding} ".encode() * 1000
            server = OddServer(self, lambda _, c, sent=encoded(encoding, pack(body)): c.sendall(sent))
            result, = self.results("run", "fetch", server.url(), "--compressed", "--body", broker=self.shared)
            self.assertEqual((result["result"]["body"].encode(), result["result"]["bytes"]), (body, len(body)))
            fits = ["--max-body", len(body)]
            self.assertEqual(len(self.results("run", "fetch", server.url(), "--compressed", *fits,
                                              broker=self.shared)), 1)
            result, = self.fetch(server.url(), "--compressed", "--max-body", len(body) - 1)
            self.assert_ended(result, "body_too_large", "")

    def test_tls_that_cannot_be_trusted_or_never_comes(self):
        right = Certificates(self.home, "brigade.test")
        expired = Certificates(self.home, "old.test", expired=True)
        greet = lambda _, c: c.sendall(OK + b"Content-Length: 0\r\n\r\n")
        servers = {"ok": TlsServer(self, right, greet), "expired": TlsServer(self, expired, greet)}
        plain = OddServer(self, greet)
        mute = OddServer(self, lambda _, c: hang(c))
        rude = OddServer(self, lambda _, c: reset(c, b"\x16\x03"))
        names = [f"{name}:{server.port}:127.0.0.1" for name in ("brigade.test", "old.test", "wrong.test")
                 for server in (*servers.values(), plain, mute, rude)]
        trust = self.home / "trusted.pem"
        trust.write_text(right.certificate.read_text() + expired.certificate.read_text())
        options = ["--cacert", trust, *(part for name in names for part in ("--resolve", name)), "--connect-timeout",
                   "1s", "--timeout", "20s"]
        cases = [(f"https://wrong.test:{servers['ok'].port}/", "tls", "wrong.test"),
                 (f"https://old.test:{servers['expired'].port}/", "tls", "expired"),
                 (f"https://brigade.test:{plain.port}/", "tls", "no TLS"),
                 (f"https://brigade.test:{mute.port}/", "timeout", "no connection to"),
                 (f"https://brigade.test:{rude.port}/", "tls", "no TLS")]
        for result, (_, code, words) in zip(self.fetch(*[url for url, *_ in cases], *options), cases):
            self.assert_ended(result, code, words)
        result, = self.results("run", "fetch", servers["ok"].url(), *options, broker=self.shared)
        self.assertEqual(result["result"]["http_status"], 200)
        result, = self.results("run", "fetch", servers["expired"].url(), "--insecure-tls", *options, broker=self.shared)
        self.assertEqual(result["result"]["http_status"], 200)

    def test_http2_streams_and_connections_that_are_given_up(self):
        certificates = Certificates(self.home, "brigade.test")
        frame, h2 = Http2Server.frame, Http2Server
        begin = lambda c, stream: c.sendall(frame(h2.HEADERS, h2.END_HEADERS, stream, h2.STATUS_200))
        cancelled = struct.pack(">I", 8)

        def rst(c, stream):
            c.sendall(frame(h2.RST_STREAM, 0, stream, cancelled))

        def rst_in_body(c, stream):
            begin(c, stream)
            c.sendall(frame(h2.DATA, 0, stream, b"half") + frame(h2.RST_STREAM, 0, stream, cancelled))

        def goaway(c, stream):
            c.sendall(frame(h2.GOAWAY, 0, 0, struct.pack(">II", 0, 11)))
            c.shutdown(socket.SHUT_RDWR)

        def goaway_in_body(c, stream):
            begin(c, stream)
            c.sendall(frame(h2.DATA, 0, stream, b"half") + frame(h2.GOAWAY, 0, 0, struct.pack(">II", stream, 2)))
            c.shutdown(socket.SHUT_RDWR)

        def endless_continuation(c, stream):
            c.sendall(frame(h2.HEADERS, 0, stream, h2.STATUS_200))
            while True:
                c.sendall(frame(h2.CONTINUATION, 0, stream, b"\x00\x01x\x01y" * 3000))

        def bad_header_block(c, stream):
            c.sendall(frame(h2.HEADERS, h2.END_HEADERS, stream, b"\xff" * 20))

        def frame_of_nobody(c, stream):
            c.sendall(frame(h2.DATA, 0, stream + 200, b"for whom?"))

        def endless_body(c, stream):
            begin(c, stream)
            while True:
                c.sendall(frame(h2.DATA, 0, stream, bytes(16384)))

        cases = [(rst, "protocol"), (rst_in_body, "protocol"), (goaway, "protocol"), (goaway_in_body, "protocol"),
                 (endless_continuation, "protocol"), (bad_header_block, "protocol"), (frame_of_nobody, "protocol"),
                 (endless_body, "body_too_large"), (lambda c, stream: None, "timeout")]
        servers = [Http2Server(self, certificates, respond) for respond, _ in cases]
        options = ["--cacert", certificates.certificate, "--http2", "--timeout", "3s", "--max-body", "1MiB"]
        for server in servers:
            options += ["--resolve", f"brigade.test:{server.port}:127.0.0.1"]
        results = self.fetch(*[server.url() for server in servers], *options)
        for result, (respond, code) in zip(results, cases):
            with self.subTest(respond.__name__):
                self.assert_ended(result, code, "")
        again, = self.results("run", "fetch", servers[0].url(), *options, "--retries", 1, "--backoff", "10ms",
                              broker=self.shared, code=1)
        self.assertEqual(again["attempts"], 2, "what a server gave up may be tried again")
        self.assertLess(self.peak_kib(), 256 * 1024)
        good = Http2Server(self, certificates, lambda c, stream: c.sendall(
            frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, stream, h2.STATUS_200)))
        result, = self.results("run", "fetch", good.url(), *options, "--resolve",
                               f"brigade.test:{good.port}:127.0.0.1", broker=self.shared)
        self.assertEqual((result["result"]["http_status"], result["result"]["http_version"]), (200, 2))


if __name__ == "__main__":
    unittest.main(verbosity=2)
