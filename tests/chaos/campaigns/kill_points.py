"""The program ends itself at each named place, one after the other, and goes on after a restart."""

import os
import signal
import time

from postgres_proxy import Proxy

NAME = "kill-points"
ORDER = 30
BESIDE = True
WEIGHT = 3
GROUP = 24  # points that one server dies at before the oracle looks

# Reached only while a server's data are made for the first time.
FIRST_START = ("cluster.init.before", "cluster.init.after", "cluster.marker.before", "cluster.database.before",
               "app.secret.", "store.migration.file.before", "store.migration.file.after",
               "store.migration.committed")
START = ("app.position.claimed", "app.policies.saved", "app.ready.before", "cluster.start.", "journal.open.",
         "journal.recovery.cut.", "journal.recovery.sync.", "pipeline.restore.after", "pipeline.replay.after",
         "pipeline.replay.block", "store.claim.made", "store.migration.locked", "store.migration.done", "journal.mark.open.",
         "journal.ballast.")
# Reached by a start after one of these ends, and not by every one.
AFTER = {"journal.recovery.rewrite.": "journal.group.write.after"}
STOP = ("app.stop.", "pipeline.snapshot.", "store.batch.state.", "pipeline.trim.")
RELOAD = ("app.reload.", "pipeline.reload.")
TRIM = ("journal.header.", "journal.segment.", "journal.spare.", "journal.trim.", "journal.recycle.")
DOUBT = ("store.doubt.",)
ERASE = ("pipeline.forget.", "journal.rewrite.", "store.erase.", "app.erase.")
ONCE = ("start", "after", "stop", "reload")  # kinds that a process meets once
CI_HITS, NIGHT_HITS = 1, 50

# A crash during the recovery from a crash.
FIRSTS = ("journal.group.write.after", "journal.group.sync.after", "store.batch.commit.after",
          "store.batch.rows.after", "deliver.send.after", "journal.mark.write.after")
SECONDS = ("journal.open.recovered", "journal.recovery.cut.after", "journal.recovery.rewrite.before",
           "journal.recovery.rewrite.after", "journal.recovery.sync.before", "journal.recovery.sync.after",
           "store.claim.made", "app.position.claimed", "app.policies.saved", "pipeline.restore.after",
           "pipeline.replay.after", "app.ready.before")


def kind_of(point):
    for name, starts in (("first", FIRST_START), ("start", START), ("after", tuple(AFTER)), ("stop", STOP),
                         ("reload", RELOAD), ("trim", TRIM), ("doubt", DOUBT), ("erase", ERASE)):
        if point.startswith(starts):
            return name
    return "work"


def points_of(context):
    done = context.run(context.kill_binary, "--list-kill-points")
    context.check(done.returncode == 0, f"no kill points in {context.kill_binary}: {done.stderr}")
    points = done.stdout.split()
    context.check(len(points) >= 60, f"only {len(points)} kill points")
    return points


def ended_there(server, point, seconds):
    """Waits for the end; True when it ended at the point."""
    deadline = time.monotonic() + seconds
    while server.alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not server.alive() and server.process.wait() == -9 and server.tail(3).find(f"kill_point {point}") >= 0


def start(server, at=None, seconds=20):
    """Starts it to end at `at`; True when it became ready before."""
    server.environment = {"CALLERPRINT_KILL_AT": at} if at else {}
    server.start(wait=False)
    try:
        server.wait_ready(seconds)
        return True
    except AssertionError:
        if at:
            return False
        raise


class Killing:
    """One server that ends at one point after the other under load: the next start is to the next point."""

    def __init__(self, context, rng):
        self.context, self.rng = context, rng
        self.server = context.start_server(binary=context.kill_binary)
        self.receiver = context.receiver(self.server, rng)
        self.feeder = context.feeder(self.server, rng, rate=None)
        self.reached, self.missed = [], []
        self.feeder.wait_for(16_000)  # so that alerts come from now on
        self.feeder.pace(1_200 if context.ci else 3_000)
        self.server.kill()

    def end_at(self, point, hit, seconds=25):
        before = next((first for begin, first in AFTER.items() if point.startswith(begin)), None)
        if before:
            start(self.server, f"{before}:{self.rng.randint(1, 8)}")
            ended_there(self.server, before, 20)
        if point.startswith("cluster.start"):
            self.end_database()
        kind = kind_of(point)
        # A stop between two batches has nothing to write: another one then.
        for _ in range(4 if kind == "stop" else 1):
            ready = start(self.server, f"{point}:{1 if kind in ONCE else hit}")
            if ready and kind == "stop":
                self.feeder.wait_for(300)
                self.server.process.terminate()
            elif ready and kind == "reload":
                self.server.reload()
            merge = ready and point.startswith("store.merge.")
            there = self.ended_merging(point, hit) if merge else ended_there(self.server, point, seconds)
            if there:
                break
        (self.reached if there else self.missed).append(f"{point}:{hit}")
        if self.server.alive():
            self.server.kill()
        return there

    def ended_merging(self, point, hit):
        """Merges come every ten seconds, later while calls wait, and leave nothing for the next."""
        for _ in range(hit + 3):
            there = ended_there(self.server, point, 1)
            self.feeder.pause()
            there = there or ended_there(self.server, point, 15)
            self.feeder.resume()
            if there:
                return True
        return False

    def end_database(self):
        """So that the next start has to start it."""
        pid = self.server.postmaster()
        if pid:
            os.kill(pid, signal.SIGINT)
            while self.server.postmaster():
                time.sleep(0.02)

    def judge(self):
        start(self.server)
        counts = self.context.judge(self.server, self.feeder, self.receiver)
        if not counts["oracle_equal"]:
            print("  killed at", *self.reached, flush=True)
        return {"kill_points": len(self.reached), **counts}


