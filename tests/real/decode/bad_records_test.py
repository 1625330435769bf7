"""Hostile records through gate and decoder: the JSON suite's verdicts, and no crash on any of it."""

import csv
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BAD = pathlib.Path(os.environ.get("CALLERPRINT_SHARED", ROOT.parent / "shared")) / "badinput"
PROGRAM = pathlib.Path(os.environ.get("DECODE_READ_DATA", ROOT / "build/release/tests/real/decode_read_data"))


def rows(index):
    with (BAD / index).open(newline="") as text:
        return [(row["file"], row["expected"]) for row in csv.DictReader(text, delimiter="\t")]


def read(path):
    run = subprocess.run([PROGRAM, "native", path], capture_output=True, timeout=60, check=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return sum("call" in line for line in lines), sum("reject" in line for line in lines)


@pytest.mark.parametrize("index", ["json/test_parsing.index.tsv"])
def test_the_parser_agrees_with_the_json_suite(index, tmp_path):
    wrong = []
    for file, expected in rows(index):
        text = (BAD / file).read_bytes()
        # One line: the suite's texts as the value of a member, so that scalars and arrays count too.
        record = tmp_path / "record"
        record.write_bytes(b'{"time":1700000000,"value":' + text.replace(b"\n", b" ") + b"}\n")
        accepted, rejected = read(record)
        if expected == "accept" and accepted != 1:
            wrong.append((file, "refused", text[:80]))
        if expected == "reject" and accepted != 0:
            wrong.append((file, "accepted", text[:80]))
    # Refused by design though valid: duplicate keys. A raw line end cannot stand in a line at all.
    by_design = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
                 "n_string_unescaped_newline.json"}
    assert [entry for entry in wrong if pathlib.Path(entry[0]).name not in by_design] == []


# A long address is kept as text, cut and noted; a status that is no integer is left out. Neither costs the
# record.
KEPT_ANYWAY = {"23-ip-long.ndjson", "36-float-status.ndjson"}


@pytest.mark.parametrize("file,expected", rows("ndjson/handmade.index.tsv") if BAD.is_dir() else [])
def test_each_hostile_body_gets_its_verdict(file, expected):
    accepted, rejected = read(BAD / file)
    if pathlib.Path(file).name in KEPT_ANYWAY:
        assert (accepted, rejected) == (1, 0)
    elif expected.startswith("rejected") and " or " not in expected:
        assert accepted == 0
        assert rejected >= 1
    elif expected[0].isdigit():
        assert accepted == int(expected.split()[0])
        assert rejected == (1 if "1 rejected" in expected else 0)
    else:
        assert accepted + rejected >= 1
