"""Too many connections, slow and greedy clients, hostile bytes, too many keys: the honest are served on."""

import contextlib
import datetime
import gzip
import http.client
import io
import json
import pathlib
import resource
import selectors
import socket
import struct
import subprocess
import threading
import time

import faults
import world

NAME = "load"
ORDER = 40


def run(context):
    parts = (("connections", connections), ("descriptors", descriptors), ("slow", slow), ("greedy", greedy),
             ("fair", fair), ("bytes", hostile_bytes), ("keys", keys))
    for number in range(1 if context.ci else 20):
        for name, work in parts:
            if not context.step(f"{name}-{number}", lambda rng, work=work: work(context, rng)):
                return context.counts
    return context.counts


def head(server, length=0, path=None, more=""):
    return (f"POST {path or f'/v1/ingest?source={world.SOURCE}'} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {server.token()}\r\nContent-Type: application/x-ndjson\r\n{more}"
            f"Content-Length: {length}\r\n\r\n").encode()


def addresses():
    """Each may hold 1,000 connections."""
    return [f"127.0.0.{n}" for n in range(2, 21)]


def connect(server, address, timeout=5):
    peer = socket.socket()
    peer.settimeout(timeout)
    peer.bind((address, 0))
    peer.connect(("127.0.0.1", server.port))
    return peer


def answers(server, count, body=b""):
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
    connection.close()
    return out


def connections(context, rng):
    """R30: as many idle connections as descriptors permit."""
    server = context.start_server()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    wanted = min(2_000 if context.ci else 19_000, limit[1] - 500)
    answers(server, 50)
    alone = answers(server, 200)
    before = faults.resident_bytes(server.process.pid)
    open_ones = []
    try:
        for n in range(wanted):
            peer = connect(server, addresses()[n % 19])
            peer.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")  # it has been served once
            open_ones.append(peer)
        for peer in open_ones:
            context.check(peer.recv(4096).startswith(b"HTTP/1.1 200"), "an open connection is not answered")
        each = (faults.resident_bytes(server.process.pid) - before) / wanted
        among = answers(server, 200)
    finally:
        for peer in open_ones:
            peer.close()
    print(f"load: {wanted} idle connections take {each / 1024:.1f} KB each (goal 16), an answer takes"
          f" {faults.quantile(among, 0.99) * 1000:.1f} ms (p99), {faults.quantile(alone, 0.99) * 1000:.1f} without",
          flush=True)
    context.check(each < 32 << 10, f"an idle connection takes {each / 1024:.1f} KB")
    return {"idle_connections": wanted, "max_kb_an_idle_connection": round(each / 1024, 1),
            **faults.milliseconds(alone, "alone"), **faults.milliseconds(among, "among_idle")}


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def descriptors(context, rng):
    """R30: at the limit of descriptors nothing spins, who is in is served, and it passes."""
    server = context.start_server()
    process = server.process.pid
    used = len(list(pathlib.Path(f"/proc/{process}/fd").iterdir()))
    subprocess.run(["prlimit", "--pid", str(process), f"--nofile={used + 40}"], check=True)
    old = [connect(server, "127.0.0.2") for _ in range(20)]
    time.sleep(0.3)
    more = []
    for n in range(200):
        with contextlib.suppress(OSError):
            more.append(connect(server, "127.0.0.3", 1))
    began = cpu_seconds(process)
    time.sleep(2)
    spent = (cpu_seconds(process) - began) / 2
    for peer in old:
        peer.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        context.check(peer.recv(4096).startswith(b"HTTP/1.1 200"), "at the limit, an open connection is not served")
    context.check(spent < 0.8, f"at the limit of descriptors {spent:.0%} of a core is spent")
    for peer in old + more:
        peer.close()
    deadline = time.monotonic() + 10
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if server.request("GET", "/livez", timeout=2).status == 200:
                break
        context.check(time.monotonic() < deadline, "no new connection 10 s after the limit has passed")
    return {"refused_connections": int(server.metric("callerprint_http_connections_refused_total") or 0),
            "max_cpu_percent_at_descriptor_limit": round(spent * 100)}


