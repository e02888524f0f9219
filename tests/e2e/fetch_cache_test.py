"""The cache of fetch: workers ask a real nginx only for what has changed, across runs and together."""

import csv
import hashlib
import io

from support import *


class FetchCache(BrigadeTest):
    def setUp(self):
        super().setUp()
        self.cache = self.home / "cache"
        self.nginx = Nginx(self)

    def pages(self, count):
        for number in range(count):
            (self.nginx.root / str(number)).write_text(f"page {number}\n" * 50)
        return [self.nginx.url(number) for number in range(count)]

    def check(self, results):
        """Each result is right by what the server has; returns how many came from the cache."""
        for result in results:
            body = (self.nginx.root / result["args"]["url"].rpartition("/")[2]).read_bytes()
            got = result["result"]
            self.assertEqual((result["status"], got["http_status"], got["bytes"], got["content_type"]),
                             ("ok", 200, len(body), "text/plain"), result)
            self.assertEqual(got["sha256"], hashlib.sha256(body).hexdigest())
            self.assertEqual(got.get("body", body.decode()).encode(), body)
        return sum(result["result"].get("cached", False) for result in results)

    def test_a_second_run_gets_only_what_has_changed(self):
        urls = self.pages(50)
        command = ["run", "--fetch-cache", self.cache, "fetch", *urls, "--body"]
        self.assertEqual(self.check(self.results(*command)), 0)
        self.assertEqual(self.cache.stat().st_mode & 0o777, 0o700)
        for mode in ("coroutines", "threads"):
            self.assertEqual(self.check(self.results(*command, "--mode", mode)), 50)
        (self.nginx.root / "7").write_text("another page 7")
        self.assertEqual(self.check(self.results(*command)), 49)
        self.assertEqual(self.check(self.results(*command, "--no-cache")), 0)
        self.env["BRIGADE_FETCH_CACHE"] = str(self.cache)
        self.assertEqual(self.check(self.results("run", "fetch", *urls)), 50)
        rows = csv.DictReader(io.StringIO(self.brigade("run", "fetch", *urls, "-o", "csv").stdout))
        self.assertEqual([row["result.cached"] for row in rows], ["true"] * 50)

    def test_workers_share_a_folder_and_what_is_damaged_in_it_is_got_again(self):
        urls = self.pages(200)
        broker = self.broker()
        workers = [self.worker(broker, "--fetch-cache", self.cache, "--io-threads", 2) for _ in range(2)]
        run = ["run", "fetch", *urls, "--body"]
        self.check(self.results(*run, broker=broker))
        self.assertEqual(self.check(self.results(*run, broker=broker)), 200)
        files = sorted(self.cache.iterdir())
        self.assertEqual(len(files), 200)
        for number, file in enumerate(files[:100]):
            content = bytearray(file.read_bytes())
            place = -3 if number % 2 else 30
            if number % 3:
                del content[place:]
            else:
                content[place] ^= 1
            file.write_bytes(content)
        self.assertEqual(self.check(self.results(*run, broker=broker)), 100)
        self.assertEqual(self.check(self.results(*run, broker=broker)), 200)
        shutil.rmtree(self.cache)
        self.assertEqual(self.check(self.results(*run, broker=broker)), 0)
        said = sum(worker.text().count("the cache of fetch") for worker in workers)
        self.assertLessEqual(1, said)
        self.assertLessEqual(said, 2, "once for each worker")

    def test_the_folder_stays_within_its_size(self):
        broker = self.broker()
        self.worker(broker, "--fetch-cache", self.cache, "--fetch-cache-size", "1MiB")
        for number in range(100):
            (self.nginx.root / str(number)).write_bytes(os.urandom(30_000).hex().encode())
        urls = [self.nginx.url(number) for number in range(100)]
        self.check(self.results("run", "fetch", *urls, broker=broker))

        def small():
            with contextlib.suppress(FileNotFoundError):  # removed while we look
                return sum(file.stat().st_blocks * 512 for file in self.cache.iterdir()) <= 1 << 20
        eventually(small, "the cache is within its size")
        self.check(self.results("run", "fetch", *urls, broker=broker))

    def test_a_folder_that_cannot_serve_is_refused_at_the_start(self):
        broker = self.broker()
        self.cache.mkdir(mode=0o755)
        self.cache.chmod(0o755)
        worker = self.start("brigade-worker", "--broker", broker.endpoint, "--fetch-cache", self.cache)
        self.assertEqual(worker.wait(), 2)
        self.assertIn("chmod 700", worker.text())

    def test_a_cluster_that_stays_up_has_one_too(self):
        url, = self.pages(1)
        port = refused_port()
        self.brigade("up", "--listen", f"tcp://127.0.0.1:{port}", "--fetch-allow", "127.0.0.0/8",
                     "--fetch-cache", self.cache, "--fetch-cache-size", "10MiB")
        self.addCleanup(self.brigade, "down")
        self.check(self.results("run", "fetch", url))
        self.assertEqual(self.check(self.results("run", "fetch", url)), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
