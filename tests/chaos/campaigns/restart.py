"""How long a start takes: with nothing to do, with a backlog, with a gigabyte of journal and a million windows."""

import gzip
import hashlib
import json
import os
import signal
import time

import world
from measure import percentile

NAME = "restart"
ORDER = 12
WEIGHT = 0.5


def run(context):
    def starts(rng):
        server = context.start_server()
        empty = []
        for _ in range(3 if context.ci else 20):
            server.stop()
            server.start()
            empty.append(server.starts[-1])
        feeder = context.feeder(server, rng, rate=None)
        feeder.wait_for(30_000 if context.ci else 400_000, 600)
        killed, recovered = [], []
        for _ in range(3 if context.ci else 10):
            server.kill()
            recovered.append(start_again(server))
            killed.append(server.starts[-1])
            feeder.wait_for(2_000)
        # The whole backlog at once: nothing is evaluated while the database stands still.
        postmaster = server.postmaster()
        os.killpg(os.getpgid(postmaster), signal.SIGSTOP)
        feeder.wait_for(20_000 if context.ci else 200_000, 600)
        server.kill()
        os.killpg(os.getpgid(postmaster), signal.SIGCONT)
        server.start()
        backlog = server.starts[-1]
        since = time.monotonic()
        counts = context.judge(server, feeder)
        return {"restarts": len(empty) + len(killed) + 1, **counts,
                "start_empty_p50_ms": percentile(empty, 50), "start_empty_p99_ms": percentile(empty, 99),
                "start_killed_p50_ms": percentile(killed, 50), "start_killed_p99_ms": percentile(killed, 99),
                "recovered_p50_ms": percentile(recovered, 50), "recovered_p99_ms": percentile(recovered, 99),
                "max_start_with_backlog_ms": round(1_000 * backlog),
                "max_seconds_to_quiescence": round(time.monotonic() - since, 1)}

    context.step("starts", starts)
    if not context.ci:
        context.step("crowded", lambda rng: crowded(context, rng))
    return context.counts


CROWD = 1_000_000  # keys
SECOND = 1_000     # keys that call a second time, after the starts
BATCH = 2_000
CROWD_POLICY = world.RULE.format(name="crowd_rule", id=world.IDS["count_rule"], operation="Crowd.Call", status="stable",
                                 more="", condition="hit", keys="") + world.CORRELATION.format(
    name="crowd", id=world.IDS["count"], type="event_count", span=86_400, quiet=60, condition="gte: 2")


def crowd(numbers, minute, padding):
    """A call of each of these keys in that minute, with so many digits that do not compress to less than a half."""
    lines = []
    for n in numbers:
        lines.append(json.dumps({
            "time": world.text_of(world.BEGIN_MICROS + minute * 60_000_000 + n * 10),
            "metadata": {"tenant_uid": "t-1"}, "actor": {"user": {"credential_uid": f"crowd-{n}"}},
            "api": {"service": {"name": world.SERVICE}, "operation": "Crowd.Call"},
            "note": hashlib.shake_128(str(n).encode()).hexdigest(padding // 2)}))
    return "\n".join(lines).encode() + b"\n"


def send(server, numbers, minute, padding=0):
    body = gzip.compress(crowd(numbers, minute, padding), 1)
    answer = server.ingest(body, source=world.SOURCE, headers={"Content-Encoding": "gzip"})
    assert answer.status == 200, answer.text


def crowded(context, rng):
    """A million keys wait for their second call; whoever makes it after all those starts is still told of."""
    server = context.start_server({"journal": {"quota": "4GB", "ballast": "1MB"}, "raw_calls": {"keep": "none"}},
                                  policies={"crowd.yml": CROWD_POLICY})
    for first in range(0, CROWD, BATCH):
        send(server, range(first, first + BATCH), minute=0, padding=2_200)
    wait_until(server, 600, lambda: server.metric("callerprint_backlog_blocks") == 0)
    journal, groups = (server.metric(f"callerprint_{name}") for name in ("journal_disk_bytes", "window_groups"))
    context.check(journal >= 1e9 and groups >= CROWD, f"{journal} bytes of journal and {groups} windows are too few")
    killed, recovered = [], []
    for _ in range(10):
        time.sleep(rng.uniform(0, 10))  # somewhere between two states that were saved
        server.kill()
        recovered.append(start_again(server))
        killed.append(server.starts[-1])
        context.check(server.metric("callerprint_window_groups") >= CROWD, "a start has lost windows")
    again = rng.sample(range(CROWD), SECOND)
    send(server, again, minute=20)
    send(server, [CROWD], minute=40)  # past the lateness
    wait_until(server, 60, lambda: server.metric("callerprint_backlog_blocks") == 0)
    wanted, told = {f"crowd-{n}" for n in again}, server.psql("SELECT subject FROM alerts").split()
    return {"restarts": len(killed), "lost": len(wanted - set(told)), "differing": len(set(told) - wanted),
            "duplicate_alert_ids": len(told) - len(set(told)),
            "max_crowd_windows": round(groups), "max_crowd_journal_mb": round(journal / 1e6),
            "start_crowded_p50_ms": percentile(killed, 50), "start_crowded_p99_ms": percentile(killed, 99),
            "recovered_crowded_p99_ms": percentile(recovered, 99)}


def start_again(server):
    """Seconds until it evaluates new calls; it takes them before."""
    began = time.monotonic()
    server.start()
    wait_until(server, 120, lambda: server.metric("callerprint_recovering") == 0, every=0.01)
    return time.monotonic() - began


def wait_until(server, seconds, holds, every=0.2):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {server.tail(5)}"
        time.sleep(every)
