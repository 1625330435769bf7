"""Is this party using our API? Asked of the real program, in the three worlds of the founding story."""

import datetime
import json
import random
import subprocess

import pytest

from conftest import make_call
from harness import PROGRAM, Server

START = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
PARTY = "203.0.113"
KEY = "sk-live-Qx7mZr2TbW9kLp4VnHs8YcDf"
REGISTRY = [
    {"kind": "gate", "uid": "g-face", "operations": ["Face.Identify"], "clause": "limited-access"},
    {"kind": "tenant", "uid": "t-trial", "tier": "trial", "status": "active", "created": "2026-02-25"},
    {"kind": "tenant", "uid": "t-victim", "tier": "paid", "status": "active", "created": "2024-01-01"},
    {"kind": "key", "uid": "k-victim", "tenant": "t-victim", "status": "active", "secret": KEY,
     "declared_origin": ["198.51.100.0/24"]},
    {"kind": "licence", "uid": "l-victim", "tenant": "t-victim", "operations": ["Face.Identify"],
     "valid_from": "2024-01-01"},
    {"kind": "claim", "uid": "cl-logo", "name": "Crowdview", "statement": "shows our logo",
     "source": "their partner page", "date": "2026-03-01"},
]


def at(hour, minute=0):
    return (START + datetime.timedelta(hours=hour, minutes=minute)).isoformat().replace("+00:00", "Z")


def call(number, hour, tenant, key, address, agent, operation="Face.Identify"):
    return make_call(
        10_000_000 + number, time=at(hour, number % 60), src_endpoint={"ip": address},
        metadata={"uid": f"ask-{number:08d}", "tenant_uid": tenant},
        actor={"user": {"credential_uid": key}},
        http_request={"http_method": "POST", "url": "/identify", "user_agent": agent},
        api={"service": {"name": "Face"}, "operation": operation})


def calls(present):
    """Two days of sixty tenants, and the party's when it is present."""
    out = []
    number = 0
    for hour in range(48):
        for tenant in range(60):
            number += 1
            out.append(call(number, hour, f"t-{tenant}", f"k-{tenant}", f"198.18.{tenant}.7",
                            "python-requests/2.31", "Face.Detect"))
        number += 1
        out.append(call(number, hour, "t-victim", "k-victim", "198.51.100.9", "okhttp/4.12"))
        # Somebody else with the leaked key.
        number += 1
        out.append(call(number, hour, "t-victim", "k-victim", "192.0.2.66", "curl/8.5.0"))
        if present and hour % 3 == 0:
            number += 1
            out.append(call(number, hour, "t-trial", "k-trial", f"{PARTY}.20",
                            "crowdview/2.1 (+https://www.crowdview.example/robot)"))
    return out


def world(present, lost_hour=None):
    server = Server(settings={"sources": [
        {"name": "demo", "format": "native", "lateness": "1s",
         "expect": {"every": "10m", "since": "2026-03-01"}}]})
    server.start()
    rows = server.folder / "registry.ndjson"
    rows.write_text("".join(json.dumps(row) + "\n" for row in REGISTRY))
    done = server.run("registry", "import", rows)
    assert done.returncode == 0, done.stderr
    kept = [c for c in calls(present) if lost_hour is None or c["time"][:13] != at(lost_hour)[:13]]
    body = "".join(json.dumps(c) + "\n" for c in kept)
    assert server.ingest(body).status == 200
    server.wait_calls(len(kept))
    return server


@pytest.fixture(scope="module")
def present():
    server = world(True)
    yield server
    server.close()


@pytest.fixture(scope="module")
def absent():
    server = world(False)
    yield server
    server.close()


