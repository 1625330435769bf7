"""Greedy clients, overload, hostile bytes, too many keys: the honest are served on (R20, R32 to R36)."""

import datetime
import gzip
import io
import json
import struct
import time

import faults
import world
from clients import Asking, Client
from measure import milliseconds, quantile

NAME = "load"
ORDER = 41


def run(context):
    parts = (("greedy", greedy), ("fair", fair), ("bytes", hostile_bytes), ("keys", keys), ("overload", overload))
    for number in range(1 if context.ci else 20):
        for name, work in parts:
            if not context.step(f"{name}-{number}", lambda rng, work=work: work(context, rng)):
                return context.counts
    return context.counts


def beside_a_crowd(context, quota, records, pause, seconds):
    """A client within its quota, first alone and then beside four connections of one that is not."""
    server = context.start_server(settings={"ingest": {"client_records_per_second": quota},
                                            "raw_calls": {"keep": "none", "retention": "1d"}})
    honest_token = server.token()
    done = server.run("token", "create", "--source", world.SOURCE)
    greedy_token = next(word for word in done.stdout.split() if word.startswith("cp_"))
    with faults.clients_elsewhere(server):
        alone = Client(server, honest_token, 20, 0.02, time.monotonic() + seconds / 2)
        alone.join()
        until = time.monotonic() + seconds
        crowd = [Client(server, greedy_token, records, pause, until) for _ in range(4)]
        honest = Client(server, honest_token, 20, 0.02, until)
        for one in (*crowd, honest):
            one.join()
    asked = sum(len(one.found) * one.records for one in crowd)
    taken = sum(one.records for one in crowd for answer in one.found if answer[2] == 200)
    refused = [answer for one in crowd for answer in one.found if answer[2] != 200]
    for _, _, status, after in refused:
        context.check(status in (429, 503) and after and int(after) >= 1,
                      f"refused with {status}, Retry-After {after}")
    context.check(refused, f"{asked} records in {seconds} s, quota {quota} a second: nothing was refused")
    # Ten seconds' worth may come at once.
    share = taken / (quota * (seconds + 10))
    context.check(0.7 < share < 1.3, f"{share:.0%} of the quota was taken")
    wrong = [answer for answer in honest.found if answer[2] != 200]
    context.check(not wrong, f"the honest client was refused {len(wrong)} times")
    fast, slower = ([answer[1] for answer in client.found] for client in (alone, honest))
    print(f"load: {asked / quota / seconds:.0f} times the quota asked for, {share:.0%} of it taken, the rest refused;"
          f" the other client waits {quantile(slower, 0.5) * 1000:.1f} ms (p50),"
          f" {quantile(slower, 0.99) * 1000:.1f} (p99), alone {quantile(fast, 0.5) * 1000:.1f},"
          f" {quantile(fast, 0.99) * 1000:.1f}", flush=True)
    return fast, slower, [answer[1] for answer in refused]


def greedy(context, rng):
    """R32: a client that asks for what its two cores can send."""
    _, _, refused = beside_a_crowd(context, 20_000, 2_000, 0.0, 14 if context.ci else 120)
    return {"greedy_refusals": len(refused), **milliseconds(refused, "greedy_refusal")}


def fair(context, rng):
    """R33: a client at a hundred times its quota, at a rate that leaves the machine room (goal: p99 a tenth longer)."""
    fast, slower, _ = beside_a_crowd(context, 2_000, 2_000, 0.04, 10 if context.ci else 120)
    return {**milliseconds(fast, "fair_alone"), **milliseconds(slower, "fair_among_greedy")}


