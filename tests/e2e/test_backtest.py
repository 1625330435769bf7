"""policy backtest: judges stored calls again; the same policies give what the server gave."""

import json
import re
import time

import pytest

from conftest import FIRE, fire, make_call
from harness import ROOT, Server, wait_until

CALLS = 50_000
BUSY = """\
title: Call of a key
name: key_call
status: stable
logsource: { category: api_call }
detection:
  any: { api.operation: Test.Count }
  condition: any
---
title: Busy key
id: 22222222-2222-4333-8444-555555555555
name: busy_key
status: stable
level: medium
correlation:
  type: event_count
  rules: [key_call]
  group-by: [key_uid, tenant_uid]
  timespan: 10m
  condition: { gte: 5 }
callerprint: { family: abuse, subject: key, quiet: 1h }
"""


def counted(key, **changes):
    record = fire(key, **changes)
    record["api"]["operation"] = "Test.Count"
    record["metadata"]["tenant_uid"] = f"t-{key}"
    return record


def backtest(server, *options, code=0):
    done = server.run("policy", "backtest", "-o", "json", *options)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def sums(report):
    return {name: report[name] for name in ("gained", "lost", "changed", "unchanged")}


def settle(server):
    """Waits until the source is declared silent and what waited for it is stored."""
    metric = "callerprint_matches_waiting"

    def silent():
        found = re.search(rf"^{metric} (\S+)$", server.get("/metrics").text, re.M)
        return found and float(found.group(1)) == 0

    wait_until(silent, what="no match to wait")
    time.sleep(1)  # for the batch to be stored


@pytest.fixture(scope="module")
def world():
    """The generated world under the shipped policies, with every call kept."""
    server = Server(settings={"policies": [str(ROOT / "config/policies")]})
    try:
        server.start()
        folder = server.folder / "world"
        assert server.run("generate", "--seed", 3, "--calls", CALLS, "--out", folder).returncode == 0
        assert server.run("registry", "import", folder / "registry.ndjson").returncode == 0
        done = server.run("ingest", folder / "calls.ndjson", "--url", f"http://127.0.0.1:{server.port}",
                          "--source", "demo", "--token", server.token())
        assert done.returncode == 0, done.stderr
        server.wait_calls(CALLS, 180)
        settle(server)
        yield server
    finally:
        server.close()


@pytest.mark.parametrize("source", [(), ("--journal",)], ids=["database", "journal"])
def test_unchanged_policies_give_the_alerts_that_the_server_gave(world, source):
    report = backtest(world, "--against", "recorded", "--all", *source)
    recorded = world.sql("SELECT alert_id, count, opened, last_seen, summary FROM investigate.alerts")
    assert len(recorded) >= 10
    assert report["history"]["complete"] and report["history"]["calls"] == CALLS
    assert sums(report) == {"gained": 0, "lost": 0, "changed": 0, "unchanged": len(recorded)}
    told = {alert["after"]["id"]: (alert["after"]["count"], alert["after"]["summary"])
            for alert in report["alerts"]}
    assert told == {row["alert_id"]: (row["count"], row["summary"]) for row in recorded}


def test_the_same_calls_give_the_same_bytes(world):
    first = world.run("policy", "backtest", "--all")
    second = world.run("policy", "backtest", "--all")
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert "complete" in first.stdout and "INCOMPLETE" not in first.stdout


@pytest.fixture(scope="module")
def busy():
    """Keys with 3 to 7 calls under a policy that fires at 5; one alert was judged right, one wrong."""
    server = Server(policies={"busy.yml": BUSY, "fire.yml": FIRE})
    try:
        server.start()
        server.ingest([counted(f"k-{n}") for n in range(3, 8) for _ in range(n)] +
                      [make_call() for _ in range(10)])
        wait_until(lambda: len(server.alerts()) == 3, what="three alerts")
        for row in server.sql("SELECT alert_id, subject FROM investigate.alerts"):
            verdict = {"k-5": ("false-positive", "rule-wrong"), "k-7": ("true-positive", "resale")}
            if row["subject"] in verdict:
                disposition, reason = verdict[row["subject"]]
                done = server.run("alerts", "close", row["alert_id"], "--as", disposition, "--reason", reason)
                assert done.returncode == 0, done.stderr
        yield server
    finally:
        server.close()


def draft(server, name, text):
    folder = server.folder / name
    folder.mkdir(exist_ok=True)
    (folder / "busy.yml").write_text(text)
    (folder / "fire.yml").write_text(FIRE)
    return folder


