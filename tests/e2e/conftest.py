import itertools
import datetime

import pytest

from harness import PROGRAM, Receiver, Server

# Fires at once for each key that calls Test.Fire.
FIRE = """\
title: A test call was made
id: 11111111-2222-4333-8444-555555555555
name: test_fire
status: stable
level: high
logsource: { category: api_call }
detection:
  fire: { api.operation: Test.Fire }
  condition: fire
callerprint: { family: abuse, subject: key, quiet: 24h }
"""
# Waits for a key's second call.
TWICE = """\
title: Twice
id: 51111111-2222-4333-8444-555555555555
name: test_twice
status: stable
level: high
correlation:
  type: event_count
  rules: [test_fire]
  group-by: [actor.user.credential_uid]
  timespan: 1d
  condition: { gte: 2 }
  generate: true
callerprint: { family: abuse, subject: key }
"""

_numbers = itertools.count()


def pytest_sessionstart(session):
    if not PROGRAM.exists():
        pytest.exit(f"{PROGRAM} is not there: build it with tests/run, or set CALLERPRINT", 2)


def make_call(number=None, **changes):
    """A record of the native format; each has its own id and time."""
    number = next(_numbers) if number is None else number
    at = datetime.datetime(2025, 3, 3, 12, 0, 0, tzinfo=datetime.timezone.utc)
    at += datetime.timedelta(milliseconds=number)
    record = {
        "time": at.isoformat().replace("+00:00", "Z"),
        "metadata": {"uid": f"e2e-{number:08d}", "tenant_uid": "t-e2e"},
        "actor": {"user": {"credential_uid": "k-e2e"}},
        "src_endpoint": {"ip": "198.18.0.7"},
        "http_request": {"http_method": "POST", "url": "/x", "user_agent": "curl/8.5.0"},
        "http_response": {"code": 200},
        "api": {"service": {"name": "Test"}, "operation": "Test.Quiet"},
        "status_id": 1,
    }
    record.update(changes)
    return record


def fire(key, **changes):
    """A call that makes the policy FIRE fire for the key."""
    record = make_call(**changes)
    record["actor"] = {"user": {"credential_uid": key}}
    record["api"] = {"service": {"name": "Test"}, "operation": "Test.Fire"}
    return record


@pytest.fixture(scope="module")
def server():
    """A running server with one policy; shared by the tests of a file."""
    made = Server(policies={"fire.yml": FIRE})
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture
def own_server():
    """Makes servers that a test may kill; closed at its end."""
    made = []

    def make(**options):
        options.setdefault("policies", {"fire.yml": FIRE})
        made.append(Server(**options))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()
