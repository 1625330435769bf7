"""The program ends itself at each named place of an erasure; afterwards nothing of the person is in any file."""

import time

import traces
from campaigns.kill_points import CI_HITS, NIGHT_HITS, ended_there, kind_of, points_of, start

NAME = "erasures"
ORDER = 31
BESIDE = True
WEIGHT = 2


def run(context):
    points = [point for point in points_of(context) if kind_of(point) == "erase"]
    for hit in range(CI_HITS if context.ci else NIGHT_HITS):
        if not context.step(f"hit-{hit + 1}", lambda rng: end_at_each(context, points, rng)):
            break
    return context.counts


def wait_for_spare(context, server, feeder):
    """Until the journal has one: it makes it while its newest segment fills."""
    feeder.pad, since = 6_000, time.monotonic()
    while not list((server.data / "journal").glob("spare-*")):
        context.check(time.monotonic() - since < 60, f"no spare: {server.tail(5)}")
        time.sleep(0.01)
    feeder.pad = 0


def end_at_each(context, points, rng):
    """A person is being erased, and then the program ends; the next start does it."""
    server = context.start_server(binary=context.kill_binary, settings={
        "journal": {"quota": "512MB", "segment": "4MB", "ballast": "1MB"}})
    feeder = context.feeder(server, rng, rate=600)
    people, missed = [], []
    for n, point in enumerate(points):
        people.append(f"person-{n}@{rng.randrange(10**9)}.example")
        feeder.name(people[-1], 150)
        if point.startswith("journal.rewrite.spare."):
            wait_for_spare(context, server, feeder)
        asked = server.run("erase", "request", "--value", people[-1], "--reason", point)
        context.check(asked.returncode == 0, asked.stderr)
        server.kill()
        start(server, f"{point}:1")
        # As a second person would; the program is not told of it and looks every second.
        server.psql("UPDATE callerprint.erasures SET approved_at = now(), approved_by = 'another'"
                    f" WHERE id = '{asked.stdout.split()[0]}'")
        if not ended_there(server, point, 25):
            missed.append(point)
        if server.alive():
            server.kill()
        start(server)
        deadline = time.monotonic() + 60
        while server.psql("SELECT count(*) FROM callerprint.erasures WHERE done_at IS NULL") != "0":
            context.check(time.monotonic() < deadline, f"not erased after {point}: {server.tail(5)}")
            time.sleep(0.3)  # each look starts two processes
    kept = [*traces.of_folder(server.data / "journal"), *traces.of_windows(server.psql), server.dump()]
    left = [person for person in people if traces.count(person, kept)]
    context.check(not left, f"is left: {left}")
    context.check(not missed, f"never reached: {missed}")
    return {"kill_points": len(points), "erasures": len(points), **context.judge(server, feeder)}
