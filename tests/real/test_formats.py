"""Public logs of each format, through HTTP: all accepted or refused with a reason, fields found."""

import collections
import gzip
import json

import pytest

from conftest import SHARED
from harness import wait_until

DATA = SHARED / "data"

# Format: the files that hold it. What a file's notes call damaged or foreign is in TOLERATED.
FILES = {
    "aws-cloudtrail": ["aws/cloudtrail/**/*.json", "aws/cloudtrail/**/*.json.gz",
                       "aws/cloudtrail/**/*.ndjson", "aws/cloudtrail/**/*.ndjson.gz",
                       "aws/eventbridge/*.json", "elastic-elv2/aws/cloudtrail/*.log"],
    "azure-resource-log": ["azure/panther-activity.ndjson", "azure/eventhub-batch-activity.json",
                           "elastic-elv2/azure/activitylogs/*.log", "elastic-elv2/azure_openai/logs/*.log"],
    "gcp-audit": ["gcp/panther-audit.ndjson", "gcp/custodian/*.json", "elastic-elv2/gcp/audit/*.log"],
    "ocsf": ["elastic-elv2/amazon_security_lake/event/test-api-activity.log"],
    "envoy": ["access/envoy/envoy-cri.log", "elastic-elv2/istio/access_logs/test-access-json-logs.log"],
    "kong": ["access/kong/*.ndjson"],
    "access-log": ["access/apache/*.gz", "access/nginx/advertools-nginx-1k.log", "access/nginx/nginx-http.log",
                   "elastic-elv2/apache/access/test-access-basic.log",
                   "elastic-elv2/apache/access/test-access-ubuntu.log",
                   "elastic-elv2/nginx/access/test-access.log"],
    "litellm": ["llm/litellm-spend-log.json"],
}
# Records that need not be accepted: notifications, control records, lines their own notes call broken.
# panther-audit: eleven records without any time and one whose time is no time; envoy-cri: half of its
# lines are Envoy's text form, which is another format than the JSON around it.
TOLERATED = {"panther-cloudtrail.ndjson.gz": 40, "test-access.log": 2, "nginx-http.log": 2,
             "panther-audit.ndjson": 12, "envoy-cri.log": 8}


def files(name):
    found = sorted({path for pattern in FILES[name] for path in DATA.glob(pattern)})
    return [path for path in found if "expected" not in path.name and "labels" not in path.name]


def send(server, path, source):
    body = path.read_bytes()
    headers = {}
    if path.suffix == ".gz":
        headers["Content-Encoding"] = "gzip"
        text = gzip.decompress(body)
    else:
        text = body
    kind = "application/json" if path.suffix in (".json",) or path.name.endswith(".json.gz") else None
    first = text.lstrip()[:1]
    if kind is None:
        kind = "application/x-ndjson" if first in (b"{", b"[") else "text/plain"
    return server.ingest(body, source=source, content_type=kind, headers=headers)


def taken(body):
    """Records made durable; files are sent several times, and some hold an id twice."""
    return body["accepted"] + body["duplicates"]


@pytest.mark.parametrize("name", list(FILES))
def test_every_record_is_accepted_or_refused_with_a_reason(server, name):
    accepted = rejected = tolerated = 0
    reasons = collections.Counter()
    assert files(name)
    for path in files(name):
        answer = send(server, path, name)
        assert answer.status in (200, 400), f"{path}: {answer.status} {answer.text[:200]}"
        body = answer.json
        accepted += taken(body)
        rejected += body["rejected"]
        tolerated += min(TOLERATED.get(path.name, 0), body["rejected"])
        for error in body["errors"]:
            assert error["code"]
            reasons[path.name, error["code"]] += 1
    assert accepted > 0
    assert rejected - tolerated <= 0.005 * (accepted + rejected), dict(reasons)


@pytest.mark.parametrize("name", list(FILES))
def test_auto_finds_the_same_format(server, name):
    for path in files(name)[:3]:
        direct, automatic = send(server, path, name), send(server, path, "auto")
        assert taken(automatic.json) == taken(direct.json), path


@pytest.mark.parametrize("name,columns", [
    ("aws-cloudtrail", ["operation", "service", "user_agent", "coalesce(host(address), address_text)"]),
    ("azure-resource-log", ["operation"]),
    ("gcp-audit", ["operation", "service"]),
    ("ocsf", ["operation"]),
    ("access-log", ["coalesce(operation, url)", "http_status", "user_agent"]),
])
def test_fields_are_found(server, name, columns):
    for path in files(name)[:5]:
        send(server, path, name)
    count = f"SELECT count(*) AS n FROM investigate.calls WHERE source = '{name}'"
    wait_until(lambda: server.sql(count)[0]["n"] > 0, 60, 1, "stored calls")
    rows = server.sql(count)
    for column in columns:
        found = server.sql(f"SELECT count(*) AS n FROM investigate.calls WHERE source = '{name}' "
                           f"AND ({column}) IS NOT NULL")
        assert found[0]["n"] > 0.5 * rows[0]["n"], column


def test_otlp_logs(server):
    body = (DATA / "otlp/logs.json").read_bytes()
    answer = server.request("POST", "/v1/logs?source=auto", body, {
        "Content-Type": "application/json", "Authorization": f"Bearer {server.token('auto')}"})
    assert answer.status in (200, 400), answer.text


def test_no_secret_key_is_stored(server):
    rows = server.sql("SELECT count(*) AS n FROM investigate.calls WHERE raw::text ~ "
                      "'\"sessionToken\": ?\"[A-Za-z0-9/+=]{100}'")
    assert rows == [{"n": 0}]
    assert json.dumps(rows)
