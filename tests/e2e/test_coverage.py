"""Coverage: what is missing is told, whoever asks; and a "no" over it would be worth nothing."""

import datetime
import json
import re

import pytest

from conftest import FIRE, make_call
from harness import Server, wait_until

NOON = datetime.datetime(2025, 3, 3, 12, 0, 0, tzinfo=datetime.timezone.utc)
WINDOW = ("--from", "2025-03-03T12:00:00Z", "--to", "2025-03-03T16:00:00Z")

# Fires on what canaries call.
CANARY = FIRE.replace("Test.Fire", "Callerprint.Canary").replace("test_fire", "canary_fire").replace(
    "11111111", "21111111")

CANARY_ALERTS = "SELECT count(*) AS n FROM investigate.alerts WHERE policy_name = 'canary_fire'"


def source(name, **expect):
    made = {"name": name, "format": "native", "lateness": "1s"}
    if expect:
        made["expect"] = expect
    return made


@pytest.fixture(scope="module")
def server():
    made = Server(policies={"fire.yml": FIRE, "canary.yml": CANARY}, settings={"sources": [
        source("edge", every="5m", since="2025-03-01T00:00:00Z"),
        source("numbered", every="1d", since="2025-03-01T00:00:00Z"),
        source("counted"),
        source("beating", every="5m"),
        source("demo"),
    ]})
    try:
        yield made.start()
    finally:
        made.close()


