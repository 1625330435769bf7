"""Clocks that lie: senders that stamp the future, and a wall clock that is set while the program runs."""

import datetime
import json
import struct
import time

import oracle
import world

NAME = "clock"
ORDER = 14
BESIDE = True


def run(context):
    for number in range(1 if context.ci else 20):
        if not context.step(f"future-{number}", lambda rng: future(context, rng)):
            break
        if not context.step(f"steps-{number}", lambda rng: steps(context, rng)):
            break
    return context.counts


def stamped(number, rng):
    """A call from one hour ahead to the end of time."""
    now = datetime.datetime.now(datetime.timezone.utc)
    at = rng.choice((now + datetime.timedelta(hours=1), now + datetime.timedelta(days=1),
                     now + datetime.timedelta(days=400), datetime.datetime(9999, 12, 31, 23, 59, 59)))
    return json.dumps({"time": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "metadata": {"uid": f"x-{number}"},
                       "actor": {"user": {"credential_uid": "k-attack"}}, "api": {"operation": "Chaos.Quiet"},
                       "status_id": 1})


def future(context, rng):
    """R17: one record in a hundred is from the future, in the honest source and in one that sends nothing else."""
    seed = rng.randrange(2**32)
    total = 12_000 if context.ci else 60_000
    calls = [world.Call(seed, n) for n in range(total)]
    expected = oracle.expected_alerts(calls)
    found, late = {}, {}
    for name in ("calm", "attacked"):
        sources = [{"name": source, "format": "native", "lateness": f"{world.LATENESS_SECONDS}s"}
                   for source in (world.SOURCE, "other")]
        server = context.start_server(settings={"sources": sources})
        other = server.token("other")
        for first in range(0, total, 100):
            lines = [call.line() for call in calls[first:first + 100]]
            if name == "attacked":
                lines.insert(rng.randrange(100), stamped(first, rng))
                server.ingest(stamped(f"o{first}", rng) + "\n", source="other", token=other)
            while server.ingest("\n".join(lines) + "\n", source=world.SOURCE).status != 200:
                time.sleep(0.1)
        server.ingest(world.closing_line(total) + "\n", source=world.SOURCE)
        begun, deadline = time.monotonic(), time.monotonic() + 120
        while int(server.psql("SELECT count(*) FROM investigate.alerts")) < len(expected):
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        waited = time.monotonic() - begun
        time.sleep(1)
        found[name] = set(server.psql("SELECT alert_id FROM investigate.alerts").split())
        late[name] = set(server.psql("SELECT record_uid FROM investigate.calls WHERE late").split())
        seen = int(server.metric("callerprint_calls_future_total") or 0)
        context.check(seen == (2 * total // 100 if name == "attacked" else 0),
                      f"{name}: {seen} calls from the future are counted")
        server.stop()
    context.check(late["calm"] == {call.uid for call in calls if call.late}, "late without an attack")
    honest_late = {uid for uid in late["attacked"] if uid.startswith("c-")}
    print(f"clock: {total // 50} calls from the future, {len(found['attacked'])} alerts with and {len(found['calm'])}"
          f" without them, the last {waited:.1f} s after the last record", flush=True)
    return {"future_calls": 2 * total // 100, "alerts": len(expected),
            "lost": len(expected.keys() - found["attacked"]) + len(expected.keys() - found["calm"]),
            "duplicate_alert_ids": len(found["attacked"] - expected.keys()) + len(found["calm"] - expected.keys()),
            "differing": len(honest_late ^ late["calm"])}


def steps(context, rng):
    """R18: the wall clock is set forth, back and stopped, while the program runs and while it does not."""
    library = context.program("tests/chaos/clock/libstep_clock.so")
    context.check(library.exists(), f"{library} is not built: ninja step_clock")
    clock = context.work / f"clock-{rng.randrange(10**6)}"

    def set_clock(shift, stopped=False):
        """Written over, not made anew: the programs have it mapped."""
        with open(clock, "r+b" if clock.exists() else "wb") as file:
            file.write(struct.pack("<qq", shift * 1_000_000, int(time.time() * 1e6) if stopped else 0))

    set_clock(0)
    clock.chmod(0o644)
    environment = {"LD_PRELOAD": str(library), "STEP_CLOCK": str(clock)}
    server = context.start_server(environment=environment)
    receiver = context.receiver(server, rng, faults=0)
    feeder = context.feeder(server, rng, rate=2_000)
    feeder.wait_for(2_000, 60)
    settings = [(3_600,), (-3_600,), (86_400,), (-86_400,), (0, True), (0,)]
    rng.shuffle(settings)
    restarts = 0
    for setting in settings:
        over_restart = rng.random() < 0.4
        if over_restart:
            server.kill()
            restarts += 1
        set_clock(*setting)
        if over_restart:
            server.start()
        told = len(receiver.done)
        feeder.wait_for(3_000, 60)
        deadline = time.monotonic() + 20
        while len(receiver.done) <= told:
            context.check(time.monotonic() < deadline, f"no message within 20 s of the clock at {setting}:"
                                                       f" {server.tail(5)}")
            time.sleep(0.05)
    told = server.log.read_text(errors="replace").count("ingest.clock_step")
    context.check(told >= 1, f"of {len(settings)} steps, {restarts} over a restart, none was told")
    # A server that is a day ahead, at whose death messages are queued, under way and put off.
    set_clock(86_400)
    receiver.behave = refuse_slowly
    feeder.wait_for(3_000, 60)
    server.kill()
    receiver.behave = None
    set_clock(0)
    server.start()
    return {"clock_steps": len(settings) + 2, "clock_restarts": restarts + 1,
            **context.judge(server, feeder, receiver, patient=True)}


def refuse_slowly(handler, _):
    time.sleep(0.5)
    handler.send_response(503)
    handler.send_header("Content-Length", "0")
    handler.end_headers()
    return True
