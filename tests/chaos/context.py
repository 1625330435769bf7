"""What a campaign works with: time, chance, folders, servers, clients, a receiver and the oracle."""

import os
import pathlib
import random
import shutil
import subprocess
import time

from feeder import Feeder
from oracle import Oracle
from postgres_proxy import Database
from receiver import Receiver
from server import Server, Template


class Failure(Exception):
    """Something that must hold did not. The runner prints it with the seed and keeps the folder."""


class Context:
    def __init__(self, options, name, work, deadline, state):
        self.seed, self.slice = options.seed, options.slice
        self.name, self.work, self.deadline = name, work, deadline
        self.binary, self.kill_binary = options.binary.resolve(), options.kill_binary.resolve()
        self.rng = random.Random(f"{self.seed} {name}")
        self.counts = {"oracle_equal": True}
        self._state = state
        self._open = []
        self.work.mkdir(parents=True, exist_ok=True)
        self.work.chmod(0o755)
        self.shared = self.work.parent

    # Time and steps.

    @property
    def ci(self):
        return self.slice == "ci"

    def time_left(self):
        return self.deadline - time.monotonic()

    def step(self, name, work):
        """Runs work(rng) once over all runs of the same command and adds its counts up.

        False when the time is over: end the campaign. The step has a generator of its own, so it
        does the same whether the steps before it were run now or remembered.
        """
        done = self._state.steps
        if name not in done:
            if self.time_left() <= 0:
                return False
            try:
                counts = work(random.Random(f"{self.seed} {self.name} {name}")) or {}
            finally:
                self.close()
            if not failed(counts):  # one that failed is run again by the same command
                self._state.keep(name, counts)
        else:
            counts = done[name]
        self.add(counts)
        return True

    def add(self, counts):
        for name, value in counts.items():
            if name == "oracle_equal":
                self.counts[name] = self.counts[name] and value
            elif name.startswith("max_") or "_p99" in name or "_p50" in name:
                self.counts[name] = max(self.counts.get(name, 0), value)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                self.counts[name] = self.counts.get(name, 0) + value
            else:
                self.counts[name] = value

    def check(self, claim, what):
        if not claim:
            raise Failure(what)

    # Things that are closed when the step ends.

    def template(self):
        return Template.of(self.shared, self.binary)

    def closes(self, thing, last=False):
        """Something with close() that ends with the step: before what was opened before it, or `last` of all."""
        self._open.insert(0 if last else len(self._open), thing)

    def start_server(self, settings=None, binary=None, environment=None, policies=None, fresh=False,
                     wait=True, name=None, database_socket=None):
        """A running server in a folder of its own below the work folder.

        Without `fresh` its data are a copy of a template (made once a work folder): the database
        is made, the registry imported, a token there. `environment` is added to its environment.
        With a `database` in the settings (a copy of the template's), say where its socket is.
        """
        folder = self.work / (name or f"server-{time.monotonic_ns()}")
        template = None if fresh else self.template()
        server = Server(folder, binary or self.binary, settings, policies, environment, template, database_socket)
        self._open.append(server)
        server.start(wait)
        if template is None and wait:
            server.prepare()
        return server

    def database(self):
        """PostgreSQL of its own with the template's data, for a server that is given its URL."""
        made = Database(self.work / f"database-{time.monotonic_ns()}", self.template())
        self._open.append(made)
        return made

    def feeder(self, server, rng, clients=4, **options):
        """Retrying clients with event ids; see feeder.Feeder."""
        seed = options.pop("seed", None) or rng.randrange(2**32)
        made = Feeder(server, seed, clients, **options)
        self._open.append(made)
        return made

    def receiver(self, server, rng=None, name="chaos", **options):
        """A webhook endpoint on loopback, registered at the server."""
        made = Receiver(rng, **options)
        self._open.append(made)
        made.register(server, name)
        return made

    def judge(self, server, feeder, receiver=None, receivers=(), **options):
        """At quiescence: the oracle's counts, `lost`, `duplicate_alert_ids`, `differing`, ...

        Ends the feeding, waits until everything is evaluated and delivered, compares. Options: alerts of policies
        whose title is like `ignore_policy` (SQL) are left out; a `patient` one sits out what deliveries wait for."""
        return Oracle(server, feeder, [*([receiver] if receiver else []), *receivers], **options).judge()

    def program(self, target):
        """A test program of the release tree, such as tests/chaos/journal_chaos; built by the caller."""
        return pathlib.Path(self.binary).parent / target

    def run(self, *command, timeout=600, environment=None):
        return subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              timeout=timeout, env=dict(os.environ, **(environment or {})), check=False)

    def close(self):
        while self._open:
            self._open.pop().close()

    def clean(self):
        shutil.rmtree(self.work, ignore_errors=True)


def failed(counts):
    return (counts.get("oracle_equal") is False
            or any(counts.get(name) for name in ("lost", "duplicate_alert_ids", "differing")))
