#!/usr/bin/env python3
"""Writes docs/reference/cli.md from the program's own help, so that the two cannot drift apart.

    tests/e2e/cli_reference.py > docs/reference/cli.md
"""

import re
import sys

from harness import run

HEAD = """\
# Command line

Made by `tests/e2e/cli_reference.py` from the program's own help; a test holds the two equal. Data go to standard output,
everything else to standard error. Every command takes `-c, --config FILE`; see [configuration](configuration.md).

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | completed, and the answer is no: a test failed, there are findings |
| 2 | wrong usage, configuration or policies |
| 3 | only warnings, with `--warnings-fatal`; a backtest that cannot judge, since calls were not kept |
| 4 | not allowed |
| 5 | not found |
| 6 | server or database away |
| 130 | interrupted |
"""


def help_of(*command):
    done = run(*command, "--help")
    return done.stdout.rstrip()


def subcommands(text):
    found = re.search(r"^Subcommands:\n((?:  .*\n?)+)", text, re.M)
    return re.findall(r"^  (\S+)", found.group(1), re.M) if found else []


def pages(command=()):
    text = help_of(*command)
    inner = subcommands(text)
    if command:
        yield command, text
    for name in inner:
        yield from pages((*command, name))


def reference():
    parts = [HEAD]
    for command, text in pages():
        parts.append(f"## {' '.join(command)}\n\n```\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(reference())
