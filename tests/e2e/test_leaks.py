"""A code host reports leaked keys: its signature lets it in, and what it says becomes a question."""

import base64
import concurrent.futures
import datetime
import hashlib
import json
import re
import subprocess

import pytest

from conftest import make_call
from harness import Server, wait_until

KEY = "sk-live-Qx7mZr2TbW9kLp4VnHs8YcDf"
OTHER_KEY = "sk-live-Jt5nBv8RqX3hMw6ZyKc2PdGs"
NEVER_ISSUED = "sk-live-Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8"
PLACE = "https://code.example/octo/hello/blob/12345600b9cb/app.py#L7"
REGISTRY = [
    {"kind": "tenant", "uid": "t-leaky", "tier": "paid", "status": "active"},
    {"kind": "key", "uid": "k-leaky", "tenant": "t-leaky", "status": "active", "secret": KEY},
    {"kind": "key", "uid": "k-other", "tenant": "t-leaky", "status": "active", "secret": OTHER_KEY},
]
USED_IN_PUBLIC = """\
title: A key was used after it was public
id: 11111111-2222-4333-8444-666666666666
name: used_in_public
status: stable
level: high
logsource: { category: api_call }
detection:
  public: { key.leaked_at|exists: true }
  condition: public
callerprint: { family: abuse, subject: key, quiet: 24h }
"""


class CodeHost:
    """Signs as a code host does, with a key of its own."""

    def __init__(self, folder, name="host-1", curve="prime256v1"):
        self.name = name
        self.key = folder / f"{name}.key"
        subprocess.run(["openssl", "ecparam", "-name", curve, "-genkey", "-noout", "-out", self.key],
                       check=True, capture_output=True)
        self.public = subprocess.run(["openssl", "ec", "-in", self.key, "-pubout"], check=True,
                                     capture_output=True, text=True).stdout

    def sign(self, body):
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=body, check=True,
                              capture_output=True).stdout

    def headers(self, body):
        return {"Content-Type": "application/json", "Github-Public-Key-Identifier": self.name,
                "Github-Public-Key-Signature": base64.b64encode(self.sign(body)).decode()}


def keys_file(*hosts):
    return json.dumps({"public_keys": [
        {"key_identifier": host.name, "key": host.public, "is_current": True} for host in hosts]})


def report(*tokens, url=PLACE):
    return json.dumps([{"token": token, "type": "acme_api_key", "url": url, "source": "content"}
                       for token in tokens]).encode()


def post(server, body, headers):
    return server.request("POST", "/v1/leaks", body, headers)


def entry(token, label):
    digest = base64.b64encode(hashlib.sha256(token.encode()).digest()).decode()
    return {"token_hash": digest, "token_type": "acme_api_key", "label": label}


def answers(server):
    return server.sql("SELECT answer_id, asked_by, case_ref, use, statement FROM investigate.answers"
                      " ORDER BY asked_at, answer_id")


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    return CodeHost(tmp_path_factory.mktemp("host"))


@pytest.fixture(scope="module")
def server(host):
    made = Server(policies={"public.yml": USED_IN_PUBLIC})
    made.keys = made.folder / "host-keys.json"
    made.settings["leaks"] = {"keys_file": str(made.keys), "reporter": "octo-host"}
    made.config.write_text(json.dumps(made.settings))
    made.keys.write_text(keys_file(host))
    try:
        made.start()
        rows = "".join(json.dumps(row) + "\n" for row in REGISTRY)
        done = made.run("registry", "import", "-", stdin=rows)
        assert done.returncode == 0, done.stderr
        made.ingest([make_call(actor={"user": {"credential_uid": "k-leaky"}},
                               metadata={"uid": "leak-1", "tenant_uid": "t-leaky"}),
                     # Event time goes on, so that the question's period holds the first call.
                     make_call(time="2025-03-03T14:00:00Z",
                               metadata={"uid": "leak-2", "tenant_uid": "t-e2e"})])
        made.wait_calls(2)
        yield made
    finally:
        made.close()


