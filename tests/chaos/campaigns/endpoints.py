"""Webhook endpoints down, hostile and slow: messages arrive once, in order, signed, and nobody waits for the others."""

import collections
import concurrent.futures
import datetime
import json
import re
import threading
import time

import harness
import world
from hostile import Hostile
from measure import milliseconds, quantile
from receiver import Receiver

NAME = "endpoints"
ORDER = 35

FIRE = """\
title: A call that fires
id: c4a05000-0000-4000-8000-0000000000f1
name: fires_at_once
status: stable
level: high
logsource: { category: api_call }
detection:
  hit: { api.operation: Test.Fire }
  condition: hit
callerprint: { family: abuse, subject: key, quiet: 1h }
"""


def run(context):
    for number in range(1 if context.ci else 30):
        for name, work in (("down", down), ("hostile", hostile), ("order", order), ("latency", latency)):
            if not context.step(f"{name}-{number}", lambda rng, work=work: work(context, rng)):
                return context.counts
    return context.counts


def call(key, number, at, operation="Test.Fire"):
    return {"time": at.isoformat().replace("+00:00", "Z"), "metadata": {"uid": f"e-{key}-{number}"},
            "actor": {"user": {"credential_uid": key}}, "src_endpoint": {"ip": "198.18.0.1"},
            "api": {"service": {"name": "Test"}, "operation": operation}, "status_id": 1}


class Alarm:
    """A server on which each key that is named to `ring` opens one alert at once."""

    def __init__(self, context):
        source = {"name": world.SOURCE, "format": "native", "lateness": "0s"}
        self.server = context.start_server(settings={"sources": [source]}, policies={"fire.yml": FIRE})
        self.numbers = 0

    def ring(self, *keys):
        """When the batch was acknowledged, on the monotonic clock."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self.numbers += 1
        # Time goes on behind them, so that they need not wait for later records.
        records = [call(key, self.numbers, now) for key in keys]
        records.append(call("k-tick", self.numbers, now + datetime.timedelta(seconds=1), "Test.Quiet"))
        answer = self.server.ingest(records, source=world.SOURCE)
        assert answer.status == 200, answer.text
        return time.monotonic()

    def add_endpoint(self, name, url):
        done = self.server.run("webhook", "add", "--name", name, url)
        assert done.returncode == 0, done.stderr
        return re.search(r"whsec_[A-Za-z0-9+/=]+", done.stdout).group(0)

    def let_time_pass(self):
        """The waits between attempts are minutes and hours: they are shortened in the database."""
        self.server.psql("UPDATE callerprint.outbox SET next_at = least(next_at, now()) WHERE state = 'ready'"
                         " AND lease_until IS NULL")

    def waiting(self, where="true"):
        return int(self.server.psql(f"SELECT count(*) FROM callerprint.outbox WHERE state = 'ready' AND {where}"))


def down(context, rng):
    """R24: an endpoint refuses and answers 503 for a while; its schedule is shortened, not its order."""
    alarm = Alarm(context)
    lock, busy, most = threading.Lock(), [0], [0]
    is_up = threading.Event()

    def behave(handler, delivery):
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.01)
        with lock:
            busy[0] -= 1
        if is_up.is_set():
            return False
        with receiver.lock:
            receiver.attempts[delivery].append(503)
        handler.send_response(503)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    receiver = context.receiver(alarm.server, behave=behave)
    keys = [f"k-down-{n}" for n in range(60 if context.ci else 300)]
    for first in range(0, len(keys), 10):
        alarm.ring(*keys[first:first + 10])
    seconds = 6 if context.ci else 60
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(1)
        alarm.let_time_pass()
    is_up.set()
    up = time.monotonic()
    while len(receiver.done) < len(keys):
        context.check(time.monotonic() - up < 60, f"{len(receiver.done)} of {len(keys)} delivered in 60 s")
        alarm.let_time_pass()
        time.sleep(0.5)
    all_after = time.monotonic() - up
    time.sleep(1)
    differing = sum(len(bodies) > 1 for bodies in receiver.bodies.values())
    context.check(most[0] <= 4, f"{most[0]} attempts at once to one endpoint")
    return {"deliveries": len(receiver.done), "lost": len(keys) - len(receiver.done), "differing": differing,
            "extra_attempts": receiver.extra_attempts(), "max_attempts_at_once": most[0],
            "attempts_while_down": sum(given.count(503) for given in receiver.attempts.values()),
            "max_all_delivered_ms": round(all_after * 1000)}


class Paths(Receiver):
    """Many endpoints on one listener: which path got which message when."""

    def __init__(self):
        super().__init__(behave=self.note)
        self.got = collections.defaultdict(list)  # path -> [(time, key)]

    def note(self, handler, delivery):
        with self.lock:
            bodies = self.bodies[delivery].values()
            self.got[handler.path].append((time.monotonic(), json.loads(next(iter(bodies)))["data"]["id"], delivery))
        return False


def hostile(context, rng):
    """R25: of 100 endpoints 30 do harm; the others get theirs as quickly as before."""
    alarm = Alarm(context)
    paths = Paths()
    context.closes(paths)
    good, bad = (35, 15) if context.ci else (70, 30)
    base = paths.url.removesuffix("/hook")

    def add(name_and_url):
        return alarm.add_endpoint(*name_and_url)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(add, [(f"good-{n}", f"{base}/good-{n}") for n in range(good)]))
    rings = 4 if context.ci else 10

    def series(name):
        """Seconds from the acknowledgement to each healthy endpoint, of some alerts one by one."""
        found = []
        for n in range(rings):
            before = {path: len(got) for path, got in paths.got.items()}
            acknowledged = alarm.ring(f"k-{name}-{n}")
            deadline = time.monotonic() + 60
            while any(len(paths.got[f"/good-{i}"]) <= before.get(f"/good-{i}", 0) for i in range(good)):
                context.check(time.monotonic() < deadline, f"not all healthy endpoints got {name} {n} in 60 s")
                time.sleep(0.01)
            found += [paths.got[f"/good-{i}"][-1][0] - acknowledged for i in range(good)]
        return found

    alone = series("alone")
    enemies = [Hostile(Hostile.KINDS[n % len(Hostile.KINDS)], f"{base}/trap") for n in range(bad)]
    for n, enemy in enumerate(enemies):
        context.closes(enemy)
        alarm.add_endpoint(f"bad-{n}", enemy.url)
    among = series("among")
    time.sleep(17)  # whoever holds an attempt for ever is left after 15 s
    stays = [stay for enemy in enemies for stay in list(enemy.stays)]
    taken = max((size for enemy in enemies for size in list(enemy.taken)), default=0)
    context.check("/trap" not in paths.got, "a redirect was followed")
    context.check(max(stays) < 31, f"an attempt took {max(stays):.1f} s")
    context.check(taken < 1 << 20, f"{taken} bytes of an answer were taken")
    context.check(alarm.server.alive() and alarm.server.get("/livez").status == 200, "the server is gone")
    twice = sum(len(got) - len({delivery for _, _, delivery in got}) for got in paths.got.values())
    missing = sum(2 * rings - len({alert for _, alert, _ in got}) for got in paths.got.values())
    p99 = quantile(among, 0.99)
    context.check(p99 < 3 * quantile(alone, 0.99) + 2, f"healthy endpoints wait {p99:.1f} s for hostile ones")
    return {"deliveries": sum(len(got) for got in paths.got.values()), "lost": missing, "extra_attempts": twice,
            "hostile_attempts": sum(enemy.calls for enemy in enemies), "max_attempt_seconds": round(max(stays), 1),
            "max_kb_of_an_answer": taken >> 10, **milliseconds(alone, "healthy_alone"),
            **milliseconds(among, "healthy_among_hostile")}


def order(context, rng):
    """R26: an alert's closing never comes before its opening, although openings are tried again. R29: two secrets."""
    alarm = Alarm(context)
    told = collections.defaultdict(list)  # alert -> [(type, status)]

    def behave(handler, delivery):
        with receiver.lock:
            message = json.loads(next(iter(receiver.bodies[delivery].values())))
            opened = message["type"] == "alert.opened"
            status = 503 if opened and not receiver.attempts[delivery] else 204
            receiver.attempts[delivery].append(status)
            told[message["data"]["id"]].append((message["type"], status))
            if status == 204:
                receiver.done.add(delivery)
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    receiver = context.receiver(alarm.server, behave=behave)
    keys = [f"k-order-{n}" for n in range(8 if context.ci else 40)]
    alarm.ring(*keys)
    alerts = harness.wait_until(lambda: len(found := alarm.server.alerts()) >= len(keys) and found, 30)
    for alert in alerts:
        done = alarm.server.run("alerts", "close", alert["id"], "--as", "true-positive", "--reason", "stolen-key")
        assert done.returncode == 0, done.stderr
    deadline = time.monotonic() + 90
    while len(receiver.done) < 2 * len(keys):
        context.check(time.monotonic() < deadline, f"{len(receiver.done)} of {2 * len(keys)} delivered")
        time.sleep(0.2)
    overtaken = [alert for alert, messages in told.items()
                 if [kind for kind, status in messages if status == 204] != ["alert.opened", "alert.closed"]
                 or messages[-1][0] != "alert.closed"]
    return {"ordered_alerts": len(told), "differing": len(overtaken) + receiver.bad_signatures,
            "extra_attempts": receiver.extra_attempts()}


