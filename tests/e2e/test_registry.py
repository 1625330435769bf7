"""What the registry takes in, and what it must not keep."""
import json

SECRET = "sk-e2eAb3dEf6hIj9lMnOpQr5tUv"


def rows(*all_rows):
    return "".join(json.dumps(row) + "\n" for row in all_rows)


def test_a_key_that_is_told_is_nowhere_afterwards(server):
    text = rows({"kind": "key", "uid": "k1", "tenant": "t1", "secret": SECRET})
    done = server.run("registry", "import", "-", stdin=text)
    assert done.returncode == 0, done.stderr
    assert "1 added, 0 changed, 0 unchanged, 1 keys indexed" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    looked = 0
    for path in (server.folder / "data").rglob("*"):  # tables, their log of changes, everything
        if path.is_file():
            content = path.read_bytes()
            looked += len(content)
            assert SECRET.encode() not in content, path
    assert looked > 10_000_000


def test_a_replaced_row_stays_in_the_history(server):
    for name in ("Acme", "Acme Ltd"):
        text = rows({"kind": "party", "uid": "p1", "name": name},
                    {"kind": "owner", "party": "p1", "owner": "p2", "share": "50.5"},
                    {"kind": "claim", "uid": "c1", "party": "p1", "statement": "shows our logo",
                     "clues": ["domain:acme.example"]})
        assert server.run("registry", "import", "-", stdin=text).returncode == 0
    versions = server.sql("SELECT version ->> 'name' AS name, current FROM registry_history"
                          " WHERE kind = 'party' ORDER BY recorded_from")
    assert versions == [{"name": "Acme", "current": False}, {"name": "Acme Ltd", "current": True}]
    assert [float(row["share"]) for row in
            server.sql("SELECT share_percent AS share FROM owners")] == [50.5]
    assert server.sql("SELECT clues FROM claims")[0]["clues"] is not None
