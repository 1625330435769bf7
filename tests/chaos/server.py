"""The program under test in a folder of its own, made quickly from a template."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

import yaml

import harness
import world
from harness import ROOT


class Template:
    """A data folder whose database is made, migrated, and knows token and registry; copied for each server.

    Only a start: what is proved is proved on the copy, which writes and syncs as it would anywhere.
    """

    def __init__(self, folder, token):
        self.folder, self.token = folder, token

    @staticmethod
    def of(shared, binary):
        folder = shared / "template"
        token = folder / "token"
        # One of another schema or program would be migrated at each start.
        stamp = f"{binary} {binary.stat().st_mtime_ns}"
        if token.exists() and (folder / "stamp").read_text() == stamp:
            return Template(folder, token.read_text())
        shutil.rmtree(folder, ignore_errors=True)
        server = Server(shared / "making", binary)
        server.start()
        server.prepare()
        server.stop()
        folder.mkdir()
        folder.chmod(0o755)
        subprocess.run(["cp", "-a", server.folder / "data", folder / "data"], check=True)
        (folder / "stamp").write_text(stamp)
        token.write_text(server.token())
        server.close()
        shutil.rmtree(server.folder)
        return Template(folder, token.read_text())


class Server(harness.Server):
    """As the harness's, with a binary, an environment and a folder that is given and kept."""

    def __init__(self, folder, binary, settings=None, policies=None, environment=None, template=None,
                 database_socket=None):
        self.folder, self.binary = folder, binary
        self.data = folder / "data"
        self.environment = dict(environment or {})
        self.again = folder.exists()  # a step that goes on with the folder it left
        self.port = harness.free_port()
        self.process = None
        self.starts = []  # seconds from exec to ready
        self.log = folder / "server.log"
        self.policies = folder / "policies"
        self.policies.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        for name, text in (policies or world.POLICIES).items():
            (self.policies / name).write_text(text)
        self.settings = {
            "data_dir": str(folder / "data"),
            "server": {"listen": f"127.0.0.1:{self.port}"},
            "journal": {"quota": "1GB", "segment": "8MB", "ballast": "1MB"},
            "sources": [{"name": world.SOURCE, "format": "native", "lateness": f"{world.LATENESS_SECONDS}s"}],
            "policies": [str(self.policies)],
            "lists": str(ROOT / "config/lists"),
            "formats": str(ROOT / "config/formats"),
            "raw_calls": {"keep": "all", "retention": "3650d"},
            "rollups": {"retention": "3650d"},  # event time lies in the past
            "webhooks": {"allow_networks": ["127.0.0.0/8"]},
        }
        self.settings.update(settings or {})
        self.config = folder / "callerprint.yaml"
        self.config.write_text(yaml.safe_dump(self.settings, sort_keys=False))
        self._tokens = {}
        self.database_socket = database_socket  # folder of the socket; None: the embedded database's
        self.read_environment = {}  # of commands that only read: past whatever stands before the database
        if database_socket:
            self.read_environment["CALLERPRINT_DATABASE__URL"] = (
                f"postgresql:///callerprint?host={database_socket}&user=callerprint")
        if template and not (folder / "data").exists():
            subprocess.run(["cp", "-a", template.folder / "data", folder / "data"], check=True)
            if database_socket:
                shutil.rmtree(folder / "data/postgres")
        if template:
            self._tokens[world.SOURCE] = template.token

    def start(self, wait=True, seconds=60):
        environment = dict(os.environ, CALLERPRINT_CONFIG=str(self.config), **self.environment)
        began = time.monotonic()
        self.started_at = time.time()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(self.binary), "serve"], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=environment, start_new_session=True)
        if wait:
            self.wait_ready(seconds)
            self.starts.append(time.monotonic() - began)
        return self

    def wait_ready(self, seconds=60):
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready within {seconds} s:\n{self.tail()}")
            time.sleep(0.01)

    def is_ready(self):
        with contextlib.suppress(OSError, harness.http.client.HTTPException):
            return self.request("GET", "/readyz", timeout=2).status == 200
        return False

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def run(self, *arguments, stdin=None, timeout=300, reads=False):
        environment = dict(os.environ, CALLERPRINT_CONFIG=str(self.config),
                           **(self.read_environment if reads else {}))
        return subprocess.run([str(self.binary), *map(str, arguments)], input=stdin, capture_output=True,
                              text=True, timeout=timeout, env=environment, check=False)

    def sql(self, query):
        done = self.run("sql", query, "-o", "json", reads=True)
        if done.returncode != 0:
            raise AssertionError(f"sql: {done.stderr}")
        return harness.json.loads(done.stdout)

    def token(self, source=world.SOURCE):
        return super().token(source)

    def prepare(self):
        """Token and registry."""
        self.token(world.SOURCE)
        done = self.run("registry", "import", "-", stdin=world.REGISTRY)
        assert done.returncode == 0, done.stderr

    def metric(self, name):
        return harness.metric_of(self.get("/metrics").text, name)

    # The database in the data folder.

    def socket_folder(self):
        return self.database_socket or super().socket_folder()

    def postmaster(self):
        """Process id; None when there is none."""
        for file in (self.folder / "data").rglob("postmaster.pid"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int(file.read_text().split()[0])
                if str(self.folder) in pathlib.Path(f"/proc/{pid}/cmdline").read_text():
                    return pid
        return None

    def psql(self, statements):
        """Past the program: only to look, which takes a while among a million records, or to let time pass."""
        return super().psql(statements, timeout=600)

    def close(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.stop()
        if self.alive():
            self.kill()
        pid = self.postmaster()
        if pid:  # a killed server leaves its database
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + 20
            while self.postmaster() and time.monotonic() < deadline:
                time.sleep(0.05)
