"""`callerprint sql` and the investigate schema: documented, and read-only."""

import csv
import io
import json

import pytest

from conftest import make_call
from harness import wait_until

pytestmark = pytest.mark.smoke


@pytest.fixture(scope="module")
def filled(server):
    server.ingest([make_call() for _ in range(10)])
    wait_until(lambda: server.calls() >= 10, what="ten calls")
    return server


def test_json_output_is_a_list_of_rows(filled):
    rows = filled.sql("SELECT key_uid, tenant_uid, operation, http_status, address::text "
                      "FROM investigate.calls LIMIT 1")
    assert rows == [{"key_uid": "k-e2e", "tenant_uid": "t-e2e", "operation": "Test.Quiet",
                     "http_status": 200, "address": rows[0]["address"]}]
    assert rows[0]["address"].startswith("198.18.0.7")


@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv"])
def test_every_form_of_output(filled, form):
    done = filled.run("sql", "SELECT 1 AS one, 'a,b' AS text", "-o", form)
    assert done.returncode == 0
    if form == "json":
        assert json.loads(done.stdout) == [{"one": 1, "text": "a,b"}]
    elif form == "ndjson":
        assert json.loads(done.stdout) == {"one": 1, "text": "a,b"}
    elif form == "csv":
        assert list(csv.reader(io.StringIO(done.stdout))) == [["one", "text"], ["1", "a,b"]]
    else:
        assert "one" in done.stdout and "a,b" in done.stdout


@pytest.mark.parametrize("query", [
    "DELETE FROM investigate.calls", "SELECT * FROM callerprint.calls", "CREATE TABLE x (a int)",
    "SELECT pg_read_file('/etc/passwd')", "COPY (SELECT 1) TO PROGRAM 'true'", "SELECT pg_sleep(600)",
    "SET ROLE callerprint",
])
def test_the_role_can_only_read_the_views(filled, query):
    done = filled.run("sql", query, timeout=90)
    assert done.returncode != 0
    assert done.stderr.strip()
    assert filled.calls() >= 10


def test_a_wrong_query_says_why(filled):
    done = filled.run("sql", "SELECT nothing FROM investigate.calls")
    assert done.returncode in (1, 2)
    assert 'column "nothing" does not exist' in done.stderr


def test_every_view_and_column_has_a_comment(filled):
    rows = filled.sql("""
        SELECT c.relname AS view, a.attname AS column FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE n.nspname = 'investigate' AND a.attnum > 0 AND NOT a.attisdropped
          AND (col_description(c.oid, a.attnum) IS NULL OR c.relkind = 'v' AND obj_description(c.oid) IS NULL)""")
    assert rows == []


def test_rollups_add_up(filled):
    assert filled.sql("SELECT sum(calls)::bigint AS n FROM investigate.key_activity WHERE key_uid = 'k-e2e'"
                      ) == [{"n": filled.calls("key_uid = 'k-e2e'")}]


@pytest.mark.parametrize("query", [
    "SELECT * FROM investigate.calls WHERE key_uid = 'nobody'",
    "SELECT count(*) AS n FROM investigate.alerts WHERE subject = 'nobody'",
    "SELECT sum(calls) AS calls FROM investigate.key_activity WHERE key_uid = 'nobody'",
])
def test_what_is_not_found_comes_with_what_could_have_been_seen(filled, query):
    done = filled.run("sql", query)
    assert done.returncode == 0
    assert "nothing found. That says no more than what could have been seen from" in done.stderr
    assert "nobody acknowledged" in done.stderr and "coverage_of('FROM', 'TO')" in done.stderr
    for form in ("json", "ndjson"):
        done = filled.run("sql", query, "-o", form)
        worth = json.loads(done.stderr)["coverage"]
        assert worth["sources"] > 0 and 0 <= worth["share"] <= 1 and worth["kept_since"]
        assert worth["whole"] == (worth["unacknowledged"] == 0)
    found = filled.run("sql", "SELECT count(*) AS n FROM investigate.calls")
    assert found.stderr == ""


def test_a_count_can_carry_its_coverage(filled):
    rows = filled.sql("SELECT n, c.share, c.whole FROM (SELECT count(*) AS n FROM investigate.calls"
                      " WHERE time < '2001-01-01') AS x, investigate.coverage_of('2000-01-01', '2001-01-01') AS c")
    assert rows == [{"n": 0, "share": rows[0]["share"], "whole": False}]
