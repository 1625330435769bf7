"""`callerprint replay`: the contract that other people's checks rely on."""

import json

import pytest

from conftest import FIRE
from harness import ndjson, run

pytestmark = pytest.mark.smoke

BURST = """\
title: Login failed
id: aaaaaaaa-0000-4000-8000-000000000001
name: login_failed
status: test
logsource: { category: application }
detection:
  failed: { event: login, ok: false }
  condition: failed
---
title: Many failed logins
id: aaaaaaaa-0000-4000-8000-000000000002
name: many_failed
status: test
correlation:
  type: event_count
  rules: [ login_failed ]
  group-by: [ user ]
  timespan: 5m
  condition: { gte: 3 }
"""


def record(minute, second=0, **values):
    return json.dumps({"timestamp": f"2024-06-01T10:{minute:02d}:{second:02d}Z", **values})


@pytest.fixture
def burst(tmp_path):
    path = tmp_path / "burst.yml"
    path.write_text(BURST)
    return path


def failures(user, minutes):
    return [record(minute, event="login", ok=False, user=user) for minute in minutes]


def replay(policies, lines, *more):
    done = run("replay", "--policies", policies, "--format", "json", "--ignore-logsource", *more, "-",
               stdin="\n".join(lines) + "\n")
    return done, ndjson(done.stdout)


def test_prints_one_object_a_firing(burst):
    done, out = replay(burst, failures("ann", [0, 1, 2]) + failures("bob", [0, 10, 20]))
    assert done.returncode == 0, done.stderr
    assert len(out) == 1
    assert out[0]["kind"] == "alert"
    assert out[0]["policy"] == {"title": "Many failed logins", "name": "many_failed",
                                "id": "aaaaaaaa-0000-4000-8000-000000000002"}
    assert out[0]["group"] == {"user": "ann"}
    assert out[0]["at"] == "2024-06-01T10:02:00Z"


def test_order_of_arrival_does_not_matter(burst):
    lines = failures("ann", [0, 1, 2, 30, 31, 32]) + failures("bob", [1, 2, 3])
    _, forwards = replay(burst, lines)
    _, backwards = replay(burst, lines[::-1])

    def key(alerts):
        return sorted((alert["at"], json.dumps(alert["group"])) for alert in alerts)

    assert key(forwards) == key(backwards)
    assert len(forwards) == 3


def test_matches_name_rule_and_line(burst):
    lines = [record(0, event="login", ok=True, user="ann"), *failures("ann", [1, 2])]
    done, out = replay(burst, lines, "--matches")
    assert done.returncode == 0
    found = [(o["policy"]["name"], o["line"]) for o in out if o["kind"] == "match"]
    assert found == [("login_failed", 2), ("login_failed", 3)]


@pytest.mark.parametrize("name", ["timestamp", "@timestamp", "time", "eventTime"])
def test_takes_event_time_from_any_of_the_four(burst, name):
    lines = [line.replace('"timestamp"', f'"{name}"') for line in failures("ann", [0, 1, 2])]
    _, out = replay(burst, lines)
    assert [alert["at"] for alert in out] == ["2024-06-01T10:02:00Z"]


def test_bad_lines_hurt_only_themselves(burst):
    lines = failures("ann", [0, 1]) + ["{not json", "[1]", '"x"', ""] + failures("ann", [2])
    done, out = replay(burst, lines)
    assert done.returncode == 0
    assert len(out) == 1


def test_summary_on_stderr_counts(burst):
    done, _ = replay(burst, failures("ann", [0, 1, 2]) + ["{bad"])
    last = done.stderr.strip().splitlines()[-1]
    for wanted in ("records", "bad", "alerts", "records/s", "MB/s"):
        assert wanted in last, last


def test_policies_that_do_not_load_exit_2(tmp_path):
    bad = tmp_path / "bad.yml"
    bad.write_text(FIRE.replace("condition: fire", "condition: fire and"))
    done, out = replay(bad, [record(0)])
    assert done.returncode == 2
    assert out == []
    assert f"{bad}:9:" in done.stderr


def test_log_source_keeps_a_rule_from_other_records(tmp_path):
    policy = tmp_path / "p.yml"
    policy.write_text(FIRE.replace("api.operation: Test.Fire", "eventName: GetObject").replace(
        "category: api_call", "product: gcp"))
    trail = json.dumps({"eventVersion": "1.08", "eventTime": "2024-06-01T00:00:00Z", "eventName": "GetObject",
                        "eventSource": "s3.amazonaws.com", "eventID": "1", "eventType": "AwsApiCall",
                        "userIdentity": {"type": "Root"}})
    arguments = ("replay", "--policies", policy, "--format", "aws-cloudtrail", "--matches")
    with_source = run(*arguments, "-", stdin=trail)
    without = run(*arguments, "--ignore-logsource", "-", stdin=trail)
    assert ndjson(with_source.stdout) == []
    assert [o["line"] for o in ndjson(without.stdout) if o["kind"] == "match"] == [1]


def test_lists_fill_in_expand(tmp_path):
    policy = tmp_path / "p.yml"
    policy.write_text(FIRE.replace("api.operation: Test.Fire", "op|expand: '%gated%'"))
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "gated.txt").write_text("# comment\nFace.Identify\n")
    lines = [record(0, op="Face.Identify"), record(1, op="Face.Detect")]
    _, out = replay(policy, lines, "--lists", lists, "--matches")
    assert [o["line"] for o in out if o["kind"] == "match"] == [1]


def test_reads_files_in_the_order_given(burst, tmp_path):
    first, second = tmp_path / "1.ndjson", tmp_path / "2.ndjson"
    first.write_text("\n".join(failures("ann", [0, 1])) + "\n")
    second.write_text("\n".join(failures("ann", [2])))  # no newline at the end
    done = run("replay", "--policies", burst, "--format", "json", "--ignore-logsource", first, second)
    assert len(ndjson(done.stdout)) == 1


def test_missing_file_is_an_error(burst, tmp_path):
    done = run("replay", "--policies", burst, "--format", "json", tmp_path / "absent.ndjson")
    assert done.returncode in (2, 5)
    assert "absent.ndjson" in done.stderr


def test_prints_the_same_with_any_number_of_threads(burst):
    lines = [record(n // 600 % 60, n // 10 % 60, event="login", ok=n % 3 > 0, user=f"u{n % 200}", pad="x" * 100)
             for n in range(30_000)]  # some megabytes, and a thread takes one at a time
    alone, out = replay(burst, lines, "--threads", "1", "--matches")
    assert len(out) > 10_000 and {line["kind"] for line in out} == {"match", "alert"}
    for threads in ("2", "5"):
        assert replay(burst, lines, "--threads", threads, "--matches")[0].stdout == alone.stdout


@pytest.mark.parametrize("threads", ["0", "65", "many"])
def test_a_number_of_threads_that_cannot_be_is_refused(burst, threads):
    done, _ = replay(burst, [record(0)], "--threads", threads)
    assert done.returncode == 2 and "--threads" in done.stderr
