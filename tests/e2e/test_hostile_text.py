"""What strangers write forges no line, drives no terminal, turns no writing round and is no formula, wherever it is shown."""

import csv
import io
import json
import re

import pytest

from conftest import FIRE, make_call
from harness import Server, wait_until

# Characters that may never be shown as they are; a line ends with \n, in CSV with \r\n.
FORGING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
FORMULA = re.compile(r"^[=+\-@\t\r]")

STRINGS = [
    *(f"a{chr(code)}b" for code in [*range(1, 0x20), *range(0x7f, 0xa0)]),
    *(f"{chr(code)}x" for code in (0x061C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F),
                                   *range(0x2066, 0x206A), 0xFEFF)),
    'x\r\n{"time":"2026-01-01T00:00:00Z","level":"info","message":"audit.forged"}',
    "x\nHTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b[2J\x1b[H",
    "\x9b31m", "\b\b\b\bgone", "user\u202etxt.exe", "\u2066hidden\u2069", "a\x00b",
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", '=HYPERLINK("http://x","y")',
    '"quoted", and =1', "'; DROP TABLE callerprint.calls; --", "<script>alert(1)</script>", "{{7*7}}", "%s%n%x",
    "${jndi:ldap://x}", "$(id)", "`id`", "../../etc/passwd", "\\", "\\u202e", '"', "a,b;c|d",
]

FIELDS = [
    "metadata.correlation_uid", "metadata.product.name", "metadata.log_name", "metadata.tenant_uid", "cloud.provider",
    "cloud.account.uid", "cloud.region", "actor.user.credential_uid", "actor.user.uid", "actor.user.name",
    "actor.user.type", "actor.session.uid", "src_endpoint.domain", "http_request.user_agent", "http_request.url",
    "http_request.host", "http_request.referrer", "tls.sni", "api.service.name",
]


@pytest.fixture(scope="module")
def shown():
    """Every text that a person may see, by where it is shown."""
    server = Server(policies={"fire.yml": FIRE}, settings={"log": {"level": "debug"}})
    try:
        server.start()
        records = [make_call(**{field: text for field in FIELDS}, **{"api.operation": "Test.Fire"}, api=None,
                             metadata={"uid": f"hostile-{number}"}, actor=None, src_endpoint=None, http_request=None)
                   for number, text in enumerate(STRINGS)]
        for record in records:
            for member in ("api", "actor", "src_endpoint", "http_request"):
                record.pop(member)
        out = {"an answer to a batch": server.ingest(records)}
        assert out["an answer to a batch"].status == 200, out["an answer to a batch"].text
        out["an answer to bad lines"] = server.ingest(
            "\n".join(json.dumps({"x": text})[:-1] for text in STRINGS) + "\n" + json.dumps(make_call()) + "\n")
        server.ingest([make_call()])
        wait_until(lambda: len(server.alerts()) > 20, 60, what="the alerts")
        wait_until(lambda: server.sql("SELECT count(*) AS n FROM investigate.dead_letters")[0]["n"] not in ("0", 0), 60)
        token = server.run("token", "create", "--scopes", "read,respond", "--name", "=1+1\x1b[31m\u202ex").stdout.strip()
        reader = {"Authorization": f"Bearer {token}"}
        out["alerts over HTTP"] = server.get("/v1/alerts?limit=200", headers=reader)
        assert out["alerts over HTTP"].json["alerts"]
        one = out["alerts over HTTP"].json["alerts"][0]["id"]
        out["an alert over HTTP"] = server.get(f"/v1/alerts/{one}", headers=reader)
        comment = json.dumps({"comment": "".join(STRINGS)[:4000]})
        out["a comment"] = server.request("POST", f"/v1/alerts/{one}/comment", comment, reader)
        out["no such alert"] = server.get("/v1/alerts/%1b%5b31m%0d%0ax%e2%80%ae", headers=reader)
        out["no such route"] = server.get("/%1b%5b31m%0d%0a?%1b")
        out["metrics"] = server.get("/metrics")
        out = {name: answer.text for name, answer in out.items()}
        for form in ("table", "csv", "json", "ndjson"):
            for name, command in {
                    "alerts": ["alerts", "list"], "tokens": ["token", "list"],
                    "calls": ["sql", "SELECT * FROM investigate.calls"],
                    "dead letters": ["sql", "SELECT * FROM investigate.dead_letters"],
                    "audit": ["sql", "SELECT * FROM investigate.audit"]}.items():
                done = server.run(*command, "-o", form)
                assert done.returncode == 0, done.stderr
                out[f"{name} as {form}"] = done.stdout + done.stderr
        for form in ("table", "json"):
            out[f"an alert as {form}"] = server.run("alerts", "show", one, "-o", form).stdout
        out["a wrong statement"] = server.run("sql", "SELECT '\x1b[31m\u202e' FROM \"no\x1b\r\nsuch\"").stderr
        out["a wrong alert"] = server.run("alerts", "show", "\x1b[31m\r\n\u202e").stderr
        out["a wrong token"] = server.run("token", "revoke", "\x1b[31m\u202e").stderr
        out["the log"] = server.log.read_text(errors="surrogateescape")
        yield out
    finally:
        server.close()


def test_nothing_that_is_shown_holds_a_character_that_forges(shown):
    wrong = {}
    for name, text in shown.items():
        text = text.replace("\r\n", "\n") if name.endswith("csv") else text
        found = FORGING.search(text)
        if found:
            wrong[name] = repr(text[max(0, found.start() - 40):found.end() + 20])
    assert not wrong


def test_each_line_of_the_log_is_one_that_the_program_wrote(shown):
    lines = shown["the log"].splitlines()
    assert len(lines) > 3
    for line in lines:
        entry = json.loads(line)
        assert {"time", "level", "message"} <= entry.keys() and entry["message"] != "audit.forged", line


def test_no_cell_of_csv_is_a_formula(shown):
    for name, text in shown.items():
        if not name.endswith("csv"):
            continue
        for row in csv.reader(io.StringIO(text)):
            for cell in row:
                assert not FORMULA.match(cell) or re.fullmatch(r"-?[0-9.e+]+", cell), (name, cell)


def test_json_gives_back_what_was_written(shown):
    agents = {row.get("user_agent") for row in map(json.loads, shown["calls as ndjson"].splitlines())}
    for text in STRINGS:
        if "\x00" not in text:
            assert text in agents, repr(text)