def at(minute):
    return (NOON + datetime.timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def calls(minutes):
    return [make_call(time=at(minute)) for minute in minutes]


def certificate(server, *window):
    done = server.run("coverage", *(window or WINDOW), "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def gaps(server, source, *window):
    return [gap for gap in certificate(server, *window)["gaps"] if gap["source"] == source]


def line(server, source):
    return next(one for one in certificate(server)["sources"] if one["source"] == source)


def wait_received(server, source, count):
    def there():
        found = server.sql("SELECT sum(received) AS n FROM investigate.coverage"
                           f" WHERE source = '{source}'")
        return int(found[0]["n"] or 0) >= count

    wait_until(there, 60, 0.3, f"{count} records of {source}")


def test_an_hour_of_logs_missing_shows_as_a_gap(server):
    sent = [*range(-10, 60), *range(120, 250)]
    assert server.ingest(calls(sent), source="edge").status == 200
    wait_received(server, "edge", len(sent))
    missing = "edge/silent/2025-03-03T13:00:00Z/2025-03-03T14:00:00Z"
    assert [gap["id"] for gap in gaps(server, "edge")] == [missing]
    assert not certificate(server)["whole"]
    listed = server.run("coverage", "gaps", *WINDOW)
    assert listed.returncode == 0 and "2025-03-03T13:00:00Z" in listed.stdout
    shown = server.sql("SELECT cause, acknowledged FROM investigate.coverage_gaps"
                       " WHERE source = 'edge' AND from_time = '2025-03-03T13:00:00Z'")
    assert shown == [{"cause": "silent", "acknowledged": False}]

    before = certificate(server)["share"]
    assert server.run("coverage", "ack", missing, "--reason", "gateway moved").returncode == 2
    done = server.run("coverage", "ack", missing, "--reason", "gateway moved", "--by", "ann")
    assert done.returncode == 0, done.stderr
    assert gaps(server, "edge")[0]["acknowledged"]
    assert "gateway moved" in gaps(server, "edge")[0]["note"]
    assert certificate(server)["share"] == before
    audit = server.sql("SELECT actor, object FROM investigate.audit WHERE action = 'coverage.acknowledge'")
    assert audit == [{"actor": "ann", "object": missing}]

    assert server.ingest(calls(range(60, 120)), source="edge").status == 200
    wait_received(server, "edge", len(sent) + 60)
    assert gaps(server, "edge") == []


def test_an_hour_of_logs_missing_blinds_the_policies_that_need_it():
    server = Server(policies={"fire.yml": FIRE, "canary.yml": CANARY}, settings={"sources": [
        source("edge", every="5m", since="2025-03-01T00:00:00Z"), source("demo")]})
    try:
        server.start()
        sent = [*range(-10, 60), *range(120, 250)]
        assert server.ingest(calls(sent), source="edge").status == 200
        wait_received(server, "edge", len(sent))
        keys = {row["policy_key"] for row in server.sql(
            "SELECT policy_key FROM investigate.policy_blindness WHERE source = 'edge' AND why = 'silent'"
            " AND from_time = '2025-03-03 13:00Z' AND to_time = '2025-03-03 14:00Z'")}
        assert len(keys) == 2  # both rules of this server
        assert set(certificate(server)["blind_policies"]) == keys
        shown = server.run("coverage", "blind", *WINDOW, "-o", "json")
        assert shown.returncode == 0, shown.stderr
        assert {(row["policy"], row["source"], row["why"], row["from"]) for row in json.loads(shown.stdout)} == {
            (key, "edge", "silent", "2025-03-03T13:00:00Z") for key in keys}
        assert "policies that were blind at some of this time: 2" in server.run("coverage", *WINDOW).stdout
        # Silent to this day.
        wait_until(lambda: "\ncallerprint_policies_blind 2" in server.get("/metrics").text, what="the metric")
    finally:
        server.close()


def test_what_is_not_missing_is_not_acknowledged(server):
    done = server.run("coverage", "ack", "edge/clock/2025-03-03/2025-03-04", "--reason", "x", "--by", "ann")
    assert done.returncode == 5
    assert server.run("coverage", "ack", "edge", "--reason", "x", "--by", "ann").returncode == 2


def test_numbers_that_did_not_come_are_missing_until_they_come(server):
    def send(first, last):
        headers = {"Callerprint-Producer": "gw-1", "Callerprint-Sequence": f"{first}-{last}"}
        answer = server.ingest(calls(range(first, last + 1)), source="numbered", headers=headers)
        assert answer.status == 200

    send(1, 10)
    send(14, 20)
    wait_received(server, "numbered", 17)
    found = [gap for gap in gaps(server, "numbered") if gap["cause"] == "sequence"]
    assert [(gap["lost"], gap["note"]) for gap in found] == [(3, "producer gw-1: records 11 to 13")]
    assert (found[0]["from"], found[0]["to"]) == (at(10), at(14))
    assert line(server, "numbered")["expected"] == 20
    send(11, 13)
    wait_received(server, "numbered", 20)
    assert [gap for gap in gaps(server, "numbered") if gap["cause"] == "sequence"] == []
    assert line(server, "numbered")["lost"] == 0


def test_an_empty_batch_is_a_heartbeat(server):
    assert server.ingest("", source="beating").status == 200
    wait_until(lambda: server.sql("SELECT sum(heartbeats) AS n FROM investigate.coverage"
                                  " WHERE source = 'beating'")[0]["n"], what="the heartbeat")
    assert gaps(server, "beating", "--from", at(0))[0]["cause"] == "no_expectation"
    assert [gap for gap in gaps(server, "beating", "--from", at(0)) if gap["cause"] == "silent"] == []


def test_what_the_gateway_counted_is_compared(server, tmp_path):
    assert server.ingest(calls(range(0, 60)), source="counted").status == 200
    wait_received(server, "counted", 60)
    assert {gap["cause"] for gap in gaps(server, "counted")} == {"no_expectation"}
    file = tmp_path / "counters.csv"
    file.write_text(f"source,from,to,count\ncounted,{at(0)},{at(0)},1\ncounted,{at(0)},soon,1\n")
    refused = server.run("coverage", "import", file)
    assert refused.returncode == 2
    assert "line 2: to: not behind from" in refused.stderr and "line 3: to:" in refused.stderr
    file.write_text(f"source,from,to,count\ncounted,{at(0)},{at(60)},64\ncounted,{at(60)},{at(240)},0\n")
    assert server.run("coverage", "import", file).returncode == 0
    assert [(gap["cause"], gap["lost"]) for gap in gaps(server, "counted")] == [("counter", 4)]
    assert line(server, "counted")["expected"] == 64


def test_canaries_are_found_and_seen_by_nobody(server):
    tenants = server.sql("SELECT count(*) AS n FROM investigate.tenants")
    done = server.run("coverage", "canary", "--source", "demo", "--count", "7",
                      "--token", server.token("demo"))
    assert done.returncode == 0, done.stderr

    def found():
        return certificate(server, "--from", at(0), "--to", "2100-01-01")["canaries"] == {
            "sent": 7, "found": 7}

    wait_until(found, 60, 0.5, "the canaries")
    wait_until(lambda: server.sql("SELECT max(records) AS n FROM investigate.batch_chain")[0]["n"])
    assert server.sql(CANARY_ALERTS) == [{"n": 0}]
    assert server.sql("SELECT count(*) AS n FROM investigate.tenants") == tenants
    for view in ("keys", "key_activity", "key_operations", "key_origins", "calls"):
        rows = server.sql(f"SELECT count(*) AS n FROM investigate.{view} WHERE key_uid LIKE 'canary-%'")
        assert rows == [{"n": 0}], view
    assert server.sql("SELECT count(*) AS n FROM investigate.coverage WHERE source = 'demo'") == [{"n": 0}]
    # Whoever only calls themselves a canary is nobody's.
    forged = "canary-aaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb"
    record = make_call(actor={"user": {"credential_uid": forged}})
    record["api"] = {"service": {"name": "x"}, "operation": "Callerprint.Canary"}
    assert server.ingest([record]).status == 200
    wait_until(lambda: server.sql(CANARY_ALERTS) == [{"n": 1}], what="the alert about a forged canary")


def test_the_chain_of_batches_holds_and_names_what_was_changed(own_server):
    server = own_server().start()
    for minute in range(3):
        assert server.ingest(calls([minute])).status == 200
        server.wait_calls(minute + 1)
    whole = server.run("coverage", "verify")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    head = re.search(r"head ([0-9a-f]{64})", whole.stdout).group(1)
    shown = server.sql("SELECT head, records FROM investigate.batch_chain ORDER BY n")
    assert shown[-1]["head"] == head
    assert sum(row["records"] for row in shown) == 3
    server.kill()
    server.start()
    assert server.ingest(calls([9])).status == 200
    server.wait_calls(4)
    after = server.run("coverage", "verify")
    assert after.returncode == 0, after.stdout
    assert head in [row["head"] for row in server.sql("SELECT head FROM investigate.batch_chain")]
