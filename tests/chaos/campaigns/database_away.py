"""PostgreSQL is away under load, stopped or shut down: ingest goes on, memory does not grow (R5)."""

import random
import threading
import time

import faults

NAME = "database_away"
ORDER = 25
WEIGHT = 2
BESIDE = True

MEMORY = 64 << 20       # bytes that the program may grow by; the goal, and a quarter more fails
FLOOD = 128 << 20       # and as it works off the backlog, which is as any flood: three batches of 16 MB of effects
FIRST_ALERT = 5.0       # seconds from the return to the first message; the goal, four times as long fails
DRAIN = 3.0             # times the live rate; the goal


def run(context):
    for number in range(2 if context.ci else 40):
        how = "stopped" if number % 2 == 0 else "shut-down"
        seconds = (120, 15)[number] if context.ci else min(random.Random(number).choice((30, 60, 120, 300)),
                                                            max(15, context.time_left() / 2))
        if not context.step(f"{how}-{number}", lambda rng: away(context, rng, how, seconds)):
            break
    return context.counts


class ShutDown:
    """Ended by its operator, who starts it again. One of his own: an embedded one is started by the program."""

    def __init__(self, database):
        self.database = database
        database.stop()

    def back(self):
        self.database.start()

    def close(self):
        pass  # the database is closed by itself


def watch_memory(process, largest, over):
    while not over.is_set():
        try:
            largest[0] = max(largest[0], faults.resident_bytes(process))
        except OSError:
            return
        over.wait(0.1)


def away(context, rng, how, seconds):
    own = context.database() if how == "shut-down" else None
    server = context.start_server(settings={"database": {"url": own.url}} if own else None,
                                  database_socket=own and own.socket)
    receiver = context.receiver(server, rng, faults=0)
    feeder = context.feeder(server, rng, rate=1_200 if context.ci else 2_500)
    feeder.wait_for(10_000, 120)
    time.sleep(3)
    before = faults.resident_bytes(server.process.pid)
    largest, over = [before], threading.Event()
    watcher = threading.Thread(target=watch_memory, args=(server.process.pid, largest, over))
    watcher.start()
    gone = time.monotonic()
    database = ShutDown(own) if own else faults.Stopped(server)
    context.closes(database)
    acknowledged = feeder.acknowledged
    time.sleep(seconds)
    context.check(server.alive(), f"the server ended with its database: {server.tail()}")
    taken = feeder.acknowledged - acknowledged
    rate = taken / (time.monotonic() - gone)
    context.check(taken > 200 * seconds, f"{taken} records were acknowledged in {seconds} s without a database")
    told_away = len(receiver.order)
    grown_away = largest[0] - before
    database.back()
    back = time.monotonic()
    first = None
    while first is None and time.monotonic() - back < 4 * FIRST_ALERT:
        first = receiver.order[told_away][0] - back if len(receiver.order) > told_away else None
        time.sleep(0.02)
    context.check(first is not None, f"no alert within {4 * FIRST_ALERT} s of the return: {server.tail(8)}")
    # What came in while it was away, and since then, is evaluated at this rate.
    while (server.metric("callerprint_backlog_blocks") or 0) > 32:
        context.check(time.monotonic() - back < 60 + 2 * seconds, f"the backlog does not shrink: {server.tail(8)}")
        time.sleep(0.05)
    drained = time.monotonic() - back
    over.set()
    watcher.join()
    grown = largest[0] - before
    context.check(grown_away < MEMORY * 5 / 4,
                  f"memory grew by {grown_away >> 20} MB while the database was away")
    context.check(grown < FLOOD, f"memory grew by {grown >> 20} MB as the backlog was evaluated")
    name = how.replace("-", "_")
    print(f"database_away: {how} {seconds:.0f} s: {taken} records acknowledged meanwhile, memory +{grown_away >> 20} MB"
          f" (goal 64), +{grown >> 20} MB as the backlog is evaluated, first message after {first:.2f} s"
          f" (goal {FIRST_ALERT:.0f}), backlog evaluated at {(taken + rate * drained) / drained / rate:.1f} times the live"
          f" rate (goal {DRAIN:.0f})", flush=True)
    return {"database_absences": 1, "seconds_away": round(seconds), "acknowledged_while_away": taken,
            "max_memory_growth_mb": grown_away >> 20, "max_memory_growth_of_backlog_mb": grown >> 20,
            f"max_first_alert_ms_{name}": round(first * 1000),
            f"max_drain_seconds_{name}": round(drained, 1), **context.judge(server, feeder, receiver)}
