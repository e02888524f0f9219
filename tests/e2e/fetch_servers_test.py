"""Fetching from real servers that are not nginx: Apache httpd with TLS and HTTP/2, also while it restarts."""

from hostile import *


class Apache:
    """A real httpd on loopback, in a folder of its own, that serves that folder as https://brigade.test."""

    MODULES = ("mpm_event", "authz_core", "ssl", "http2", "deflate", "filter", "mime")

    def __init__(self, test):
        home = test.home / "apache"
        self.root = home / "site"
        self.root.mkdir(parents=True)
        self.port = refused_port()
        self.certificates = Certificates(test.home, "brigade.test")
        loaded = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in self.MODULES)
        user = "User nobody\nGroup nogroup" if os.getuid() == 0 else ""
        if user:
            test.home.chmod(0o755)
        self.config = home / "conf"
        self.config.write_text(f"""
            ServerRoot {home}\nServerName brigade.test\nPidFile {home}/pid\nDefaultRuntimeDir {home}\nMutex posixsem
            ErrorLog {home}/log\nListen 127.0.0.1:{self.port}\n{loaded}\n{user}
            TypesConfig /etc/mime.types\nProtocols h2 http/1.1\nDocumentRoot {self.root}\nKeepAliveTimeout 60
            SSLEngine on\nSSLCertificateFile {self.certificates.certificate}
            SSLCertificateKeyFile {self.certificates.key}
            AddOutputFilterByType DEFLATE text/plain\nAddType text/plain .txt
            """.replace("            ", ""))
        self.httpd("start")
        test.addCleanup(self.httpd, "stop")

    def httpd(self, command):
        program = shutil.which("apache2") or "/usr/sbin/apache2"
        done = subprocess.run([program, "-f", self.config, "-k", command], capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"{program} -k {command}: {done.stdout}{done.stderr}")

    def options(self):
        return ["--cacert", self.certificates.certificate, "--resolve", f"brigade.test:{self.port}:127.0.0.1"]

    def url(self, path):
        return f"https://brigade.test:{self.port}/{path}"


class FetchesFromApache(BrigadeTest):
    def test_every_page_comes_over_both_versions_packed_and_not_also_while_the_server_restarts(self):
        apache = Apache(self)
        pages = {f"{number}.txt": f"page {number} " * 300 for number in range(20)}
        for name, text in pages.items():
            (apache.root / name).write_text(text)
        (apache.root / "large").write_bytes(bytes(range(256)) * 20_000)
        urls = [apache.url(name) for name in pages] * 5 + [apache.url("large"), apache.url("missing")]
        for version, chosen in ((1.1, []), (2, ["--http2"])):
            for packed in ([], ["--compressed"]):
                results = self.results("run", "fetch", *urls, *apache.options(), *chosen, *packed, "--body")
                for result, text in zip(results, list(pages.values()) * 5):
                    self.assertEqual((result["result"]["body"], result["result"]["http_version"]), (text, version))
                self.assertEqual(results[-2]["result"]["bytes"], 5_120_000)
                self.assertEqual(results[-1]["result"]["http_status"], 404)
        listing = self.home / "urls"
        listing.write_text("".join(f"{url}\n" for url in urls[:100] * 200))
        out = self.home / "out.ndjson"
        run = self.start("brigade", "run", "fetch", "--from", listing, *apache.options(), "--http2", "--out", out,
                         "--retries", 5, "--backoff", "100ms", "--progress", "plain")
        for _ in range(3):  # each says GOAWAY to every connection
            eventually(lambda: descendants(run.pid), "workers")
            apache.httpd("graceful")
            time.sleep(0.2)  # a restart of its own; that it hits the run is likely, not needed
        self.assertEqual(run.wait(), 0, run.text())
        results = [json.loads(line) for line in out.read_text().splitlines()]
        self.assert_complete(results, 20_000)
        self.assertEqual({(result["status"], result["result"]["http_status"]) for result in results}, {("ok", 200)})


if __name__ == "__main__":
    unittest.main(verbosity=2)
