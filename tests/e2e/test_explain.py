"""`callerprint explain`: why a record matches, or does not; and the same reasons with an alert."""

import json

import pytest

from conftest import FIRE, fire, make_call
from harness import ROOT, ndjson, run, wait_until

pytestmark = pytest.mark.smoke

RULES = FIRE + """\
---
title: Failed login
name: login_failed
logsource: { category: api_call }
detection:
  failed:
    - { api.operation: Login, status_id: 2 }
    - { api.operation: SignIn, http_response.code|gte: 400 }
  tested: { user.name: robot }
  condition: failed and not tested
---
title: Many failed logins
name: many_failed
correlation:
  type: value_count
  rules: [ login_failed ]
  group-by: [ tenant_uid ]
  timespan: 5m
  condition: { field: user.name, gte: 3 }
---
title: Only of photos
name: photos_only
logsource: { product: photos }
detection: { s: { http_response.code: 200 }, condition: s }
"""

CALLS = [
    {"timestamp": "2024-06-01T10:00:00Z", "metadata.tenant_uid": "t1", "user.name": "ann", "api.operation": "SignIn",
     "http_response.code": 403},
    {"timestamp": "2024-06-01T10:00:01Z", "metadata.tenant_uid": "t1", "api.operation": "Other\x1b[2J"},
]


@pytest.fixture
def world(tmp_path):
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "calls.ndjson").write_text("".join(json.dumps(call) + "\n" for call in CALLS))
    return tmp_path


def explain(world, *arguments, **options):
    return run("explain", world / "calls.ndjson", "--format", "json", "--policies", world / "rules.yml",
               *arguments, **options)


def test_shows_the_tree_of_what_matched(world):
    done = explain(world)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.split("\n\n")
    assert first.splitlines()[1:] == [
        "  + matched: Failed login (login_failed)",
        "    + log source fits",
        "    + condition holds: failed and not tested",
        "      + failed holds",
        "        - api.operation equals Login: fails, it is SignIn",
        "        - status_id equals 2: fails, it is (absent)",
        "        or",
        "        + api.operation equals SignIn: holds, it is SignIn",
        "        + http_response.code gte 400: holds, it is 403",
        "      - tested fails",
        "        - user.name equals robot: fails, it is ann",
        "  + counts: Many failed logins (many_failed), value_count within 5 min",
        "    + in the group tenant_uid=t1",
        "    + with the value user.name=ann",
        "    + matched: Failed login (login_failed), as above",
    ]
    assert second.splitlines()[1:] == ["  - no policy matches; --all shows why not"]


def test_says_why_a_policy_does_not_match(world):
    done = explain(world, "--policy", "test_fire", "--line", "2")
    assert done.returncode == 0, done.stderr
    assert "- not matched: A test call was made (test_fire)" in done.stdout
    assert "- api.operation equals Test.Fire: fails, it is Other" in done.stdout
    assert "\x1b" not in done.stdout


def test_json_is_the_same_tree(world):
    done = explain(world, "--all", "-o", "json")
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)
    assert (first["line"], second["line"], first["time"]) == (1, 2, "2024-06-01T10:00:00Z")
    by_name = {each["policy"]["name"]: each for each in first["policies"]}
    assert list(by_name) == ["test_fire", "login_failed", "many_failed", "photos_only"]
    rule = by_name["login_failed"]
    assert rule["matched"] and rule["log_source"] == {"fits": True, "differences": []}
    assert [(each["name"], each["held"]) for each in rule["selections"]] == [("failed", True), ("tested", False)]
    assert rule["selections"][0]["comparisons"][3] == {
        "block": 1, "field": "http_response.code", "op": "gte", "expected": "400", "actual": "403", "held": True}
    counted, = by_name["many_failed"]["rules"]
    assert counted["group"] == {"tenant_uid": "t1"} and counted["values"] == {"user.name": "ann"}
    lines = ndjson(explain(world, "--all", "-o", "ndjson").stdout)
    assert lines == [first, second]


def test_says_that_the_log_source_differs(world):
    line = '198.51.100.7 - - [01/Jun/2024:10:00:00 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl/8"\n'
    done = run("explain", "-", "--format", "access-log", "--policies", world / "rules.yml", "--policy", "photos_only",
               stdin=line)
    assert done.returncode == 0, done.stderr
    assert "- not matched: Only of photos" in done.stdout
    assert "- log source differs: product is photos in the rule and webserver of the record" in done.stdout
    assert "+ condition holds: s" in done.stdout


def test_takes_the_policies_and_lists_of_the_configuration(world):
    config = world / "callerprint.yaml"
    config.write_text(f"policies: [{ROOT}/config/policies]\nlists: {ROOT}/config/lists\n")
    call = make_call(api={"operation": "Face.Identify"})
    (world / "facts.ndjson").write_text("".join(json.dumps(row) + "\n" for row in [
        {"kind": "gate", "uid": "g", "operations": ["Face.*"]}, {"kind": "tenant", "uid": "t-e2e"}]))
    done = run("explain", "-", "--registry", world / "facts.ndjson", "--policy", "gated_operation_unlicensed",
               config=config, stdin=json.dumps(call) + "\n")
    assert done.returncode == 0, done.stderr
    assert "+ licence.state equals missing: holds, it is missing" in done.stdout


def test_exit_codes(world):
    assert explain(world, "--policy", "absent").returncode == 5
    assert explain(world, "--line", "3").returncode == 5
    assert explain(world, "--format", "nonsense").returncode == 2
    assert run("explain", world / "absent", "--policies", world / "rules.yml").returncode == 5
    with open(world / "calls.ndjson", "a", encoding="utf-8") as calls:
        calls.write("{ not json\n")
    done = explain(world)
    assert done.returncode == 1
    assert f"{world}/calls.ndjson:3: bad_json" in done.stderr
    assert explain(world, "--line", "1").returncode == 0


def test_an_alert_carries_the_conditions_that_held(server):
    key = "AKIAIOSFODNN7EXAMPLE"
    server.ingest([fire(key), make_call()])
    alert = wait_until(server.alerts, 40, what="an alert")[0]
    row, = server.sql(f"SELECT evidence FROM investigate.alerts WHERE alert_id = '{alert['id']}'")
    evidence = row["evidence"] if isinstance(row["evidence"], dict) else json.loads(row["evidence"])
    reason, = evidence["conditions"]
    assert reason["condition"] == "fire" and reason["title"] == "A test call was made"
    assert reason["comparisons"] == [
        {"selection": "fire", "field": "api.operation", "op": "equals", "expected": "Test.Fire",
         "actual": "Test.Fire", "held": True}]
    shown = server.run("alerts", "show", alert["id"])
    assert shown.returncode == 0, shown.stderr
    assert "+ fire: api.operation equals Test.Fire: holds, it is Test.Fire" in shown.stdout
