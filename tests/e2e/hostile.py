"""Servers that break HTTP, TLS and HTTP/2 on purpose, and certificates to go with them."""

import ctypes
import gzip
import ssl
import struct

from support import *

OK = b"HTTP/1.1 200 OK\r\n"
MIB = 1 << 20


def until_closed(connection, pieces):
    """Sends pieces until the peer has had enough: the send fails then."""
    connection.sendall(OK)
    for piece in pieces:
        connection.sendall(piece)


def for_ever(piece):
    while True:
        yield piece


def hang(connection):
    """Waits until the peer closes."""
    while connection.recv(65536):
        pass


def drip(connection, piece, gone):
    """A byte now and then, until the peer closes or the test ends."""
    for byte in piece:
        connection.sendall(bytes([byte]))
        if gone.wait(0.05):
            return


def reset(connection, sent):
    """Sends, then makes the connection end with a reset."""
    connection.sendall(sent)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def brotli(data):
    library = ctypes.CDLL("libbrotlienc.so.1")  # libcurl needs its decoder, which comes in the same package
    out, size = ctypes.create_string_buffer(MIB), ctypes.c_size_t(MIB)
    assert library.BrotliEncoderCompress(5, 22, 0, ctypes.c_size_t(len(data)), data, ctypes.byref(size), out) == 1
    return out.raw[:size.value]


def zstd(data):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(MIB)
    size = library.ZSTD_compress(out, ctypes.c_size_t(MIB), data, ctypes.c_size_t(len(data)), 3)
    return out.raw[:size]


def encoded(encoding, body):
    return OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


PACKERS = {"gzip": gzip.compress, "br": brotli, "zstd": zstd}


class Certificates:
    """A certificate that signs itself, for one name, valid now or long ago."""

    def __init__(self, home, name, expired=False):
        self.certificate, self.key = home / f"{name}.pem", home / f"{name}.key"
        if not expired:
            self.openssl("req", "-x509", "-days", "2", *self.request(name), "-out", self.certificate)
            return
        folder = home / f"{name}.ca"
        folder.mkdir()
        (folder / "index").write_text("")
        (folder / "conf").write_text(f"[ca]\ndefault_ca=c\n[c]\nnew_certs_dir={folder}\ndatabase={folder}/index\n"
                                     "default_md=sha256\nrand_serial=yes\npolicy=p\ncopy_extensions=copy\n"
                                     "[p]\ncommonName=supplied\n")
        self.openssl("req", *self.request(name), "-out", folder / "request")
        self.openssl("ca", "-batch", "-selfsign", "-notext", "-config", folder / "conf", "-in", folder / "request",
                     "-keyfile", self.key, "-out", self.certificate, "-startdate", "20200101000000Z", "-enddate",
                     "20200102000000Z")

    def request(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.key, "-subj",
                f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")

    @staticmethod
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def context(self, *protocols):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if protocols:
            context.set_alpn_protocols(protocols)
        return context


class TlsServer(OddServer):
    """An odd server behind TLS."""

    def __init__(self, test, certificates, respond):
        self.context = certificates.context()
        super().__init__(test, respond)

    def answer(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as secure:
            super().answer(secure)

    def url(self, path=""):
        return f"https://brigade.test:{self.port}/{path}"


class Http2Server(OddServer):
    """Speaks just enough HTTP/2 (RFC 9113) to misbehave: `respond(connection, stream)` after each request's head."""

    DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, CONTINUATION = 0, 1, 3, 4, 7, 9
    END_STREAM, ACK, END_HEADERS = 1, 1, 4
    STATUS_200 = b"\x88"  # of HPACK's static table

    def __init__(self, test, certificates, respond):
        self.context = certificates.context("h2")
        super().__init__(test, respond)

    @staticmethod
    def frame(kind, flags, stream, payload=b""):
        return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload

    def answer(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as secure:
            file = secure.makefile("rb")
            file.read(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
            secure.sendall(self.frame(self.SETTINGS, 0, 0))
            while head := file.read(9):
                length, kind, flags, stream = *struct.unpack(">I", b"\0" + head[:3]), head[3], head[4], head[5:]
                file.read(length)
                if kind == self.SETTINGS and not flags & self.ACK:
                    secure.sendall(self.frame(self.SETTINGS, self.ACK, 0))
                if kind == self.HEADERS:
                    self.respond(secure, int.from_bytes(stream, "big"))

    def url(self, path=""):
        return f"https://brigade.test:{self.port}/{path}"
