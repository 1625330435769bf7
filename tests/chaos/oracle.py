"""What must be there, worked out slowly from the list of acknowledged records, and compared with what is.

Shares no code with the product: the rules are those of docs/reference/{alerts,policy-language,webhooks}.md
and docs/explanation/event-time.md, written down again for the policies of world.py.
"""

import base64
import collections
import hashlib
import json
import time

import world

MICROS = 1_000_000


def length_prefixed(*parts):
    return b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in parts)


def base32(data):
    return base64.b32encode(data).decode().rstrip("=").lower()


Alert = collections.namedtuple("Alert", "policy tenant kind subject opened shadow detection")


def alert_id(alert):
    text = length_prefixed(alert.tenant, world.IDS[alert.policy], "", alert.detection, alert.kind,
                           alert.subject, str(alert.opened))
    return base32(hashlib.sha256(text).digest()[:16])


def delivery_id(alert, endpoint):
    return "msg_" + base32(hashlib.sha256(length_prefixed(alert, "open", endpoint)).digest())


def openings(times, quiet):
    """The first opens; one less than `quiet` after an opening joins it."""
    opened = []
    for at in times:
        if not opened or at - opened[-1] >= quiet * MICROS:
            opened.append(at)
    return opened


def became_true(hits, span, least, size):
    """Times of hits that make `size` of the window [t - span, t] reach `least`."""
    for i, (at, _) in enumerate(hits):
        window = [hit for hit in hits[:i] if hit[0] >= at - span * MICROS]
        if size(window) < least <= size([*window, hits[i]]):
            yield at


def licensed(call):
    tenant = int(call.tenant.removeprefix("t-"))
    return tenant < 20 or (tenant < 40 and call.micros < world.BEGIN_MICROS + world.LAPSES_AT * 1_000)


def expected_alerts(calls):
    groups = collections.defaultdict(list)
    for call in sorted((call for call in calls if not call.late), key=lambda call: call.micros):
        subject = call.tenant if call.operation == "Chaos.Gated" else call.key
        if call.operation == "Chaos.Gated" and (not call.worked or licensed(call)):
            continue
        groups[call.operation, subject].append((call.micros, call.ip))
    out = []
    for (operation, subject), hits in groups.items():
        times = [at for at, _ in hits]
        if operation == "Chaos.Fire":
            for at in openings(times, world.FIRE_QUIET):
                out.append(Alert("fire", "", "key", subject, at, False, "rule"))
                out.append(Alert("shadow", "", "key", subject, at, True, "rule"))
        elif operation == "Chaos.Gated":
            for at in openings(times, world.GATED_QUIET):
                out.append(Alert("gated", subject, "tenant", subject, at, False, "rule"))
        elif operation == "Chaos.Count":
            fired = became_true(hits, world.COUNT_SPAN, world.COUNT_LEAST, len)
            for at in openings(fired, world.COUNT_QUIET):
                out.append(Alert("count", "", "key", subject, at, False, "event_count"))
        elif operation == "Chaos.Spread":
            fired = became_true(hits, world.SPREAD_SPAN, world.SPREAD_LEAST,
                                lambda window: len({ip for _, ip in window}))
            for at in openings(fired, world.SPREAD_QUIET):
                out.append(Alert("spread", "", "key", subject, at, False, "value_count"))
    return {alert_id(alert): alert for alert in out}


