"""The harness of the end-to-end tests, and where the foreign data are."""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import ROOT, Server  # noqa: E402

SHARED = pathlib.Path(os.environ.get("CALLERPRINT_SHARED", ROOT.parent / "shared"))

# Every format we ship, as a source of the same name.
FORMATS = ["native", "aws-cloudtrail", "azure-resource-log", "gcp-audit", "ocsf", "envoy", "kong",
           "nginx-json", "access-log", "litellm", "json", "auto"]


@pytest.fixture(scope="session")
def server():
    """A running server with a source for each format; must still run after every test."""
    made = Server(settings={
        "policies": [str(ROOT / "config/policies")],
        "sources": [{"name": name, "format": name, "lateness": "24h"} for name in FORMATS],
    })
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture(autouse=True)
def still_alive(request):
    yield
    if "server" in request.fixturenames:
        server = request.getfixturevalue("server")
        assert server.process.poll() is None, server.tail()
        assert server.get("/livez").status == 200
