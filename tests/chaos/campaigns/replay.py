"""The same records again: to another server in another order, and offline, give the same alerts."""

import json
import pathlib

import world
from oracle import expected_alerts

NAME = "replay"
ORDER = 46
WEIGHT = 0.5


def run(context):
    def twice(rng):
        count = 40_000 if context.ci else 300_000
        seed = rng.randrange(2**32)
        sets = []
        for clients, kills in ((1, 0), (6, 2)):
            server = context.start_server()
            feeder = context.feeder(server, rng, clients=clients, rate=None, seed=seed, upto=count)
            for _ in range(kills):
                feeder.wait_for(count // 8, 300)
                server.kill()
                server.start()
            feeder.wait_until_handed_out(600)
            counts = context.judge(server, feeder)
            context.add({name: counts[name] for name in ("lost", "duplicate_alert_ids", "differing", "oracle_equal")})
            sets.append({row["alert_id"] for row in server.sql("SELECT alert_id FROM alerts LIMIT 10000")})
            last = server
        context.check(sets[0] == sets[1], f"{len(sets[0] ^ sets[1])} alerts differ between two orders of arrival")
        file = pathlib.Path(last.folder) / "all.ndjson"
        file.write_text("".join(world.Call(seed, n).line() + "\n" for n in range(count)))
        offline = []
        for _ in range(2):
            done = last.run("replay", "--format", "native", file, "-o", "ndjson", timeout=600)
            context.check(done.returncode in (0, 1), f"replay: {done.stderr[-500:]}")
            offline.append({json.loads(line)["id"] for line in done.stdout.splitlines() if line.startswith("{")})
        context.check(offline[0] == offline[1], "two replays of one file differ")
        # Offline a file is sorted whole, so even the planted late ones are in time; none of them matches a rule,
        # and no registry is there: alerts about licences are left out.
        wanted = {name for name, alert in expected_alerts([world.Call(seed, n) for n in range(count)]).items()
                  if alert.policy != "gated"}
        got = {name for name in offline[0] if name in wanted}
        context.check(got == wanted, f"{len(wanted - got)} of {len(wanted)} alerts missing in an offline replay")
        return {"replayed_records": 2 * count, "replay_alerts": len(wanted)}

    context.step("twice", twice)
    return context.counts
