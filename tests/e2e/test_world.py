"""The generated world, through real HTTP: every planted abuse is found, no look-alike is accused."""

import collections
import json

import pytest

from harness import ROOT, Server, ndjson

CALLS = 60_000


@pytest.fixture(scope="module")
def world():
    server = Server(settings={"policies": [str(ROOT / "config/policies")]})
    try:
        server.start()
        folder = server.folder / "world"
        assert server.run("generate", "--seed", 1, "--calls", CALLS, "--out", folder).returncode == 0
        done = server.run("registry", "import", folder / "registry.ndjson")
        assert done.returncode == 0, done.stderr
        done = server.run("ingest", folder / "calls.ndjson", "--url", f"http://127.0.0.1:{server.port}",
                          "--source", "demo", "--token", server.token())
        assert done.returncode == 0, done.stderr
        server.wait_calls(CALLS, 180)
        server.truth = ndjson((folder / "truth.ndjson").read_text())
        server.found = found(server)
        yield server
    finally:
        server.close()


def found(server):
    """The subjects accused, by policy."""
    by_policy = collections.defaultdict(set)
    rows = server.sql("SELECT policy_name, subject_kind, subject FROM investigate.alerts")
    for row in rows:
        by_policy[row["policy_name"]].add((row["subject_kind"], row["subject"]))
    return by_policy


def origin_of(server, address):
    rows = server.sql(f"SELECT DISTINCT origin FROM investigate.calls WHERE host(address) = '{address}'")
    return {row["origin"] for row in rows}


def test_every_call_is_there_once(world):
    assert world.calls() == CALLS
    assert world.sql("SELECT count(DISTINCT record_uid) AS n FROM investigate.calls") == [{"n": CALLS}]


def accused(world):
    return {(kind, subject) for subjects in world.found.values() for kind, subject in subjects}


def subjects_of(world, plot):
    if plot["subject_kind"] == "origin":
        return {("origin", origin) for origin in origin_of(world, plot["subject"])}
    return {(plot["subject_kind"], plot["subject"])}


def test_every_planted_abuse_is_found(world):
    missed = [plot for plot in world.truth
              if plot["kind"] == "abuse" and not subjects_of(world, plot) & accused(world)]
    assert missed == [], json.dumps({k: sorted(v) for k, v in world.found.items()}, indent=1)


def test_no_look_alike_is_accused(world):
    wrong = [(plot["signature"], plot["told"]) for plot in world.truth
             if plot["kind"] == "benign" and subjects_of(world, plot) & accused(world)]
    assert wrong == []


def test_nobody_else_is_accused(world):
    guilty = set()
    for plot in world.truth:
        if plot["kind"] == "abuse":
            guilty |= subjects_of(world, plot)
    assert accused(world) - guilty == set()


def test_alerts_show_says_why(world):
    first = world.sql("SELECT alert_id, summary FROM investigate.alerts ORDER BY opened LIMIT 1")[0]
    done = world.run("alerts", "show", first["alert_id"])
    assert done.returncode == 0
    assert first["summary"][:40] in done.stdout
    assert world.run("alerts", "show", "no-such-alert").returncode == 5
