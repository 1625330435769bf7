"""Clients that send until they are acknowledged, as a good shipper does: with event ids, again and again."""

import contextlib
import gzip
import http.client
import json
import random
import socket
import threading
import time

import world


class Feeder:
    """`clients` threads that send the world's records in order of their numbers, each batch until 200.

    After finish() every record below `sent` was acknowledged, so the oracle's list is range(sent).
    A few batches hold a line that no format reads: these carry an Idempotency-Key, under which it counts once.
    """

    def __init__(self, server, seed, clients=4, rate=4_000, most=120, bad_lines=True, pad=0, upto=None):
        self.server, self.seed, self.rate, self.most, self.bad_lines = server, seed, rate, most, bad_lines
        self.pad, self.upto = pad, upto  # `upto`: so many records, and no more
        self.person = None  # who is named in each record from now on
        self.token = server.token(world.SOURCE)
        self.sent = 0            # records handed out: 0 to sent - 1
        self.planted_bad = 0     # lines that must become dead letters
        self.requests = self.retries = self.refused = 0
        self.cut_off = 0         # answers of which a part came
        self.answers = {"lines": 0, "accepted": 0, "rejected": 0, "duplicates": 0}
        self.unbalanced = []     # answers whose numbers do not add up
        self.closed = 0
        self.longest_gap = 0.0   # seconds without an acknowledgement while somebody waited for one
        self.last_ack = time.monotonic()
        self.began = time.monotonic()
        self._outstanding = {}   # first record -> lines
        self._lock = threading.Condition()
        self._over = self._paused = self._abandoned = False
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(clients)]
        for thread in self._threads:
            thread.start()

    # What a campaign calls.

    @property
    def acknowledged(self):
        """Records below this are acknowledged, all of them."""
        with self._lock:
            return min(self._outstanding, default=self.sent)

    def pace(self, rate):
        """From now on so many records a second."""
        with self._lock:
            self.rate, self.began = rate, time.monotonic() - self.sent / rate

    def pause(self):
        with self._lock:
            self._paused = True

    def resume(self):
        with self._lock:
            self._paused = False
            self._lock.notify_all()

    def wait_for(self, more, seconds=60):
        """Until so many more records are acknowledged."""
        wanted, deadline = self.acknowledged + more, time.monotonic() + seconds
        while self.acknowledged < wanted:
            if time.monotonic() > deadline:
                raise AssertionError(f"no {more} records acknowledged within {seconds} s: {self.server.tail(5)}")
            time.sleep(0.01)

    def wait_until_handed_out(self, seconds):
        """With `upto`: until all of them are."""
        deadline = time.monotonic() + seconds
        while self.sent < self.upto:
            if time.monotonic() > deadline:
                raise AssertionError(f"only {self.sent} of {self.upto} records within {seconds} s")
            time.sleep(0.05)

    def finish(self, seconds=120):
        """No new records; until all are acknowledged; then moves event time past all of them."""
        with self._lock:
            self._over = True
            self._lock.notify_all()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
            if thread.is_alive():
                raise AssertionError(f"a batch was not acknowledged within {seconds} s: {self.server.tail(5)}")
        if not self.closed:
            self.closed = 1
            self._deliver(None, [world.closing_line(self.sent)], random.Random(0), None)

    def name(self, person, records):
        """Names the person in so many records, and waits until none of them can be sent again."""
        self.person = person
        self.wait_for(records)
        self.person = None
        self.wait_for(self.sent - self.acknowledged + self.most)

    def close(self):
        with self._lock:
            self._over = self._abandoned = True
            self._lock.notify_all()

    # A client.

    def _take(self, rng):
        """The next numbers, once the window allows it; None when it is over."""
        count = rng.randint(1, self.most)
        with self._lock:
            while not self._over and self.sent != self.upto:
                if self.upto:
                    count = min(count, self.upto - self.sent)
                oldest = min(self._outstanding, default=self.sent)
                ahead = self.sent - (time.monotonic() - self.began) * self.rate if self.rate else 0
                if not self._paused and self.sent + count - oldest < world.WINDOW and ahead <= 0:
                    first = self.sent
                    self.sent += count
                    self._outstanding[first] = count
                    return first, count
                if self._paused:  # time that was not used is not made up for
                    self.began = time.monotonic() - self.sent / self.rate if self.rate else self.began
                self._lock.wait(0.02)
        return None

    def _run(self, number):
        rng = random.Random(f"{self.seed} client {number}")
        connection = None
        while taken := self._take(rng):
            first, count = taken
            person = self.person
            lines = [world.Call(self.seed, n).line(self.pad, person) for n in range(first, first + count)]
            key = f"{self.seed}-{first}" if rng.random() < 0.2 else None
            if key and self.bad_lines and rng.random() < 0.3:
                lines.insert(rng.randrange(len(lines)), "{no record")
                with self._lock:
                    self.planted_bad += 1
            connection = self._deliver(connection, lines, rng, key)
            with self._lock:
                del self._outstanding[first]
                self._lock.notify_all()

    def _deliver(self, connection, lines, rng, key):
        body = ("\n".join(lines) + "\n").encode()
        headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {self.token}"}
        if key:
            headers["Idempotency-Key"] = key
        if rng.random() < 0.3:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        again = False
        while not self._abandoned:
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
                    connection.connect()
                    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.request("POST", f"/v1/ingest?source={world.SOURCE}", body, headers)
                answer = connection.getresponse()
                text = self._read(answer)
                self.requests += 1
                self.retries += again
                if answer.status == 200:
                    self._count(json.loads(text), len(lines))
                    return connection
                self.refused += 1
                if answer.status not in (409, 429, 503):
                    raise AssertionError(f"ingest answered {answer.status}: {text[:300]}")
                time.sleep(rng.uniform(0.02, 0.2))
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                with contextlib.suppress(Exception):
                    connection.close()
                connection = None
                time.sleep(rng.uniform(0.01, 0.05))
            again = True
        return connection

    def _read(self, answer):
        try:
            return answer.read()
        except (OSError, http.client.HTTPException):
            self.cut_off += 1
            raise

    def _count(self, answer, lines):
        with self._lock:
            now = time.monotonic()
            self.longest_gap = max(self.longest_gap, now - self.last_ack)
            self.last_ack = now
            self.answers["lines"] += lines
            for name in ("accepted", "rejected", "duplicates"):
                self.answers[name] += answer[name]
            if answer["accepted"] + answer["rejected"] + answer["duplicates"] != lines:
                self.unbalanced.append({"lines": lines, **answer})