def test_a_signed_report_is_answered_marks_the_key_and_asks_about_it(server, host):
    body = report(KEY, NEVER_ISSUED)
    answered = post(server, body, host.headers(body))
    assert answered.status == 200, answered.text
    assert answered.json == [entry(KEY, "true_positive"), entry(NEVER_ISSUED, "false_positive")]
    leaks = server.sql("SELECT DISTINCT key_uid, source FROM investigate.leaks")
    assert leaks == [{"key_uid": "k-leaky", "source": f"reporter:octo-host content {PLACE}"}]
    (answer,) = answers(server)
    assert answer["asked_by"] == "reporter:octo-host"
    assert re.fullmatch(r"leak:[a-z2-7]{16}", answer["case_ref"])
    assert answer["use"] == "used"
    shown = server.run("answer", "show", answer["answer_id"], "-o", "json")
    record = json.loads(shown.stdout)
    assert record["subject"] == "key"
    assert [candidate["tenant"] for candidate in record["candidates"]] == ["t-leaky"]
    audit = server.sql("SELECT action, object FROM investigate.audit"
                       " WHERE actor = 'reporter:octo-host' ORDER BY n")
    assert [row["action"] for row in audit] == ["leak.report", "registry.import", "question.ask"]
    assert audit[0]["object"] == host.name and audit[2]["object"] == answer["case_ref"]
    assert server.metric('callerprint_leak_reports_total{outcome="taken"}') == 1
    assert server.metric('callerprint_leak_tokens_total{label="ours"}') == 1
    assert server.metric('callerprint_leak_tokens_total{label="others"}') == 1
    assert server.metric("callerprint_leak_questions_total") == 1


def test_the_same_report_again_is_answered_alike_and_changes_nothing(server, host):
    before = server.sql("SELECT * FROM investigate.leaks"), answers(server)
    body = report(KEY, NEVER_ISSUED)
    for _ in range(3):
        assert post(server, body, host.headers(body)).json == [
            entry(KEY, "true_positive"), entry(NEVER_ISSUED, "false_positive")]
    assert (server.sql("SELECT * FROM investigate.leaks"), answers(server)) == before


def test_equal_reports_at_once_are_one_question(server, host):
    before = len(answers(server))
    body = report(OTHER_KEY)
    headers = host.headers(body)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: post(server, body, headers), range(6)))
    assert [each.status for each in done] == [200] * 6
    assert len(answers(server)) == before + 1
    assert len(server.sql("SELECT DISTINCT first_seen FROM investigate.leaks WHERE key_uid = 'k-other'")) == 1


def test_the_key_at_another_place_is_another_case(server, host):
    before = len(answers(server))
    body = report(KEY, url="https://code.example/fork/hello/blob/1/app.py")
    assert post(server, body, host.headers(body)).status == 200
    assert len(answers(server)) == before + 1
    assert len({row["case_ref"] for row in answers(server)}) == before + 1


def test_policies_see_within_seconds_that_the_keys_are_public(server):
    def used():
        now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
        # The second record holds the key itself, so its calls go by the key's hash.
        server.ingest([make_call(time=now, actor={"user": {"credential_uid": key}},
                                 metadata={"uid": f"public-{key[:4]}-{now}", "tenant_uid": "t-leaky"})
                       for key in ("k-leaky", OTHER_KEY)])
        return len(server.alerts()) >= 2

    wait_until(used, 20, 1, "alerts about both public keys")


def test_what_is_not_signed_is_refused_and_never_told_why(server, host, tmp_path):
    body = report(KEY, url="https://code.example/forged")
    good = host.headers(body)
    signature = host.sign(body)
    stranger = CodeHost(tmp_path, "stranger")
    before = server.sql("SELECT count(*) AS n FROM investigate.leaks"), answers(server)
    cases = [(body, {}), (body, {**good, "Github-Public-Key-Identifier": "stranger"}),
             (body, {**stranger.headers(body), "Github-Public-Key-Identifier": host.name}),
             (body, {**good, "Github-Public-Key-Signature": "AAAA"}),
             (body.replace(b"forged", b"forgec"), good), (body + b" ", good), (b"", good)]
    for bit in range(0, len(signature) * 8, 41):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        cases.append((body, {**good, "Github-Public-Key-Signature": base64.b64encode(flipped).decode()}))
    told = set()
    for sent, headers in cases:
        # Twenty a second are looked at; of the others nothing would be learned.
        refused = wait_until(lambda: (lambda r: r.status != 429 and r)(post(server, sent, headers)))
        assert refused.status == 401, refused.text
        told.add(re.sub(r'"request_id":"[^"]*"', "", refused.text))
    assert len(told) == 1
    assert (server.sql("SELECT count(*) AS n FROM investigate.leaks"), answers(server)) == before


