"""The journal's own code on a model disk: power losses, failing calls, full disks, damaged files."""

import faults

NAME = "journal"
ORDER = 10
BESIDE = True
WEIGHT = 0.6


def run(context):
    program = context.program("tests/chaos/journal/journal_chaos")
    context.check(program.exists(), f"{program} is not built: ninja journal_chaos")

    def part(*command, **names):
        def work(_):
            done = context.run(program, *command, timeout=3600)
            context.check(done.stdout.strip(), f"{command} ended with {done.returncode}")
            counts = faults.last_json(done.stdout)
            if counts["violations"]:
                print(done.stdout, flush=True)
            return {"lost": counts["violations"],
                    **{name: counts[key] for name, key in names.items() if key in counts}}
        return work

    def many(name, total, size, command, **names):
        """In pieces, so that a run that is out of time ends soon and goes on later."""
        for first in range(0, total, size):
            seed = context.seed * 1_000_000 + first + 1
            if not context.step(f"{name}-{first}", part(*command(seed, min(size, total - first)), **names)):
                return

    context.step("self-test", part("self-test", lies_found="sync_does_nothing"))
    ci = context.ci
    many("power", 2_000 if ci else 200_000, 2_000 if ci else 20_000,
         lambda seed, n: ("power-loss", "--seeds", f"{seed}..{seed + n - 1}"),
         power_loss_seeds="seeds", power_losses="power_losses")
    many("faults", 2_000 if ci else 50_000, 2_000 if ci else 10_000,
         lambda seed, n: ("io-faults", "--count", n, "--seed", seed), io_faults="faults")
    many("full", 200 if ci else 5_000, 200 if ci else 2_500,
         lambda seed, n: ("disk-full", "--count", n, "--seed", seed), model_disk_full="cycles")
    # One piece: only from 100,000 on is each byte of the last 64 KB cut.
    many("mutations", 5_000 if ci else 100_000, 100_000,
         lambda seed, n: ("mutations", "--count", n, "--seed", seed), journal_mutations="mutations")
    return context.counts
