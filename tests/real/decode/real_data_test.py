"""Public logs through gate and decoder: who accepts what, and where another reader reads other values.

The other reader's results (`-expected.json`, in ECS) are a second opinion, not the truth: differences that
we keep stand in docs/reference/formats.md with their reasons, and in KEPT below.
"""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = pathlib.Path(os.environ.get("CALLERPRINT_SHARED", ROOT.parent / "shared")) / "data"
PROGRAM = pathlib.Path(os.environ.get("DECODE_READ_DATA", ROOT / "build/release/tests/real/decode_read_data"))

# Our name for an ECS field.
FIELDS = {
    "source.ip": "src_endpoint.ip",
    "user_agent.original": "http_request.user_agent",
    "cloud.account.id": "cloud.account.uid",
    "cloud.region": "cloud.region",
    "http.request.method": "http_request.http_method",
    "http.response.status_code": "http_response.code",
    "http.request.bytes": "http_request.length",
    "http.response.bytes": "http_response.length",
    "http.response.body.bytes": "http_response.length",
    "tls.cipher": "tls.cipher",
    "error.code": "api.response.error",
    "event.outcome": "status_id",
    "event.action": "api.operation",
    "event.provider": "api.service.name",
    "event.id": "metadata.uid",
}
FILES = {
    "aws-cloudtrail": "aws/cloudtrail/*.log",
    "azure-resource-log": ["azure/*/*.log", "azure_openai/logs/*.log", "azure_frontdoor/access/*.log"],
    "gcp-audit": "gcp/*/*.log",
    "ocsf": "amazon_security_lake/event/test-api-activity.log",
    "envoy": "istio/access_logs/test-access-json-logs.log",
    "access-log": ["nginx/access/*.log", "apache/access/*.log", "nginx_ingress_controller/access/*.log"],
}
# Format and ECS field: differences that are ours to keep (docs/reference/formats.md says why).
KEPT = {
    ("envoy", "http.request.bytes"), ("envoy", "http.response.bytes"),
    ("envoy", "http.response.body.bytes"), ("envoy", "source.ip"),
    ("aws-cloudtrail", "event.id"), ("azure-resource-log", "event.id"), ("azure-resource-log", "event.action"),
    ("azure-resource-log", "event.outcome"), ("azure-resource-log", "error.code"),
    ("azure-resource-log", "event.provider"),
    ("azure-resource-log", "cloud.account.id"), ("azure-resource-log", "user_agent.original"),
    ("gcp-audit", "error.code"), ("gcp-audit", "event.provider"), ("gcp-audit", "event.action"), ("gcp-audit", "event.outcome"),
    ("ocsf", "event.action"), ("ocsf", "event.provider"), ("ocsf", "event.outcome"),
    ("access-log", "event.outcome"),
}


def plain(path, folder):
    """The path itself, or of a compressed file a plain copy."""
    if path.suffix != ".gz":
        return path
    out = pathlib.Path(folder) / path.stem
    with gzip.open(path) as packed, out.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    return out


def decode(name, path):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([PROGRAM, name, plain(path, folder)], capture_output=True, timeout=60, check=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return [line for line in lines if "call" in line], [line["reject"] for line in lines if "reject" in line]


def at(record, path):
    for part in path.split("."):
        if not isinstance(record, dict) or part not in record:
            return None
        record = record[part]
    return record


def same(field, theirs, ours):
    if field == "event.outcome":
        return {"success": 1, "failure": 2}.get(theirs, ours) == ours
    if isinstance(theirs, list):
        theirs = theirs[0] if theirs else None
    return str(theirs).lower() == str(ours).lower()


def differences(name, path):
    expected = json.loads(pathlib.Path(str(path) + "-expected.json").read_text())["expected"]
    calls, rejects = decode(name, path)
    lost = {reject["line"] for reject in rejects}
    theirs = [record for line, record in enumerate(expected, 1) if line not in lost]
    if len(theirs) != len(calls):  # Their result is not one a line: there is nothing to compare.
        return
    for their, our in zip(theirs, calls):
        for field, ours in FIELDS.items():
            value = at(their or {}, field)
            if value is not None and not same(field, value, our["call"].get(ours)):
                yield field, value, our["call"].get(ours)


def files(name):
    patterns = FILES[name] if isinstance(FILES[name], list) else [FILES[name]]
    return sorted(path for pattern in patterns for path in (DATA / "elastic-elv2").glob(pattern)
                  if pathlib.Path(str(path) + "-expected.json").exists())


@pytest.mark.parametrize("name", list(FILES))
def test_differs_from_another_reader_only_where_we_mean_to(name):
    new = []
    for path in files(name):
        for field, theirs, ours in differences(name, path):
            print(f"{name} {path.name} {field}: theirs {theirs!r}, ours {ours!r}")
            if (name, field) not in KEPT:
                new.append((path.name, field, theirs, ours))
    assert not new
