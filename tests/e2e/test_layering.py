"""Folders use only what they declare."""

import subprocess

from harness import ROOT


def test_folders_use_only_what_they_declare():
    done = subprocess.run([ROOT / "tests/layering"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
