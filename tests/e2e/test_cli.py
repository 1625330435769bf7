"""Commands that need no server: their output and exit codes (docs/reference/cli.md)."""

import json

import pytest

import cli_reference
from conftest import FIRE
from harness import ROOT, run

pytestmark = pytest.mark.smoke

SHIPPED = ROOT / "config/policies"


def test_version_names_the_program():
    done = run("version")
    assert done.returncode == 0
    assert "callerprint" in done.stdout


def test_help_shows_every_command():
    done = run("--help")
    assert done.returncode == 0
    for command in ("serve", "ingest", "replay", "policy", "registry", "alerts", "sql", "generate",
                    "check-config", "token", "webhook", "version"):
        assert command in done.stdout, command


@pytest.mark.parametrize("arguments", [
    ["no-such-command"], ["serve", "--no-such-flag"], ["replay"], ["policy"], ["sql"],
    ["generate", "--calls", "many"],
])
def test_wrong_usage_exits_2_and_says_why(arguments):
    done = run(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.strip()
    assert done.stdout == ""


def test_check_config_accepts_the_shipped_file():
    done = run("check-config", config=ROOT / "config/callerprint.yaml")
    assert done.returncode == 0, done.stderr


def test_check_config_names_the_place_of_an_unknown_key(tmp_path):
    config = tmp_path / "callerprint.yaml"
    config.write_text("server:\n  listen: 127.0.0.1:8080\n  lissten: 1\n")
    done = run("check-config", config=config)
    assert done.returncode == 2
    assert f"{config}:3:" in done.stdout + done.stderr
    assert "lissten" in done.stdout + done.stderr


def test_check_config_reports_all_problems_at_once(tmp_path):
    config = tmp_path / "callerprint.yaml"
    config.write_text("server: { listen: nowhere }\njournal: { quota: -1 }\nfoo: 1\n")
    done = run("check-config", config=config)
    assert done.returncode == 2
    for line in (1, 2, 3):
        assert f"{config}:{line}:" in done.stdout + done.stderr


def test_environment_overrides_the_file(tmp_path):
    config = tmp_path / "callerprint.yaml"
    config.write_text("server: { listen: '127.0.0.1:8080' }\n")
    done = run("check-config", config=config, environment={"CALLERPRINT_SERVER__LISTEN": "nowhere"})
    assert done.returncode == 2


def test_policy_check_accepts_the_shipped_policies():
    done = run("policy", "check", SHIPPED)
    assert done.returncode == 0, done.stdout + done.stderr


def test_policy_check_reports_file_line_and_column(tmp_path):
    bad = tmp_path / "bad.yml"
    bad.write_text(FIRE.replace("condition: fire", "condition: smoke"))
    done = run("policy", "check", bad)
    assert done.returncode == 2
    assert f"{bad}:9:" in done.stdout + done.stderr


def test_policy_check_takes_files_as_large_as_the_page_says(tmp_path):
    policy = tmp_path / "hashes.yml"
    hashes = "".join(f"    - '{number:064x}'\n" for number in range(6_800))
    policy.write_text("title: Known bad files\nlogsource: { product: x }\ndetection:\n  s:\n   sha256:\n" + hashes +
                      "  condition: s\n")
    assert 480_000 < policy.stat().st_size <= 512 * 1024
    done = run("policy", "check", policy)
    assert done.returncode == 0, done.stderr
    policy.write_text(policy.read_text() + "#" * (512 * 1024 + 1 - policy.stat().st_size))
    done = run("policy", "check", policy)
    assert done.returncode == 2
    assert "larger than" in done.stderr


def test_policy_check_of_what_is_not_there_exits_5(tmp_path):
    done = run("policy", "check", tmp_path / "absent")
    assert done.returncode == 5
    assert "absent" in done.stderr


def test_policy_test_passes_for_the_shipped_policies():
    done = run("policy", "test", SHIPPED)
    assert done.returncode == 0, done.stdout + done.stderr


def test_policy_test_exits_1_when_a_test_fails(tmp_path):
    policy = tmp_path / "p.yml"
    policy.write_text(FIRE + """\
tests:
  - name: expects what does not come
    given: [ { api.operation: Test.Other, key_uid: k1 } ]
    expect: [ { subject: k1 } ]
""")
    done = run("policy", "test", policy)
    assert done.returncode == 1
    assert "expects what does not come" in done.stdout + done.stderr


def test_generate_gives_the_same_bytes_for_the_same_seed(tmp_path):
    for name in ("a", "b"):
        done = run("generate", "--seed", "5", "--calls", "50000", "--out", tmp_path / name)
        assert done.returncode == 0, done.stderr
    for file in ("calls.ndjson", "registry.ndjson", "truth.ndjson"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    with open(tmp_path / "a/calls.ndjson", encoding="utf-8") as calls:
        assert sum(1 for line in calls if json.loads(line)) == 50000


def test_generate_makes_cloudtrail_records(tmp_path):
    done = run("generate", "--shape", "cloudtrail", "--calls", "1000", "--keys", "50",
               "--addresses", "70", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in (tmp_path / "calls.ndjson").read_text().splitlines()]
    assert len(records) == 1000
    assert len({record["userIdentity"]["accessKeyId"] for record in records}) <= 50


def test_commands_for_a_server_that_is_away_exit_6(tmp_path):
    done = run("ingest", "-", "--url", "http://127.0.0.1:9", "--source", "demo", "--token", "cp_x",
               stdin="{}\n")
    assert done.returncode == 6, done.stderr


def test_reference_page_equals_the_help():
    assert (ROOT / "docs/reference/cli.md").read_text() == cli_reference.reference()


def test_every_command_shows_an_example():
    without = [" ".join(command) for command, text in cli_reference.pages()
               if not cli_reference.subcommands(text) and "Example" not in text]
    assert without == []
