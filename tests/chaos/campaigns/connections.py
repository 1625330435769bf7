"""Too many connections and slow ones: the honest are served on, and what an idle one costs (R30, R31)."""

import contextlib
import http.client
import pathlib
import selectors
import subprocess
import threading
import time

import faults
from clients import addresses, allow_descriptors, answers, connect, head
from measure import milliseconds, quantile

NAME = "connections"
ORDER = 40


def run(context):
    allow_descriptors(65_536)
    for number in range(1 if context.ci else 20):
        for name, work in (("idle", idle), ("descriptors", descriptors), ("slow", slow)):
            if not context.step(f"{name}-{number}", lambda rng, work=work: work(context, rng)):
                return context.counts
    return context.counts


ASK = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


class Active(threading.Thread):
    """Two hundred requests a second, over these connections in turn."""

    def __init__(self, peers):
        super().__init__(daemon=True)
        self.peers, self.over, self.wrong = peers, False, 0
        self.start()

    def run(self):
        turn = 0
        while not self.over:
            peer = self.peers[turn % len(self.peers)]
            peer.sendall(ASK)
            self.wrong += not peer.recv(4096).startswith(b"HTTP/1.1 200")
            turn += 1
            time.sleep(0.005)


def opened(context, server, count, peers):
    """Adds connections until there are so many; each has been served once."""
    since = len(peers)
    for n in range(since, count):
        peers.append(connect(server, addresses()[n % 21]))
        peers[-1].sendall(ASK)
    for peer in peers[since:]:
        context.check(peer.recv(4096).startswith(b"HTTP/1.1 200"), "an open connection is not answered")


def among(context, server, peers, active, count):
    """How long batches take while so many connections ask for something."""
    asking = Active(peers[:active])
    found = answers(server, count, pause=0.002)
    asking.over = True
    asking.join()
    context.check(asking.wrong == 0, f"{asking.wrong} active connections got no answer")
    return found


def idle(context, rng):
    """R30: as many connections as the server takes, of which 500 are at work, against a hundred."""
    server = context.start_server()
    few, many, active, count = (100, 2_000, 50, 200) if context.ci else (100, 19_900, 500, 3_000)
    answers(server, 50)
    peers = []
    try:
        opened(context, server, few, peers)
        before = faults.resident_bytes(server.process.pid)
        with_few = among(context, server, peers, few, count)
        opened(context, server, many, peers)
        each = (faults.resident_bytes(server.process.pid) - before) / (many - few)
        with_many = among(context, server, peers, active, count)
    finally:
        for peer in peers:
            peer.close()
    ratio = quantile(with_many, 0.99) / quantile(with_few, 0.99)
    print(f"connections: {many}, {active} of them at work, take {each / 1024:.1f} KB each (goal 16); an answer takes"
          f" {quantile(with_many, 0.99) * 1000:.1f} ms (p99), {ratio:.2f} times as long as among {few} (goal 2)", flush=True)
    context.check(each < 32 << 10, f"an idle connection takes {each / 1024:.1f} KB")
    return {"idle_connections": many, "max_kb_an_idle_connection": round(each / 1024, 1), "max_ratio_of_p99": round(ratio, 2),
            **milliseconds(with_few, "among_100"), **milliseconds(with_many, "among_idle")}


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


# Seconds from the beginning on; what moves meanwhile (1 byte in 10 s, a page of metrics) adds less than the last.
DEADLINES = {"header": 10, "body": 31, "answer": 35}


def slow_connection(server, kind, address):
    if kind == "answer":  # asks for more than all buffers on the way hold, and reads nothing
        peer = connect(server, address, timeout=30, receive=4_096)
        peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
    else:
        peer = connect(server, address, timeout=30)
        peer.sendall(b"POST /v1/ingest HTTP/1.1\r\nHo" if kind == "header" else head(server, 1_000) + b"{")
    peer.setblocking(False)
    return peer


def gone(peer):
    with contextlib.suppress(BlockingIOError):
        try:
            return not peer.recv(4096)
        except ConnectionError:
            return True
    return False


def slow(context, rng):
    """R31: headers and bodies byte by byte, answers that nobody reads; each is closed, the honest are served."""
    server = context.start_server()
    # A page of metrics costs a millisecond to make, and dozens are made before nobody reads the next: a few of those.
    kinds = ("header",) if context.ci else ("header", "body") * 49 + ("answer",)
    count = 150 if context.ci else 9_900
    baseline = []
    for _ in range(15):  # in the rhythm of what it is compared with
        baseline += answers(server, 20)
        time.sleep(0.05)
    dripping, unread, begun, late = selectors.DefaultSelector(), [], {}, dict.fromkeys(kinds, 0.0)
    for n in range(count):
        kind = kinds[n % len(kinds)]
        peer = slow_connection(server, kind, addresses()[n % 21])
        begun[peer] = time.monotonic()
        if kind == "answer":
            unread.append(peer)
        else:
            dripping.register(peer, selectors.EVENT_READ, kind)
    honest, drip = [], time.monotonic() + 10
    end = time.monotonic() + max(DEADLINES[kind] for kind in kinds) + 15
    while (dripping.get_map() or server.metric("callerprint_http_connections") > 1) and time.monotonic() < end:
        honest += answers(server, 20)
        if time.monotonic() > drip:
            drip += 10
            for key in list(dripping.get_map().values()):
                with contextlib.suppress(OSError):
                    key.fileobj.send(b"s")
        for key, _ in dripping.select(0.05):
            if gone(key.fileobj):
                late[key.data] = max(late[key.data], time.monotonic() - begun[key.fileobj] - DEADLINES[key.data])
                dripping.unregister(key.fileobj)
                key.fileobj.close()
    if "answer" in late:  # the server's side: ours reads nothing, and so not the end either
        late["answer"] = max(0.0, time.monotonic() - max(begun[peer] for peer in unread) - DEADLINES["answer"])
    left = int(server.metric("callerprint_http_connections")) - 1
    for peer in unread:
        peer.close()
    context.check(left <= 0 and not dripping.get_map(), f"{left} of {count} slow connections are open 15 s after their deadline")
    context.check(max(late.values()) < 15, f"closed {late} s after the deadline")
    goodput = quantile(baseline, 0.5) / quantile(honest, 0.5)
    print(f"connections: {count} slow clients closed {max(late.values()):.1f} s after their deadline at most (goal 15),"
          f" honest goodput {goodput:.0%} of the baseline (goal 95 %)", flush=True)
    return {"slow_clients": count, "max_seconds_after_deadline": round(max(late.values()), 1),
            **milliseconds(baseline, "honest_alone"), **milliseconds(honest, "honest_among_slow")}
