"""What ships has no kill points: not one name of them is in the program."""

import re

import pytest

from harness import PROGRAM, ROOT

pytestmark = pytest.mark.smoke


def names():
    found = set()
    for source in (ROOT / "service").rglob("*.cpp"):
        found |= set(re.findall(r'BASE_KILL_POINT\("([^"]+)"\)', source.read_text()))
    return found


def test_there_are_enough_of_them():
    assert len(names()) >= 60


def test_the_program_holds_none_of_their_names():
    program = PROGRAM.read_bytes()
    assert b"CALLERPRINT_KILL_AT" not in program
    assert [name for name in sorted(names()) if name.encode() in program] == []
