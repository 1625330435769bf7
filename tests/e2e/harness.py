"""Drives the real program as an operator would: processes, HTTP, SQL, signals. Links none of our code."""

import contextlib
import hashlib
import hmac
import base64
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(os.environ.get("CALLERPRINT", ROOT / "build/release/callerprint")).resolve()
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
# Sanitizers make everything several times slower.
PATIENCE = 4.0 if re.search(r"/build/[^/]*(asan|tsan)[^/]*/", str(PROGRAM)) else 1.0


def run(*arguments, config=None, stdin=None, timeout=120, cwd=None, environment=None):
    """One command of the program; the result has returncode, stdout and stderr as text."""
    full = dict(os.environ, **(environment or {}))
    full.pop("CALLERPRINT_CONFIG", None)
    if config:
        full["CALLERPRINT_CONFIG"] = str(config)
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments)], input=stdin, capture_output=True, text=True,
        timeout=timeout * PATIENCE, cwd=cwd, env=full, check=False,
    )


def ndjson(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def wait_until(claim, seconds=30, every=0.1, what="the claim"):
    """Polls until claim() is true and returns what it returned."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        found = claim()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds * PATIENCE:.0f} s in vain for {what}")
        time.sleep(every)


def metric_of(page, series):
    """The value of a series on a page of metrics; without labels the sum over them. None when it is not there."""
    found = re.findall(rf"^{re.escape(series)}{'' if '{' in series else '(?:{.*})?'} (\S+)$", page, re.M)
    return sum(map(float, found)) if found else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    """What a request gave: status, headers (lower case) and body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.text)


