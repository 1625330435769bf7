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
          AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)""")
    assert rows == []


def test_rollups_add_up(filled):
    assert filled.sql("SELECT sum(calls)::bigint AS n FROM investigate.key_activity WHERE key_uid = 'k-e2e'"
                      ) == [{"n": filled.calls("key_uid = 'k-e2e'")}]
