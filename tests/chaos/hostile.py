"""Webhook endpoints that harm whoever calls them, each in its own way, and note what they could do."""

import contextlib
import socket
import threading
import time


class Hostile(threading.Thread):
    """One listener; `kind` is a method of it. Keeps how long each caller stayed and what it took."""

    KINDS = ("hold", "drip", "endless_body", "many_headers", "redirect", "switch", "early_close", "no_http",
             "no_tls", "huge_length")

    def __init__(self, kind, trap=""):
        super().__init__(daemon=True)
        self.kind, self.trap = kind, trap
        self.stays, self.taken, self.calls, self.over = [], [], 0, False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        # Little room in the kernel, so that what was sent was taken.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        scheme = "https" if kind == "no_tls" else "http"
        self.url = f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}/hook"
        self.start()

    def run(self):
        while not self.over:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        begun, sent = time.monotonic(), 0
        self.calls += 1
        with contextlib.suppress(OSError), peer:
            peer.settimeout(120)
            if self.kind not in ("no_tls", "early_close"):
                peer.recv(65536)
            for piece in getattr(self, self.kind)():
                peer.sendall(piece)
                sent += len(piece)
            peer.settimeout(60)
            if self.kind in ("hold", "drip"):
                while peer.recv(4096):
                    pass
        self.stays.append(time.monotonic() - begun)
        self.taken.append(sent)

    def hold(self):
        return ()

    def drip(self):
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100:
            yield bytes((byte,))
            time.sleep(1)

    def endless_body(self):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"
        for _ in range(1 << 14):
            yield b"x" * (1 << 16)

    def huge_length(self):
        yield b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n"
        for _ in range(1 << 14):
            yield b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    def many_headers(self):
        yield b"HTTP/1.1 200 OK\r\n"
        for n in range(10_000):
            yield b"X-%d: %s\r\n" % (n, b"y" * 100)
        yield b"Content-Length: 0\r\n\r\n"

    def redirect(self):
        yield f"HTTP/1.1 307 Go\r\nLocation: {self.trap}\r\nContent-Length: 0\r\n\r\n".encode()

    def switch(self):
        yield b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        yield b"\x81\x05hello"

    def early_close(self):
        return ()

    def no_http(self):
        yield b"SSH-2.0-OpenSSH_9.2\r\n\0\0\0"

    def no_tls(self):
        yield b"HTTP/1.1 400 This is not TLS\r\n\r\n"

    def close(self):
        self.over = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
