"""fetch --robots: what a real nginx's robots.txt allows is fetched, and nothing else."""

from support import *


class FetchRobots(BrigadeTest):
    def recording(self, robots):
        """A server whose robots.txt is what `robots()` answers; it keeps the paths that it was asked for."""
        seen = []

        def answer(request, connection):
            path = request.split(" ")[1]
            seen.append(path)
            status, body = robots() if path == "/robots.txt" else ("200 OK", b"page")
            connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                               % (status.encode(), len(body), body))

        server = OddServer(self, answer)
        server.seen = seen
        return server

    def test_what_is_forbidden_fails_and_all_else_is_fetched(self):
        nginx = Nginx(self)
        for folder in ("page", "open"):
            (nginx.root / folder).mkdir()
            for number in range(100):
                (nginx.root / folder / f"{number}.html").write_text("text")
        (nginx.root / "robots.txt").write_text(
            "User-agent: *\nDisallow: /page/\nAllow: /page/1*.html$\n\nUser-agent: guest\nDisallow:\n")
        urls = [nginx.url(f"{folder}/{number}.html") for folder in ("page", "open") for number in range(100)]
        for chosen in (["--mode", "coroutines"], ["--mode", "threads", "--threads", 8], ["--rate", "10000/s"]):
            results = self.results("run", "fetch", *urls, nginx.url("hop"), "--robots", *chosen, code=1)
            allowed = [number for number in range(100) if str(number).startswith("1")] + list(range(100, 200))
            self.assertEqual([result["index"] for result in results if result["status"] == "ok"], allowed)
            for result in results:
                if result["status"] != "ok":
                    self.assertEqual((result["error"]["code"], result["attempts"]), ("robots", 1))
            self.assertIn(nginx.url("robots.txt") + " forbids 'brigade' what matches '/page/'",
                          results[-1]["error"]["message"], "where a redirect leads")
        self.results("run", "fetch", *urls, "--robots", "--user-agent", "Guest/1.0")
        self.results("run", "fetch", *urls)

    def test_one_request_for_the_file_serves_all_tasks_of_a_worker(self):
        server = self.recording(lambda: ("200 OK", b"User-agent: brigade\nDisallow: /no"))
        urls = [server.url(f"{number}") for number in range(300)]
        broker = self.broker()
        self.worker(broker, "--io-threads", 2)
        self.results("run", "fetch", *urls, server.url("no"), "--robots", broker=broker, code=1)
        self.assertEqual(sorted(server.seen), sorted(["/robots.txt"] + [f"/{number}" for number in range(300)]))
        self.assertEqual(server.seen[0], "/robots.txt")

    def test_a_server_that_cannot_say_is_asked_again_later(self):
        answers = iter([("503 Busy", b"")])
        server = self.recording(lambda: next(answers, ("404 Not Found", b"")))
        result, = self.results("run", "fetch", server.url("page"), "--robots", "--retries", 1)
        self.assertEqual((result["attempts"], server.seen), (2, ["/robots.txt", "/robots.txt", "/page"]))
        broken = self.recording(lambda: ("500 Broken", b""))
        result, = self.results("run", "fetch", broken.url("page"), "--robots", "--retries", 0, code=1)
        self.assertEqual(result["error"]["code"], "robots")
        self.assertIn("HTTP 500", result["error"]["message"])
        self.assertEqual(broken.seen, ["/robots.txt"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
