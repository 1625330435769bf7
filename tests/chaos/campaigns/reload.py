"""New policies every tenth of a second under load: each call is judged under exactly one revision."""

import re
import threading
import time

import world

NAME = "reload"
ORDER = 35
WEIGHT = 1

# Matches every call of Chaos.Quiet under an id of its own, so that what a call matched names its revision.
VERSION = """\
title: Version {n}
id: c4a05000-0000-4000-8000-0000001{n:05}
name: chaos_version
status: experimental
level: low
logsource: {{ category: api_call }}
detection:
  hit: {{ api.operation: Chaos.Quiet }}
  condition: hit
callerprint: {{ family: abuse, subject: key, quiet: 24h }}
"""


class Reloading(threading.Thread):
    def __init__(self, server, every):
        super().__init__(daemon=True)
        self.server, self.every, self.count, self.over = server, every, 1, False

    def run(self):
        file = self.server.policies / "version.yml"
        while not self.over:
            self.count += 1
            fresh = file.with_suffix(".new")
            # Every twentieth is wrong: it must change nothing.
            text = VERSION.format(n=self.count) if self.count % 20 else "title: [\n"
            fresh.write_text(text)
            fresh.rename(file)
            self.server.reload()
            time.sleep(self.every)
        file.write_text(VERSION.format(n=self.count + 1 if (self.count + 1) % 20 else self.count + 2))
        self.server.reload()


def run(context):
    def reloads(rng):
        server = context.start_server(policies={**world.POLICIES, "version.yml": VERSION.format(n=1)})
        receiver = context.receiver(server, rng)
        feeder = context.feeder(server, rng, rate=3_000)
        reloading = Reloading(server, 0.1)
        reloading.start()
        deadline = time.monotonic() + (60 if context.ci else 900)
        while reloading.count < (300 if context.ci else 5_000) and time.monotonic() < deadline:
            time.sleep(0.1)
        reloading.over = True
        reloading.join()
        context.check(server.alive(), f"the server ended: {server.tail(5)}")
        # The versions' own alerts are not in the oracle's world: which one a call met is a matter of time.
        counts = context.judge(server, feeder, receiver, ignore_policy="Version %")
        row = server.sql(
            "SELECT count(*) FILTER (WHERE n = 1) AS one, count(*) FILTER (WHERE n <> 1) AS other FROM (SELECT"
            " (SELECT count(*) FROM unnest(matched) m WHERE m LIKE 'c4a05000-0000-4000-8000-0000001%') AS n"
            " FROM calls WHERE operation = 'Chaos.Quiet' AND key_uid LIKE 'k-quiet-%') x")[0]
        # In the journal's order versions only ascend: a call of an older one behind a newer has met two sets.
        back = server.sql(
            "SELECT count(*) AS n FROM (SELECT v, max(v) OVER (ORDER BY block, record ROWS BETWEEN UNBOUNDED"
            " PRECEDING AND 1 PRECEDING) AS before FROM (SELECT block, record, (SELECT max(right(m, 5)::int)"
            " FROM unnest(matched) m WHERE m LIKE 'c4a05000-0000-4000-8000-0000001%') AS v FROM calls"
            " WHERE operation = 'Chaos.Quiet') c WHERE v IS NOT NULL) x WHERE v < before")[0]
        context.check(int(row["other"]) == 0, f"{row['other']} calls under no revision, or under two")
        context.check(int(back["n"]) == 0, f"{back['n']} calls under a revision older than the one before them")
        seen = server.sql("SELECT count(*) AS n FROM policy_revisions")[0]
        return {"reloads": reloading.count, **counts, "calls_under_one_revision": int(row["one"]),
                "revisions_noted": int(seen["n"]),
                "max_reload_pause_ms": pause(server)}

    for number in range(1 if context.ci else 1_000):
        if not context.step(f"reloads-{number}", reloads):
            break
    return context.counts


def pause(server):
    """The greatest bucket of the histogram that anything fell into, in milliseconds."""
    found = re.findall(r'callerprint_reload_pause_seconds_bucket{le="([^"]+)"} (\d+)', server.get("/metrics").text)
    total = max((int(count) for _, count in found), default=0)
    return next((1_000 * float(bound) for bound, count in found if int(count) == total and bound != "+Inf"), 0)
