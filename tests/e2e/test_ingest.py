"""POST /v1/ingest and /v1/logs: every answer of the contract (docs/reference/ingest.md)."""

import gzip
import json
import re
import time

import pytest
import zstandard

from conftest import make_call
from harness import wait_until

pytestmark = pytest.mark.smoke


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def test_ndjson_is_acknowledged_and_visible(server):
    records = [make_call() for _ in range(5)]
    answer = server.ingest(records)
    assert answer.status == 200, answer.text
    assert answer.json["accepted"] == 5
    assert answer.json["rejected"] == 0
    assert answer.json["errors"] == []
    assert answer.json["batch"]
    wait_until(lambda: server.calls(f"record_uid = '{records[4]['metadata']['uid']}'") == 1,
               what="the call in SQL")


def test_requests_of_a_tenth_of_a_second_share_a_transaction(server):
    def commits():
        return server.metric("callerprint_commits_total")

    before, began = commits(), time.monotonic()
    for _ in range(300):
        assert server.ingest([make_call()]).status == 200
    made, tenths = commits() - before, (time.monotonic() - began) * 10
    assert 0 < made <= tenths + 3, f"{made} transactions in {tenths:.0f} tenths of a second"


@pytest.mark.parametrize("wrap", [
    lambda records: json.dumps(records),
    lambda records: json.dumps({"records": records}),
    lambda records: json.dumps({"Records": records}),
], ids=["array", "records", "Records"])
def test_json_batches(server, wrap):
    answer = server.ingest(wrap([make_call(), make_call(), make_call()]), content_type="application/json")
    assert answer.status == 200, answer.text
    assert answer.json["accepted"] == 3


def test_single_object_over_several_lines(server):
    answer = server.ingest(json.dumps(make_call(), indent=2), content_type="application/json")
    assert (answer.status, answer.json["accepted"]) == (200, 1)


@pytest.mark.parametrize("coding,pack", [
    ("gzip", gzip.compress),
    ("zstd", lambda data: zstandard.ZstdCompressor().compress(data)),
    ("identity", lambda data: data),
])
def test_content_codings(server, coding, pack):
    answer = server.ingest(pack(lines(make_call(), make_call())), headers={"Content-Encoding": coding})
    assert (answer.status, answer.json.get("accepted")) == (200, 2), answer.text


def test_empty_body_is_fine(server):
    answer = server.ingest(b"")
    assert answer.status == 200
    assert answer.json["accepted"] == 0


def test_bad_lines_are_named_and_the_others_kept(server):
    body = lines(make_call()) + b'{"time": broken\n' + lines(make_call()) + b'\xff\xfe\n' + lines(
        make_call(time="yesterday"))
    answer = server.ingest(body)
    assert answer.status == 200, answer.text
    assert answer.json["accepted"] == 2
    assert answer.json["rejected"] == 3
    assert answer.headers["x-rejected"] == "3"
    errors = {error["line"]: error["code"] for error in answer.json["errors"]}
    assert set(errors) == {2, 4, 5}
    assert errors[2] == "bad_json"
    assert errors[5] == "bad_timestamp"
    assert "broken" not in answer.text and "yesterday" not in answer.text  # no echo of input


def test_at_most_twenty_errors_are_listed(server):
    answer = server.ingest(b"nonsense\n" * 50 + lines(make_call()))
    assert (answer.status, answer.json["rejected"]) == (200, 50)
    assert len(answer.json["errors"]) == 20


def test_nothing_usable_is_400(server):
    answer = server.ingest(b"nonsense\nmore of it\n")
    assert answer.status == 400
    assert answer.json["accepted"] == 0


def test_too_long_a_line_is_one_rejected_line(server):
    answer = server.ingest(lines(make_call(pad="x" * 300_000), make_call()))
    assert (answer.status, answer.json["accepted"], answer.json["rejected"]) == (200, 1, 1)
    assert answer.json["errors"] == [{"line": 1, "code": "line_too_long"}]


def test_damaged_gzip_is_400(server):
    whole = gzip.compress(lines(make_call()) * 100)
    assert server.ingest(whole[:-20], headers={"Content-Encoding": "gzip"}).status == 400


def test_a_bomb_is_refused(server):
    bomb = gzip.compress(b" " * 200_000_000)
    answer = server.ingest(bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status in (400, 413)
    assert server.get("/livez").status == 200


def test_too_large_a_body_is_413(server):
    head = (f"POST /v1/ingest?source=demo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token()}\r\n"
            "Content-Type: application/x-ndjson\r\nContent-Length: 20000000\r\n\r\n")
    assert server.raw(head.encode() + b"x" * 1000).startswith(b"HTTP/1.1 413 ")


def test_unknown_type_and_coding_are_415(server):
    for headers in ({"Content-Type": "text/html"}, {"Content-Encoding": "br"}):
        answer = server.ingest(lines(make_call()), headers=headers)
        assert answer.status == 415
        assert answer.headers["content-type"].startswith("application/problem+json")


def test_unknown_route_and_method(server):
    assert server.get("/v1/nowhere").status == 404
    answer = server.request("DELETE", "/v1/ingest")
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]


