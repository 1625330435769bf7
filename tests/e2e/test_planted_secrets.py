"""Secrets in what strangers log are nowhere afterwards: 10,000 of them, of 34 kinds, in every field."""

import base64
import json
import pathlib
import random
import re
import string
import subprocess

import pytest

from conftest import FIRE, make_call
from harness import Receiver, Server, wait_until

COUNT = 10_000
PLAIN = "openly-told-"  # stands beside the secrets and must be found by the same search

WORDS = string.ascii_letters + string.digits


class Plants:
    """Makes secrets; `cores` are what must be nowhere: the part of each that is the secret."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.cores = []

    def word(self, size):
        # A digit early, as real ones have: prefixed() tells words from keys by it.
        text = "".join(self.random.choices(WORDS, k=size))
        return text[:3] + str(self.random.randrange(10)) + text[4:]

    def core(self, text):
        self.cores.append(text)
        return text

    def json_web_token(self, ending):
        def part(fields):
            return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
        body = part({"sub": self.word(12), "iat": self.random.randrange(10**9)})
        return part({"alg": "HS256", "typ": "JWT"}) + "." + self.core(body) + "." + ending

    def pem(self, label):
        lines = "\n".join(self.core(self.word(64)) for _ in range(1))
        return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----"

    def basic(self):
        return "Basic " + self.core(base64.b64encode(f"{self.word(9)}:{self.word(12)}".encode()).decode())

    KINDS = {
        "openai": lambda s: "sk-" + s.core(s.word(32)),
        "openai project": lambda s: "sk-proj-" + s.core(s.word(32)),
        "stripe live": lambda s: "sk_live_" + s.core(s.word(24)),
        "stripe test": lambda s: "sk_test_" + s.core(s.word(24)),
        "stripe restricted": lambda s: "rk_live_" + s.core(s.word(24)),
        "stripe restricted test": lambda s: "rk_test_" + s.core(s.word(24)),
        "hugging face": lambda s: "hf_" + s.core(s.word(34)),
        "sendgrid": lambda s: "SG." + s.core(s.word(22)) + "." + s.word(43),
        "github personal": lambda s: "ghp_" + s.core(s.word(36)),
        "github oauth": lambda s: "gho_" + s.core(s.word(36)),
        "github app": lambda s: "ghs_" + s.core(s.word(36)),
        "github refresh": lambda s: "ghr_" + s.core(s.word(36)),
        "github fine": lambda s: "github_pat_" + s.core(s.word(40)),
        "gitlab": lambda s: "glpat-" + s.core(s.word(20)),
        "slack bot": lambda s: "xoxb-" + s.core(s.word(24)),
        "slack person": lambda s: "xoxp-" + s.core(s.word(24)),
        "google": lambda s: "AIza" + s.core(s.word(35)),
        "our own": lambda s: "cp_" + s.core(s.word(52)),
        "signed jwt": lambda s: s.json_web_token(s.word(43)),
        "unsigned jwt": lambda s: s.json_web_token(""),
        "bearer": lambda s: "Authorization: Bearer " + s.core(s.word(30)),
        "bearer in a url": lambda s: "/p?auth=Bearer%20" + s.core(s.word(30)),
        "basic": basic,
        "rsa key": lambda s: s.pem("RSA PRIVATE KEY"),
        "pkcs8 key": lambda s: s.pem("PRIVATE KEY"),
        "subscription key": lambda s: "/p?subscription-key=" + s.core(s.word(32)),
        "sas": lambda s: "/p?sv=2022&sig=" + s.core(s.word(43)),
        "api_key": lambda s: "/p?api_key=" + s.core(s.word(20)),
        "aws signature": lambda s: "/p?X-Amz-Signature=" + s.core(s.word(64)),
        "aws session": lambda s: "/p?X-Amz-Security-Token=" + s.core(s.word(64)),
        "password": lambda s: "/p?user=a&password=" + s.core(s.word(14)),
        "refresh token": lambda s: "/p?refresh_token=" + s.core(s.word(30)),
        "client secret": lambda s: "client_secret=" + s.core(s.word(30)),
        "cookie": lambda s: "Cookie: session=" + s.core(s.word(26)),
    }


# Every member of the native format that takes text, and some that it does not know.
FIELDS = [
    "metadata.correlation_uid", "metadata.product.name", "metadata.log_name", "metadata.tenant_uid",
    "cloud.provider", "cloud.account.uid", "cloud.region", "actor.user.credential_uid", "actor.user.uid",
    "actor.user.name", "actor.user.type", "actor.session.issuer", "actor.session.uid", "actor.invoked_by",
    "src_endpoint.domain", "src_endpoint.svc_name", "http_request.user_agent", "http_request.url",
    "http_request.host", "http_request.referrer", "tls.sni", "api.service.name", "error_message",
    "unmapped.note", "labels.deep.deeper", "prompt",
]


def records(plants, count):
    kinds = list(plants.KINDS.values())
    out = []
    while len(plants.cores) < count:
        number = len(out)
        record = {"time": f"2025-03-03T12:{number // 60 % 60:02}:{number % 60:02}Z", "id": f"planted-{number}",
                  "ip": "198.18.0.9", "api.operation": "Test.Fire" if number % 100 == 0 else "Test.Quiet",
                  "status": 200, "unmapped.open": f"{PLAIN}{number}"}
        for field in plants.random.sample(FIELDS, 10):
            record[field] = kinds[plants.random.randrange(len(kinds))](plants)
        out.append(record)
    return out


def damaged(plants):
    """Lines that become dead letters, whose first bytes are kept."""
    for kind in plants.KINDS.values():
        secret = json.dumps(kind(plants))
        yield '{"x": ' + secret + ', "time": "never"}'
        yield '{"user_agent": ' + secret + ', '  # cut off
        yield '{"time": "2025-03-03T12:00:00Z", "a": ' + secret + ', "a": 1}'  # a key twice


def otlp(plants):
    rows = [{"timeUnixNano": "1741003200000000000", "body": {"stringValue": kind(plants)},
             "attributes": [{"key": "user_agent.original", "value": {"stringValue": kind(plants)}}]}
            for kind in plants.KINDS.values()]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": rows}]}]})


def access_lines(plants):
    for kind in ("api_key", "sas", "password", "subscription key"):
        url = plants.KINDS[kind](plants)
        yield f'198.18.0.9 - - [03/Mar/2025:12:00:00 +0000] "GET {url} HTTP/1.1" 200 5 "-" "{plants.KINDS["openai"](plants)}"'


@pytest.fixture(scope="module")
def planted():
    plants, receiver, answers = Plants(7), Receiver(), []
    server = Server(policies={"fire.yml": FIRE})
    try:
        server.start()
        assert server.run("webhook", "add", "--name", "hook", receiver.url).returncode == 0
        made = records(plants, COUNT)
        for start in range(0, len(made), 500):
            answers.append(server.ingest(made[start:start + 500]))
            assert answers[-1].status == 200
        answers.append(server.ingest("\n".join(damaged(plants)) + "\n" + json.dumps(make_call()) + "\n"))
        token = server.token("otlp")
        answers.append(server.request("POST", "/v1/logs", otlp(plants), {
            "Content-Type": "application/json", "Authorization": f"Bearer {token}"}))
        answers.append(server.ingest("\n".join(access_lines(plants)) + "\n", source="auto"))
        strangers(server, plants, answers)
        server.ingest([make_call()])
        server.wait_calls(len(made))
        wait_until(lambda: receiver.deliveries, 40, what="a delivery")
        wait_until(lambda: server.sql("SELECT count(*) AS n FROM investigate.dead_letters")[0]["n"] != "0", 30)
        yield server, plants, receiver, answers
    finally:
        server.close()
        receiver.close()


def strangers(server, plants, answers):
    """Secrets where the protocol has no place for them."""
    for number, kind in enumerate(plants.KINDS.values()):
        secret = re.sub(r"[^!-~]", "", kind(plants))
        path = re.sub(r"[^A-Za-z0-9_=.-]", "", kind(plants))
        answers.append(server.get(f"/v1/alerts/{path}"))
        answers.append(server.get(f"/{path}?{path}"))
        answers.append(server.ingest([make_call()], headers={"Idempotency-Key": secret[:128]}))
        if number % 3 == 0:
            answers.append(server.get("/v1/limits", headers={"X-Note": secret}))
    wrong = "Bearer cp_" + plants.core(plants.word(70))
    answers.append(server.get("/v1/alerts", headers={"Authorization": wrong}))


def hits(server, plants, *files):
    """How many of the secrets the bytes of the files hold; grep looks for all at once."""
    patterns = server.folder / "patterns"
    patterns.write_text("\n".join(plants.cores) + "\n")
    done = subprocess.run(["grep", "-r", "-a", "-o", "-h", "-F", "-f", patterns, *files], capture_output=True,
                          env={"LC_ALL": "C"}, check=False)
    assert done.returncode in (0, 1), done.stderr
    return sorted(set(done.stdout.decode().split()))


def test_the_search_finds_what_is_there(planted):
    server, plants, _, _ = planted
    assert len(set(plants.cores)) >= COUNT and len(plants.KINDS) >= 30
    some = plants.cores[17]
    assert hits(server, plants, written(server, "control.txt", "\0x" + some + "\xff")) == [some]


def journal_text(server):
    """The lines of the journal: each block is one zstd frame."""
    out = b""
    for segment in sorted((server.data / "journal").glob("*.log")):
        data = segment.read_bytes()
        for start in [match.start() for match in re.finditer(re.escape(b"\x28\xb5\x2f\xfd"), data)]:
            out += subprocess.run(["zstd", "-dcq"], input=data[start:start + (2 << 20)], capture_output=True,
                                  check=False).stdout
    return out


def written(server, name, data):
    file = server.folder / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


def test_no_secret_is_in_the_journal(planted):
    server, plants, _, _ = planted
    text = journal_text(server)
    assert text.count(PLAIN.encode()) >= 900, "the search sees what stands beside them"
    assert hits(server, plants, written(server, "journal.txt", text), server.data / "journal") == []


def test_no_secret_is_in_the_database(planted):
    server, plants, _, _ = planted
    dump = server.dump()
    assert dump.count(PLAIN.encode()) + dump.count(b"planted-") >= 900
    assert hits(server, plants, written(server, "dump.sql", dump)) == []


def test_no_secret_is_in_any_file_of_the_data_folder(planted):
    server, plants, _, _ = planted
    server.psql("CHECKPOINT")
    assert hits(server, plants, server.data) == []


def test_no_secret_is_in_logs_metrics_answers_and_webhooks(planted):
    server, plants, receiver, answers = planted
    said = "\n".join(f"{answer.headers} {answer.text}" for answer in answers)
    assert len(answers) > 100
    bodies = b"\n".join(body for _, body in receiver.deliveries)
    shown = "".join(server.run(*command).stdout for command in (
        ["alerts", "list", "-o", "json"], ["sql", "SELECT * FROM investigate.dead_letters", "-o", "csv"],
        ["sql", "SELECT * FROM investigate.calls", "-o", "ndjson"]))
    for name, text in (("answers", said), ("webhooks", bodies), ("shown", shown),
                       ("metrics", server.get("/metrics").text), ("log", server.log.read_bytes())):
        assert hits(server, plants, written(server, name + ".txt", text)) == [], name


def test_a_crash_leaves_no_memory_behind(planted):
    """What is in work is in memory as it came: so there is no core of it."""
    server, _, _, _ = planted
    limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
    soft = re.search(r"^Max core file size\s+(\d+)\s+(\d+)", limits, re.M)
    assert soft and soft.groups() == ("1", "1"), limits