def test_lower_threshold_gains_and_names_tenants(busy):
    folder = draft(busy, "lower", BUSY.replace("gte: 5", "gte: 4"))
    report = backtest(busy, "--policies", folder)
    assert sums(report) == {"gained": 1, "lost": 0, "changed": 3, "unchanged": 0}
    assert report["tenants_newly_named"] == ["t-k-4"] and report["tenants_cleared"] == []
    gained = [alert for alert in report["alerts"] if alert["change"] == "gained"]
    assert [(alert["subject"], alert["tenant"]) for alert in gained] == [("k-4", "t-k-4")]
    assert gained[0]["before"] is None and gained[0]["after"]["count"] >= 1
    row = next(row for row in report["policies"] if row["name"] == "busy_key")
    assert row["text"] == "edited" and (row["before"], row["after"]) == (3, 4)
    assert row["gained_unlabelled"] == 1 and row["decided"]


def test_higher_threshold_loses_and_precision_grows(busy):
    folder = draft(busy, "higher", BUSY.replace("gte: 5", "gte: 6"))
    report = backtest(busy, "--policies", folder)
    assert (report["lost"], report["gained"]) == (1, 0)
    assert report["tenants_cleared"] == ["t-k-5"]
    assert report["judged_before"]["precision"] == 0.5
    assert report["judged_after"]["precision"] == 1.0


def test_exit_code_tells_a_difference(busy):
    folder = draft(busy, "other", BUSY.replace("gte: 5", "gte: 6"))
    assert busy.run("policy", "backtest", "--policies", folder).returncode == 0
    assert busy.run("policy", "backtest", "--policies", folder, "--exit-code").returncode == 1
    assert busy.run("policy", "backtest", "--exit-code").returncode == 0


def test_level_and_status_are_differences(busy):
    folder = draft(busy, "level", BUSY.replace("level: medium", "level: high")
                   .replace("status: stable\nlevel", "status: test\nlevel"))
    report = backtest(busy, "--policies", folder)
    assert report["changed"] == 3
    assert all(alert["what"] == ["level", "shadow"] for alert in report["alerts"])


def test_a_period_counts_only_its_own_alerts(busy):
    report = backtest(busy, "--from", "2025-03-03T11:00:00Z", "--to", "2025-03-03T13:00:00Z", "--all")
    assert report["unchanged"] == 3
    assert report["history"]["warm_up_seconds"] >= 24 * 3600
    done = busy.run("policy", "backtest", "--from", "2025-03-04T00:00:00Z")
    assert done.returncode == 0, done.stderr  # the calls before only fill windows
    assert "unchanged 0" in done.stdout
    done = busy.run("policy", "backtest", "--last", "1d")
    assert done.returncode == 5 and "no calls" in done.stderr


def test_wrong_periods_are_refused(busy):
    for options in (["--last", "soon"], ["--from", "yesterday"], ["--last", "1d", "--to", "2025-01-01"],
                    ["--from", "2025-01-02T00:00:00Z", "--to", "2025-01-01T00:00:00Z"]):
        done = busy.run("policy", "backtest", *options)
        assert done.returncode == 2, (options, done.stderr)


def test_calls_that_were_not_kept_are_told_loudly(own_server):
    server = own_server(policies={"busy.yml": BUSY, "fire.yml": FIRE},
                        settings={"raw_calls": {"keep": "matched", "retention": "3650d"}}).start()
    server.ingest([counted("k-1") for _ in range(6)] + [make_call() for _ in range(10)])
    wait_until(server.alerts, what="an alert")
    # What counts the same matches over again can be judged: all of them were kept.
    report = backtest(server, "--policies", draft(server, "known", BUSY.replace("gte: 5", "gte: 6")))
    assert report["changed"] == 1 and not report["history"]["complete"]
    assert report["history"]["missing"] == 10
    assert "INCOMPLETE" in report["warnings"][0]
    # A rule that matches other calls cannot.
    other = draft(server, "unknown", BUSY.replace("Test.Count", "Test.Quiet"))
    done = server.run("policy", "backtest", "--policies", other)
    assert done.returncode == 3
    assert "CANNOT BE JUDGED" in done.stdout and "INCOMPLETE" in done.stdout
    assert "CANNOT BE JUDGED" in done.stderr and "busy_key" in done.stderr
    # The journal has all calls.
    report = backtest(server, "--policies", other, "--journal")
    assert report["history"]["complete"]
    assert [alert["subject"] for alert in report["alerts"] if alert["change"] == "gained"] == ["k-e2e"]


def test_late_calls_are_late_again(own_server):
    server = own_server(policies={"busy.yml": BUSY, "fire.yml": FIRE}).start()
    server.ingest([counted("k-1", number=number) for number in (1_000_000, 1_000_001)])
    # Declared silent, the source holds nothing back: the calls below are late then.
    wait_until(lambda: server.calls() == 2, what="two calls")
    settle(server)
    server.ingest([counted("k-1", number=number) for number in range(900_000, 900_006)])
    server.ingest([fire("k-late", number=900_010)])
    wait_until(lambda: len(server.alerts()) == 1, what="the alert of a late call")
    assert server.calls("late") == 7
    for source in ((), ("--journal",)):
        report = backtest(server, "--against", "recorded", *source)
        assert sums(report) == {"gained": 0, "lost": 0, "changed": 0, "unchanged": 1}
        assert report["history"]["late"] == 7
