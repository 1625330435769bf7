"""SIGHUP: new policies take effect, bad ones change nothing."""

import re
import time

from conftest import FIRE, fire, make_call
from harness import wait_until

OTHER = FIRE.replace("A test call was made", "Another call was made").replace(
    "11111111", "99999999").replace("test_fire", "test_other").replace("Test.Fire", "Test.Other")
METRIC = "callerprint_config_last_reload_successful"


def metric(server, name):
    found = re.search(rf"^{name}(?:{{.*}})? (\S+)$", server.get("/metrics").text, re.M)
    return float(found.group(1)) if found else None


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


def test_bad_policy_changes_nothing(own_server):
    server = own_server().start()
    assert metric(server, METRIC) == 1
    (server.policies / "bad.yml").write_text(FIRE.replace("condition: fire", "condition: nothing"))
    server.reload()
    wait_until(lambda: metric(server, METRIC) == 0, what="the metric of a failed reload")
    server.ingest([fire("k-3"), make_call()])
    wait_until(server.alerts, what="an alert of the old policy")
    assert "bad.yml" in server.log.read_text()
    (server.policies / "bad.yml").unlink()
    server.reload()
    wait_until(lambda: metric(server, METRIC) == 1, what="the metric of a good reload")
