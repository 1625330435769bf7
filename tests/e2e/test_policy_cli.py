"""`callerprint policy`: check, test, list, show, new and fmt, none of which needs a server."""

import json
import xml.etree.ElementTree

import pytest

from conftest import FIRE
from harness import ROOT, run

pytestmark = pytest.mark.smoke

SHIPPED = ROOT / "config/policies"
LISTS = ["--lists", ROOT / "config/lists"]
TESTED = FIRE + """\
tests:
  - name: it fires
    given: [ { api.operation: Test.Fire, key_uid: k1 } ]
    expect: [ { subject: k1 } ]
  - name: another <operation>
    given: [ { api.operation: Test.Other, key_uid: k1 } ]
    expect: []
"""


def put(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)
    return folder


# check


def test_check_tells_every_problem_as_json(tmp_path):
    put(tmp_path, bad=FIRE.replace("condition: fire", "condition: fires").replace("level: high", "level: hihg"))
    done = run("policy", "check", tmp_path, "-o", "json")
    assert done.returncode == 2
    out = json.loads(done.stdout)
    assert (out["errors"], out["warnings"], out["policies"]) == (1, 1, 0)
    warning, error = out["problems"]
    assert warning["severity"] == "warning" and warning["line"] == 5 and warning["hint"] == "did you mean 'high'?"
    assert error == {"file": str(tmp_path / "bad.yml"), "line": 9, "column": 14, "severity": "error",
                     "message": "condition: there is no selection 'fires'", "hint": "did you mean 'fire'?"}


def test_check_as_json_counts_what_loads():
    done = run("policy", "check", SHIPPED, *LISTS, "-o", "json")
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert out["problems"] == [] and out["policies"] == out["rules"] + out["correlations"] > 10


def test_a_file_that_cannot_be_read_hides_no_problem_of_the_others(tmp_path):
    put(tmp_path, good=FIRE, bad=FIRE.replace("condition: fire", "condition: smoke"),
        large="#" * (512 * 1024 + 1))
    done = run("policy", "check", tmp_path, tmp_path / "absent.yml")
    assert done.returncode == 2
    assert f"{tmp_path}/large.yml: larger than" in done.stderr
    assert f"{tmp_path}/bad.yml:9:" in done.stderr
    assert f"{tmp_path}/absent.yml: No such file" in done.stderr
    assert done.stdout == ""


# test


def test_writes_junit(tmp_path):
    put(tmp_path, p=TESTED.replace("expect: []", "expect: [ { subject: k2 } ]"))
    done = run("policy", "test", tmp_path, "--junit", tmp_path / "out.xml")
    assert done.returncode == 1
    suites = xml.etree.ElementTree.parse(tmp_path / "out.xml").getroot()
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    first, second = suites.iter("testcase")
    assert first.get("classname") == "test_fire" and first.find("failure") is None
    assert second.get("name") == "another <operation>"
    assert "expected an alert {subject: k2}" in second.find("failure").get("message")


def test_junit_that_cannot_be_written_is_a_usage_error(tmp_path):
    put(tmp_path, p=TESTED)
    done = run("policy", "test", tmp_path, "--junit", tmp_path / "absent/out.xml")
    assert done.returncode == 5
    assert "absent" in done.stderr


def test_coverage_names_what_no_test_reaches(tmp_path):
    put(tmp_path, p=TESTED.replace("condition: fire", "dry: { dry_run: true }\n  condition: fire and not dry"),
        q=FIRE.replace("test_fire", "untested").replace("11111111", "21111111"))
    done = run("policy", "test", tmp_path, "--coverage")
    assert done.returncode == 0, done.stderr
    gaps = [line.split("  ")[-1] for line in done.stdout.splitlines() if line.startswith("gap")]
    assert gaps == [
        "test_fire: selection 'dry' was never true",
        "untested: no test expects an alert", "untested: no test expects none",
        "untested: selection 'fire' was never false", "untested: selection 'fire' was never true"]
    assert done.stdout.endswith("coverage 50.0 %: 5 of 10\n")


def test_the_threshold_decides_the_exit_code(tmp_path):
    put(tmp_path, p=TESTED)
    assert run("policy", "test", tmp_path, "--coverage-threshold", "100").returncode == 0
    put(tmp_path, p=FIRE)
    done = run("policy", "test", tmp_path, "--coverage-threshold", "1")
    assert done.returncode == 1
    assert "below" in done.stderr
    assert run("policy", "test", tmp_path, "--coverage-threshold", "101").returncode == 2


def test_the_shipped_policies_are_covered():
    done = run("policy", "test", SHIPPED, *LISTS, "-o", "json")
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert out["failed"] == 0 and out["passed"] == len(out["tests"]) > 20
    missing = [gap for gap in out["coverage"]["gaps"] if gap["gap"].startswith("no test")]
    assert missing == []
