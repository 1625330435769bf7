"""How long a start takes: with nothing to do, and with windows, a journal and a backlog behind it."""

import os
import signal
import time

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
        killed = []
        for _ in range(3 if context.ci else 10):
            server.kill()
            server.start()
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
                "max_start_with_backlog_ms": round(1_000 * backlog),
                "max_seconds_to_quiescence": round(time.monotonic() - since, 1)}

    context.step("starts", starts)
    return context.counts
