"""Disks fill and empty: 503 with Retry-After, nothing acknowledged lost, back without a person (R6)."""

import signal
import time

import faults
from measure import milliseconds, quantile

NAME = "disk"
ORDER = 30
BESIDE = True

BACK = 5.0      # seconds, the goal; three times as long fails
ANSWER = 0.1    # seconds from the condition to the answer, the goal; twenty times as long fails


def run(context):
    if not faults.can_mount(context.work):
        print("disk: we may not mount here; `journal` fills a model disk instead", flush=True)
        return context.counts
    cycles = 8 if context.ci else 40
    for number in range(1 if context.ci else 5):
        if not context.step(f"journal-{number}", lambda rng: journal_disk(context, rng, cycles)):
            break
        if not context.step(f"both-{number}", lambda rng: both_disks(context, rng, max(2, cycles // 4))):
            break
        if not context.step(f"ours-{number}", lambda rng: full_of_ours(context, rng)):
            break
    return context.counts


def on_own_disk(context, server, folder, megabytes):
    """The server's folder moves to a small disk while it is stopped; comes away after the server."""
    server.stop()
    deadline = time.monotonic() + 20
    while server.postmaster() and time.monotonic() < deadline:
        time.sleep(0.05)
    disk = faults.Disk(server.folder / "data" / folder, megabytes)
    context.closes(disk, last=True)
    return disk


def wait_alive(server, seconds=30):
    """It answers, which on a full disk is all it can."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if server.request("GET", "/livez", timeout=2).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError(f"no answer within {seconds} s of the start:\n{server.tail()}")


def refusals(context, watcher, since):
    """All answers while it is full were 503 with Retry-After; how long they took."""
    answers = [answer for answer in watcher.since(since) if answer[2] not in (0, 200)]
    for _, _, status, after in answers:
        context.check(status == 503 and after and 1 <= int(after) <= 120,
                      f"a full disk is answered with {status} and Retry-After {after}")
    return [seconds for _, seconds, _, _ in answers]


def journal_disk(context, rng, cycles):
    """Only the journal's disk: the database works on what is there."""
    server = context.start_server(settings={"journal": {"quota": "1GB", "segment": "4MB", "ballast": "8MB"}})
    disk = on_own_disk(context, server, "journal", 64)
    server.start()
    receiver = context.receiver(server, rng)
    feeder = context.feeder(server, rng, rate=1_500, pad=4_000, bad_lines=False)
    watcher = faults.Watcher(server)
    context.closes(watcher)
    answers, backs, restarts = [], [], 0
    for _ in range(cycles):
        feeder.wait_for(300, 60)
        full = time.monotonic()
        refused = None
        while refused is None and time.monotonic() < full + 60:
            disk.fill()  # over and over: the journal gives back its ballast, somebody takes it
            refused = watcher.first(lambda answer: answer[2] not in (0, 200), full, 0.2)
        context.check(refused, "a full disk refuses nothing within 60 s")
        if rng.random() < 0.4:
            server.kill()
            server.start(wait=False)
            wait_alive(server)
            restarts += 1
        time.sleep(rng.uniform(0.2, 2.0))
        context.check(server.request("GET", "/livez").status == 200, "the process is not alive on a full disk")
        answers += refusals(context, watcher, full)
        disk.give_back()
        room = time.monotonic()
        back = watcher.first(lambda answer: answer[2] == 200, room, 3 * BACK)
        context.check(back, f"not back {3 * BACK} s after there is room: {server.tail(5)}")
        backs.append(back[0] + back[1] - room)
    context.check(not answers or quantile(answers, 0.5) < 20 * ANSWER, f"refusals take {answers[:5]} s")
    watcher.close()
    ballast = server.folder / "data/journal/ballast"
    deadline = time.monotonic() + 10
    while not (ballast.exists() and ballast.stat().st_size == 8 << 20):
        context.check(time.monotonic() < deadline, "the ballast is not made again")
        time.sleep(0.1)
    return {"disk_full": cycles, "full_restarts": restarts, "full_refusals": len(answers),
            **milliseconds(answers, "refusal"), "max_back_ms": round(max(backs) * 1000),
            **context.judge(server, feeder, receiver)}


def no_space(server):
    """How often the database said that its disk is full."""
    logs = (server.folder / "data/postgres/log").glob("*.log")
    return sum(log.read_text(errors="replace").count("No space left on device") for log in logs)


def both_disks(context, rng, cycles):
    """The database's disk fills, and the journal's with it, since both are one."""
    server = context.start_server(settings={"journal": {"quota": "128MB", "segment": "4MB", "ballast": "16MB"},
                                            "database": {"reserve": "0"}})
    server.stop()
    # What comes in stays for years: there must be room for it, or it is we who fill the disk.
    disk = on_own_disk(context, server, "", 384 if context.ci else 2_048)
    server.start()
    receiver = context.receiver(server, rng)
    feeder = context.feeder(server, rng, rate=1_000, pad=2_000, bad_lines=False)
    watcher = faults.Watcher(server)
    context.closes(watcher)
    backs, records = [], 2_000
    # With few records the database may find room in its files, which are larger than what is in them.
    while len(backs) < cycles or (no_space(server) == 0 and len(backs) < cycles + 3):
        records *= 2 if len(backs) >= cycles else 1
        # It comes back to a backlog that has no place: a full journal hands it nothing new to write.
        database = faults.Stopped(server)
        context.closes(database)
        feeder.wait_for(records, 120)
        disk.fill()
        full = time.monotonic()
        database.back()
        seconds = rng.uniform(3, 8)
        while time.monotonic() < full + seconds:
            disk.fill()
            time.sleep(0.05)
        context.check(server.request("GET", "/livez").status == 200, "the process is not alive on a full disk")
        refusals(context, watcher, full)
        disk.give_back()
        room = time.monotonic()
        back = watcher.first(lambda answer: answer[2] == 200, room, 3 * BACK)
        context.check(back, f"not back {3 * BACK} s after there is room: {server.tail(5)}")
        backs.append(back[0] + back[1] - room)
    watcher.close()
    context.check(no_space(server) > 0, "the database never found its disk full")
    return {"disk_full": len(backs), "database_no_space": no_space(server),
            "max_back_with_database_ms": round(max(backs) * 1000), **context.judge(server, feeder, receiver)}


def full_of_ours(context, rng):
    """What came in fills the disk, and then all is killed: the database recovers within its reserve, and can delete."""
    server = context.start_server(settings={"journal": {"quota": "4GB", "segment": "4MB", "ballast": "192MB"},
                                            "database": {"reserve": "96MB"}})
    server.stop()
    disk = on_own_disk(context, server, "", 2_048)
    disk.take(1_300)
    server.start()
    receiver = context.receiver(server, rng)
    feeder = context.feeder(server, rng, rate=3_000, pad=8_000, bad_lines=False)
    watcher = faults.Watcher(server)
    context.closes(watcher)
    begun = time.monotonic()
    refused = watcher.first(lambda answer: answer[2] not in (0, 200), begun, 180)
    context.check(refused, f"{disk.free_bytes() >> 20} MB are free 180 s later")
    filled = time.monotonic() - begun
    deadline = time.monotonic() + 60
    while "database.reserve" not in server.get("/readyz").text:
        context.check(time.monotonic() < deadline, f"commits go on with {disk.free_bytes() >> 20} MB free")
        time.sleep(0.2)
    time.sleep(rng.uniform(0, 5))
    refusals(context, watcher, begun)
    server.kill()
    faults.send(signal.SIGKILL, faults.family(server.postmaster()))
    began = time.monotonic()
    server.start(wait=False)
    wait_alive(server, 60)
    recovered = time.monotonic() - began
    server.psql("CREATE TABLE probe AS SELECT generate_series(1, 100000)")  # what deleting costs
    server.psql("DROP TABLE probe")
    disk.give_back()
    room = time.monotonic()
    back = watcher.first(lambda answer: answer[2] == 200, room, 3 * BACK)
    context.check(back, f"not back {3 * BACK} s after there is room: {server.tail(5)}")
    watcher.close()
    return {"disk_full": 1, "max_seconds_to_fill": round(filled), "max_recovered_on_full_ms": round(recovered * 1000),
            "full_database_no_space": no_space(server), **context.judge(server, feeder, receiver)}