def at_work(context, points, hit):
    def group(rng):
        killing = Killing(context, rng)
        for point in points:
            killing.end_at(point, hit)
        context.check(not killing.missed, f"never reached: {killing.missed}")
        return killing.judge()
    return group


def first_starts(context, points):
    """Each on a data folder that is not made yet."""
    def work(rng):
        total = {}
        for point in points:
            count = rng.randint(1, 8) if ".migration." in point else 1
            server = context.start_server(binary=context.kill_binary, fresh=True, wait=False,
                                          environment={"CALLERPRINT_KILL_AT": f"{point}:{count}"})
            context.check(ended_there(server, point, 60), f"never reached: {point}:{count}: {server.tail(3)}")
            start(server, seconds=60)
            server.prepare()
            feeder = context.feeder(server, rng)
            feeder.wait_for(300)
            for name, value in context.judge(server, feeder).items():
                total[name] = value and total.get(name, True) if name == "oracle_equal" else total.get(name, 0) + value
            context.close()
        return {"kill_points": len(points), **total}
    return work


def pairs(context, chosen):
    def work(rng):
        killing = Killing(context, rng)
        whole = 0
        for first, second in chosen:
            # Not every recovery has all to do: a second point that is not met is no fault.
            whole += killing.end_at(first, rng.randint(1, 8)) and killing.end_at(second, 1, seconds=2)
        return {**killing.judge(), "kill_point_pairs": whole}
    return work


def trims(context, points):
    """Segments are given up only once they are full and a snapshot was taken, so this feeds wide records."""
    def work(rng):
        server = context.start_server(binary=context.kill_binary, settings={
            "journal": {"quota": "128MB", "segment": "4MB", "ballast": "1MB"}})
        feeder = context.feeder(server, rng, pad=4_000, rate=None)
        reached = []
        for point in points:
            # A quarter of the quota is kept for evidence; beyond it each start drops what a stop allowed.
            for _ in range(12):
                context.check(context.time_left() > -180, f"no time for {point}: reached {reached}")
                wanted, since = feeder.acknowledged + 1_500, time.monotonic()
                while server.alive() and feeder.acknowledged < wanted:
                    context.check(time.monotonic() - since < 120, f"nothing is taken on before {point}: {server.tail(5)}")
                    time.sleep(0.02)
                if server.alive():
                    server.process.terminate()
                    server.process.wait(60)
                if server.tail(3).find(f"kill_point {point}") >= 0:
                    reached.append(point)
                    break
                # A start may end there too, and one that is ready may end a moment later.
                if not start(server, f"{point}:1", seconds=60) or ended_there(server, point, 2):
                    context.check(f"kill_point {point}" in server.tail(3),
                                  f"ended elsewhere than {point}: {server.tail(5)}")
                    reached.append(point)
                    break
            server.environment = {}
            if not server.alive():
                server.start()
        context.check(len(reached) >= len(points) - 1, f"reached only {reached} of {points}")
        return {"kill_points": len(reached), **context.judge(server, feeder)}
    return work


def doubts(context, points, hit):
    """The outcome of a COMMIT is not known, and then the program ends."""
    def work(rng):
        database = context.database()
        proxy = Proxy(database, rng)
        context.closes(proxy)
        server = context.start_server(binary=context.kill_binary, settings={"database": {"url": proxy.url}},
                                      database_socket=database.socket)
        receiver = context.receiver(server, rng)
        feeder = context.feeder(server, rng, rate=2_500)
        feeder.wait_for(1_000)
        cuts = [(point, mode) for point in points for mode in ("before", "after", "middle")]
        for point, mode in cuts:
            server.kill()
            start(server, f"{point}:{hit}")
            # The middle of an answer may tell enough: then there is no doubt, and another cut is needed.
            there = False
            for _ in range(hit + 10):
                there = there or (proxy.cut_next(mode).happened.wait(10) and ended_there(server, point, 2))
            context.check(there, f"never reached: {point}:{hit} by cuts {mode}: {server.tail(5)}")
        start(server)
        return {"kill_points": len(points), **context.judge(server, feeder, receiver)}
    return work


def run(context):
    points = points_of(context)
    by_kind = {}
    for point in points:
        by_kind.setdefault(kind_of(point), []).append(point)
    context.counts["kill_points_named"] = len(points)  # with those of `erasures`
    for hit in range(1, 1 + (CI_HITS if context.ci else NIGHT_HITS)):
        order = [point for kind in ("work", "start", "after", "stop", "reload") for point in by_kind.get(kind, [])]
        for n in range(0, len(order), GROUP):
            if not context.step(f"hit-{hit}-group-{n // GROUP}", at_work(context, order[n:n + GROUP], hit)):
                return context.counts
        every = [(first, second) for first in FIRSTS for second in SECONDS]
        chosen = every[(hit - 1) % 3::3] if not context.ci else every[::12]
        for n in range(0, len(chosen), GROUP):
            if not context.step(f"pairs-{hit}-{n // GROUP}", pairs(context, chosen[n:n + GROUP])):
                return context.counts
        if not context.step(f"first-start-{hit}", first_starts(context, by_kind["first"])):
            return context.counts
        if not context.step(f"doubt-{hit}", doubts(context, by_kind["doubt"], hit)):
            return context.counts
        if not context.step(f"trim-{hit}", trims(context, by_kind["trim"])):
            return context.counts
    return context.counts
