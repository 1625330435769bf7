"""Whoever changes the audit is found, and the first entry they changed is named."""

import json
import re

import pytest

from harness import wait_until

pytestmark = pytest.mark.smoke

AS_SUPERUSER = ("ALTER TABLE callerprint.audit DISABLE TRIGGER audit_stays; {};"
                "ALTER TABLE callerprint.audit ENABLE ALWAYS TRIGGER audit_stays")


def verify(server, *options):
    done = server.run("audit", "verify", "--json", *options)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def audited(own_server):
    server = own_server().start()
    for number in range(6):
        assert server.run("token", "create", "--name", f"t{number}").returncode == 0
    return server


def test_a_whole_chain_is_verified_and_anchored(audited):
    code, found = verify(audited)
    assert (code, found["intact"], found["entries"], found["fault"]) == (0, True, 7, None)
    text = audited.run("audit", "verify")
    assert text.returncode == 0 and "7 entries" in text.stdout, text.stdout
    audited.stop()  # anchors what was written last
    assert f'"anchor":"{found["last"]}"' in audited.log.read_text()
    code, again = verify(audited)
    assert (code, again["anchor"]) == (0, found["last"])


def test_a_changed_entry_is_named(audited):
    audited.psql(AS_SUPERUSER.format("UPDATE callerprint.audit SET actor = 'eve' WHERE n = 4"))
    code, found = verify(audited)
    assert (code, found["intact"], found["fault"]["entry"]) == (1, False, 4)
    text = audited.run("audit", "verify")
    assert text.returncode == 1 and "entry 4 was changed" in text.stdout


def test_a_tail_that_was_cut_off_shows_by_the_anchor_and_in_readiness(audited):
    _, whole = verify(audited)
    audited.stop()
    audited.start()
    audited.psql(AS_SUPERUSER.format("DELETE FROM callerprint.audit WHERE n > 5")
                 + "; UPDATE callerprint.audit_head h SET n = a.n, mac = a.mac FROM callerprint.audit a WHERE a.n = 5")
    code, found = verify(audited)
    assert (code, found["fault"]["entry"]) == (1, 6)
    audited.stop()
    audited.start(wait=False)
    wait_until(lambda: "audit.broken" in audited.log.read_text(), 60, what="the server to see it")
    wait_until(lambda: '"detection"' in reading(audited), 60, what="the server to answer")
    ready = audited.get("/readyz")
    assert ready.status == 503 and "entry 6 of the audit is missing" in ready.json["checks"]["audit"]
    assert re.search(r"^callerprint_audit_intact 0$", audited.get("/metrics").text, re.M)
    # An anchor from a log that was kept elsewhere says the same without the file.
    (audited.data / "audit.anchor").unlink()
    assert verify(audited)[0] == 0
    assert verify(audited, "--anchor", whole["last"])[1]["fault"]["entry"] == 6


def reading(server):
    try:
        return server.get("/readyz").text
    except OSError:
        return ""


def test_an_anchor_that_was_written_by_somebody_else_is_refused(audited):
    audited.stop()
    anchor = audited.data / "audit.anchor"
    anchor.chmod(0o600)
    anchor.write_text("3:" + "0" * 64 + " " + "0" * 64 + "\n")
    done = audited.run("audit", "verify")
    assert done.returncode == 2 and "not written under this key" in done.stderr, done.stderr
