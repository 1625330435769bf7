"""A webhook endpoint that misbehaves on purpose and remembers everything."""

import hashlib
import http.server
import json
import random
import re
import socket
import threading
import time

import harness


class Receiver:
    """Answers 204; a new id may get a 500, a slow answer, or a connection that is closed.

    Only the first attempt that it sees of an id is treated badly, since the third attempt comes after
    five minutes. `behave(handler, delivery)` in its place decides alone: it answers, or returns False.
    """

    def __init__(self, rng=None, faults=0.25, slow_seconds=2.0, behave=None):
        self.rng = random.Random(rng.randrange(2**32)) if rng else None
        self.faults, self.slow_seconds, self.behave = faults, slow_seconds, behave
        self.attempts = {}   # webhook-id -> [status or 0 for a closed connection]
        self.bodies = {}     # webhook-id -> {SHA-256 of a body: body}
        self.done = set()    # ids that were answered 2xx
        self.bad_signatures = 0
        self.order = []      # (time, webhook-id)
        self.endpoint = self.secret = None
        self.lock = threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                owner.receive(self)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, client_address):
                pass  # the server was killed while we answered

        self.http = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/hook"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def register(self, server, name):
        done = server.run("webhook", "add", "--name", name, self.url)
        assert done.returncode == 0, done.stderr
        self.secret = re.search(r"whsec_[A-Za-z0-9+/=]+", done.stdout).group(0)
        listed = json.loads(server.run("webhook", "list", "-o", "json").stdout)
        rows = listed if isinstance(listed, list) else listed.get("items", listed.get("endpoints"))
        self.endpoint = next(row.get("id") or row.get("endpoint_id") for row in rows if row["name"] == name)

    def receive(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        delivery = headers.get("webhook-id", "")
        with self.lock:
            first = delivery not in self.attempts
            self.attempts.setdefault(delivery, [])
            self.bodies.setdefault(delivery, {})[hashlib.sha256(body).hexdigest()] = body
            self.order.append((time.monotonic(), delivery))
            luck = self.rng.random() if self.rng and first else 1.0
            if self.secret and not harness.signature_holds(self.secret, headers, body):
                self.bad_signatures += 1
        if self.behave and self.behave(handler, delivery):
            return
        status = 204
        if luck < self.faults / 3:
            status = 500
        elif luck < 2 * self.faults / 3:
            time.sleep(self.slow_seconds * (0.2 + luck))
        elif luck < self.faults:
            status = 0
        with self.lock:
            self.attempts[delivery].append(status)
        if status == 0:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        if status == 204:
            with self.lock:
                self.done.add(delivery)

    def extra_attempts(self):
        """Attempts beyond the first good one of each id: what the receiver has to drop."""
        with self.lock:
            return sum(max(0, sum(1 for status in given if status == 204) - 1)
                       for given in self.attempts.values())

    def close(self):
        self.http.shutdown()
        self.http.server_close()
