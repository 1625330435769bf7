"""A person's data can be erased: asked for by one, approved by another, gone within a minute, and proven."""

import json
import re
import time

import pytest

import traces
from conftest import FIRE, make_call
from harness import wait_until

NAME = "bob.stone@example.org"
ADDRESS = "203.0.113.77"
KEY = "k-bobs-own"
OTHERS = ("bob.stone@example.organic", "203.0.113.7", "k-bobs-own-2")  # must be there afterwards

MANY_BY_PERSON = """\
title: A call of somebody
name: somebody
status: stable
level: low
logsource: { category: api_call }
detection: { call: { api.operation: Test.Fire }, condition: call }
---
title: A person made many calls
name: many_by_person
status: stable
level: low
correlation:
  type: event_count
  rules: [ somebody ]
  group-by: [ actor.user.uid ]
  timespan: 1d
  condition: { gte: 1000 }
callerprint: { family: abuse, subject: actor.user.uid }
"""


def call_of(name, address, key, operation="Test.Fire", **changes):
    record = make_call(**changes)
    record["actor"] = {"user": {"credential_uid": key, "uid": name, "name": name}}
    record["src_endpoint"]["ip"] = address
    record["api"] = {"service": {"name": "Test"}, "operation": operation}
    record["http_request"]["url"] = f"/v1/u/{name}?from={address}"
    return record


def token_of(server, name, scopes):
    done = server.run("token", "create", "--name", name, "--scopes", scopes)
    assert done.returncode == 0, done.stderr
    return {"Authorization": "Bearer " + re.search(r"cp_\w+", done.stdout).group(0)}


def hits(server, text):
    """Where the text stands by itself."""
    places = {"journal": traces.of_folder(server.data / "journal"), "windows": traces.of_windows(server.psql),
              "database": [server.dump()], "log": [server.log.read_bytes()],
              "metrics": [server.get("/metrics").text.encode()]}
    return {where: n for where, pieces in places.items() if (n := traces.count(text, pieces))}


@pytest.fixture
def used(own_server, receiver):
    """A server that has Bob in every place: calls, rollups, alerts, webhooks, windows, dead letters, the audit, answers."""
    server = own_server(policies={"fire.yml": FIRE, "many.yml": MANY_BY_PERSON}).start()
    added = server.run("webhook", "add", "--name", "hook", receiver.url)
    assert added.returncode == 0, added.stderr
    for name, address, key in ((NAME, ADDRESS, KEY), OTHERS):
        body = [call_of(name, address, key) for _ in range(20)]
        text = "".join(json.dumps(one) + "\n" for one in body)
        text += json.dumps(call_of(name, address, key)).replace("@", "\\u0040") + "\n"
        text += json.dumps(call_of(name, address, key, time="yesterday")) + "\n"
        assert server.ingest(text).status == 200
    server.wait_calls(42)
    wait_until(lambda: len(server.alerts()) >= 2, 60, what="the alerts")
    wait_until(lambda: receiver.deliveries, 60, what="the webhook")
    asked = server.run("ask", "--case", "c1", "--clue", f"ip={ADDRESS}",
                       "--from", "2025-03-03T00:00:00Z", "--to", "2025-03-04T00:00:00Z")
    assert asked.returncode in (0, 1), asked.stderr
    server.stop()  # which saves the windows
    return server.start()


def test_what_two_people_want_erased_is_nowhere_within_a_minute(used):
    before = {text: hits(used, text) for text in (NAME, ADDRESS, KEY)}
    for text, where in before.items():
        assert {"journal", "database"} <= where.keys(), (text, where)
    assert "windows" in before[NAME], "the test must put him there"
    others = {text: hits(used, text) for text in OTHERS}

    officer = token_of(used, "officer", "erase")
    asked = used.run("erase", "request", "--value", NAME, "--value", ADDRESS, "--value", KEY, "--reason", "DSR-118")
    assert asked.returncode == 0, asked.stderr
    erasure = asked.stdout.split()[0]
    assert re.search(r"^\d+ rows of the database name the person$", asked.stderr, re.M)
    own = used.run("erase", "approve", erasure)
    assert own.returncode != 0 and "a second person has to" in own.stderr
    began = time.monotonic()
    approved = used.request("POST", f"/v1/erasures/{erasure}/approve", "{}", officer)
    assert approved.status == 200, approved.text
    wait_until(lambda: shown(used, erasure)["state"] == "done", 60, what="the erasure")
    took = time.monotonic() - began
    assert took < 60, took

    for text in (NAME, ADDRESS, KEY):
        assert hits(used, text) == {}, text
    for text in OTHERS:
        assert hits(used, text) == others[text], "what is another's stays"
    verified = used.run("audit", "verify", "--json")
    assert verified.returncode == 0, verified.stdout
    proof = shown(used, erasure)
    assert "values" not in proof and proof["requested_by"] != proof["approved_by"] == "officer"
    assert proof["result"]["journal"]["blocks"] >= 1
    assert {"calls", "alerts", "evidence", "outbox", "dead_letters"} <= proof["result"]["rows"].keys()