def ask(server, *clues, **options):
    arguments = [part for clue in clues for part in ("--clue", clue)]
    for name, value in {"case": "4411", "from": at(0), "to": at(48), **options}.items():
        arguments += [f"--{name.replace('_', '-')}", value]
    done = server.run("ask", *arguments, "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


NETWORK = f"cidr={PARTY}.0/24"
CLIENT = "user-agent=crowdview/2.1"


def test_a_trial_tenant_is_named_by_two_kinds_of_evidence(present):
    answer = ask(present, "party=Crowdview", NETWORK, CLIENT)
    assert answer["use"] == "used"
    assert [c["tenant"] for c in answer["candidates"]] == ["t-trial"]
    assert answer["licence"]["known_now"] == "unlicensed"
    assert {e["group"] for e in answer["candidates"][0]["evidence"]} >= {"egress", "client"}
    assert answer["evidence"] and all(len(e["sha256"]) == 64 for e in answer["evidence"])
    assert answer["candidates"][0]["operations"][0]["operation"] == "Face.Identify"


def test_one_kind_of_evidence_names_nobody(present):
    answer = ask(present, NETWORK)
    assert answer["use"] == "inconclusive"
    assert answer["candidates"] == []
    assert "t-trial" not in answer["statement"]


DOMAIN = "domain=crowdview.example"


def test_a_domain_in_a_user_agent_is_one_voice_with_the_agent(present):
    answer = ask(present, DOMAIN, CLIENT)
    assert answer["use"] == "inconclusive" and answer["candidates"] == []
    assert answer["per_clue"][0]["seen_as"] == {"egress": 0, "client": 1}
    assert answer["per_clue"][0]["anonymity_set"] == 1
    assert any("only in calls that were kept" in text for text in answer["limits"])
    with_network = ask(present, DOMAIN, NETWORK)
    assert with_network["use"] == "used"
    assert [c["tenant"] for c in with_network["candidates"]] == ["t-trial"]
    groups = {e["group"] for e in with_network["candidates"][0]["evidence"] if e["nats"] > 0}
    assert groups == {"client", "egress"}


def test_a_domain_that_nothing_names_can_be_neither_confirmed_nor_denied(present):
    for value in ("crowdview.example.org", "view.example", "orchard.example"):
        assert ask(present, f"domain={value}")["use"] == "cannot_say"


def test_a_key_in_a_screenshot_used_by_somebody_else_accuses_nobody(present, tmp_path):
    screenshot = tmp_path / "code.txt"
    screenshot.write_text(f'client = FaceClient(key="{KEY}")')
    answer = ask(present, "cidr=192.0.2.128/25", f"text-file={screenshot}")
    assert answer["use"] in ("inconclusive", "not_observed")
    assert answer["candidates"] == []
    assert KEY not in json.dumps(answer)


def test_about_a_key_alone_it_says_through_which_tenant(present):
    answer = ask(present, f"key={KEY}")
    assert (answer["use"], answer["subject"]) == ("used", "key")
    assert [c["tenant"] for c in answer["candidates"]] == ["t-victim"]
    assert "nothing of who held the key" in answer["statement"]
    assert ask(present, f"key-suffix={KEY[-8:]}")["use"] == "used"
    assert ask(present, "key=sk-live-Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8")["use"] == "not_issued"


def test_a_party_that_is_absent_is_not_observed_with_the_power_of_the_search(absent):
    answer = ask(absent, "party=Crowdview", NETWORK, CLIENT)
    assert answer["use"] == "not_observed"
    assert answer["power"]["n95"]["r=1"] == 1
    assert answer["power"]["n95"]["r=0.1"] >= 29
    assert answer["coverage"]["gaps"] == []
    assert "would not have been seen" in answer["statement"]


def test_an_hour_of_logs_missing_makes_a_no_impossible():
    server = world(False, lost_hour=30)
    try:
        answer = ask(server, "party=Crowdview", NETWORK, CLIENT)
        assert answer["use"] == "cannot_say"
        assert any(gap["cause"] == "silent" for gap in answer["coverage"]["gaps"])
        assert "nothing came from demo" in answer["statement"]
    finally:
        server.close()


def test_a_logo_claim_alone_can_be_neither_confirmed_nor_denied(absent):
    answer = ask(absent, "party=Crowdview")
    assert answer["use"] == "cannot_say"
    assert any("a key, a network" in text for text in answer["would_change_it"])


def test_the_same_question_over_the_same_data_has_the_same_bytes(present):
    once = present.run("ask", "--case", "7", "--clue", NETWORK, "--clue", CLIENT, "--from", at(0),
                       "--to", at(48), "-o", "json").stdout
    again = present.run("ask", "--case", "7", "--clue", CLIENT, "--clue", NETWORK, "--from", at(0),
                        "--to", at(48), "-o", "json").stdout
    same = present.run("ask", "--case", "7", "--clue", NETWORK, "--clue", CLIENT, "--from", at(0),
                       "--to", at(48), "-o", "json").stdout
    assert once == same
    assert json.loads(once)["use"] == json.loads(again)["use"]


def test_an_answer_is_kept_and_shown_without_identifiers(present):
    answer = ask(present, NETWORK, CLIENT)
    shown = present.run("answer", "show", answer["query_id"], "-o", "json")
    assert json.loads(shown.stdout) == answer
    press = present.run("answer", "show", answer["query_id"], "--view", "press", "-o", "json").stdout
    for word in ("t-trial", "k-trial", PARTY, "crowdview", "4411"):
        assert word not in press
    text = present.run("answer", "show", answer["query_id"])
    assert "use       used" in text.stdout and "t-trial" in text.stdout
    rows = present.sql("SELECT use, licence, case_ref FROM investigate.answers"
                       f" WHERE answer_id = '{answer['query_id']}'")
    assert rows == [{"use": "used", "licence": "unlicensed", "case_ref": "4411"}]
    assert present.sql("SELECT count(*) > 0 AS asked FROM investigate.audit"
                       " WHERE action = 'question.ask' AND object = '4411'") == [{"asked": True}]


def test_over_http_a_question_needs_its_scope(present):
    body = json.dumps({"case": "9", "from": at(0), "to": at(48), "clues": [
        {"type": "cidr", "value": f"{PARTY}.0/24"}, {"type": "user-agent", "value": "crowdview/2.1"}]})

    def post(token, text=body):
        return present.request("POST", "/v1/questions", text, {
            "Authorization": f"Bearer {token}", "Content-Type": "application/json"})

    def token(scopes):
        made = present.run("token", "create", "--name", "asker", "--scopes", scopes)
        return made.stdout.strip().splitlines()[-1].split()[-1]

    assert post(token("read,respond")).status == 403
    asker = token("ask")
    answered = post(asker)
    assert answered.status == 201, answered.text
    assert answered.json["use"] == "used"
    place = answered.headers["location"]
    again = present.get(place, {"Authorization": f"Bearer {asker}"})
    assert again.json == answered.json
    press = present.get(place + "?view=press", {"Authorization": f"Bearer {asker}"})
    assert "t-trial" not in press.text
    for wrong, word in ((body.replace("cidr", "cird"), "the kinds are"),
                        (body.replace('"case": "9"', '"case": ""'), "case:"),
                        ('{"clues": [{"type": "key", "value": "sk-secret words"}], "case": "9"}',
                         "without blanks")):
        refused = post(asker, wrong)
        assert refused.status == 400 and word in refused.text
        assert "secret" not in refused.text


def test_a_question_without_a_case_or_with_a_wrong_clue_is_refused(present):
    assert present.run("ask", "--clue", NETWORK).returncode == 2
    wrong = present.run("ask", "--case", "1", "--clue", "ip=999.1.1.1")
    assert wrong.returncode == 2 and "one address, such as" in wrong.stderr
    unknown = present.run("answer", "show", "w-doesnotexist")
    assert unknown.returncode == 5


def test_nobody_asks_without_end():
    server = Server(settings={"questions": {"per_hour": 2}})
    try:
        server.start()
        server.ingest(json.dumps(make_call()) + "\n")
        server.wait_calls(1)
        codes = [server.run("ask", "--case", "1", "--clue", "asn=64500").returncode for _ in range(3)]
        assert codes[:2] == [0, 0] and codes[2] != 0
    finally:
        server.close()


def test_an_exported_answer_is_checked_without_a_database(present, tmp_path):
    answer = ask(present, NETWORK, CLIENT)
    bundle = tmp_path / "answer.bundle"
    done = present.run("answer", "export", answer["query_id"], "--out", bundle)
    assert done.returncode == 0, done.stderr
    key = present.run("answer", "key").stdout.strip()

    def verify(path=bundle, public=key):
        return subprocess.run([PROGRAM.parent / "callerprint-verify", path, public], text=True,
                              capture_output=True, check=False)

    checked = verify()
    assert checked.returncode == 0, checked.stdout
    assert f"answer {answer['query_id']}, use used, licence unlicensed" in checked.stdout
    assert f"{len(answer['evidence'])} cited records proven" in checked.stdout
    text = bundle.read_bytes()
    changed = tmp_path / "changed.bundle"
    for at in range(0, len(text), 997):
        changed.write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1:])
        refused = verify(changed)
        assert refused.returncode == 1 and refused.stdout.startswith("wrong: ")
    for damaged in (text + b"\n", text[:-1], b"", b" " + text):
        changed.write_bytes(damaged)
        assert verify(changed).returncode == 1
    assert verify(public="ed25519:" + "A" * 43 + "=").returncode == 1
    assert verify(tmp_path / "none").returncode == 2


