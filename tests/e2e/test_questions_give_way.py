"""Questions wait in a bounded queue, and give way to detection while that is behind."""

import concurrent.futures
import re
import subprocess
import time

from conftest import fire, make_call
from harness import wait_until

PLACES = 2 + 32  # sessions, and requests that wait for one


def reader(server):
    done = server.run("token", "create", "--name", "reader", "--scopes", "read")
    assert done.returncode == 0, done.stderr
    return {"Authorization": "Bearer " + re.search(r"cp_\w+", done.stdout).group(0)}


def refused(server, reason):
    return server.metric(f'callerprint_questions_refused_total{{reason="{reason}"}}')


def unlock(server):
    server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(40)'")


def test_one_question_more_than_may_wait_is_refused_at_once_and_the_others_are_answered(own_server):
    server = own_server().start()
    headers, sends = reader(server), server.token()

    def ask():
        began = time.monotonic()
        answer = server.request("GET", "/v1/alerts", headers=headers, timeout=60)
        return answer, time.monotonic() - began

    assert ask()[0].status == 200
    with concurrent.futures.ThreadPoolExecutor(PLACES) as pool:
        with server.database_stands_still():
            places = [pool.submit(ask) for _ in range(PLACES)]
            time.sleep(1)
            answer, took = ask()
            assert (answer.status, answer.headers["retry-after"]) == (503, "2") and took < 1, answer.text
            assert "Too many questions wait" in answer.json["detail"]
            assert not any(one.done() for one in places)
            assert server.ingest([make_call()], token=sends).status == 200, "ingest is the last to give way"
        assert [one.result()[0].status for one in places] == [200] * PLACES
    assert ask()[0].status == 200
    assert refused(server, "full") == 1


def test_while_calls_wait_one_question_is_answered_at_a_time(own_server):
    server = own_server().start()
    headers = reader(server)

    def ask():
        return server.request("GET", "/v1/alerts", headers=headers, timeout=60)

    socket = next(server.folder.rglob(".s.PGSQL.*")).parent
    lock = subprocess.Popen(
        ["psql", "-h", socket, "-U", "callerprint", "callerprint", "-qAt", "-c",
         "BEGIN; LOCK TABLE callerprint.alerts; SELECT pg_sleep(40)"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        assert server.ingest([fire("k-waits"), make_call()]).status == 200
        wait_until(lambda: server.metric("callerprint_evaluation_lag_seconds") > 10, 30, what="calls that wait")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = pool.submit(ask)
            time.sleep(0.3)
            second = ask()
            assert second.status == 503 and "one question is answered at a time" in second.json["detail"], second.text
            assert not first.done()
            unlock(server)
            first.result()
    finally:
        unlock(server)
        lock.wait()
    wait_until(server.alerts, 60, what="the alert")
    wait_until(lambda: server.metric("callerprint_evaluation_lag_seconds") == 0, what="no lag")
    assert ask().status == 200
    assert refused(server, "behind") == 1
