"""A journal that is full of what was evaluated already takes calls again by itself."""

import json
import re
import secrets
import time

import yaml

from harness import ROOT, Server, wait_until


def lines(number):
    """About a megabyte that does not compress well."""
    return "\n".join(
        json.dumps({"time": time.time(), "event_id": f"e-{number}-{i}", "operation": "Face.Identify", "tenant": "t-1",
                    "key": f"k-{i}", "user_agent": secrets.token_urlsafe(2_250)}) for i in range(300))


def refusals_that_alert(server):
    """What the alert rule for refused batches watches."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())["groups"][0]["rules"]
    expr = next(rule["expr"] for rule in rules if rule["alert"] == "CallerprintIngestRefused")
    return sum(server.metric(name) for name in re.findall(r"callerprint_\w+", expr))


def test_a_quota_that_fills_before_the_state_is_saved_frees_itself():
    server = Server(settings={"journal": {"quota": "128MB", "segment": "4MB", "ballast": "1MB"}}).start()
    try:
        statuses, taken = [], 0

        def send():
            nonlocal taken
            answer = server.ingest(lines(len(statuses)))
            statuses.append(answer.status)
            taken += answer.status == 200
            return answer.status

        began = time.monotonic()
        while statuses.count(503) < 2:  # by the journal, then by the header since it is full
            send()
            assert time.monotonic() - began < 25, "the quota was not reached before the first state was due"
        assert refusals_that_alert(server) >= 2
        # Less than the 30 s after which a state is saved anyway; and by then no call came that could carry it.
        wait_until(lambda: send() == 200, 20, 0.5, "the journal to take calls again")
        wait_until(lambda: server.sql("SELECT coalesce(sum(calls), 0) AS n FROM key_operations")[0]["n"] == 300 * taken,
                   30, 0.5, "all that was taken to be counted")
    finally:
        server.close()
