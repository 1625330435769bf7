"""Sigma conformance vectors, through the command line alone."""

import json

import pytest

from conftest import SHARED
from harness import ndjson, run


def vectors(name):
    lines = (SHARED / "conformance" / name).read_text().splitlines()
    return [pytest.param(json.loads(line), id=json.loads(line)["name"]) for line in lines]


def replay(tmp_path, rules, events, *more):
    policy = tmp_path / "policy.yml"
    policy.write_text(rules)
    return run("replay", "--policies", policy, "--format", "json", "--ignore-logsource", *more, "-",
               stdin="".join(json.dumps(event) + "\n" for event in events))


@pytest.mark.parametrize("vector", vectors("rule_vectors.jsonl"))
def test_rule(vector, tmp_path):
    event = dict(vector["event"])
    if not {"timestamp", "@timestamp", "time", "eventTime"} & set(event):
        event["timestamp"] = "2024-06-01T00:00:00Z"
    done = replay(tmp_path, vector["rule"], [event], "--matches")
    assert done.returncode == 0, done.stderr
    matched = any(o["kind"] == "match" and o["line"] == 1 for o in ndjson(done.stdout))
    assert matched == vector["expected"], vector.get("note")


@pytest.mark.parametrize("vector", vectors("correlation_vectors.jsonl"))
def test_correlation(vector, tmp_path):
    done = replay(tmp_path, vector["rules"], vector["events"])
    assert done.returncode == 0, done.stderr

    def key(title, group, at):
        return title, tuple(sorted((name, str(value)) for name, value in group.items())), at

    found = sorted(key(o["policy"]["title"], o["group"], o["at"])
                   for o in ndjson(done.stdout) if o["kind"] == "alert")
    wanted = sorted(key(a["rule"], a["group"], a["at"]) for a in vector["expected_alerts"])
    assert found == wanted


@pytest.mark.parametrize("vector", vectors("load_error_vectors.jsonl"))
def test_load_error(vector, tmp_path):
    done = replay(tmp_path, vector["rule"], [{"timestamp": "2024-06-01T00:00:00Z"}])
    assert done.returncode == 2
    assert done.stdout == ""
    assert "policy.yml:" in done.stderr
