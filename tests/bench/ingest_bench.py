#!/usr/bin/env python3
"""How many records a second the running program takes, durably and evaluated, with everything on: loader,
server and PostgreSQL on this machine.

    tests/bench/ingest_bench.py [--records 2000000] [--keep matched] [--connections 4]

Records are CloudTrail-like, sent as 1 MB gzip batches. It prints the speed of acknowledgement, the speed
until the last record was evaluated and committed, the time to answer, the server's memory, and the times until
it takes calls and evaluates new ones after a kill.
"""
import argparse
import collections
import gzip
import http.client
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from harness import PROGRAM, Server  # noqa: E402


def batches(records, keys, addresses, span):
    """1 MB gzip bodies, and how many records each holds."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([PROGRAM, "generate", "--shape", "cloudtrail", "--calls", str(records), "--keys", str(keys),
                        "--addresses", str(addresses), "--span", str(span), "--out", folder], check=True)
        out, lines, size = [], [], 0
        with open(f"{folder}/calls.ndjson", "rb") as calls:
            for line in calls:
                lines.append(line)
                size += len(line)
                if size >= 6_500_000:
                    out.append((gzip.compress(b"".join(lines), 1), len(lines)))
                    lines, size = [], 0
        if lines:
            out.append((gzip.compress(b"".join(lines), 1), len(lines)))
    return out


def send(port, token, source, work, times, failures):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while True:
        try:
            body, count = work.get_nowait()
        except queue.Empty:
            return
        while True:
            began = time.monotonic()
            connection.request("POST", f"/v1/ingest?source={source}", body,
                               {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson",
                                "Content-Encoding": "gzip"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status in (429, 503):
                time.sleep(float(answer.headers.get("Retry-After", "1")))
                continue
            times.append(time.monotonic() - began)
            if answer.status != 200:
                failures.append((answer.status, text[:200]))
            break


def cpu_seconds(pid):
    """Processor time of a process so far (proc(5), stat: utime and stime)."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def thread_seconds(pid):
    """Processor time of each of a process's threads so far, by name."""
    times = collections.Counter()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        times[(task / "comm").read_text().strip()] += cpu_seconds(f"{pid}/task/{task.name}")
    return times


def most_memory(pid):
    """The most memory a process was resident with so far, in bytes (proc(5), status: VmHWM)."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024


def database_seconds(folder):
    """Of the server's own PostgreSQL: its postmaster and what that started."""
    postmaster = next(pathlib.Path(folder).rglob("postmaster.pid")).read_text().split()[0]
    children = subprocess.run(["pgrep", "-P", postmaster], capture_output=True, text=True).stdout.split()
    return sum(cpu_seconds(pid) for pid in [postmaster, *children])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--records", type=int, default=2_000_000)
    arguments.add_argument("--keys", type=int, default=100_000)
    arguments.add_argument("--addresses", type=int, default=200_000)
    arguments.add_argument("--connections", type=int, default=4)
    arguments.add_argument("--keep", default="matched", choices=["all", "matched", "none"])
    arguments.add_argument("--span", type=int, default=0, help="seconds of event time (default: 100,000 records a second)")
    given = arguments.parse_args()
    bodies = batches(given.records, given.keys, given.addresses, given.span or max(1, given.records // 100_000))
    sizes = [len(body) for body, _ in bodies]
    server = Server(settings={
        "sources": [{"name": "trail", "format": "aws-cloudtrail"}],
        "policies": [str(ROOT / "config/policies")],
        "journal": {"quota": "4GB"},
        "raw_calls": {"keep": given.keep},
    })
    try:
        server.start()
        token = server.token("trail")
        work = queue.Queue()
        for body in bodies:
            work.put(body)
        times, failures = [], []
        server_before, database_before = thread_seconds(server.process.pid), database_seconds(server.folder)
        began = time.monotonic()
        threads = [threading.Thread(target=send, args=(server.port, token, "trail", work, times, failures))
                   for _ in range(given.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        acknowledged = time.monotonic() - began
        while server.metric("callerprint_calls_total") < given.records and time.monotonic() - began < 600:
            time.sleep(0.1)
        evaluated = time.monotonic() - began
        server_cpu = thread_seconds(server.process.pid) - server_before
        database_cpu = database_seconds(server.folder) - database_before
        times.sort()
        print(f"{len(bodies)} batches of {sum(sizes) / len(sizes) / 1e6:.2f} MB gzip, {given.records} records, "
              f"raw calls {given.keep}, {os.cpu_count()} cores for loader, server and PostgreSQL")
        print(f"acknowledged: {given.records / acknowledged:,.0f} records/s; evaluated and committed: "
              f"{given.records / evaluated:,.0f} records/s")
        print(f"time to answer: median {times[len(times) // 2] * 1000:.0f} ms, p99 {times[int(len(times) * 0.99)] * 1000:.0f} ms")
        print(f"processor time a record: server {server_cpu.total() / given.records * 1e6:.1f} us, PostgreSQL "
              f"{database_cpu / given.records * 1e6:.1f} us")
        print("of the server: " + ", ".join(f"{name} {seconds / given.records * 1e6:.1f}"
                                            for name, seconds in server_cpu.most_common(8)))
        time.sleep(5)  # what was under way is stored by then
        print(f"server memory: {server.metric('process_resident_memory_bytes') / 1e6:.0f} MB 5 s later, at most "
              f"{most_memory(server.process.pid) / 1e6:.0f} MB, of it windows "
              f"{server.metric('callerprint_window_bytes') / 1e6:.0f} MB of {server.metric('callerprint_window_groups'):,.0f} "
              f"groups, and {server.metric('callerprint_matches_waiting'):,.0f} matches that wait")
        server.kill()
        began = time.monotonic()
        server.start()
        ready = time.monotonic() - began
        server.wait_recovered()
        print(f"killed then: takes calls again after {ready:.1f} s, evaluates new ones after {time.monotonic() - began:.1f} s")
        if failures:
            print(f"{len(failures)} batches failed, the first with {failures[0]}")
            return 1
    finally:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
