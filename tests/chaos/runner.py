"""The command: chooses campaigns, shares out the time, remembers what is done, adds the counts up."""

import argparse
import concurrent.futures
import importlib
import json
import math
import multiprocessing
import pathlib
import pkgutil
import sys
import time
import traceback

import campaigns
from context import Context, Failure
from server import Template

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# What the last line always has, run or not.
COUNTS = ("kills", "kill_points", "pg_kills", "commit_cuts", "disk_full", "journal_mutations",
          "power_loss_seeds", "lost", "duplicate_alert_ids", "differing")


def find_campaigns(wanted):
    found = {}
    for module in pkgutil.iter_modules(campaigns.__path__):
        campaign = importlib.import_module(f"campaigns.{module.name}")
        if hasattr(campaign, "NAME"):
            found[campaign.NAME] = campaign
    unknown = set(wanted) - set(found)
    if unknown:
        sys.exit(f"no campaign {', '.join(sorted(unknown))}; there are {', '.join(sorted(found))}")
    chosen = wanted or sorted(found, key=lambda name: (getattr(found[name], "ORDER", 50), name))
    return [found[name] for name in chosen]


def arguments():
    parser = argparse.ArgumentParser(
        prog="tests/chaos/run", description="Kills, cuts and starves the server and its database, and "
        "compares what is left with an oracle. The last line is JSON: the counts.")
    parser.add_argument("--seed", type=int, default=1, help="decides every random choice (default 1)")
    parser.add_argument("--minutes", type=float, default=10, help="stops beginning new steps after this; a slice runs whole")
    parser.add_argument("--campaign", nargs="+", default=[], metavar="NAME", help="only these")
    parser.add_argument("--slice", choices=("ci",), help="small fixed numbers for each merge")
    parser.add_argument("--work", type=pathlib.Path, help="where servers and state live "
                        "(default /tmp/chaos-SEED); the same command goes on where it stopped")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/release/callerprint")
    parser.add_argument("--kill-binary", type=pathlib.Path, default=ROOT / "build/chaos/callerprint",
                        help="built with --preset chaos")
    parser.add_argument("--jobs", type=int, default=4, help="campaigns at a time, of those that measure no times "
                        "(default 4)")
    parser.add_argument("--list", action="store_true", help="names the campaigns")
    return parser.parse_args()


class State:
    """Which steps of a campaign are done and what they counted; on disk, so that a stopped run goes on."""

    def __init__(self, file, key):
        self.file, self.key = file, key
        self.steps = {}
        if file.exists():
            read = json.loads(file.read_text())
            if read.get("key") == key:
                self.steps = read["steps"]

    def keep(self, step, counts):
        self.steps[step] = counts
        fresh = self.file.with_suffix(".tmp")
        fresh.write_text(json.dumps({"key": self.key, "steps": self.steps}))
        fresh.rename(self.file)


def say(*what):
    print(*what, flush=True)


def run_campaign(options, work, module, seconds):
    """Its counts, whether it held, and whether any step of it was done."""
    campaign = importlib.import_module(module)
    state = State(work / f"{campaign.NAME}.json", f"{options.seed} {options.slice}")
    since = time.monotonic()
    context = Context(options, campaign.NAME, work / campaign.NAME, since + seconds, state)
    held, reason = True, ""
    try:
        counts = campaign.run(context)
    except Failure as failure:
        counts, held, reason = dict(context.counts), False, str(failure)
    except Exception:  # a campaign that breaks has proved nothing
        counts, held, reason = dict(context.counts), False, traceback.format_exc()
    held = held and not any(counts.get(name) for name in ("lost", "duplicate_alert_ids", "differing"))
    held = held and counts.get("oracle_equal", True)
    say(json.dumps({"campaign": campaign.NAME, "held": held, "seconds": round(time.monotonic() - since),
                    **counts}))
    if held:
        context.clean()
    else:
        say(f"FAILED: seed {options.seed}, campaign {campaign.NAME}; its folder stays: {context.work}", reason)
        counts["oracle_equal"] = False
    return counts, held, bool(state.steps)


def weight_of(campaign):
    return getattr(campaign, "WEIGHT", 1)


def share_of(options, left, campaign, weights):
    """Seconds of those that are left. A slice has its own bounds, and all of it runs, however slow the machine."""
    return math.inf if options.slice else left * weight_of(campaign) / weights


def run_all(options, chosen, work):
    """(campaign, its counts, held, tried): first those that go beside each other, then those that measure times."""
    end = time.monotonic() + options.minutes * 60
    beside = [campaign for campaign in chosen if options.jobs > 1 and getattr(campaign, "BESIDE", False)]
    beside.sort(key=weight_of, reverse=True)  # the longest first
    alone = [campaign for campaign in chosen if campaign not in beside]
    lanes = max(1, min(options.jobs, len(beside)))
    # In units of time: what goes beside another takes less of it.
    weights = sum(map(weight_of, alone)) + sum(map(weight_of, beside)) / lanes
    if beside:
        Template.of(work, options.binary.resolve())  # before two of them make it
        left = end - time.monotonic()
        with concurrent.futures.ProcessPoolExecutor(lanes, multiprocessing.get_context("fork")) as pool:
            running = [pool.submit(run_campaign, options, work, campaign.__name__,
                                   share_of(options, left, campaign, weights)) for campaign in beside]
            for campaign, done in zip(beside, running):
                yield campaign, *done.result()
    weights = sum(map(weight_of, alone))
    for campaign in alone:
        share = share_of(options, end - time.monotonic(), campaign, weights)
        weights -= weight_of(campaign)
        yield campaign, *run_campaign(options, work, campaign.__name__, share)


def add(total, counts):
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        if name.startswith("max_") or "_p99" in name or "_p50" in name:
            total[name] = max(total.get(name, 0), value)
        else:
            total[name] = total.get(name, 0) + value


def main():
    options = arguments()
    chosen = find_campaigns(options.campaign)
    if options.list:
        for campaign in chosen:
            say(f"{campaign.NAME:16} {(campaign.__doc__ or '').splitlines()[0]}")
        return 0
    work = options.work or pathlib.Path(f"/tmp/chaos-{options.seed}")
    work.mkdir(parents=True, exist_ok=True)
    work.chmod(0o755)  # the database runs as another user when we are root
    began = time.monotonic()
    total = dict.fromkeys(COUNTS, 0)
    passed, failed, equal = 0, 0, True
    for campaign, counts, held, tried in run_all(options, chosen, work):
        if held and not tried:  # what was not tried has not held
            say(f"no step of {campaign.NAME} fitted into its time: the same command goes on with it")
            continue
        add(total, counts)
        equal = equal and held
        passed, failed = passed + held, failed + (not held)
    total["oracle_equal"] = equal and passed > 0
    say(f"{passed} passed, {failed} failed")
    say(json.dumps({"seed": options.seed, "seconds": round(time.monotonic() - began), **total}))
    return 0 if total["oracle_equal"] and not (total["lost"] or total["duplicate_alert_ids"]
                                               or total["differing"]) else 1
