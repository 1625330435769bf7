"""The connection to the database is cut around COMMIT, so that nobody knows whether it happened."""

import time

from measure import percentile
from postgres_proxy import Proxy

NAME = "commit-cuts"
ORDER = 25
BESIDE = True
WEIGHT = 2
ROUND = 100  # cuts before the oracle looks

# The seconds of each are drawn up to these, of the slice and of a long run; and how often each comes. A COMMIT that
# hangs for 2 s is ended.
MODES = {"before": (0, 0), "after": (0, 0), "middle": (0, 0), "delay": (1, 30), "late": (4, 8), "stuck": (4, 8)}
WEIGHTS = (30, 30, 30, 4, 3, 3)


def run(context):
    def cuts(rng):
        database = context.database()
        proxy = Proxy(database, rng)
        context.closes(proxy)
        server = context.start_server(settings={"database": {"url": proxy.url}}, database_socket=database.socket)
        receiver = context.receiver(server, rng)
        feeder = context.feeder(server, rng, rate=1_500 if context.ci else 2_500)
        feeder.wait_for(1_000)
        resolved, made = [], 0
        while made < ROUND and context.time_left() > -60:
            mode = rng.choices(list(MODES), WEIGHTS)[0]
            seconds = rng.uniform(0, MODES[mode][0 if context.ci else 1])
            # Mostly the batches; sometimes what the outbox and the merger do.
            application = rng.choices(("committer", "deliver", "merger"), (90, 9, 1))[0]
            cut = proxy.cut_next(mode, seconds, application)
            if not cut.happened.wait(5 if application != "committer" else 30):
                proxy.disarm()
                context.check(application != "committer", f"nothing was committed for 30 s: {server.tail(5)}")
                continue
            made += 1
            before, since = proxy.commits[application], time.monotonic()
            while proxy.commits[application] == before:
                context.check(server.alive(), f"the server ended: {server.tail(5)}")
                context.check(time.monotonic() - since < 60, f"no commit for 60 s after {mode}: {server.tail(5)}")
                time.sleep(0.01)
            if application == "committer" and mode != "delay":
                resolved.append(time.monotonic() - since)
        counts = context.judge(server, feeder, receiver)
        return {"commit_cuts": made, **counts, "resolved_p50_ms": percentile(resolved, 50),
                "resolved_p99_ms": percentile(resolved, 99)}

    for number in range(2 if context.ci else 100_000):
        if not context.step(f"cuts-{number}", cuts):
            break
    return context.counts