def slow(context, rng):
    """R31: headers and bodies byte by byte, answers that nobody reads; each is closed, the honest are served."""
    server = context.start_server()
    count = 150 if context.ci else 3_000
    baseline = []
    for _ in range(15):  # in the rhythm of what it is compared with
        baseline += answers(server, 20)
        time.sleep(0.05)
    peers = selectors.DefaultSelector()
    begun = time.monotonic()
    deadlines = {"header": 10} if context.ci else {"header": 10, "body": 31}
    for n in range(count):
        kind = list(deadlines)[n % len(deadlines)]
        peer = connect(server, addresses()[n % 19])
        peer.sendall(b"POST /v1/ingest HTTP/1.1\r\nHo" if kind == "header" else head(server, 1_000) + b"{")
        peer.setblocking(False)
        peers.register(peer, selectors.EVENT_READ, kind)
    honest, closed = [], {kind: [] for kind in deadlines}
    drip = begun + 1
    while peers.get_map() and time.monotonic() < begun + max(deadlines.values()) + 15:
        honest += answers(server, 20)
        if time.monotonic() > drip:
            drip += 1
            for key in list(peers.get_map().values()):
                with contextlib.suppress(OSError):
                    key.fileobj.send(b"s")
        for key, _ in peers.select(0.05):
            try:
                gone = not key.fileobj.recv(4096)
            except OSError:
                gone = True
            if gone:
                closed[key.data].append(time.monotonic() - begun)
                peers.unregister(key.fileobj)
                key.fileobj.close()
    left = len(peers.get_map())
    context.check(left == 0, f"{left} of {count} slow connections are open 15 s after their deadline")
    late = {kind: max(found) - deadlines[kind] for kind, found in closed.items()}
    context.check(max(late.values()) < 15, f"closed {late} s after the deadline")
    goodput = faults.quantile(baseline, 0.5) / faults.quantile(honest, 0.5)
    print(f"load: {count} slow clients closed {max(late.values()):.1f} s after their deadline at most (goal 15),"
          f" honest goodput {goodput:.0%} of the baseline (goal 95 %)", flush=True)
    return {"slow_clients": count, "max_seconds_after_deadline": round(max(late.values()), 1),
            **faults.milliseconds(honest, "honest_among_slow")}


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


def beside_a_crowd(context, quota, records, pause, seconds):
    """A client within its quota, first alone and then beside four connections of one that is not."""
    server = context.start_server(settings={"ingest": {"client_records_per_second": quota},
                                            "raw_calls": {"keep": "none", "retention": "1d"}})
    honest_token = server.token()
    done = server.run("token", "create", "--source", world.SOURCE)
    greedy_token = next(word for word in done.stdout.split() if word.startswith("cp_"))
    alone = Client(server, honest_token, 20, 0.02, time.monotonic() + seconds / 2)
    alone.join()
    until = time.monotonic() + seconds
    crowd = [Client(server, greedy_token, records, pause, until) for _ in range(4)]
    honest = Client(server, honest_token, 20, 0.02, until)
    for one in (*crowd, honest):
        one.join()
    asked = sum(len(one.found) * one.records for one in crowd)
    taken = sum(one.records for one in crowd for answer in one.found if answer[2] == 200)
    refused = [answer for one in crowd for answer in one.found if answer[2] != 200]
    for _, _, status, after in refused:
        context.check(status in (429, 503) and after and int(after) >= 1,
                      f"refused with {status}, Retry-After {after}")
    context.check(refused, f"{asked} records in {seconds} s, quota {quota} a second: nothing was refused")
    # Ten seconds' worth may come at once.
    share = taken / (quota * (seconds + 10))
    context.check(0.7 < share < 1.3, f"{share:.0%} of the quota was taken")
    wrong = [answer for answer in honest.found if answer[2] != 200]
    context.check(not wrong, f"the honest client was refused {len(wrong)} times")
    fast, slower = ([answer[1] for answer in client.found] for client in (alone, honest))
    print(f"load: {asked / quota / seconds:.0f} times the quota asked for, {share:.0%} of it taken, the rest refused;"
          f" the other client waits {faults.quantile(slower, 0.5) * 1000:.1f} ms (p50),"
          f" {faults.quantile(slower, 0.99) * 1000:.1f} (p99), alone {faults.quantile(fast, 0.5) * 1000:.1f},"
          f" {faults.quantile(fast, 0.99) * 1000:.1f}", flush=True)
    return fast, slower, [answer[1] for answer in refused]


