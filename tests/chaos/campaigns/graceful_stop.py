"""SIGTERM under load: what was accepted is answered, nothing is reset, nothing sent is sent again."""

import time

from measure import percentile

NAME = "graceful-stop"
ORDER = 11
WEIGHT = 0.5


def run(context):
    def stops(rng):
        server = context.start_server()
        receiver = context.receiver(server, rng, faults=0)
        feeder = context.feeder(server, rng, rate=4_000)
        feeder.wait_for(16_000)
        took = []
        for _ in range(5 if context.ci else 20):
            feeder.wait_for(rng.randint(500, 4_000))
            since = time.monotonic()
            code = server.stop()
            took.append(time.monotonic() - since)
            context.check(code == 0, f"exit code {code}: {server.tail(5)}")
            context.check(server.postmaster() is None, "the database runs on")
            server.start()
        # Attempts that failed were refused by nobody: the receiver always answers 204 here.
        counts = context.judge(server, feeder, receiver)
        context.check(counts["extra_attempts"] == 0, f"{counts['extra_attempts']} deliveries were sent twice")
        context.check(feeder.cut_off == 0, f"{feeder.cut_off} answers were cut off by a graceful stop")
        return {"stops": len(took), **counts, "stop_p50_ms": percentile(took, 50),
                "stop_p99_ms": percentile(took, 99)}

    for number in range(1 if context.ci else 1_000):
        if not context.step(f"stops-{number}", stops):
            break
    return context.counts
