"""Alerts reach a webhook, signed after Standard Webhooks, with one id on every attempt."""

import hashlib
import json
import re
import socket
import time

import pytest

from conftest import fire, make_call
from harness import signature_holds, wait_until

pytestmark = pytest.mark.smoke


@pytest.fixture
def endpoint(own_server, receiver):
    server = own_server().start()
    done = server.run("webhook", "add", "--name", "test", receiver.url)
    assert done.returncode == 0, done.stderr
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", done.stdout).group(0)
    return server, receiver, secret


def test_delivers_a_signed_alert(endpoint):
    server, receiver, secret = endpoint
    server.ingest([fire("k-hook"), make_call()])
    wait_until(lambda: receiver.deliveries, 40, what="the delivery")
    headers, body = receiver.deliveries[0]
    assert headers["content-type"].startswith("application/json")
    assert signature_holds(secret, headers, body)
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 300
    message = json.loads(body)
    assert message["type"] == "alert.opened"
    assert not signature_holds(secret, headers, body + b" ")
    time.sleep(2)
    assert len(receiver.deliveries) == 1


def test_a_closing_by_command_is_told_in_the_same_shape(endpoint):
    server, receiver, _ = endpoint
    server.ingest([fire("k-close"), make_call()])
    opened = json.loads(wait_until(lambda: receiver.deliveries, 40, what="the opening")[0][1])
    done = server.run("alerts", "close", opened["data"]["id"], "--as", "true-positive",
                      "--reason", "stolen-key")
    assert done.returncode == 0, done.stderr
    wait_until(lambda: len(receiver.deliveries) >= 2, 40, what="the closing")
    closed = json.loads(receiver.deliveries[1][1])
    assert closed["type"] == "alert.closed" and closed["data"]["disposition"] == "true-positive"
    for member in ("url", "summary", "subject", "policy", "level"):
        assert closed["data"][member] == opened["data"][member]


def test_tries_again_with_the_same_id(endpoint):
    server, receiver, secret = endpoint
    receiver.answers = [503]
    server.ingest([fire("k-again"), make_call()])
    wait_until(lambda: len(receiver.deliveries) >= 2, 60, what="the second attempt")
    (first, body), (second, again) = receiver.deliveries[:2]
    assert first["webhook-id"] == second["webhook-id"]
    assert body == again
    assert signature_holds(secret, second, again)


def test_lists_endpoints_without_their_secrets(endpoint):
    server, receiver, secret = endpoint
    done = server.run("webhook", "list")
    assert done.returncode == 0
    assert receiver.url in done.stdout
    assert secret.removeprefix("whsec_") not in done.stdout


def test_plain_http_is_refused_by_default(own_server, receiver):
    server = own_server(settings={"webhooks": {}}).start()
    done = server.run("webhook", "add", "--name", "plain", receiver.url)
    assert done.returncode == 2
    assert "not public" in done.stderr


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_internal_addresses_are_not_connected_to(own_server, scheme):
    server = own_server(settings={"webhooks": {}}).start()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/hook"
        server.run("webhook", "add", "--name", "inside", url)
        server.ingest([fire("k-inside"), make_call()])
        wait_until(server.alerts, what="the alert")
        time.sleep(3)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_the_bytes_of_a_record_stand_apart_from_what_webhooks_may_take(endpoint):
    server, _, _ = endpoint
    server.ingest([fire("k-bytes"), make_call()])
    wait_until(server.alerts, 40, what="an alert")
    row, = server.sql("SELECT a.evidence, e.sha256, e.raw FROM investigate.alerts a "
                      "JOIN investigate.evidence e USING (alert_id)")
    assert hashlib.sha256(row["raw"].encode()).hexdigest() == row["sha256"]
    evidence = row["evidence"] if isinstance(row["evidence"], dict) else json.loads(row["evidence"])
    record, = evidence["records"]
    assert record["sha256"] == row["sha256"] and set(record) == {"block", "record", "sha256"}