def greedy(context, rng):
    """R32: a client that asks for what its two cores can send."""
    _, _, refused = beside_a_crowd(context, 20_000, 2_000, 0.0, 14 if context.ci else 120)
    return {"greedy_refusals": len(refused), **faults.milliseconds(refused, "greedy_refusal")}


def fair(context, rng):
    """R33: a client at a hundred times its quota, at a rate that leaves the machine room (goal: p99 a tenth longer)."""
    fast, slower, _ = beside_a_crowd(context, 2_000, 2_000, 0.04, 10 if context.ci else 120)
    return {**faults.milliseconds(fast, "fair_alone"), **faults.milliseconds(slower, "fair_among_greedy")}


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


def hostile_heads(server):
    """Requests whose framing can be read in two ways; each with another one behind it."""
    start = f"POST /v1/ingest HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token()}\r\n".encode()
    for more in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", b"Content-Length: +5\r\n\r\nhello",
                 b"Content-Length: 0x5\r\n\r\nhello", b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                 b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                 b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                 b"Content-Length: 0\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"X: \0\r\n\r\n",
                 b"Host: y\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
                 b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n",
                 b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", b"Content-Length: 18446744073709551616\r\n\r\n",
                 b"X: y\n\r\n\r\n"):
        yield start + more
    yield b"POST /v1/ingest HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    yield b"GET /livez HTTP/1.1\nHost: x\n\n"
    yield b"GET http://x/../livez\t HTTP/1.1\r\nHost: x\r\n\r\n"


def hostile_bytes(context, rng):
    """R34, R35, R36: framing, lines and compression that mean harm."""
    server = context.start_server()
    served = 0
    for request in hostile_heads(server):
        received = server.raw(request + SMUGGLED, timeout=3)
        served += b"\nHTTP/1.1 " in received  # a second answer
        context.check(received[9:10] in (b"4", b"5"), f"{request[:80]} is answered {received[:60]}")
    context.check(served == 0, f"{served} requests behind a framing error were served")

    good = json.dumps({"time": "2025-03-03T12:00:00Z", "api": {"operation": "Fine"}}).encode()
    bad = [b"{", b'{"time": "2025-03-03T12:00:00Z", "api": {"operation": "\xff\xfe"}}', b"\0", b"[" * 2_000,
           b'{"time": 1e999}', b'{"a":1,"a":2,"time":"2025-03-03T12:00:00Z"}', b"nul", b"{'a': 1}",
           b'{"time": "2025-03-03T12:00:00Z", "x": "' + b"y" * 300_000 + b'"}', b'{"time":"2025-03-03T12:00:00Z"} x']
    body = b"".join(good + b"\n" + line + b"\n" for line in bad) + good + b"\n"
    answer = server.ingest(body, source=world.SOURCE)
    context.check(answer.status == 200 and answer.json["accepted"] == len(bad) + 1
                  and answer.json["rejected"] == len(bad), f"{answer.status} {answer.text[:300]}")
    with_nul = json.dumps({"time": "2025-03-03T12:00:00Z", "api": {"operation": "a\0b"},
                           "actor": {"user": {"credential_uid": "k\0l"}}}).encode()
    answer = server.ingest(with_nul + b"\n" + good + b"\n", source=world.SOURCE)
    context.check(answer.status == 200, f"a NUL in a text is answered {answer.status}")

    member = gzip.compress(bytes(64 << 20), 9)
    window = bytes.fromhex("28b52ffd") + struct.pack("<BB", 0x00, 17 << 3) + b"\x01\x00\x00"  # a window of 128 MB
    bombs = {"gzip": (gzip.compress(member, 9) * 3, member, member * 8), "zstd": (window, window + bytes(100))}
    before = peak = faults.resident_bytes(server.process.pid)
    longest = 0.0
    for coding, bodies in bombs.items():
        for bomb in bodies:
            begun = time.monotonic()
            answer = server.ingest(bomb, source=world.SOURCE, headers={"Content-Encoding": coding})
            longest = max(longest, time.monotonic() - begun)
            peak = max(peak, faults.resident_bytes(server.process.pid))
            context.check(answer.status in (400, 413), f"a bomb of {coding} is answered {answer.status}")
    grown = peak - before
    print(f"load: bombs are refused in {longest * 1000:.0f} ms at most (goal 200), memory +{grown >> 20} MB (goal 32)",
          flush=True)
    context.check(grown < 96 << 20, f"memory grew by {grown >> 20} MB")
    deadline = time.monotonic() + 30
    while int(server.sql("SELECT count(*) AS n FROM dead_letters")[0]["n"]) < len(bad):
        context.check(time.monotonic() < deadline, "refused lines are not dead letters")
        time.sleep(0.3)
    return {"hostile_requests": 19 + len(bad) + 5, "max_bomb_ms": round(longest * 1000),
            "max_bomb_mb": grown >> 20}


