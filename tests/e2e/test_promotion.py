"""policy shadow and promote: one word in one file, after a look at what was recorded."""

import json

from conftest import FIRE, fire, make_call
from harness import wait_until

TESTED = "# Ours.\r\n" + FIRE.replace("status: stable", "status:  test   # on trial").replace(
    "callerprint:", "tests:\n  - name: fires\n    given: [ { api.operation: Test.Fire, key_uid: k } ]\n"
    "    expect: [ { subject: k } ]\ncallerprint:").replace("\n", "\r\n")


def audit(server):
    rows = server.sql("SELECT * FROM investigate.audit ORDER BY at")
    return [row for row in rows if row["action"].startswith("policy.")]


def test_promotion_shows_the_record_and_changes_one_word(own_server, receiver):
    server = own_server(policies={"fire.yml": TESTED}).start()
    file = server.policies / "fire.yml"
    server.ingest([fire("k-1"), fire("k-2"), make_call()])
    wait_until(lambda: len(server.alerts()) == 2, what="two alerts in shadow")
    ids = [row["alert_id"] for row in server.sql("SELECT alert_id FROM investigate.alerts WHERE shadow")]
    assert len(ids) == 2
    done = server.run("alerts", "close", ids[0], "--as", "true-positive", "--reason", "resale")
    assert done.returncode == 0, done.stderr

    done = server.run("policy", "promote", "test_fire", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "2 alerts about 2 subjects" in done.stdout and "1.00 (1 of 1 judged" in done.stdout
    assert "-status:  test   # on trial\n+status:  stable   # on trial\n" in done.stdout
    assert file.read_bytes() == TESTED.encode() and audit(server) == []

    file.chmod(0o640)
    done = server.run("policy", "promote", "test_fire", "--reason", "looked at both")
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == TESTED.replace("  test  ", "  stable  ").encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in server.policies.iterdir()] == ["fire.yml"]
    noted = audit(server)
    assert len(noted) == 1 and noted[0]["action"] == "policy.promote"
    details = noted[0]["details"]
    details = json.loads(details) if isinstance(details, str) else details
    assert (details["from"], details["to"], details["reason"]) == ("test", "stable", "looked at both")

    done = server.run("policy", "promote", "test_fire")
    assert done.returncode == 0 and "already" in done.stdout
    done = server.run("policy", "shadow", "11111111-2222-4333-8444-555555555555")
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == TESTED.encode()
    assert [row["action"] for row in audit(server)] == ["policy.promote", "policy.shadow"]


def test_a_policy_without_tests_wants_force_and_a_reason(own_server):
    server = own_server(policies={"fire.yml": FIRE.replace("status: stable\n", "status: test\n")}).start()
    file = server.policies / "fire.yml"
    done = server.run("policy", "promote", "test_fire")
    assert done.returncode == 1 and "has no tests" in done.stderr
    assert server.run("policy", "promote", "test_fire", "--force").returncode == 2
    assert "status: test\n" in file.read_text()
    done = server.run("policy", "promote", "test_fire", "--force", "--reason", "an incident")
    assert done.returncode == 0, done.stderr
    assert file.read_text() == FIRE
    assert "an incident" in json.dumps(audit(server))


def test_an_unknown_policy_is_not_found(own_server):
    server = own_server().start()
    assert server.run("policy", "shadow", "nonesuch").returncode == 5
