"""Bodies from a real nginx that break off on their way: what is there already is not sent again."""

import hashlib

from support import *


class FetchResume(BrigadeTest):
    def cutting(self, nginx, cut_after, times):
        """Passes requests on to nginx; the first answers end after so many bytes, with a reset. It keeps the requests
        and counts the bytes that came back."""
        left = [times]

        def answer(request, connection):
            server.seen.append(request)
            limit = cut_after if left[0] > 0 else None
            left[0] -= 1
            with socket.create_connection(("127.0.0.1", nginx.port)) as behind:
                behind.sendall(request.replace("HTTP/1.1", "HTTP/1.0", 1).encode())
                sent = 0
                while (limit is None or sent < limit) and (piece := behind.recv(65536)):
                    connection.sendall(piece)
                    sent += len(piece)
                server.passed += sent
            if limit is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        server = RequestServer(self, answer)
        server.seen, server.passed = [], 0
        return server

    def test_only_the_rest_is_asked_for(self):
        nginx = Nginx(self)
        body = os.urandom(3_000_000)
        (nginx.root / "file").write_bytes(body)
        folder = self.home / "saved"
        for chosen in (["--save", folder], [], ["--mode", "threads", "--save", folder]):
            server = self.cutting(nginx, 1_000_000, 2)
            result, = self.results("run", "fetch", server.url("file"), "--retries", 3, "--backoff", "1ms",
                                   "--sha256", hashlib.sha256(body).hexdigest(), *chosen)
            self.assertEqual((result["status"], result["result"]["http_status"], result["result"]["bytes"]),
                             ("ok", 200, len(body)))
            if "path" in result["result"]:
                self.assertEqual(pathlib.Path(result["result"]["path"]).read_bytes(), body)
            # What was lost in the reset is sent once more; without a resume it would be all of it.
            self.assertEqual(["Range: bytes=" in request for request in server.seen][0], False)
            self.assertGreater(sum("Range: bytes=" in request for request in server.seen), 0)
            self.assertEqual(result["attempts"], 3)

    def test_a_file_that_has_changed_is_got_whole(self):
        nginx = Nginx(self)
        (nginx.root / "file").write_bytes(b"old" * 500_000)
        server = self.cutting(nginx, 1_000_000, 1)
        passing = server.respond

        def change(request, connection):
            passing(request, connection)
            (nginx.root / "file").write_bytes(b"other" * 100_000)

        server.respond = change
        result, = self.results("run", "fetch", server.url("file"), "--retries", 1, "--backoff", "1ms")
        self.assertEqual(result["result"]["sha256"], hashlib.sha256(b"other" * 100_000).hexdigest())


if __name__ == "__main__":
    unittest.main(verbosity=2)
