"""`callerprint policy`: check, test, list, show, new and fmt, none of which needs a server."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

from conftest import FIRE
from harness import ROOT, ndjson, run

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


# list and show


def test_lists_policies_in_every_form(tmp_path):
    put(tmp_path, p=TESTED.replace("status: stable", "status: test"))
    done = run("policy", "list", tmp_path, "-o", "json")
    assert done.returncode == 0, done.stderr
    row, = json.loads(done.stdout)
    digest = row.pop("digest")
    assert re.fullmatch("[0-9a-f]{64}", digest)
    assert row == {"name": "test_fire", "kind": "rule", "status": "test", "shadow": True, "level": "high",
                   "family": "abuse", "subject": "key", "tests": 2, "file": str(tmp_path / "p.yml"), "line": 1,
                   "id": "11111111-2222-4333-8444-555555555555"}
    assert "test_fire" in run("policy", "list", tmp_path).stdout
    assert len(ndjson(run("policy", "list", SHIPPED, *LISTS, "-o", "ndjson").stdout)) > 10


def test_shows_one_policy_by_name_or_id(tmp_path):
    put(tmp_path, p=TESTED)
    by_name = run("policy", "show", "test_fire", "--policies", tmp_path)
    assert by_name.returncode == 0, by_name.stderr
    assert "A test call was made" in by_name.stdout and "condition: fire" in by_name.stdout
    out = json.loads(run("policy", "show", "11111111-2222-4333-8444-555555555555", "--policies", tmp_path,
                         "-o", "json").stdout)
    assert out["title"] == "A test call was made" and out["shadow"] is False
    assert out["text"] == TESTED
    assert run("policy", "show", "absent", "--policies", tmp_path).returncode == 5


def test_list_takes_the_policies_of_the_configuration(tmp_path):
    config = tmp_path / "callerprint.yaml"
    config.write_text(f"policies: [{SHIPPED}]\nlists: {ROOT}/config/lists\n")
    done = run("policy", "list", config=config)
    assert done.returncode == 0, done.stderr
    assert "gated_operation_unlicensed" in done.stdout


# new


@pytest.mark.parametrize("kind", ["rule", "event_count", "value_count", "temporal", "temporal_ordered", "value_sum",
                                  "value_avg", "value_percentile", "value_median", "new_value", "ratio"])
def test_a_new_policy_loads_and_its_tests_pass(tmp_path, kind):
    file = tmp_path / "new.yaml"
    done = run("policy", "new", "many_exports", "--type", kind, "--family", "abuse", "--out", file)
    assert done.returncode == 0, done.stderr
    checked = run("policy", "check", file, "--warnings-fatal")
    assert checked.returncode == 0, checked.stderr
    tested = run("policy", "test", file, "--coverage-threshold", "100")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert tested.stdout.count("pass") >= 4  # positive, near miss, benign twin, and the summary
    row = json.loads(run("policy", "list", file, "-o", "json").stdout)[-1]
    assert (row["name"], row["kind"], row["shadow"], row["family"]) == ("many_exports", kind, True, "abuse")


def test_new_prints_without_out_and_never_overwrites(tmp_path):
    first, second = run("policy", "new", "x_y"), run("policy", "new", "x_y")
    assert first.returncode == 0 and first.stdout.startswith("title: ")
    assert first.stdout != second.stdout, "each has an id of its own"
    file = tmp_path / "x.yaml"
    assert run("policy", "new", "x_y", "--out", file).returncode == 0
    again = run("policy", "new", "x_y", "--out", file)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert run("policy", "new", "Not a name").returncode == 2
    assert run("policy", "new", "x", "--type", "nonsense").returncode == 2


# fmt


TIDY = TESTED.replace("level: high\n", "").replace("callerprint:", "level: high\ncallerprint:")
UNTIDY = "level: high  \n" + TESTED.replace("level: high\n", "").replace("  fire:", "      fire:").replace(
    "  condition:", "      condition:")


def test_fmt_writes_the_canonical_form_and_says_which(tmp_path):
    put(tmp_path, untidy=UNTIDY, tidy=TIDY.replace("11111111", "21111111").replace("test_fire", "tidy"))
    check = run("policy", "fmt", "--check", tmp_path)
    assert check.returncode == 1
    assert check.stdout == f"{tmp_path}/untidy.yml\n"
    done = run("policy", "fmt", tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/untidy.yml\n")
    assert (tmp_path / "untidy.yml").read_text() == TIDY
    assert run("policy", "fmt", "--check", tmp_path).returncode == 0


def test_fmt_shows_the_change_and_leaves_the_file(tmp_path):
    put(tmp_path, untidy=UNTIDY)
    done = run("policy", "fmt", "--diff", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "-level: high  \n" in done.stdout and "+level: high\n" in done.stdout
    assert (tmp_path / "untidy.yml").read_text() == UNTIDY
    if shutil.which("git"):
        patch = done.stdout.replace(f"--- {tmp_path}/", "--- a/").replace(f"+++ {tmp_path}/", "+++ b/")
        subprocess.run(["git", "apply", "-"], input=patch, text=True, check=True, cwd=tmp_path)
        assert (tmp_path / "untidy.yml").read_text() == TIDY


def test_fmt_goes_on_after_a_file_that_it_cannot_take(tmp_path):
    put(tmp_path, bad="title: [\n", flow="{ title: T, level: low }\n", untidy=UNTIDY)
    done = run("policy", "fmt", tmp_path)
    assert done.returncode == 2
    assert f"{tmp_path}/bad.yml:2:1: " in done.stderr and f"{tmp_path}/flow.yml:1:1: " in done.stderr
    assert (tmp_path / "untidy.yml").read_text() == TIDY
    assert run("policy", "fmt", tmp_path / "absent").returncode == 5


def test_shipped_and_new_policies_are_formatted(tmp_path):
    assert run("policy", "fmt", "--check", SHIPPED).returncode == 0
    for kind in ("rule", "event_count", "value_count", "temporal", "temporal_ordered", "value_percentile", "new_value",
                 "ratio"):
        run("policy", "new", "some_thing", "--type", kind, "--out", tmp_path / f"{kind}.yaml")
    done = run("policy", "fmt", "--check", "--diff", tmp_path)
    assert done.returncode == 0, done.stdout
