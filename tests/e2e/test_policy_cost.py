"""A policy that costs too much is suspended, told of, and nobody else suffers."""

import json
import random

from conftest import FIRE, fire, make_call
from harness import wait_until

# More states than its memory holds: milliseconds for each call with 4 KB of these letters.
COSTLY = """\
title: A costly expression
id: 88888888-0000-4000-8000-000000000008
name: test_costly
status: stable
level: low
logsource: { category: api_call }
detection:
  slow: { http_request.user_agent|re: '([ab]*a[ab]{100}c|Costly)' }
  condition: slow
callerprint: { subject: key, quiet: 24h }
"""


def agent(record, text):
    record["http_request"] = dict(record.get("http_request", {}), user_agent=text)
    return record


def costly(key):
    return agent(fire(key) | {"api": {"operation": "Test.Nothing"}}, "Costly")


def names(server):
    return sorted(row["policy_name"] for row in server.sql("SELECT policy_name FROM investigate.alerts"))


def test_a_costly_policy_is_suspended_and_the_others_judge(own_server):
    server = own_server(policies={"fire.yml": FIRE, "costly.yml": COSTLY}).start()
    server.ingest([costly("k-before"), make_call()])
    wait_until(lambda: names(server) == ["test_costly"], what="its alert")
    letters = random.Random(1)
    for _ in range(8):
        server.ingest([agent(make_call(), "".join(letters.choices("ab", k=4096))) for _ in range(50)])
    wait_until(lambda: server.metric("callerprint_policies_suspended") == 1, what="the suspension")
    assert 'callerprint_policy_cpu_ratio{policy="88888888-0000-4000-8000-000000000008"}' in server.get("/metrics").text
    assert server.metric("callerprint_policy_suspensions_total") == 1
    told = [json.loads(line) for line in server.log.read_text().splitlines() if "policy.over_budget" in line]
    assert told[0]["policy"] == "88888888-0000-4000-8000-000000000008" and told[0]["share_of_a_core"] > 0.01

    server.ingest([costly("k-suspended"), fire("k-other"), make_call()])
    wait_until(lambda: "test_fire" in names(server), what="the alert of the other policy")
    assert names(server) == ["test_costly", "test_fire"]
    blind = server.sql("SELECT policy_key FROM investigate.policy_blindness WHERE why = 'suspended'")
    assert [row["policy_key"] for row in blind] == ["88888888-0000-4000-8000-000000000008"]
    shown = server.run("coverage", "blind", "--from", "2025-01-01", "--to", "2099-01-01", "-o", "json")
    assert "suspended" in {row["why"] for row in json.loads(shown.stdout)}, shown.stderr

    server.kill()  # what was decided is evaluated again
    server.start()
    server.ingest([costly("k-restarted"), fire("k-third"), make_call()])
    wait_until(lambda: names(server).count("test_fire") == 2, what="an alert after the restart")
    assert names(server).count("test_costly") == 1
    assert server.metric("callerprint_policies_suspended") == 1

    (server.policies / "costly.yml").write_text(COSTLY.replace("{100}", "{3}"))
    reloads = server.log.read_text().count("pipeline.reloaded")
    server.reload()
    wait_until(lambda: server.log.read_text().count("pipeline.reloaded") > reloads, what="the reload")
    server.ingest([costly("k-rewritten"), make_call()])
    wait_until(lambda: names(server).count("test_costly") == 2, what="its alert under another text")
    wait_until(lambda: server.metric("callerprint_policies_suspended") == 0, what="nobody suspended")
    open_ends = server.psql("SELECT count(*) FROM callerprint.policy_suspensions WHERE to_time IS NULL")
    assert open_ends.strip() == "0"