def latency(context, rng):
    """R28: from the acknowledgement of a record to the message about it, while others come in."""
    alarm = Alarm(context)
    arrived = {}

    def behave(handler, delivery):
        body = next(iter(receiver.bodies[delivery].values()))
        arrived.setdefault(json.loads(body)["data"]["subject"]["value"], time.monotonic())
        return False

    receiver = context.receiver(alarm.server, behave=behave)
    over = threading.Event()

    def noise():
        number = 0
        while not over.is_set():
            now = datetime.datetime.now(datetime.timezone.utc)
            batch = [call("k-noise", f"n{number}-{i}", now, "Test.Quiet") for i in range(200)]
            number += 1
            alarm.server.ingest(batch, source=world.SOURCE)
            over.wait(0.05)

    thread = threading.Thread(target=noise, daemon=True)
    thread.start()
    sent = {}
    for n in range(40 if context.ci else 400):
        key = f"{n:04d}-latency-{rng.randrange(10**6):06d}"
        sent[f"{key[:4]}…{key[-4:]}", n] = alarm.ring(key)
        time.sleep(0.05)
    deadline = time.monotonic() + 30
    while len(receiver.done) < len(sent) and time.monotonic() < deadline:
        time.sleep(0.05)
    over.set()
    thread.join()
    firsts = sorted(at for at, _ in receiver.order)
    times = sorted(sent.values())
    found = [first - began for first, began in zip(firsts, times)]  # alerts open in the order of their records
    return {"deliveries": len(receiver.done), "lost": len(sent) - len(receiver.done),
            "extra_attempts": receiver.extra_attempts(), **milliseconds(found, "detection")}
