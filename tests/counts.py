#!/usr/bin/env python3
"""Adds up JUnit files: "N passed, M failed, K skipped". Exit code 1 when something failed.

--names also lists what failed and what was skipped, with the reason. A file that is missing counts as
one failure: a run that died has not passed. With --programs FOLDER, the tests that the programs which
ctest ran wrote to FOLDER/CASE.xml are counted in their place, and one failure more for a program that
wrote none, or ended badly though none of its tests failed.
"""

import argparse
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


def verdict(case):
    """The outcome of one test case and the message that came with it."""
    for outcome in ("failure", "error", "skipped"):
        found = case.find(outcome)
        if found is not None:
            return outcome, " ".join((found.get("message") or "").splitlines()[:1])
    if case.get("status") in ("fail", "notrun", "disabled"):
        return ("failure" if case.get("status") == "fail" else "skipped"), ""
    return "passed", ""


def read(path):
    """The (class, name, outcome, message) of each case of a file; None if it cannot be read."""
    try:
        cases = ElementTree.parse(path).getroot().iter("testcase")
        return [(case.get("classname"), case.get("name"), *verdict(case)) for case in cases]
    except (OSError, ElementTree.ParseError):
        return None


def of_programs(cases, folder):
    """The cases with those that programs wrote (ctest's FOLDER.PART) in the place of the programs'."""
    for case in cases:
        suite, name, outcome, message = case
        if suite != name or not re.fullmatch(r"\w+\.\d+", name):
            yield case
            continue
        own = read(folder / f"{name}.xml")
        yield from own or []
        if own is None:
            yield suite, name, "failure", message or "wrote no results"
        elif outcome == "failure" and all(result != "failure" for _, _, result, _ in own):
            yield suite, name, outcome, message or "ended badly after its tests"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--names", action="store_true")
    options.add_argument("--programs", type=pathlib.Path)
    options.add_argument("files", nargs="+")
    options = options.parse_args()
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    for path in options.files:
        cases = read(path)
        if cases and options.programs:
            cases = list(of_programs(cases, options.programs))
        if not cases:
            print(f"  no result in {path}")
            totals["failed"] += 1
        for suite, name, outcome, message in cases or []:
            totals["failed" if outcome in ("failure", "error") else outcome] += 1
            if options.names and outcome != "passed":
                print(f"  {outcome}: {suite}.{name} {message}")
    print(", ".join(f"{count} {outcome}" for outcome, count in totals.items()))
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