def test_a_report_has_a_thousand_tokens_and_a_megabyte_at_most(server, host):
    def sent(body):
        headers = host.headers(body)
        return wait_until(lambda: (lambda r: r.status != 429 and r)(post(server, body, headers)))

    most = report(*[f"sk-live-{n:024d}" for n in range(1000)], url="")
    answered = sent(most)
    assert answered.status == 200 and len(answered.json) == 1000
    more = sent(report(*[f"sk-live-{n:024d}" for n in range(1001)], url=""))
    assert more.status == 413 and "at most 1000 tokens" in more.json["detail"]
    assert server.metric('callerprint_leak_reports_total{outcome="too_many"}') == 1
    assert sent(most + b" " * ((1 << 20) - len(most))).status == 200
    assert sent(most + b" " * ((1 << 20) + 1 - len(most))).status == 413
    for body in (b"{}", b"[1]", b"nonsense " + KEY.encode()):
        wrong = sent(body)
        assert wrong.status == 400 and KEY not in wrong.text


def test_without_keys_there_is_no_such_place(host, own_server):
    server = own_server().start()
    body = report(KEY)
    assert post(server, body, host.headers(body)).status == 404
    assert server.get("/v1/leaks").status == 404


def test_where_no_key_text_was_told_no_token_is_called_false(host, own_server):
    server = own_server()
    keys = server.folder / "keys.json"
    keys.write_text(keys_file(host))
    server.settings["leaks"] = {"keys_file": str(keys)}
    server.config.write_text(json.dumps(server.settings))
    server.start()
    body = report(KEY)
    answered = post(server, body, host.headers(body))
    assert (answered.status, answered.json) == (200, [])
    assert server.metric('callerprint_leak_tokens_total{label="unknown"}') == 1


def test_keys_of_other_kinds_are_refused_with_their_entry(server, host, tmp_path):
    wide = CodeHost(tmp_path, "wide", "secp384r1")
    good = server.keys.read_text()
    server.keys.write_text(keys_file(host, wide))
    try:
        checked = server.run("check-config")
        assert checked.returncode == 2
        assert "host-keys.json: public_keys[1]: key wide is no key on the curve P-256" in checked.stderr
        server.reload()
        wait_until(lambda: server.metric("callerprint_config_last_reload_successful") == 0)
        body = report(NEVER_ISSUED)
        assert post(server, body, host.headers(body)).status == 200, "the old keys stay"
    finally:
        server.keys.write_text(good)


def test_keys_are_read_again_on_reload(server, host, tmp_path):
    fresh = CodeHost(tmp_path, "host-2")
    body = report(NEVER_ISSUED)
    assert post(server, body, fresh.headers(body)).status == 401
    server.keys.write_text(keys_file(fresh))
    server.reload()
    wait_until(lambda: post(server, body, fresh.headers(body)).status == 200, every=0.5)
    assert post(server, body, host.headers(body)).status == 401
    server.keys.write_text(keys_file(host))
    server.reload()
    wait_until(lambda: post(server, body, host.headers(body)).status == 200, every=0.5)


def test_no_token_is_kept_anywhere(server, host):
    """Runs last: it stops the server, so that all is on the disk."""
    encoded = "".join(f"%{ord(c):02x}" for c in KEY)
    for url in (f"https://code.example/x?k={KEY}", f"https://{KEY}@code.example/y",
                f"https://code.example/{KEY}/z", f"https://code.example/{encoded}",
                f"https://code.example/a#{KEY}"):
        body = report(KEY, OTHER_KEY, NEVER_ISSUED, url=url)
        assert post(server, body, host.headers(body)).status == 200
    assert len(server.sql("SELECT 1 AS n FROM investigate.leaks WHERE source LIKE '%code.example/%'")) > 3
    tokens = [KEY.encode(), OTHER_KEY.encode(), NEVER_ISSUED.encode(), encoded.encode()]
    # Long texts are compressed on the disk, so they are looked through as rows, too.
    for view in ("answers", "leaks", "audit", "registry_history", "calls"):
        text = json.dumps(server.sql(f"SELECT to_jsonb(v)::text AS row FROM investigate.{view} AS v"))
        assert not any(token.decode() in text for token in tokens), view
    assert not any(token in server.get("/metrics").text.encode() for token in tokens)
    assert server.stop() == 0
    looked_at = 0
    for file in server.folder.rglob("*"):
        if not file.is_file():
            continue
        looked_at += 1
        held = file.read_bytes()
        assert not any(token in held for token in tokens), file
    assert looked_at > 100
