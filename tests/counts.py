#!/usr/bin/env python3
"""Adds up JUnit files: "N passed, M failed, K skipped". Exit code 1 when something failed.

--names also lists what failed and what was skipped, with the reason. A file that is missing counts as
one failure: a run that died has not passed.
"""

import sys
import xml.etree.ElementTree as ElementTree


def verdict(case):
    """The outcome of one test case and the message that came with it."""
    for outcome in ("failure", "error", "skipped"):
        found = case.find(outcome)
        if found is not None:
            return outcome, (found.get("message") or "").splitlines()[:1]
    if case.get("status") in ("fail", "notrun", "disabled"):
        return ("failure" if case.get("status") == "fail" else "skipped"), []
    return "passed", []


def main(arguments):
    names = "--names" in arguments
    passed = failed = skipped = 0
    for path in [a for a in arguments if a != "--names"]:
        try:
            cases = list(ElementTree.parse(path).getroot().iter("testcase"))
        except (OSError, ElementTree.ParseError):
            cases = []
        if not cases:
            print(f"  no result in {path}")
            failed += 1
        for case in cases:
            outcome, message = verdict(case)
            passed += outcome == "passed"
            skipped += outcome == "skipped"
            failed += outcome in ("failure", "error")
            if names and outcome != "passed":
                print(f"  {outcome}: {case.get('classname')}.{case.get('name')} {' '.join(message)}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