def without_as_of(text):
    record = json.loads(text)
    for member in ("as_of", "query_id", "signature"):
        record.pop(member)
    return record


def asked_at(server, text):
    identity = json.loads(text)["query_id"]
    return server.sql("SELECT to_char(asked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS t"
                      f" FROM investigate.answers WHERE answer_id = '{identity}'")[0]["t"]


class Corrections:
    """Everything that an answer is made of, corrected at random."""

    def __init__(self, server, seed):
        self.server = server
        self.random = random.Random(seed)
        self.number = 0
        self.sent = 0

    def hour(self):
        return self.random.randrange(48)

    def registry(self):
        pick = self.random.choice
        self.number += 1
        return pick([
            {"kind": "licence", "uid": f"l-{self.random.randrange(40)}", "tenant": pick(["t-trial", "t-victim"]),
             "operations": [pick(["Face.Identify", "*"])], "valid_from": at(self.hour())},
            {"kind": "party", "uid": "p-view", "name": pick(["Crowdview", "Crowdview Ltd"]),
             "aliases": [f"alias {self.number}"], "networks": [pick([f"{PARTY}.0/24", "198.18.3.0/24"])]},
            {"kind": "tenant", "uid": pick(["t-trial", "t-5"]), "tier": pick(["trial", "paid"]), "status": "active",
             "party": pick(["p-view", ""])},
            {"kind": "key", "uid": pick(["k-trial", "k-7", "k-victim"]), "tenant": pick(["t-trial", "t-7"]),
             "status": pick(["active", "revoked"]), "secret": f"sk-live-{self.number:024d}"},
            {"kind": "leak", "key": pick(["k-trial", "k-8"]), "source": f"site {self.number}",
             "first_seen": at(self.hour())},
            {"kind": "owner", "party": "p-view", "owner": f"p-{self.random.randrange(5)}",
             "share": str(self.random.randrange(1, 100))},
            {"kind": "claim", "uid": f"cl-{self.random.randrange(9)}", "name": "Crowdview", "party": "p-view",
             "statement": "uses us", "source": "site", "clues": [f"asn:{self.random.randrange(64500, 64510)}"]},
        ])

    def call(self):
        """Late, into the same hours: also of the key and the places that were asked about."""
        self.number += 1
        tenant, key = self.random.choice([("t-trial", "k-trial"), ("t-victim", "k-victim"), ("t-9", "k-9"),
                                          (f"t-late-{self.number}", f"k-late-{self.number}")])
        place = self.random.choice([f"{PARTY}.{self.random.randrange(256)}", "198.51.100.9", "198.18.9.7"])
        made = call(500_000 + self.number, self.hour(), tenant, key, place,
                    self.random.choice(["crowdview/2.1", "crowdview/1.0", "curl/8.5.0"]))
        made["time"] = at(self.hour(), self.random.randrange(60))
        return made

    def run(self, *arguments):
        done = self.server.run(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        return done

    def calls(self, count):
        self.sent += count
        body = "".join(json.dumps(self.call()) + "\n" for _ in range(count))
        assert self.server.ingest(body).status == 200

    def rows(self, count):
        path = self.server.folder / "late.ndjson"
        rows = {}
        for row in (self.registry() for _ in range(count)):
            rows[row["kind"], row.get("uid"), row.get("key"), row.get("owner")] = row
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.values()))
        self.run("registry", "import", path)

    def counters(self, _):
        hour = self.hour()
        path = self.server.folder / "counters.csv"
        path.write_text(f"source,from,to,count\ndemo,{at(hour)},{at(hour + 1)},{self.random.randrange(300)}\n")
        self.run("coverage", "import", path)

    def acknowledge(self, _):
        gaps = json.loads(self.run("coverage", "gaps", "--from", at(-5), "--to", at(60), "-o", "json").stdout)
        if gaps:
            self.run("coverage", "ack", self.random.choice(gaps)["id"], "--reason", "known", "--by", "ann")

    def canaries(self, count):
        self.run("coverage", "canary", "--source", "demo", "--count", str(min(count, 3)),
                 "--token", self.server.token("demo"))

    def make(self, count):
        while count > 0:
            some = min(count, self.random.randrange(1, 60))
            self.random.choice([self.calls, self.calls, self.rows, self.rows, self.counters, self.acknowledge,
                                self.canaries])(some)
            count -= some


