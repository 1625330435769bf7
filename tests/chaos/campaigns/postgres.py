"""SIGKILL of the database under load: the postmaster, or one of its processes that works for us."""

import os
import pathlib
import signal
import time

NAME = "postgres"
ORDER = 20
BESIDE = True
WEIGHT = 2
ROUND = 10  # kills before the oracle looks


def children(postmaster):
    """Process ids of the backends that are ours, by what they say of themselves."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == postmaster:
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return [pid for pid, title in found.items() if "callerprint callerprint" in title]


def kill_one(server, rng):
    """True for the postmaster. Its processes see that it is gone and end by themselves."""
    wants_postmaster = rng.random() < 0.5
    while True:
        postmaster = server.postmaster()  # none: killed before it was there again
        backends = children(postmaster) if postmaster else []
        victim = postmaster if wants_postmaster or not backends else rng.choice(backends)
        try:
            if victim:
                os.kill(victim, signal.SIGKILL)  # of a backend: the postmaster ends all others and recovers
                return victim == postmaster
        except ProcessLookupError:
            pass  # it has just ended by itself
        time.sleep(0.02)


def run(context):
    def kills(rng):
        server = context.start_server()
        receiver = context.receiver(server, rng)
        feeder = context.feeder(server, rng, rate=2_500)
        away, postmasters = [], 0
        for _ in range(ROUND):
            time.sleep(rng.choice((0, rng.uniform(0, 0.3), rng.uniform(0.3, 2))))
            postmasters += kill_one(server, rng)
            killed = time.monotonic()
            before = int(server.metric("callerprint_commits_total") or 0)
            # It may die again while it recovers, in one of three.
            if rng.random() < 0.3:
                continue
            while int(server.metric("callerprint_commits_total") or 0) <= before:
                context.check(server.alive(), f"the server ended with its database: {server.tail(5)}")
                context.check(time.monotonic() - killed < 60,
                              f"no commit within 60 s of the kill: {server.tail(5)}")
                time.sleep(0.05)
            away.append(time.monotonic() - killed)
        counts = context.judge(server, feeder, receiver)
        return {"pg_kills": ROUND, "postmaster_kills": postmasters, **counts,
                "max_seconds_to_next_commit": round(max(away, default=0), 1)}

    for number in range(2 if context.ci else 100_000):
        if not context.step(f"round-{number}", kills):
            break
    return context.counts