def keys(context, rng):
    """R20: a flood of keys and user agents that come once, and one key that counts among them."""
    server = context.start_server(settings={"raw_calls": {"keep": "matched", "retention": "30d"}})
    total = 150_000 if context.ci else 3_000_000
    begun = time.monotonic()
    base = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    batch, heavy, slowest = io.BytesIO(), 0, []
    before = faults.resident_bytes(server.process.pid)
    peak = before
    for n in range(total):
        hidden = n % 1_000 == 500
        heavy += hidden
        at = (base + datetime.timedelta(milliseconds=n * 600_000 / total)).isoformat().replace("+00:00", "Z")
        operation, key = ("Chaos.Fire", "k-heavy") if hidden else ("Chaos.Count", f"k-{rng.getrandbits(64):x}")
        batch.write(f'{{"time":"{at}","metadata":{{"uid":"f-{n}"}},"actor":{{"user":{{"credential_uid":"{key}"}}}},'
                    f'"http_request":{{"user_agent":"ua-{rng.getrandbits(64):x}"}},'
                    f'"api":{{"operation":"{operation}"}},"status_id":1}}\n'.encode())
        if n % 3_000 == 2_999 or n == total - 1:
            sent = time.monotonic()
            while (answer := server.ingest(batch.getvalue(), source=world.SOURCE)).status != 200:
                context.check(answer.status in (429, 503), f"a flood of keys is answered {answer.status}")
                time.sleep(0.1)
            slowest.append(time.monotonic() - sent)
            batch = io.BytesIO()
            peak = max(peak, faults.resident_bytes(server.process.pid))
    server.ingest(world.closing_line(10**6).encode() + b"\n", source=world.SOURCE)
    deadline = time.monotonic() + 120
    while (server.metric("callerprint_backlog_blocks") or 0) > 0:
        context.check(time.monotonic() < deadline, f"not evaluated: {server.tail(5)}")
        peak = max(peak, faults.resident_bytes(server.process.pid))
        time.sleep(0.2)
    time.sleep(1)
    found = [alert for alert in server.alerts() if "heavy" in json.dumps(alert)]
    context.check(found, f"the key that counts was not found among {total} others: {server.tail(5)}")
    print(f"load: {total} keys in {time.monotonic() - begun:.0f} s take {(peak - before) >> 20} MB of memory, at most"
          f" {peak >> 20} MB (goal 563)", flush=True)
    context.check(peak < 704 << 20, f"{peak >> 20} MB of memory for {total} keys")
    return {"flood_keys": total, "max_memory_mb": peak >> 20, **faults.milliseconds(slowest, "flood_batch")}
