"""Tokens are in force, and no longer, as soon as the command returns."""

import re

import pytest

from conftest import make_call

pytestmark = pytest.mark.smoke


def test_a_token_works_at_once_and_ends_at_once(server):
    for _ in range(2):  # three failures within a second would close our address
        made = server.run("token", "create", "--source", "demo")
        assert made.returncode == 0 and "from now on" in made.stderr, made.stderr
        token = re.search(r"cp_[a-z0-9_]+", made.stdout).group(0)
        assert server.ingest([make_call()], token=token).status == 200
        ended = server.run("token", "revoke", token.split("_")[1])
        assert (ended.returncode, ended.stderr) == (0, "")
        assert server.ingest([make_call()], token=token).status == 401


def test_a_command_without_a_server_says_so(own_server):
    server = own_server()
    server.start()
    server.stop()
    made = server.run("token", "create", "--source", "demo")
    assert made.returncode == 0 and "within a second" in made.stderr, made.stderr