def expected_hours(calls):
    """(hour in seconds, tenant, key, operation) -> [calls, ok]"""
    out = collections.defaultdict(lambda: [0, 0])
    for call in calls:
        cell = out[call.micros // MICROS // 3600 * 3600, call.tenant, call.key, call.operation]
        cell[0] += 1
        cell[1] += call.worked
    return dict(out)


class Oracle:
    def __init__(self, server, feeder, receivers, ignore_policy=None, patient=False):
        self.server, self.feeder, self.receivers, self.patient = server, feeder, receivers, patient
        self.of_world = f"policy_title NOT LIKE '{ignore_policy}'" if ignore_policy else "true"
        self.notes = []

    def judge(self, seconds=180):
        self.feeder.finish()
        self.wait_evaluated(seconds)
        if self.receivers:
            self.wait_delivered(seconds)
        calls = [world.Call(self.feeder.seed, n) for n in range(self.feeder.sent)]
        alerts = expected_alerts(calls)
        counts = collections.Counter(lost=0, duplicate_alert_ids=0, differing=0)
        self.compare_calls(calls, counts)
        self.compare_alerts(alerts, counts)
        self.compare_hours(calls, counts)
        self.compare_conservation(calls, counts)
        self.compare_replays(counts)
        for receiver in self.receivers:
            self.compare_deliveries(alerts, receiver, counts)
        equal = not self.notes
        if self.notes:
            print(f"oracle: {self.server.folder} seed {self.feeder.seed}, {self.feeder.sent} records",
                  *self.notes, sep="\n  ", flush=True)
        return {**counts, "oracle_equal": equal, "records": self.feeder.sent, "alerts": len(alerts),
                "retries": self.feeder.retries,
                "deliveries": sum(len(receiver.done) for receiver in self.receivers),
                "extra_attempts": sum(receiver.extra_attempts() for receiver in self.receivers)}

    def note(self, what, found, counts, name, number=None):
        if not found:
            return
        counts[name] += len(found) if number is None else number
        self.notes.append(f"{name}: {what}: {len(found)}, such as {sorted(map(str, found))[:5]}")

    def one(self, query):
        """A JSON value that the query makes of many rows: `sql` shows a limited number, in a limited time."""
        return json.loads(self.server.psql(f"SET search_path TO investigate; {query}") or "null")

    # Quiescence.

    def wait_evaluated(self, seconds):
        """Until the closing record is stored: the journal is evaluated in order, so all before it are."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                rows = self.server.sql("SELECT count(*) AS n FROM calls WHERE key_uid = 'k-close'")
                if int(rows[0]["n"]) > 0:
                    return
                problem = "the closing record is not there"
            except AssertionError as error:
                problem = str(error)
            if time.monotonic() > deadline:
                raise AssertionError(f"not evaluated within {seconds} s: {problem}\n{self.server.tail(8)}")
            time.sleep(0.3)

    def wait_delivered(self, seconds):
        """Until no delivery waits; fails when they did not become fewer for so long. The lease of a killed server and
        the wait before a third attempt take minutes: unless we are patient they are shortened in the database, which is
        all that is ever changed past the program."""
        deadline, fewest = time.monotonic() + seconds, None
        hurry = time.monotonic() + 2
        while waiting := int(self.server.sql("SELECT count(*) AS n FROM deliveries WHERE state = 'ready'")[0]["n"]):
            if fewest is None or waiting < fewest:
                deadline, fewest = time.monotonic() + seconds, waiting
            if time.monotonic() > deadline:
                raise AssertionError(f"{waiting} not delivered, no fewer for {seconds} s:\n{self.server.tail(8)}")
            if time.monotonic() > hurry and not self.patient:
                self.let_time_pass()
            time.sleep(0.3)

    def let_time_pass(self):
        """What this process has leased stays: a lease made before its start ends within 60 s of it."""
        self.server.psql(
            "UPDATE callerprint.outbox SET next_at = least(next_at, now()), lease_until = NULL"
            " WHERE state = 'ready' AND (lease_until IS NULL OR lease_until <="
            f" to_timestamp({self.server.started_at}) + interval '60 s')")

    # C1 to C3.

    def compare_calls(self, calls, counts):
        missing = self.one(f"SELECT json_agg(n) FROM (SELECT n FROM generate_series(0, {len(calls) - 1}) n"
                           " WHERE NOT EXISTS (SELECT FROM calls c WHERE c.record_uid = 'c-' || n)"
                           " LIMIT 1000) x") if calls else None
        self.note("records not in calls", missing, counts, "lost")
        twice = self.one("SELECT json_agg(record_uid) FROM (SELECT record_uid FROM calls GROUP BY 1"
                         " HAVING count(*) > 1 LIMIT 1000) x")
        self.note("records stored twice", twice, counts, "differing")
        strange = self.one("SELECT json_agg(record_uid) FROM (SELECT record_uid FROM calls WHERE record_uid"
                           f" LIKE 'c-%' AND substr(record_uid, 3)::bigint >= {len(calls)} LIMIT 1000) x")
        self.note("records that nobody sent", strange, counts, "differing")
        late = set(self.one("SELECT json_agg(record_uid) FROM calls WHERE late") or [])
        wanted = {call.uid for call in calls if call.late}
        self.note("late or not late, against the oracle", late ^ wanted, counts, "differing")

    def compare_alerts(self, alerts, counts):
        rows = self.one("SELECT json_agg(json_build_array(alert_id, policy_id, tenant_uid, subject_kind, subject,"
                        " (extract(epoch FROM opened) * 1000000)::bigint, shadow)) FROM alerts"
                        f" WHERE {self.of_world}") or []
        stored = {row[0]: tuple(row[1:]) for row in rows}
        self.note("alerts missing", [(i, alerts[i]) for i in alerts.keys() - stored.keys()], counts, "lost")
        self.note("alerts that the oracle has not", [(i, stored[i]) for i in stored.keys() - alerts.keys()],
                  counts, "duplicate_alert_ids")
        for name, alert in alerts.items():
            wanted = (world.IDS[alert.policy], alert.tenant, alert.kind, alert.subject, alert.opened, alert.shadow)
            if name in stored and stored[name] != wanted:
                self.note("alert", [(name, stored[name], wanted)], counts, "differing")

    def compare_hours(self, calls, counts):
        rows = self.one("SELECT json_agg(json_build_array(extract(epoch FROM hour)::bigint, tenant_uid, key_uid,"
                        " operation, calls, ok)) FROM key_operations WHERE tenant_uid <> 't-close'") or []
        stored = {tuple(row[:4]): row[4:] for row in rows}
        wanted = expected_hours(calls)
        wrong = [(cell, stored.get(cell), wanted.get(cell)) for cell in stored.keys() | wanted.keys()
                 if stored.get(cell) != wanted.get(cell)]
        self.note("calls by hour, key and operation", wrong, counts, "differing")

    def compare_conservation(self, calls, counts):
        self.note("answers that do not add up", self.feeder.unbalanced, counts, "differing")
        totals = self.server.sql("SELECT sum(received) AS received, sum(parsed) AS parsed, sum(late) AS late,"
                                 " sum(rejected) AS rejected FROM coverage")[0]
        totals = {name: int(value or 0) for name, value in totals.items()}
        late = sum(call.late for call in calls)
        parsed = len(calls) + self.feeder.closed
        wanted = {"received": parsed + self.feeder.planted_bad, "parsed": parsed, "late": late,
                  "rejected": self.feeder.planted_bad}
        if totals != wanted:
            self.note("coverage", [f"{totals}, and {wanted} must be"], counts, "differing")
        letters = int(self.server.sql("SELECT count(*) AS n FROM dead_letters")[0]["n"])
        if letters != self.feeder.planted_bad:
            self.note("dead letters", [f"{letters} of {self.feeder.planted_bad}"], counts,
                      "lost" if letters < self.feeder.planted_bad else "differing")

    def compare_replays(self, counts):
        """What each start evaluated again opened the alerts that were stored (callerprint_replay_divergence_total)."""
        told = [line for line in self.server.log.read_text(errors="replace").splitlines() if "pipeline.replay_" in line]
        self.note("starts that came to other alerts, or could not compare", told, counts, "differing")

    def compare_deliveries(self, alerts, receiver, counts):
        wanted = {delivery_id(name, receiver.endpoint): name for name, alert in alerts.items() if not alert.shadow}
        rows = self.one("SELECT json_agg(json_build_array(delivery_id, state)) FROM deliveries"
                        f" WHERE endpoint_id = '{receiver.endpoint}'") or []
        stored = dict(map(tuple, rows))
        self.note("deliveries missing", wanted.keys() - stored.keys(), counts, "lost")
        self.note("deliveries that the oracle has not", stored.keys() - wanted.keys(), counts, "differing")
        self.note("deliveries not done", [i for i, state in stored.items() if state != "delivered"], counts, "lost")
        self.note("never received", wanted.keys() - receiver.done, counts, "lost")
        self.note("received, and not the oracle's", receiver.attempts.keys() - wanted.keys(), counts, "differing")
        bodies = {name: set(given) for name, given in receiver.bodies.items()}
        self.note("bodies differ under one id", [i for i, given in bodies.items() if len(given) > 1],
                  counts, "differing")
        for name, given in receiver.bodies.items():
            told = json.loads(next(iter(given.values())))["data"]["id"]
            if wanted.get(name) not in (told, None):
                self.note("a body tells of another alert", [(name, told)], counts, "differing")
        if receiver.bad_signatures:
            self.note("signatures that do not hold", range(receiver.bad_signatures), counts, "differing")