def test_repeat_with_the_same_idempotency_key_is_answered_alike(server):
    body, headers = lines(make_call(), make_call()), {"Idempotency-Key": "batch-1"}
    first = server.ingest(body, headers=headers)
    second = server.ingest(body, headers=headers)
    assert first.status == second.status == 200
    assert second.json == first.json
    assert second.headers["idempotent-replay"] == "true"
    assert "idempotent-replay" not in first.headers


def test_idempotency_key_with_another_body_is_422(server):
    headers = {"Idempotency-Key": "batch-2"}
    assert server.ingest(lines(make_call()), headers=headers).status == 200
    assert server.ingest(lines(make_call()), headers=headers).status == 422


def test_equal_event_ids_count_once(server):
    record = make_call()
    assert server.ingest([record, record]).json["duplicates"] == 1
    again = server.ingest([record])
    assert (again.status, again.json["accepted"], again.json["duplicates"]) == (200, 0, 1)
    uid = record["metadata"]["uid"]
    wait_until(lambda: server.calls(f"record_uid = '{uid}'") >= 1, what="the call")
    server.ingest([make_call()])
    time.sleep(1)
    assert server.calls(f"record_uid = '{uid}'") == 1


def test_otlp_logs_as_json(server):
    token = server.token("otlp")
    record = make_call()
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"timeUnixNano": "1741003200000000000", "body": {"stringValue": json.dumps(record)}}]}]}]}
    answer = server.request("POST", "/v1/logs", json.dumps(body), {
        "Content-Type": "application/json", "Authorization": f"Bearer {token}"})
    assert answer.status == 200, answer.text
    rejected = answer.json.get("partialSuccess", {}).get("rejectedLogRecords", 0)
    assert int(rejected) == 0, answer.text


def test_a_client_is_told_how_it_stands(server):
    answer = server.ingest([make_call()])
    policy = re.findall(r'"(\w+)";q=(\d+);qu="([\w-]+)";w=(\d+)', answer.headers["ratelimit-policy"])
    limit = re.findall(r'"(\w+)";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert [(name, unit) for name, _, unit, _ in policy] == [("records", "records"), ("bytes", "content-bytes")]
    for (name, most, _, _), (same, left, wait) in zip(policy, limit, strict=True):
        assert name == same and 0 < int(left) <= int(most) and int(wait) == 1


def test_expect_other_than_continue_is_417(server):
    head = "POST /v1/ingest?source=demo HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 2\r\n\r\n{}"
    assert server.raw(head.encode()).startswith(b"HTTP/1.1 417 ")


def test_large_headers_are_431(server):
    head = "GET /livez HTTP/1.1\r\nHost: x\r\nX-Filler: " + "a" * 20_000 + "\r\n\r\n"
    assert server.raw(head.encode()).startswith(b"HTTP/1.1 431 ")


def test_smuggled_requests_are_refused_and_not_served(server):
    second = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    for framing in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: xchunked\r\n",
                    b"Content-Length: 4\r\nContent-Length: 5\r\n", b"Content-Length: +4\r\n"):
        got = server.raw(b"POST /v1/ingest HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n0\r\n\r\n" + second)
        assert len(re.findall(rb"(?m)^HTTP/1.1 \d\d\d ", got)) == 1
        assert got.startswith(b"HTTP/1.1 400 ") or got.startswith(b"HTTP/1.1 501 "), got[:60]


def test_limits_and_health_are_shown(server):
    limits = server.get("/v1/limits", {"Authorization": f"Bearer {server.token()}"})
    assert limits.status == 200
    assert "16777216" in limits.text
    assert server.get("/livez").status == 200
    assert server.get("/readyz").status == 200


def test_a_token_for_another_source_is_403(server):
    answer = server.ingest([make_call()], source="plain", token=server.token("demo"))
    assert answer.status == 403


def test_no_token_and_a_wrong_one_are_401_then_429(server):
    """Last in this file: failures from our address are slowed down afterwards."""
    time.sleep(1.1)
    without = server.request("POST", "/v1/ingest?source=demo", lines(make_call()),
                             {"Content-Type": "application/x-ndjson"})
    assert without.status == 401
    assert without.headers["content-type"].startswith("application/problem+json")
    wrong = server.token()[:-1] + ("0" if server.token()[-1] != "0" else "1")
    seen = [server.ingest([make_call()], token=wrong) for _ in range(8)]
    assert seen[0].status == 401
    assert seen[-1].status == 429
    assert int(seen[-1].headers["retry-after"]) >= 1
    assert wrong not in server.log.read_text(errors="replace")
