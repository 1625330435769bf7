"""Clients that are looked at: connections from many addresses, batches one after the other, and one that never waits."""

import contextlib
import datetime
import http.client
import json
import resource
import socket
import threading
import time

import world


def allow_descriptors(wanted):
    """For this process and the servers that it starts; what it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # to lift the hard limit takes root
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), max(hard, wanted)))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    return min(wanted, hard)


def addresses():
    """Each may hold 1,000 connections."""
    return [f"127.0.0.{n}" for n in range(2, 23)]


def connect(server, address, timeout=5, receive=None):
    """`receive`: bytes of the socket's buffer, when it is to be small."""
    peer = socket.socket()
    if receive:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    peer.settimeout(timeout)
    peer.bind((address, 0))
    peer.connect(("127.0.0.1", server.port))
    return peer


def head(server, length=0, path=None, more="", token=None):
    return (f"POST {path or f'/v1/ingest?source={world.SOURCE}'} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {token or server.token()}\r\nContent-Type: application/x-ndjson\r\n{more}"
            f"Content-Length: {length}\r\n\r\n").encode()


def answers(server, count, body=b"", pause=0.0):
    """Seconds of `count` batches on one connection; all must be 200."""
    out = []
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {server.token()}"}
    for _ in range(count):
        begun = time.monotonic()
        connection.request("POST", f"/v1/ingest?source={world.SOURCE}", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, f"an honest client got {answer.status}"
        out.append(time.monotonic() - begun)
        time.sleep(pause)
    connection.close()
    return out


class Client(threading.Thread):
    """Sends batches as quickly as it can, or as it may, and notes every answer."""

    def __init__(self, server, token, records, pause, until):
        super().__init__(daemon=True)
        self.server, self.token, self.pause, self.until = server, token, pause, until
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        line = json.dumps({"time": now.replace("+00:00", "Z"), "api": {"operation": "Load"}})
        self.records, self.body = records, (line + "\n").encode() * records
        self.found = []
        self.start()

    def run(self):
        connection = None
        headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {self.token}"}
        while time.monotonic() < self.until:
            begun = time.monotonic()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
                connection.request("POST", f"/v1/ingest?source={world.SOURCE}", self.body, headers)
                answer = connection.getresponse()
                answer.read()
                self.found.append((begun, time.monotonic() - begun, answer.status, answer.getheader("Retry-After")))
            except (OSError, http.client.HTTPException):
                connection = None
            time.sleep(self.pause)


class Asking(threading.Thread):
    """Asks whether its batch is wanted (RFC 9110 10.1.1) and sends it if so, again and again, deaf to Retry-After."""

    def __init__(self, server, body, pause, until):
        super().__init__(daemon=True)
        self.server, self.body, self.pause, self.until = server, body, pause, until
        self.head = head(server, len(body), more="Expect: 100-continue\r\n")
        self.found = []  # (begun, seconds, status, Retry-After)
        self.broken = 0
        self.start()

    def run(self):
        peer = None
        while time.monotonic() < self.until:
            begun = time.monotonic()
            try:
                peer = peer or socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
                peer.sendall(self.head)
                status, fields = self.answer(peer)
                if status == 100:
                    peer.sendall(self.body)
                    status, fields = self.answer(peer)
                self.found.append((begun, time.monotonic() - begun, status, fields.get("retry-after")))
                if fields.get("connection") == "close":
                    peer.close()
                    peer = None
            except OSError:
                self.broken += 1
                peer = None
            if not self.found or self.found[-1][2] != 200:
                time.sleep(self.pause)
        if peer:
            peer.close()

    @staticmethod
    def answer(peer):
        received = b""
        while b"\r\n\r\n" not in received:
            if not (more := peer.recv(4096)):
                raise OSError("closed")
            received += more
        lines, _, rest = received.partition(b"\r\n\r\n")
        first, *fields = lines.decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, value in (field.split(":", 1) for field in fields)}
        missing = int(fields.get("content-length", 0)) - len(rest)
        while missing > 0 and (more := peer.recv(missing)):
            missing -= len(more)
        return int(first.split()[1]), fields