def shown(server, erasure):
    done = server.run("erase", "show", erasure)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def erase(server, values, officer):
    asked = server.request("POST", "/v1/erasures", json.dumps({"values": values, "reason": "r"}),
                           token_of(server, "asker", "erase"))
    assert asked.status == 201, asked.text
    erasure = asked.json["id"]
    assert asked.json["values"] == values, "who approves sees what"
    assert server.request("POST", f"/v1/erasures/{erasure}/approve", "", officer).status == 200
    return erasure


def test_what_was_erased_stays_so_over_a_kill_and_evaluation_goes_on(used):
    officer = token_of(used, "officer", "erase")
    erasure = erase(used, [NAME], officer)
    wait_until(lambda: shown(used, erasure)["state"] == "done", 60, what="the erasure")
    used.kill()
    used.start()
    assert hits(used, NAME) == {}
    calls = used.calls()
    assert used.ingest([call_of("carol", "198.51.100.1", "k-carol") for _ in range(5)]).status == 200
    used.wait_calls(calls + 5)
    wait_until(lambda: any("k-carol" in json.dumps(alert) for alert in used.alerts()), 60, what="carol's alert")
    assert "replay_diverged" not in used.log.read_text()


def test_an_erasure_that_was_cut_off_is_done_by_the_next_start(used):
    officer = token_of(used, "officer", "erase")
    asked = used.run("erase", "request", "--values-from", "-", "--reason", "r", stdin=NAME + "\n")
    assert asked.returncode == 0, asked.stderr
    erasure = asked.stdout.split()[0]
    assert used.request("POST", f"/v1/erasures/{erasure}/approve", "", officer).status == 200
    used.kill()
    used.start()
    wait_until(lambda: shown(used, erasure)["state"] == "done", 60, what="the erasure")
    assert hits(used, NAME) == {}


def test_bad_requests_say_what_is_wrong(server):
    asker = token_of(server, "asker", "erase")

    def post(body):
        return server.request("POST", "/v1/erasures", body, asker)

    for body in ("", "[]", '{"values": "bob", "reason": "r"}', '{"values": [1], "reason": "r"}', '{"values": ["bob"]}'):
        answer = post(body)
        assert answer.status == 400 and '"values"' in answer.json["detail"].replace("\\", ""), answer.text
    short = post('{"values": ["ab"], "reason": "r"}')
    assert short.status == 400 and "3 to 256 bytes" in short.text
    assert server.request("POST", "/v1/erasures/none/approve", "", asker).status == 404
    assert server.request("POST", "/v1/erasures/none/burn", "", asker).status == 404
    assert server.get("/v1/erasures/none", asker).status == 404
    made = post('{"values": ["somebody"], "reason": "r"}')
    assert made.status == 201
    assert server.get(f"/v1/erasures/{made.json['id']}", asker).json["values"] == ["somebody"]
    assert "somebody" not in server.get("/v1/erasures", asker).text
    assert server.request("POST", f"/v1/erasures/{made.json['id']}/approve", "", asker).status == 409
    assert server.request("POST", f"/v1/erasures/{made.json['id']}/withdraw", "", asker).json["state"] == "withdrawn"
    listed = server.get("/v1/erasures", asker).json["erasures"]
    assert listed[0]["id"] == made.json["id"] and "values" not in listed[0]
    text = server.run("erase", "list")
    assert text.returncode == 0 and "withdrawn" in text.stdout
    none = server.run("erase", "request", "--reason", "r")
    assert none.returncode == 2 and "1 to 16 values" in none.stderr
