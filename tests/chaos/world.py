"""The traffic: record n is a function of (seed, n), and so are the policies it is judged by.

Event time is made up, four milliseconds a record, and lies in the past. Clients hold at most WINDOW records
between the oldest that is not acknowledged and the newest that was sent, less than the allowed lateness:
so whatever is killed, no record but the planted ones is ever late, and the alerts do not depend on the
order of arrival.
"""

import datetime
import hashlib
import json

SOURCE = "chaos"
LATENESS_SECONDS = 60
STEP_MICROS = 4_000
WINDOW = 10_000  # records; times STEP well below the lateness
BEGIN = datetime.datetime(2025, 3, 3, 12, 0, 0, tzinfo=datetime.timezone.utc)
BEGIN_MICROS = int(BEGIN.timestamp()) * 1_000_000
SERVICE = "Chaos"

# Tenants t-0 to t-59: t-0.. are licensed for Chaos.Gated, t-20.. were until a moment in the traffic, the
# others never.
LAPSES_AT = 120_000  # milliseconds after BEGIN


def text_of(micros):
    at = BEGIN + datetime.timedelta(microseconds=micros - BEGIN_MICROS)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _registry():
    rows = [{"kind": "gate", "uid": "g-chaos", "operations": ["Chaos.Gated"], "clause": "chaos/1"}]
    for n in range(60):
        rows.append({"kind": "tenant", "uid": f"t-{n}", "status": "active"})
        if n < 40:
            row = {"kind": "licence", "uid": f"l-{n}", "tenant": f"t-{n}", "operations": ["Chaos.Gated"],
                   "valid_from": "2020-01-01", "known_from": "2020-01-01"}
            if n >= 20:
                row["valid_to"] = text_of(BEGIN_MICROS + LAPSES_AT * 1_000)
            rows.append(row)
    return "".join(json.dumps(row) + "\n" for row in rows)


REGISTRY = _registry()

FIRE_QUIET, COUNT_QUIET, SPREAD_QUIET, GATED_QUIET = 61, 31, 47, 73  # seconds
COUNT_SPAN, COUNT_LEAST = 2, 5
SPREAD_SPAN, SPREAD_LEAST = 3, 4

IDS = {name: f"c4a05000-0000-4000-8000-00000000000{n}" for n, name in
       enumerate(("fire", "count", "spread", "gated", "shadow", "count_rule", "spread_rule"))}

RULE = """\
title: Chaos {name}
id: {id}
name: chaos_{name}
status: {status}
level: high
logsource: {{ category: api_call }}
detection:
  hit: {{ api.operation: {operation} }}
{more}  condition: {condition}
callerprint: {{ family: abuse{keys} }}
"""
CORRELATION = """\
---
title: Chaos {name}
id: {id}
name: chaos_{name}
status: stable
level: high
correlation:
  type: {type}
  rules: [ chaos_{name}_rule ]
  group-by: [ actor.user.credential_uid ]
  timespan: {span}s
  condition: {{ {condition} }}
callerprint: {{ family: abuse, subject: key, quiet: {quiet}s }}
"""


def _rule(name, operation, quiet=None, subject="key", more="", condition="hit", status="stable"):
    keys = f", subject: {subject}, quiet: {quiet}s" if quiet else ""
    return RULE.format(name=name, id=IDS[name], operation=operation, status=status, more=more,
                       condition=condition, keys=keys)


POLICIES = {
    "fire.yml": _rule("fire", "Chaos.Fire", FIRE_QUIET),
    "shadow.yml": _rule("shadow", "Chaos.Fire", FIRE_QUIET, status="experimental"),
    "gated.yml": _rule("gated", "Chaos.Gated", GATED_QUIET, "tenant",
                       "  worked: { status_id: 1 }\n  covered: { licence.state: [ covered, not_gated ] }\n",
                       "hit and worked and not covered"),
    "count.yml": _rule("count_rule", "Chaos.Count") + CORRELATION.format(
        name="count", id=IDS["count"], type="event_count", span=COUNT_SPAN, quiet=COUNT_QUIET,
        condition=f"gte: {COUNT_LEAST}"),
    "spread.yml": _rule("spread_rule", "Chaos.Spread") + CORRELATION.format(
        name="spread", id=IDS["spread"], type="value_count", span=SPREAD_SPAN, quiet=SPREAD_QUIET,
        condition=f"field: src_endpoint.ip, gte: {SPREAD_LEAST}"),
}


class Call:
    """What the oracle needs to know of record n."""

    __slots__ = ("n", "micros", "operation", "key", "tenant", "ip", "worked", "late")

    def __init__(self, seed, n):
        d = hashlib.blake2b(f"{seed}:{n}".encode(), digest_size=12).digest()
        kind = d[0] | d[1] << 8
        self.n = n
        self.late = n > 1_000 and kind % 1_500 == 7
        # A planted late one is a day behind: late in every order of arrival.
        self.micros = BEGIN_MICROS + n * STEP_MICROS - (86_400_000_000 if self.late else 0)
        self.worked = d[2] % 10 != 0
        self.tenant = f"t-{d[3] % 60}"
        self.ip = f"198.18.{d[4] % 4}.{d[5] % 8}"
        block = n // 700  # the keys that are busy change
        kind %= 200
        if self.late or kind >= 22:
            self.operation, self.key = "Chaos.Quiet", f"k-quiet-{d[6] % 50}"
        elif kind < 2:
            self.operation, self.key = "Chaos.Fire", f"k-fire-{(block * 7 + d[6]) % 400}"
        elif kind < 12:
            self.operation, self.key = "Chaos.Count", f"k-count-{block % 90}-{d[6] % 16}"
        elif kind < 21:
            self.operation, self.key = "Chaos.Spread", f"k-spread-{block % 90}-{d[6] % 12}"
        else:
            self.operation, self.key = "Chaos.Gated", f"k-gated-{d[6] % 20}"

    @property
    def uid(self):
        return f"c-{self.n}"

    def line(self, pad=0, person=None):
        """With `pad`, so many characters more that do not compress well."""
        more = {"note": hashlib.shake_128(self.uid.encode()).hexdigest(pad // 2)} if pad else {}
        if person:
            more["by"] = person
        return json.dumps({**more,
            "time": text_of(self.micros), "metadata": {"uid": self.uid, "tenant_uid": self.tenant},
            "actor": {"user": {"credential_uid": self.key}}, "src_endpoint": {"ip": self.ip},
            "http_request": {"http_method": "POST", "url": "/x", "user_agent": "curl/8.5.0"},
            "http_response": {"code": 200 if self.worked else 500},
            "api": {"service": {"name": SERVICE}, "operation": self.operation},
            "status_id": 1 if self.worked else 2})


def closing_line(n):
    """Comes last and an hour later, so that the watermark passes everything; a call of its own key."""
    micros = BEGIN_MICROS + n * STEP_MICROS + 3_600_000_000
    return json.dumps({
        "time": text_of(micros), "metadata": {"uid": f"close-{n}", "tenant_uid": "t-close"},
        "actor": {"user": {"credential_uid": "k-close"}},
        "api": {"service": {"name": SERVICE}, "operation": "Chaos.Close"}, "status_id": 1})