def test_an_answer_as_of_a_past_date_is_what_it_was_after_a_thousand_corrections():
    server = world(True)
    try:
        arguments = ("ask", "--case", "12", "--clue", "party=Crowdview", "--clue", NETWORK, "--clue", CLIENT,
                     "--clue", f"key={KEY}", "--from", at(0), "--to", at(48), "-o", "json")
        then = server.run(*arguments)
        assert then.returncode == 0, then.stderr
        moment = asked_at(server, then.stdout)
        before = server.run(*arguments, "--as-of", moment)
        assert before.returncode == 0, before.stderr
        assert without_as_of(before.stdout) == without_as_of(then.stdout)
        corrections = Corrections(server, 7)
        for _ in range(4):
            corrections.make(250)
            server.wait_calls(len(calls(True)) + corrections.sent)
            assert server.run(*arguments, "--as-of", moment).stdout == before.stdout
        # What is known now is another matter.
        now = without_as_of(server.run(*arguments).stdout)
        assert now["coverage"] != without_as_of(then.stdout)["coverage"]
        assert now["candidates"] != without_as_of(then.stdout)["candidates"]
    finally:
        server.close()


def test_a_moment_that_cannot_be_repeated_is_refused_with_what_can_be(present):
    def refused(*options):
        done = present.run("ask", "--case", "1", "--clue", NETWORK, *options)
        assert done.returncode == 2
        return done.stderr

    now = datetime.datetime.now(datetime.timezone.utc)
    text = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    hour = (now - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:00:00Z")
    assert f"the hours from {hour} on were not complete" in refused("--from", hour, "--to", text, "--as-of", text)
    assert "in the future" in refused("--as-of", "2099-01-01")
    assert "what was known when is kept from" in refused("--as-of", "2020-01-01", "--from", "2019-01-01",
                                                         "--to", "2019-02-01")
