"""The same records again: to another server in another order, and offline, give the same alerts."""

import datetime
import json

import world
from harness import ROOT
from oracle import expected_alerts

NAME = "replay"
ORDER = 13
BESIDE = True
WEIGHT = 0.5


def micros_of(text):
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def alert_ids(server):
    """All of them: `sql` shows 10,000 rows at most."""
    return set(server.psql("SELECT string_agg(alert_id, ' ') FROM investigate.alerts").split())


def offline_firings(context, server, calls):
    """What `callerprint replay` prints, twice."""
    file, registry = server.folder / "all.ndjson", server.folder / "registry.ndjson"
    file.write_text("".join(call.line() + "\n" for call in calls))
    registry.write_text(world.REGISTRY)
    out = []
    for _ in range(2):
        done = server.run("replay", "--policies", server.policies, "--formats", ROOT / "config/formats", "--format",
                          "native", "--registry", registry, file, timeout=600)
        context.check(done.returncode in (0, 1), f"replay: {done.stderr[-500:]}")
        out.append(done.stdout)
    return out


def run(context):
    def twice(rng):
        count = 20_000 if context.ci else 1_000_000
        seed = rng.randrange(2**32)
        sets = []
        for clients, kills in ((1, 0), (6, 2 if context.ci else 20)):  # each kill: from a saved state on
            server = context.start_server()
            feeder = context.feeder(server, rng, clients=clients, rate=None, seed=seed, upto=count)
            for _ in range(kills):
                feeder.wait_for(count // (kills + 6), 300)
                server.kill()
                server.start()
            feeder.wait_until_handed_out(1_200)
            counts = context.judge(server, feeder)
            context.add({name: counts[name] for name in ("lost", "duplicate_alert_ids", "differing", "oracle_equal")})
            sets.append(alert_ids(server))
            last = server
        context.check(sets[0] == sets[1], f"{len(sets[0] ^ sets[1])} alerts differ between two orders of arrival")
        offline = offline_firings(context, last, [world.Call(seed, n) for n in range(count)])
        context.check(offline[0] == offline[1], "two replays of one file differ")
        wanted = {(alert.subject, alert.opened) for alert in expected_alerts(
            [world.Call(seed, n) for n in range(count)]).values() if alert.policy == "fire"}
        got = {(firing["group"]["actor.user.credential_uid"], micros_of(firing["at"])) for firing in
               map(json.loads, offline[0].splitlines()) if firing["policy"]["name"] == "chaos_fire"}
        context.check(got == wanted, f"an offline replay has {len(got ^ wanted)} other firings than the oracle, "
                      f"such as {sorted(got ^ wanted)[:3]}")
        return {"replayed_records": 2 * count, "replay_alerts": len(sets[0]), "replay_firings": len(got)}

    context.step("twice", twice)
    return context.counts
