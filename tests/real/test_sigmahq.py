"""Community rules load unchanged."""

import pytest

from conftest import SHARED
from harness import run

RULES = SHARED / "data/sigmahq"


def folders():
    return sorted({path.parent for path in RULES.rglob("*.yml")
                   if "aws" in path.parts or "gcp" in path.parts or "google_workspace" in path.parts})


@pytest.mark.parametrize("folder", folders(), ids=lambda path: str(path.relative_to(RULES)))
def test_rules_load(folder):
    done = run("policy", "check", folder)
    assert done.returncode in (0, 3), done.stdout + done.stderr


def test_there_are_some():
    assert sum(len(list(folder.glob("*.yml"))) for folder in folders()) > 50
