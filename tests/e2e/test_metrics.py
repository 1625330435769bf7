"""/metrics: passes promtool, and holds what the alert rules ask for."""

import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest
import yaml

from conftest import FIRE, TWICE, fire, make_call
from harness import ROOT, wait_until

PROMTOOL = shutil.which("promtool") or str(ROOT / "build/tools/usr/bin/promtool")
RULES = ROOT / "deploy/prometheus/rules.yml"


@pytest.fixture(scope="module")
def page(server):
    server.ingest([fire("k-metric"), make_call()])
    server.ingest(b"nonsense\n")
    wait_until(server.alerts, what="an alert")
    answer = server.get("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def promtool(*arguments, stdin=None):
    return subprocess.run([PROMTOOL, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                          check=False)


def test_promtool_finds_nothing_wrong(page):
    done = promtool("check", "metrics", stdin=page)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr.strip()


def test_every_metric_has_our_prefix(page):
    names = set(re.findall(r"^# TYPE (\S+)", page, re.M))
    foreign = {name for name in names if not name.startswith(("callerprint_", "process_"))}
    assert foreign == set()


def test_no_label_names_a_key_tenant_or_address(page):
    for forbidden in ("k-metric", "t-e2e", "198.18.0.7"):
        assert forbidden not in page


def test_alert_rules_pass_their_own_tests():
    assert promtool("check", "rules", RULES).returncode == 0
    done = promtool("test", "rules", RULES.with_name("rules_test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_alert_rules_ask_only_for_metrics_that_exist(page):
    known = set(re.findall(r"^# TYPE (\S+)", page, re.M))
    known |= {name + end for name in known for end in ("_bucket", "_sum", "_count")}
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            used = set(re.findall(r"\b(?:callerprint|process)_[a-z0-9_]+", rule["expr"]))
            assert used <= known, f"{rule['alert']} asks for {used - known}"


def test_every_alert_rule_has_a_runbook_and_a_test():
    tested = RULES.with_name("rules_test.yml").read_text()
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            runbook = rule["annotations"]["runbook_url"]
            assert (ROOT / "docs/runbooks" / runbook.rsplit("/", 1)[1]).exists(), runbook
            assert f"alertname: {rule['alert']}\n" in tested


def test_an_idle_server_leaves_the_processor_alone(server):
    """A loop that asks instead of waiting takes a whole core; what has to be done now and then takes little."""
    server.ingest([make_call()])
    time.sleep(3)  # evaluated, committed, and its source declared idle

    def used():
        fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = used()
    time.sleep(4)
    assert used() - before < 2


def test_threads_have_the_names_that_top_shows(server):
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task").iterdir()
    names = {(task / "comm").read_text().strip() for task in tasks}
    assert {"http", "ingest", "journal", "evaluator", "committer", "merger", "housekeeper", "outbox", "sender"} <= names


def backlog(server):
    return server.metric("callerprint_backlog_blocks")


def test_windows_that_a_start_brings_back_are_shown_before_the_first_call(own_server):
    server = own_server(policies={"fire.yml": FIRE, "twice.yml": TWICE}).start()
    server.ingest([fire("k-once"), make_call(time="2025-03-03T14:00:00Z")])  # past the lateness
    wait_until(server.alerts, what="an alert, stored with its batch")
    assert server.metric("callerprint_window_groups") == 2  # the key in those of both policies
    watermark = server.metric("callerprint_watermark_timestamp_seconds")
    server.kill()
    server.start()
    server.wait_recovered()
    assert server.metric("callerprint_window_groups") == 2
    assert server.metric("callerprint_watermark_timestamp_seconds") == watermark


def test_the_backlog_is_shown_while_the_database_stands_still(own_server):
    server = own_server().start()
    server.ingest([make_call()])
    wait_until(lambda: backlog(server) == 0, what="an empty backlog")
    with server.database_stands_still():
        for _ in range(60):
            assert server.ingest([make_call()]).status == 200
            time.sleep(0.02)
        assert backlog(server) >= 60
    wait_until(lambda: backlog(server) == 0, what="the backlog to be stored")