def varied_batch(rng, size=1_000_000):
    """Lines of some 800 bytes that compress to a half, as evaluation must be what is too slow, not the network."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    lines = [json.dumps({"time": now, "api": {"operation": "Load"}, "note": f"{rng.getrandbits(2_600):x}"})
             for _ in range(size // 720)]
    return len(lines), ("\n".join(lines) + "\n").encode()


def offered(server, count, seconds, body, pause=0.01):
    """What so many deaf clients ask for in that time, again `pause` seconds after each refusal."""
    until = time.monotonic() + seconds
    crowd = [Asking(server, body, pause, until) for _ in range(count)]
    for one in crowd:
        one.join()
    return [answer for one in crowd for answer in one.found], sum(one.broken for one in crowd)


def overload(context, rng):
    """R32: five times as much as is evaluated, from clients that heed no Retry-After, once the journal is full."""
    server = context.start_server(settings={"journal": {"quota": "256MB", "segment": "8MB", "ballast": "1MB"},
                                            "raw_calls": {"keep": "none", "retention": "1d"}})
    records, body = varied_batch(rng)
    # In turns, as a machine that others share is not as fast from minute to minute.
    turns, short, warm = (3, 2, 6) if context.ci else (15, 10, 20)
    few, many, broken = [], [], 0
    with faults.clients_elsewhere(server):
        offered(server, 4, warm, body)
        for turn in range(1, turns + 1):
            few += offered(server, 4, short, body)[0]
            most = sum(answer[2] == 200 for answer in few) / (turn * short)
            # The time of their requests comes on top of the pause, and a batch that is taken has none: five times in all.
            found, lost = offered(server, 100, 2 * short, body, 100 / (6 * most))
            many += found
            broken += lost
    seconds = turns * 2 * short
    taken = [answer for answer in many if answer[2] == 200]
    refused = [answer for answer in many if answer[2] != 200]
    for _, _, status, after in refused:
        context.check(status in (429, 503) and after and int(after) >= 1, f"refused with {status}, Retry-After {after}")
    goodput, asked = len(taken) / seconds / most, len(many) / seconds / most
    since = time.monotonic()
    while server.ingest(body, source=world.SOURCE).status != 200:
        context.check(time.monotonic() - since < 30, "nothing is taken 30 s after an overload")
        time.sleep(0.05)
    normal = time.monotonic() - since
    slowest = quantile([answer[1] for answer in taken], 0.99) * 1000
    print(f"load: {asked:.1f} times the most asked for ({most * records:,.0f} records/s), {goodput:.0%} of the most taken"
          f" (goal 90), an accepted batch takes {slowest:.0f} ms (p99, goal 1,000); {broken} connections broken;"
          f" taken again after {normal:.1f} s (goal 10)", flush=True)
    context.check(goodput > 0.5, f"under load {goodput:.0%} of the most is taken")
    return {"overload_refusals": len(refused), "overload_taken": len(taken), "max_times_asked": round(asked, 1),
            "goodput_percent_p50": round(100 * goodput), "max_seconds_to_normal": round(normal, 1),
            **milliseconds([answer[1] for answer in taken], "overload_taken"),
            **milliseconds([answer[1] for answer in refused], "overload_refused")}


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


def hostile_heads(server):
    """Requests whose framing can be read in two ways; each with another one behind it."""
    start = f"POST /v1/ingest HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token()}\r\n".encode()
    for more in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", b"Content-Length: +5\r\n\r\nhello",
                 b"Content-Length: 0x5\r\n\r\nhello", b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                 b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                 b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                 b"Content-Length: 0\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"X: \0\r\n\r\n",
                 b"Host: y\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
                 b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n",
                 b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", b"Content-Length: 18446744073709551616\r\n\r\n",
                 b"X: y\n\r\n\r\n"):
        yield start + more
    yield b"POST /v1/ingest HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    yield b"GET /livez HTTP/1.1\nHost: x\n\n"
    yield b"GET http://x/../livez\t HTTP/1.1\r\nHost: x\r\n\r\n"


def hostile_bytes(context, rng):
    """R34, R35, R36: framing, lines and compression that mean harm."""
    server = context.start_server()
    served = 0
    for request in hostile_heads(server):
        received = server.raw(request + SMUGGLED, timeout=3)
        served += b"\nHTTP/1.1 " in received  # a second answer
        context.check(received[9:10] in (b"4", b"5"), f"{request[:80]} is answered {received[:60]}")
    context.check(served == 0, f"{served} requests behind a framing error were served")

    good = json.dumps({"time": "2025-03-03T12:00:00Z", "api": {"operation": "Fine"}}).encode()
    bad = [b"{", b'{"time": "2025-03-03T12:00:00Z", "api": {"operation": "\xff\xfe"}}', b"\0", b"[" * 2_000,
           b'{"time": 1e999}', b'{"a":1,"a":2,"time":"2025-03-03T12:00:00Z"}', b"nul", b"{'a': 1}",
           b'{"time": "2025-03-03T12:00:00Z", "x": "' + b"y" * 300_000 + b'"}', b'{"time":"2025-03-03T12:00:00Z"} x']
    body = b"".join(good + b"\n" + line + b"\n" for line in bad) + good + b"\n"
    answer = server.ingest(body, source=world.SOURCE)
    context.check(answer.status == 200 and answer.json["accepted"] == len(bad) + 1
                  and answer.json["rejected"] == len(bad), f"{answer.status} {answer.text[:300]}")
    with_nul = json.dumps({"time": "2025-03-03T12:00:00Z", "api": {"operation": "a\0b"},
                           "actor": {"user": {"credential_uid": "k\0l"}}}).encode()
    answer = server.ingest(with_nul + b"\n" + good + b"\n", source=world.SOURCE)
    context.check(answer.status == 200, f"a NUL in a text is answered {answer.status}")

    member = gzip.compress(bytes(64 << 20), 9)
    window = bytes.fromhex("28b52ffd") + struct.pack("<BB", 0x00, 17 << 3) + b"\x01\x00\x00"  # a window of 128 MB
    bombs = {"gzip": (gzip.compress(member, 9) * 3, member, member * 8), "zstd": (window, window + bytes(100))}
    before = peak = faults.resident_bytes(server.process.pid)
    longest = 0.0
    for coding, bodies in bombs.items():
        for bomb in bodies:
            begun = time.monotonic()
            answer = server.ingest(bomb, source=world.SOURCE, headers={"Content-Encoding": coding})
            longest = max(longest, time.monotonic() - begun)
            peak = max(peak, faults.resident_bytes(server.process.pid))
            context.check(answer.status in (400, 413), f"a bomb of {coding} is answered {answer.status}")
    grown = peak - before
    print(f"load: bombs are refused in {longest * 1000:.0f} ms at most (goal 200), memory +{grown >> 20} MB (goal 32)",
          flush=True)
    context.check(grown < 96 << 20, f"memory grew by {grown >> 20} MB")
    deadline = time.monotonic() + 30
    while int(server.sql("SELECT count(*) AS n FROM dead_letters")[0]["n"]) < len(bad):
        context.check(time.monotonic() < deadline, "refused lines are not dead letters")
        time.sleep(0.3)
    return {"hostile_requests": 19 + len(bad) + 5, "max_bomb_ms": round(longest * 1000),
            "max_bomb_mb": grown >> 20}


def keys(context, rng):
    """R20: a flood of keys and user agents that come once, and one key that counts among them."""
    server = context.start_server(settings={"raw_calls": {"keep": "matched", "retention": "30d"}})
    total = 150_000 if context.ci else 10_000_000
    begun = time.monotonic()
    base = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    batch, heavy, slowest = io.BytesIO(), 0, []
    before = faults.resident_bytes(server.process.pid)
    peak = before
    for n in range(total):
        hidden = n % 1_000 == 500
        heavy += hidden
        at = (base + datetime.timedelta(milliseconds=n * 600_000 / total)).isoformat().replace("+00:00", "Z")
        operation, key = ("Chaos.Fire", "k-heavy") if hidden else ("Chaos.Count", f"k-{rng.getrandbits(64):x}")
        batch.write(f'{{"time":"{at}","metadata":{{"uid":"f-{n}"}},"actor":{{"user":{{"credential_uid":"{key}"}}}},'
                    f'"http_request":{{"user_agent":"ua-{rng.getrandbits(64):x}"}},'
                    f'"api":{{"operation":"{operation}"}},"status_id":1}}\n'.encode())
        if n % 3_000 == 2_999 or n == total - 1:
            sent = time.monotonic()
            while (answer := server.ingest(batch.getvalue(), source=world.SOURCE)).status != 200:
                context.check(answer.status in (429, 503), f"a flood of keys is answered {answer.status}")
                time.sleep(0.1)
            slowest.append(time.monotonic() - sent)
            batch = io.BytesIO()
            peak = max(peak, faults.resident_bytes(server.process.pid))
    server.ingest(world.closing_line(10**6).encode() + b"\n", source=world.SOURCE)
    deadline = time.monotonic() + 120 + total / 10_000
    while (server.metric("callerprint_backlog_blocks") or 0) > 0:
        context.check(time.monotonic() < deadline, f"not evaluated: {server.tail(5)}")
        peak = max(peak, faults.resident_bytes(server.process.pid))
        time.sleep(0.2)
    time.sleep(1)
    found = [alert for alert in server.alerts() if "heavy" in json.dumps(alert)]
    context.check(found, f"the key that counts was not found among {total} others: {server.tail(5)}")
    print(f"load: {total} keys in {time.monotonic() - begun:.0f} s take {(peak - before) >> 20} MB of memory, at most"
          f" {peak >> 20} MB (goal 563)", flush=True)
    context.check(peak < 704 << 20, f"{peak >> 20} MB of memory for {total} keys")
    return {"flood_keys": total, "max_memory_mb": peak >> 20, **milliseconds(slowest, "flood_batch")}
