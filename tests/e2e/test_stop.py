"""Stopping: what is in flight is finished, the database ends too, and a second server is refused."""

import json
import os
import subprocess

import pytest

from conftest import make_call
from harness import PROGRAM, wait_until

pytestmark = pytest.mark.smoke


def runs(pid):
    """Neither gone nor a zombie that its new parent has not read yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def postmasters(server):
    return [int(file.read_text().split()[0]) for file in server.folder.rglob("postmaster.pid")]


def test_stops_gracefully_and_keeps_everything(own_server):
    server = own_server().start()
    assert server.ingest([make_call() for _ in range(500)]).status == 200
    running = postmasters(server)
    assert running
    assert server.stop() == 0, server.tail()
    assert postmasters(server) == []
    for pid in running:
        assert not runs(pid)
    server.start()
    wait_until(lambda: server.calls() == 500, what="the 500 calls after a restart")


def test_logs_are_json_lines(own_server):
    server = own_server().start()
    server.stop()
    lines = [line for line in server.log.read_text().splitlines() if line]
    assert lines
    for line in lines:
        json.loads(line)


def test_second_server_on_the_same_data_is_refused(own_server):
    server = own_server().start()
    environment = dict(os.environ, CALLERPRINT_CONFIG=str(server.config),
                       CALLERPRINT_SERVER__LISTEN="127.0.0.1:0")
    second = subprocess.run([str(PROGRAM), "serve"], capture_output=True, text=True, timeout=60,
                            env=environment, check=False)
    assert second.returncode not in (0, None)
    assert server.get("/readyz").status == 200


def test_healthcheck_follows_the_server(own_server):
    server = own_server().start()
    url = f"http://127.0.0.1:{server.port}/readyz"
    assert server.run("healthcheck", "--url", url).returncode == 0
    assert server.run("healthcheck").returncode == 0  # at server.listen
    server.stop()
    assert server.run("healthcheck").returncode == 6
    assert server.run("healthcheck", "--url", url).returncode == 6