class Server:
    """One `callerprint serve` with its own folder, embedded database and free port."""

    def __init__(self, policies=None, settings=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cp-e2e-", dir="/tmp"))
        self.folder.chmod(0o755)  # the database runs as another user when we are root
        self.data = self.folder / "data"
        self.port = free_port()
        self.process = None
        self.log = self.folder / "server.log"
        self.policies = self.folder / "policies"
        self.policies.mkdir()
        for name, text in (policies or {}).items():
            (self.policies / name).write_text(text)
        self.config = self.folder / "callerprint.yaml"
        self.settings = {
            "data_dir": str(self.folder / "data"),
            "server": {"listen": f"127.0.0.1:{self.port}"},
            "journal": {"quota": "512MB", "segment": "8MB", "ballast": "1MB"},
            "sources": [
                {"name": "demo", "format": "native", "lateness": "1s"},
                {"name": "plain", "format": "json", "lateness": "1s"},
                {"name": "auto", "format": "auto", "lateness": "1s"},
                {"name": "otlp", "format": "auto", "lateness": "1s"},
            ],
            "policies": [str(self.policies)],
            "lists": str(ROOT / "config/lists"),
            "formats": str(ROOT / "config/formats"),
            "raw_calls": {"keep": "all", "retention": "3650d"},
            "webhooks": {"allow_networks": ["127.0.0.0/8"]},
        }
        self.settings.update(settings or {})
        self.config.write_text(yaml.safe_dump(self.settings, sort_keys=False))
        self._tokens = {}

    def start(self, wait=True):
        environment = dict(os.environ, CALLERPRINT_CONFIG=str(self.config))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(PROGRAM), "serve"], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=environment, start_new_session=True,
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.get("/readyz").status == 200
            return False

        wait_until(ready, 60, 0.05, "the server to be ready")

    def tail(self, lines=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self):
        """Graceful; gives the exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60 * PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def close(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.stop()
        if self.process is not None and self.process.poll() is None:
            self.kill()
        for file in self.folder.rglob("postmaster.pid"):  # a killed server leaves its database
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(file.read_text().split()[0]), signal.SIGINT)
                time.sleep(0.5)
        shutil.rmtree(self.folder, ignore_errors=True)

    # What an operator does.

    def run(self, *arguments, **options):
        return run(*arguments, config=self.config, **options)

    def sql(self, query):
        done = self.run("sql", query, "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def socket_folder(self):
        """Of its database."""
        return self.data / "postgres/run"

    def psql(self, statements, timeout=60):
        """As the owner of the database, a superuser: what an attacker inside it can do."""
        done = subprocess.run(
            [POSTGRES / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.socket_folder(),
             "-U", "callerprint", "-d", "callerprint", "-c", statements],
            capture_output=True, text=True, timeout=timeout * PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def dump(self):
        """The database as pg_dump writes it."""
        done = subprocess.run(
            [POSTGRES / "pg_dump", "-h", self.socket_folder(), "-U", "callerprint", "callerprint"],
            capture_output=True, timeout=120 * PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextlib.contextmanager
    def database_stands_still(self):
        """Not one process of it runs, and every connection stays open."""
        postmaster = int((self.data / "postgres/data/postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()

        def tell(number):
            for process in (postmaster, *map(int, children)):
                with contextlib.suppress(ProcessLookupError):  # an autovacuum may just have ended
                    os.kill(process, number)

        tell(signal.SIGSTOP)
        try:
            yield
        finally:
            tell(signal.SIGCONT)

    def alerts(self):
        done = self.run("alerts", "list", "-o", "json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        return found.get("items", found.get("alerts")) if isinstance(found, dict) else found

    def token(self, source="demo"):
        if source not in self._tokens:
            done = self.run("token", "create", "--source", source)
            assert done.returncode == 0, done.stderr
            self._tokens[source] = re.search(r"cp_[A-Za-z0-9_]+", done.stdout).group(0)
        return self._tokens[source]

    # What a client does.

    def request(self, method, path, body=None, headers=None, timeout=30):
        if "tls" in self.settings["server"]:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout * PATIENCE,
                                                     context=ssl._create_unverified_context())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout * PATIENCE)
        try:
            connection.connect()
            # A body that is too large is answered and cut off before it was sent whole.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body=body, headers=headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def metric(self, series):
        return metric_of(self.get("/metrics").text, series)

    def wait_recovered(self):
        """Until what was evaluated before a crash and not saved is evaluated again."""
        wait_until(lambda: self.metric("callerprint_recovering") == 0, 60, 0.02, "what was evaluated before")

    def ingest(self, body, source="demo", content_type="application/x-ndjson", headers=None, token=None):
        if isinstance(body, list):
            body = "".join(json.dumps(record) + "\n" for record in body)
        if isinstance(body, str):
            body = body.encode()
        sent = {"Content-Type": content_type, "Authorization": f"Bearer {token or self.token(source)}"}
        sent.update(headers or {})
        return self.request("POST", f"/v1/ingest?source={source}", body, sent)

    def raw(self, data, timeout=10):
        """Sends bytes as they are; gives what came back until the server closed or fell silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as peer:
            peer.settimeout(timeout)
            received = b""
            with contextlib.suppress(OSError):
                peer.sendall(data)
            with contextlib.suppress(OSError):
                while chunk := peer.recv(65536):
                    received += chunk
            return received

    def calls(self, condition="true"):
        return int(self.sql(f"SELECT count(*) AS n FROM investigate.calls WHERE {condition}")[0]["n"])

    def wait_calls(self, count, seconds=60):
        def there():
            return self.calls() >= count

        wait_until(there, seconds, 0.3, f"{count} calls in investigate.calls")


class Receiver:
    """A webhook endpoint on loopback that remembers what it got; `answers` are the next statuses."""

    def __init__(self):
        self.deliveries = []
        self.answers = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                owner.deliveries.append((headers, body))
                self.send_response(owner.answers.pop(0) if owner.answers else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def signature_holds(secret, headers, body):
    """Standard Webhooks: HMAC-SHA-256 over id.timestamp.body, any of the space-separated v1 values."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(given, wanted) for given in headers["webhook-signature"].split())
