"""Nothing is broken: the oracle and the server agree on quiet traffic. The others build on this."""

NAME = "calm"
ORDER = 1
BESIDE = True
WEIGHT = 0.2


def run(context):
    def quiet(rng):
        server = context.start_server()
        receiver = context.receiver(server, rng)
        feeder = context.feeder(server, rng)
        feeder.wait_for(10_000 if context.ci else 60_000, 120)
        return context.judge(server, feeder, receiver)

    context.step("quiet", quiet)
    return context.counts
