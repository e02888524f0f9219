"""Fetching from a real nginx and from servers that misbehave: each URL ends as documented, none holds up the others."""

import hashlib

from support import *


class Fetches(BrigadeTest):
    def test_a_list_with_every_kind_of_trouble(self):
        nginx = Nginx(self)
        pages = nginx.root / "page"
        pages.mkdir()
        for i in range(1000):
            (pages / f"{i}.html").write_text(f"page {i}\n" * 20)
        (nginx.root / "large").write_bytes(os.urandom(300_000))
        attempts = []

        def busy(request, connection):
            attempts.append(request)
            body = b"at last"
            head = (b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n" if len(attempts) <= 2 else
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            connection.sendall(head)

        silence = threading.Event()
        self.addCleanup(silence.set)
        silent = OddServer(self, lambda request, connection: silence.wait())
        odd = [nginx.url("missing"), f"http://127.0.0.1:{refused_port()}/", "http://no-such-host.invalid/",
               nginx.url("loop"), nginx.url("large"), silent.url(), OddServer(self, busy).url()]
        urls = [nginx.url(f"page/{i}.html") for i in range(1000)]
        urls[500:500] = odd
        listing = self.home / "urls"
        listing.write_text("".join(f"{url}\n" for url in urls))
        results = self.results("run", "fetch", "--from", listing, "--max-body", "100KiB", "--timeout", "3s",
                               "--retries", 2, "--backoff", "100ms", code=1)
        self.assert_complete(results, len(urls))
        strange, good = results[500:507], results[:500] + results[507:]
        for result in good:
            self.assertEqual((result["status"], result["result"]["http_status"]), ("ok", 200), result)
            body = (pages / result["args"]["url"].rpartition("/")[2]).read_bytes()
            self.assertEqual(result["result"]["sha256"], hashlib.sha256(body).hexdigest())
            self.assertEqual(result["result"]["bytes"], len(body))
        missing, refused, unknown, loop, large, hung, recovered = strange
        self.assertEqual((missing["status"], missing["result"]["http_status"]), ("ok", 404))
        self.assertEqual((refused["error"]["code"], refused["attempts"]), ("connect", 3))
        self.assertEqual(unknown["error"]["code"], "dns")
        self.assertEqual(loop["status"], "failed")
        self.assertIn("redirect", loop["error"]["message"])
        self.assertEqual(large["error"]["code"], "body_too_large")
        self.assertEqual(hung["error"]["code"], "timeout")
        seen = (recovered["status"], recovered["result"]["http_status"], recovered["attempts"])
        self.assertEqual(seen, ("ok", 200, 3))
        # Nobody waited for the one that never answers: the slowest good page is far from its 3 s.
        self.assertLess(max(result["queued_ms"] + result["run_ms"] for result in good), 2500)

    def test_fail_turns_a_404_into_a_failure(self):
        nginx = Nginx(self)
        result, = self.results("run", "fetch", nginx.url("missing"), "--fail", code=1)
        self.assertEqual(result["error"]["code"], "http_status")

    def test_redirects_are_followed_and_counted(self):
        nginx = Nginx(self)
        (nginx.root / "page").mkdir()
        (nginx.root / "page" / "0.html").write_text("here")
        result, = self.results("run", "fetch", nginx.url("hop"), "--body")
        self.assertEqual(result["result"]["redirects"], 1)
        self.assertEqual(result["result"]["url"], nginx.url("page/0.html"))
        self.assertEqual(result["result"]["body"], "here")

    def test_bodies_are_saved_by_index_and_never_through_a_link(self):
        nginx = Nginx(self)
        (nginx.root / "a").write_bytes(b"\x00\xff binary")
        folder = self.home / "saved"
        result, = self.results("run", "fetch", nginx.url("a"), "--save", folder)
        self.assertEqual(pathlib.Path(result["result"]["path"]).read_bytes(), b"\x00\xff binary")
        result, = self.results("run", "fetch", nginx.url("a"), "--body")
        self.assertEqual(result["result"]["body_base64"], "AP8gYmluYXJ5")

    def test_each_line_of_a_list_may_be_a_request_of_its_own(self):
        seen = []

        def respond(request, connection):
            seen.append(request)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        server = RequestServer(self, respond)
        lines = [{"url": server.url("a"), "method": "PUT", "headers": {"X-One": "1"}, "body": "text"},
                 {"url": server.url("b")}, {"url": server.url("c"), "headers": ["X-Two: 2"]},
                 {"url": server.url("d"), "method": "HEAD"}, {"url": server.url("e"), "body": ""}]
        listing = self.home / "requests"
        listing.write_text("".join(json.dumps(line) + "\n" for line in lines) + server.url("f") + "\ttag\n")
        out = self.home / "out.ndjson"
        command = ["run", "fetch", "--from", listing, "--mode", "serial", "-H", "X-All: yes", "--out", out]
        self.brigade(*command)
        results = [json.loads(line) for line in out.read_text().splitlines()]
        self.assertEqual([result["args"] for result in results],
                         [dict(lines[0], headers=["X-One: 1"]), *lines[1:], {"url": server.url("f")}])
        self.assertEqual([request.split(" ")[0] for request in seen], ["PUT", "GET", "GET", "HEAD", "POST", "GET"])
        self.assertTrue(all("X-All: yes" in request for request in seen))
        self.assertEqual(["X-One: 1" in request for request in seen], [True] + [False] * 5)
        self.assertEqual(["X-Two: 2" in request for request in seen], [False, False, True, False, False, False])
        self.assertTrue(seen[0].endswith("\r\n\r\ntext"))
        done = self.brigade(*command, "--resume")
        self.assertIn("nothing is run", done.stderr)

    def test_http2_with_a_certificate_over_an_address_of_ones_own(self):
        nginx = Nginx(self, tls=True)
        for i in range(50):
            (nginx.root / f"{i}").write_text(f"page {i}")
        urls = [f"https://brigade.test:{nginx.tls_port}/{i}" for i in range(50)]
        command = ["run", "fetch", *urls, "--cacert", nginx.certificate, "--resolve",
                   f"brigade.test:{nginx.tls_port}:127.0.0.1", "--body"]
        certified = [*command, "--cert", nginx.pair]
        results = self.results(*certified, "--http2")
        self.assertEqual([result["result"]["body"] for result in results], [f"page {i}" for i in range(50)])
        self.assertEqual({result["result"]["http_version"] for result in results}, {2})
        # One connection, but for those that began before it was known that the server speaks HTTP/2.
        connections = sum(result["result"]["tls_ms"] > 0 for result in results)
        self.assertLess(connections, 50)
        results = self.results(*certified)
        self.assertEqual({result["result"]["http_version"] for result in results}, {1.1})
        self.assertEqual({result["result"]["http_status"] for result in self.results(*command)}, {400})
        self.assertEqual(self.results(*command[:-3], "--retries", 0, code=1)[0]["error"]["code"], "dns")
        unknown = self.results("run", "fetch", f"https://127.0.0.1:{nginx.tls_port}/0", "--retries", 0, code=1)
        self.assertEqual(unknown[0]["error"]["code"], "tls")

    def test_a_bad_request_in_a_list_is_named_and_nothing_is_submitted(self):
        listing = self.home / "requests"
        for line, why in (('{"method":"GET"}', "no 'url'"), ('{"url":', "not a JSON object"), ('{"url":7}', "'url'"),
                          ('{"url":"http://h/","verb":"GET"}', "'verb'"), ('{"url":"ftp://h/"}', "http"),
                          ('{"url":"http://h/","headers":["x"]}', "Name: value"),
                          ('{"url":"http://h/","method":"G T"}', "'G T'")):
            listing.write_text(f"http://h/\n{line}\n")
            done = self.brigade("run", "fetch", "--from", listing, code=2)
            self.assertIn("line 2", done.stderr)
            self.assertIn(why, done.stderr)

    def test_a_list_outlives_the_broker_and_a_worker_and_each_url_has_one_result(self):
        nginx = Nginx(self)
        (nginx.root / "page").write_text("page")
        urls = [nginx.url(f"page?{number}") for number in range(20_000)]
        listing = self.home / "urls"
        listing.write_text("".join(f"{url}\n" for url in urls))
        endpoint, state = f"ipc://{self.home}/socket", self.home / "state"
        broker = self.broker("--state", state, listen=endpoint)
        first = self.worker(broker, "--io-concurrency", 2)
        self.worker(broker, "--io-concurrency", 2)
        job = self.brigade("submit", "fetch", "--from", listing, "-o", "quiet", broker=broker).stdout.strip()
        for victim in (broker, first):
            begun = self.job(job, broker)["ok"]
            eventually(lambda: self.job(job, broker)["ok"] > begun, "progress")
            victim.end()
            if victim is broker:
                broker = self.broker("--state", state, listen=endpoint)
        self.assertLess(self.job(job, broker)["ok"], len(urls), "it was over before its worker died")
        self.brigade("wait", job, broker=broker)
        results = self.results("results", job, broker=broker)
        self.assertEqual([(result["index"], result["args"]["url"], result["status"]) for result in results],
                         [(index, url, "ok") for index, url in enumerate(urls)])

    def test_a_shared_worker_refuses_local_addresses(self):
        broker = self.broker()
        self.start("brigade-worker", "--broker", broker.endpoint).wait_for("connected to broker")
        nginx = Nginx(self)
        for url in (nginx.url("x"), "http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/"):
            result, = self.results("run", "fetch", url, "--retries", 0, broker=broker, code=1)
            self.assertEqual(result["error"]["code"], "forbidden_address", result)


if __name__ == "__main__":
    unittest.main(verbosity=2)
