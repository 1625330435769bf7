"""A 2xx means durable: the server is killed in the middle of ingest, again and again."""

import collections
import http.client
import json
import os
import random
import signal
import threading
import time

import pytest

from conftest import FIRE, TWICE, fire, make_call
from harness import PATIENCE, wait_until

ROUNDS = 20


class Feeder(threading.Thread):
    """Sends small batches until it is told to stop, and remembers what was acknowledged."""

    def __init__(self, server, token, numbers):
        super().__init__(daemon=True)
        self.server, self.token, self.numbers = server, token, numbers
        self.acknowledged, self.sent = set(), set()
        self.over = False

    def run(self):
        while not self.over:
            records = [make_call() for _ in range(random.randint(1, 40))]
            uids = {record["metadata"]["uid"] for record in records}
            self.sent |= uids
            try:
                if self.server.ingest(records, token=self.token).status == 200:
                    self.acknowledged |= uids
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_killed(own_server):
    server = own_server().start()
    token = server.token()
    acknowledged, sent = set(), set()
    for _ in range(ROUNDS):
        feeders = [Feeder(server, token, None) for _ in range(3)]
        for feeder in feeders:
            feeder.start()
        time.sleep(random.uniform(0.05, 0.7) * PATIENCE)
        server.kill()
        for feeder in feeders:
            feeder.over = True
        for feeder in feeders:
            feeder.join()
            acknowledged |= feeder.acknowledged
            sent |= feeder.sent
        server.start()
    assert len(acknowledged) > ROUNDS

    def all_there():
        return server.calls() >= len(acknowledged)

    wait_until(all_there, 60, 0.5, "what was acknowledged")
    time.sleep(1)
    # One row: `sql` shows a limited number of them.
    listed = server.sql("SELECT string_agg(record_uid, ' ') AS uids FROM investigate.calls")[0]["uids"]
    stored = collections.Counter(listed.split())
    assert acknowledged - stored.keys() == set()
    assert stored.keys() - sent == set()
    assert {uid: n for uid, n in stored.items() if n != 1} == {}  # effects happen once


def test_a_start_takes_calls_while_it_evaluates_again_what_was_not_saved(own_server):
    server = own_server(policies={"fire.yml": FIRE, "twice.yml": TWICE}).start()
    many = "".join(json.dumps(make_call()) + "\n" for _ in range(5_000))
    sent = 0
    for turn in range(4):  # until no state was saved in between, as it is every 30 s
        for _ in range(30):
            assert server.ingest(many.replace('"uid": "', f'"uid": "{random.randrange(1 << 62)}-')).status == 200
        assert server.ingest([fire(f"k-{turn}"), make_call()]).status == 200
        wait_until(lambda: server.metric("callerprint_backlog_blocks") == 0, 120, what="the evaluation")
        server.kill()
        server.start()
        busy = server.metric("callerprint_recovering")
        assert server.ingest([make_call()]).status == 200
        sent += 150_003
        if busy == server.metric("callerprint_recovering") == 1:
            break
    else:
        pytest.fail("no start was busy for long enough")
    server.stop()  # half a state must not be saved
    server.start()
    server.wait_calls(sent)
    assert server.metric("callerprint_recovering") == 0
    assert server.calls() == sent
    assert divergence(server) == 0
    assert server.ingest([fire(f"k-{turn}"), make_call(time="2025-03-03T14:00:00Z")]).status == 200
    wait_until(lambda: "Twice" in json.dumps(server.alerts()), 60, what="the alert of the second call")


def test_a_killed_database_is_started_again(own_server):
    server = own_server().start()
    assert server.ingest([make_call() for _ in range(10)]).status == 200
    postmaster = next(server.folder.rglob("postmaster.pid"))
    os.kill(int(postmaster.read_text().split()[0]), signal.SIGKILL)
    assert server.ingest([make_call() for _ in range(10)]).status == 200  # the journal takes it

    def back():
        return "store.cluster_revived" in server.log.read_text()

    wait_until(back, 60, what="the database")
    server.wait_calls(20)


def test_one_alert_with_one_id_across_a_crash(own_server):
    server = own_server().start()
    assert server.ingest([fire("k-crash"), make_call()]).status == 200
    server.kill()
    server.start()
    assert server.ingest([fire("k-crash"), make_call()]).status == 200
    wait_until(lambda: server.calls() >= 4, 60, what="the four calls")
    alerts = wait_until(server.alerts, what="the alert")
    assert len(alerts) == 1


def divergence(server):
    server.wait_recovered()
    return server.metric("callerprint_replay_divergence_total")


def test_a_start_that_finds_an_alert_which_is_not_stored_says_so_and_tells_nobody(own_server):
    server = own_server().start()
    assert server.ingest([fire("k-lost"), fire("k-kept"), make_call()]).status == 200
    wait_until(lambda: len(server.alerts()) == 2, 60, what="the alerts")
    server.kill()
    server.start()
    assert divergence(server) == 0
    server.psql("DELETE FROM callerprint.alerts WHERE subject = 'k-lost'")
    server.kill()
    server.start()
    assert divergence(server) == 1
    told = [line for line in server.log.read_text().splitlines() if "pipeline.replay_diverged" in line]
    assert len(told) == 1 and json.loads(told[0])["of"] == 2
    assert [alert["subject"]["value"] for alert in server.alerts()] == ["k-kept"]


def test_a_window_state_that_cannot_be_read_is_told_and_the_journal_read_instead(own_server):
    server = own_server().start()
    assert server.ingest([fire("k-state"), make_call()]).status == 200
    first = wait_until(server.alerts, 60, what="the alert")
    server.psql("INSERT INTO callerprint.window_state (source, partition, part, state)"
                " SELECT source, partition, 0, 'cps1 of a version before' FROM callerprint.source_position"
                " ON CONFLICT (source, partition, part) DO UPDATE SET state = excluded.state")
    server.kill()
    server.start()
    server.wait_recovered()
    lost = [line for line in server.log.read_text().splitlines() if "pipeline.state_lost" in line]
    assert len(lost) == 1 and "is of a version this program cannot read" in lost[0]
    assert server.ingest([fire("k-state"), make_call()]).status == 200
    wait_until(lambda: server.calls() >= 4, 60, what="the four calls")
    assert [alert["id"] for alert in server.alerts()] == [first[0]["id"]]
