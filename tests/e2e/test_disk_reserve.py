"""A disk with less room than the reserve: nothing is committed, nothing is lost, and it goes on by itself."""

import yaml

from conftest import fire
from harness import wait_until


def test_below_the_reserve_calls_are_kept_and_nothing_is_committed(own_server):
    server = own_server(settings={"database": {"reserve": "1TB"}}).start()  # more than any disk here has
    assert server.metric("callerprint_disk_free_bytes") > 0
    assert server.ingest([fire("k-reserve")]).json["accepted"] == 1
    wait_until(lambda: server.metric("callerprint_commit_failures_total") > 0, what="a commit that is not made")
    ready = server.get("/readyz")
    assert ready.status == 503
    assert "MB are free, and database.reserve keeps 1048576 MB" in ready.text
    assert server.ingest([fire("k-reserve")]).json["accepted"] == 1
    assert server.alerts() == []
    server.stop()
    server.settings["database"]["reserve"] = "1MB"
    server.config.write_text(yaml.safe_dump(server.settings, sort_keys=False))
    server.start()
    wait_until(server.alerts, what="the alert of what was kept")
    counted = "SELECT coalesce(sum(calls), 0) AS n FROM key_operations"
    wait_until(lambda: server.sql(counted)[0]["n"] == 2, what="both calls, counted once")
