"""What is needed to say who did what is needed to run: without it nothing is accepted, and the reason is told."""

import os

import pytest

from conftest import make_call
from harness import wait_until

pytestmark = pytest.mark.smoke


def refuses_to_start(server, reason):
    server.start(wait=False)
    assert server.process.wait(60) not in (0, None)
    assert reason in server.log.read_text(), server.tail()


def test_without_its_key_a_database_is_not_served_and_no_new_key_is_made(own_server):
    server = own_server().start()
    assert server.ingest([make_call()]).status == 200
    server.stop()
    key = server.data / "secret.key"
    kept = key.read_bytes()
    key.unlink()
    refuses_to_start(server, "secret.key")
    assert not key.exists()
    done = server.run("token", "create", "--source", "demo")
    assert done.returncode != 0 and "cp_" not in done.stdout
    assert server.run("sql", "SELECT 1 AS one").returncode == 0, "reading needs no key"
    # Another key is no key.
    key.write_bytes(bytes(32))
    refuses_to_start(server, "secret.key is not the one that this database was made with")
    key.write_bytes(b"short")
    refuses_to_start(server, "must hold exactly 32 bytes")
    key.write_bytes(kept)
    server.start()
    assert server.ingest([make_call()]).status == 200


def test_a_key_that_goes_away_shows_in_readiness_at_the_next_look(own_server):
    server = own_server().start()
    (server.data / "secret.key").rename(server.data / "elsewhere")

    def told():
        ready = server.get("/readyz")
        return ready.status == 503 and "secret.key" in ready.json["checks"]["audit"]

    wait_until(told, 90, 1, "readiness to tell")


def test_without_the_audit_nothing_is_done_that_belongs_into_it(own_server):
    server = own_server().start()
    server.psql("ALTER TABLE callerprint.audit RENAME TO gone")
    done = server.run("token", "create", "--source", "demo")
    assert done.returncode != 0 and "cp_" not in done.stdout
    assert server.psql("SELECT count(*) FROM callerprint.tokens") == "0"


def test_without_policies_it_does_not_start(own_server):
    server = own_server()
    for file in server.policies.iterdir():
        file.unlink()
    os.rmdir(server.policies)
    refuses_to_start(server, str(server.policies))


def test_a_token_ends_at_its_time_even_while_the_database_is_away(own_server):
    server = own_server().start()
    token = server.token()
    server.psql("UPDATE callerprint.tokens SET expires_at = now() + interval '6 seconds'")
    assert server.run("token", "create", "--name", "bell").returncode == 0  # rings: tokens are read again
    assert server.ingest([make_call()], token=token).status == 200
    pid = int((server.data / "postgres/data/postmaster.pid").read_text().split()[0])
    os.kill(pid, 19)  # SIGSTOP
    try:
        wait_until(lambda: server.ingest([make_call()], token=token).status in (401, 429), 30, 1, "the token to end")
    finally:
        os.kill(pid, 18)
