"""Real processes for the end-to-end tests: a broker, workers, the command line, an nginx, odd servers.

A test waits for what a program prints or answers, with one generous limit (LIMIT_S); it never waits for luck.
The folder of the programs comes from the environment variable BRIGADE_BIN.
"""

import asyncio
import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import unittest

LIMIT_S = int(os.environ.get("BRIGADE_LIMIT_S", "120"))
BIN = pathlib.Path(os.environ["BRIGADE_BIN"])
# A sanitizer keeps what was freed for a while, and notes beside all that is in use: bounds on memory are wider.
MEMORY_FACTOR = 4 if b"__asan_init" in (BIN / "brigade").read_bytes() else 1


def eventually(condition, what):
    """Asks `condition` until it answers with something true, which is returned."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.01)
    raise AssertionError(f"not within {LIMIT_S} s: {what}")


def private_environment(home):
    """The environment without the settings of whoever runs the tests: every file of Brigade is below `home`."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("BRIGADE_") and key != "NO_COLOR"}
    env.update(HOME=str(home), XDG_RUNTIME_DIR=str(home), XDG_STATE_HOME=str(home / "state"),
               XDG_CONFIG_HOME=str(home / "config"), TMPDIR=str(home), LC_ALL="C.UTF-8")
    return env


class Program:
    """A running program whose output goes to a file. `prefix`: a command that starts it elsewhere, as nsenter does."""

    def __init__(self, folder, name, arguments, env=None, prefix=()):
        self.log = pathlib.Path(folder) / f"{name}-{time.monotonic_ns()}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*prefix, str(BIN / arguments[0]), *map(str, arguments[1:])],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)

    @property
    def pid(self):
        return self.process.pid

    def text(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, pattern):
        """The first match of `pattern` in what the program has printed."""
        def look():
            found = re.search(pattern, self.text())
            if not found and self.process.poll() is not None:
                raise AssertionError(f"{self.process.args[0]} ended before it said {pattern!r}:\n{self.text()}")
            return found
        return eventually(look, f"{pattern!r} in the output of {self.process.args[0]}:\n{self.text()}")

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """Ends it if it still runs; returns its exit code."""
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait(LIMIT_S)

    def wait(self):
        return self.process.wait(LIMIT_S)


class BrigadeTest(unittest.TestCase):
    """A temporary home for each test, and everything that it starts ended with it."""

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="brigade-e2e-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.env = private_environment(self.home)

    def start(self, name, *arguments):
        program = Program(self.home, name, [name, *arguments], self.env)
        self.addCleanup(program.end)
        return program

    def broker(self, *arguments, listen="tcp://127.0.0.1:0"):
        """A broker and its endpoint; ephemeral unless the arguments say otherwise."""
        state = [] if "--state" in arguments else ["--ephemeral"]
        broker = self.start("brigade-broker", "--listen", listen, *state, *arguments)
        broker.endpoint = broker.wait_for(r"serving at (\S+)").group(1)
        return broker

    def worker(self, broker, *arguments, name=None):
        """A connected worker that may fetch from this machine."""
        named = ["--name", name] if name else []
        worker = self.start("brigade-worker", "--broker", broker.endpoint, "--fetch-allow", "127.0.0.0/8", *named,
                            *arguments)
        worker.wait_for("connected to broker")
        return worker

    def brigade(self, *arguments, broker=None, stdin=None, code=0):
        """Runs the command line to its end and checks its exit code. Returns the finished process (text)."""
        env = dict(self.env, **({"BRIGADE_BROKER": broker.endpoint} if broker else {}))
        done = subprocess.run([str(BIN / "brigade"), *map(str, arguments)], input=stdin, env=env, text=True,
                              capture_output=True, timeout=LIMIT_S,
                              **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))
        shown = f"brigade {arguments}\nstdout: {done.stdout[-2000:]}\nstderr: {done.stderr}"
        self.assertEqual(done.returncode, code, shown)
        return done

    def results(self, *arguments, **how):
        """The results of `brigade …` as a list of dictionaries."""
        return [json.loads(line) for line in self.brigade(*arguments, "-o", "ndjson", **how).stdout.splitlines()]

    def job(self, job, broker):
        return json.loads(self.brigade("job", job, "-o", "json", broker=broker).stdout)

    def workers(self, broker):
        """What the broker says of its workers, by name."""
        lines = self.brigade("workers", "-o", "ndjson", broker=broker).stdout.splitlines()
        return {worker["name"]: worker for worker in map(json.loads, lines)}

    def await_lease(self, broker, name):
        """Waits until the worker holds a lease, so that a kill hits a victim at work."""
        return eventually(lambda: self.workers(broker).get(name, {}).get("leases", 0) > 0, f"{name} holds a lease")

    def assert_complete(self, results, tasks):
        """Each task has exactly one result."""
        self.assertEqual(sorted(result["index"] for result in results), list(range(tasks)))


