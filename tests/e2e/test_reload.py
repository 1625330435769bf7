"""SIGHUP: new policies take effect, bad ones change nothing."""

import threading
import time

from conftest import FIRE, fire, make_call
from harness import wait_until

OTHER = FIRE.replace("A test call was made", "Another call was made").replace(
    "11111111", "99999999").replace("test_fire", "test_other").replace("Test.Fire", "Test.Other")
METRIC = "callerprint_config_last_reload_successful"


def other(key):
    record = fire(key)
    record["api"]["operation"] = "Test.Other"
    return record


def titles(server):
    return {alert["policy"]["title"] if isinstance(alert.get("policy"), dict) else
            alert.get("policy_title", alert.get("title")) for alert in server.alerts()}


def test_new_policy_takes_effect(own_server):
    server = own_server().start()
    server.ingest([other("k-1"), make_call()])
    (server.policies / "other.yml").write_text(OTHER)
    wait_until(lambda: server.calls() >= 2, what="the first calls")
    server.reload()
    time.sleep(1)
    server.ingest([other("k-2"), make_call()])
    wait_until(server.alerts, what="an alert of the new policy")
    assert titles(server) == {"Another call was made"}
    assert len(server.alerts()) == 1


def test_a_new_policy_remembers_nothing_of_before_it_even_after_a_crash(own_server):
    def at(record, second):
        return dict(record, time=f"2025-03-03T12:00:{second:02}Z")

    server = own_server().start()
    server.ingest([at(other("k-1"), 0), at(make_call(), 10)])
    wait_until(lambda: server.calls() >= 2, what="the first calls")
    (server.policies / "other.yml").write_text(OTHER)
    server.reload()
    wait_until(lambda: "serve.reloaded" in server.log.read_text(), what="the reload")
    server.kill()  # the blocks since the last snapshot are evaluated again, without effects
    server.start()
    server.ingest([at(other("k-1"), 20), at(make_call(), 40)])
    alert = wait_until(server.alerts, what="the alert of the call after the reload")[0]
    assert alert["opened"].startswith("2025-03-03T12:00:20")


def test_bad_policy_changes_nothing(own_server):
    server = own_server().start()
    assert server.metric(METRIC) == 1
    (server.policies / "bad.yml").write_text(FIRE.replace("condition: fire", "condition: nothing"))
    server.reload()
    wait_until(lambda: server.metric(METRIC) == 0, what="the metric of a failed reload")
    server.ingest([fire("k-3"), make_call()])
    wait_until(server.alerts, what="an alert of the old policy")
    assert "bad.yml" in server.log.read_text()
    (server.policies / "bad.yml").unlink()
    server.reload()
    wait_until(lambda: server.metric(METRIC) == 1, what="the metric of a good reload")


# Matches every call of Test.Quiet, under a name of its own.
VERSION = """\
title: Version {0}
name: version_{0}
status: stable
level: low
logsource: {{ category: api_call }}
detection:
  any: {{ api.operation: Test.Quiet }}
  condition: any
callerprint: {{ subject: key, quiet: 24h }}
"""
COUNTED = """\
title: Counted call
name: counted_call
status: stable
logsource: { category: api_call }
detection:
  any: { api.operation: Test.Quiet }
  condition: any
---
title: Every call
name: every_call
status: stable
level: low
correlation:
  type: event_count
  rules: [counted_call]
  group-by: [key_uid]
  timespan: 1d
  condition: { gte: 2000 }
callerprint: { family: abuse, subject: key, quiet: 24h }
"""


def test_each_call_is_judged_by_one_recorded_revision_while_policies_are_reloaded(own_server):
    server = own_server(policies={"version.yml": VERSION.format(0), "counted.yml": COUNTED}).start()
    reloads, batches, size = 8, 200, 10
    failed = []

    def send():
        for _ in range(batches):
            answer = server.ingest([make_call() for _ in range(size)])
            if answer.status != 200:
                failed.append(answer.status)
            time.sleep(0.02)

    sender = threading.Thread(target=send)
    sender.start()
    for number in range(1, reloads + 1):
        (server.policies / "version.yml").write_text(VERSION.format(number))
        server.reload()
        time.sleep(0.4)
    sender.join()
    assert failed == []
    server.wait_calls(batches * size)
    judged = server.sql("""
        SELECT c.block, c.matched, p.name FROM investigate.calls c
        JOIN investigate.policy_revisions r
            ON c.block >= r.from_block AND (c.block < r.to_block OR r.to_block IS NULL)
        JOIN investigate.policies p ON p.revision = r.revision AND p.name LIKE 'version%'""")
    assert len(judged) == batches * size  # each call once: no revision missing, none overlapping
    versions = {row["name"] for row in judged}
    assert len(versions) > 2, versions
    for row in judged:
        matched = row["matched"] if isinstance(row["matched"], list) else row["matched"].strip("{}").split(",")
        assert [name for name in matched if name.startswith("version")] == [row["name"]]
    # Windows that no reload touched: only all calls together make this one fire.
    wait_until(lambda: "Every call" in titles(server), what="the alert over all reloads")
    revisions = server.sql("""
        SELECT a.policy_name, p.digest = a.policy_digest AS same FROM investigate.alerts a
        JOIN investigate.policies p ON p.revision = a.policy_revision AND p.name = a.policy_name""")
    assert len(revisions) == len(server.alerts()) and all(row["same"] for row in revisions)
