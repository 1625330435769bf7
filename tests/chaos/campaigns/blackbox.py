"""SIGKILL of the server at random moments under load, with retrying clients and a receiver that misbehaves."""

import time

from measure import percentile

NAME = "blackbox"
ORDER = 10
BESIDE = True
WEIGHT = 3
ROUND = 20  # kills before the oracle looks


def run(context):
    def kills(rng):
        server = context.start_server()
        receiver = context.receiver(server, rng)
        feeder = context.feeder(server, rng, rate=2_500 if context.ci else 5_000)
        for _ in range(ROUND):
            # Sometimes while it still starts, sometimes before the first batch, sometimes in full work.
            moment = rng.choice((rng.uniform(0, 0.3), rng.uniform(0.3, 1), rng.uniform(1, 1.5 if context.ci else 5)))
            time.sleep(moment)
            server.kill()
            server.start(wait=rng.random() < 0.9)
        if not server.is_ready():
            server.wait_ready()
        counts = context.judge(server, feeder, receiver)
        return {"kills": ROUND, **counts, "ready_p50_ms": percentile(server.starts[1:], 50),
                "ready_p99_ms": percentile(server.starts[1:], 99)}

    for number in range(2 if context.ci else 100_000):
        if not context.step(f"round-{number}", kills):
            break
    return context.counts