def descendants(pid):
    """Process ids of the children of `pid`, and of theirs."""
    found = []
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *descendants(int(child))]
    return found


def alive(pid):
    """Whether a process runs (one that only waits to be reaped does not)."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


class Nginx:
    """A real nginx on loopback that serves the files of a folder. With `tls` also as https://brigade.test, HTTP/2 and
    1.1, with a certificate that signs itself and is wanted of the client, too."""

    def __init__(self, test, tls=False):
        self.root = test.home / "site"
        self.root.mkdir()
        self.port = refused_port()
        secure = self.secure(test.home) if tls else ""
        logs = test.home / "nginx"
        logs.mkdir()
        user = "user root;" if os.getuid() == 0 else ""
        config = logs / "nginx.conf"
        config.write_text(f"""
            {user} daemon off; worker_processes 1; pid {logs}/pid; error_log {logs}/error.log;
            events {{ worker_connections 4096; }}
            http {{
              access_log off; keepalive_requests 1000000; types {{ text/html html; }} default_type text/plain;
              client_body_temp_path {logs}/a; proxy_temp_path {logs}/b; fastcgi_temp_path {logs}/c;
              uwsgi_temp_path {logs}/d; scgi_temp_path {logs}/e;
              server {{
                listen 127.0.0.1:{self.port}; {secure}
                root {self.root};
                location /loop {{ return 302 /loop; }}
                location /hop {{ return 302 /page/0.html; }}
              }}
            }}""")
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([nginx, "-p", str(logs), "-c", str(config), "-e", str(logs / "error.log")],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        test.addCleanup(self.process.wait)
        test.addCleanup(self.process.terminate)
        eventually(self.accepts, "nginx accepts connections")

    def secure(self, home):
        self.tls_port = refused_port()
        self.certificate, key, self.pair = home / "certificate.pem", home / "key.pem", home / "pair.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-keyout", key, "-out", self.certificate, "-days", "2", "-subj", "/CN=brigade.test",
                        "-addext", "subjectAltName=DNS:brigade.test"], check=True, capture_output=True)
        self.pair.write_text(self.certificate.read_text() + key.read_text())
        return (f"listen 127.0.0.1:{self.tls_port} ssl http2; ssl_certificate {self.certificate}; "
                f"ssl_certificate_key {key}; ssl_client_certificate {self.certificate}; ssl_verify_client on;")

    def accepts(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}"


class OddServer:
    """A server that answers each connection as `respond(request line, connection)` says."""

    def __init__(self, test, respond):
        self.respond = respond
        answer = self.answer

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    answer(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 512

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def answer(self, connection):
        request = connection.recv(65536).decode(errors="replace")
        self.respond(request.split("\r\n")[0], connection)

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}/{path}"


class RequestServer(OddServer):
    """The same, but `respond` is given the whole request: its head, and as much body as that announces."""

    def answer(self, connection):
        request = ""
        while "\r\n\r\n" not in request:
            request += connection.recv(65536).decode(errors="replace")
        head = request.partition("\r\n\r\n")[0]
        length = re.search(r"(?im)^content-length: (\d+)", head)
        while length and len(request) < len(head) + 4 + int(length.group(1)):
            request += connection.recv(65536).decode(errors="replace")
        self.respond(request, connection)


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
        self.stalled_s, self.woke_at, self.stopped = 0, time.monotonic(), threading.Event()
        self.ports = [server.sockets[0].getsockname()[1] for server in serving]
        thread = threading.Thread(target=self.loop.run_until_complete, args=(self.run(),), daemon=True)
        thread.start()
        test.addCleanup(self.loop.close)
        for server in serving:
            test.addCleanup(server.close)
        test.addCleanup(thread.join)
        test.addCleanup(self.stopped.set)

    async def run(self):
        """Measures for how long this server itself was kept from running: what came meanwhile, it sees at once."""
        while not self.stopped.is_set():
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


def refused_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


__all__ = [name for name in dir() if not name.startswith("_")]
