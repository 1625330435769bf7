"""A database of its own, and a proxy before it that knows enough of the protocol to cut at a COMMIT."""

import collections
import contextlib
import os
import pathlib
import pwd
import random
import shutil
import socket
import struct
import subprocess
import threading
import time

READY_FOR_QUERY = b"Z"
QUERY = b"Q"


class Database:
    """PostgreSQL from the template's data, on a socket in the folder; ours to stop."""

    def __init__(self, folder, template):
        self.folder = folder
        data = template.folder / "data/postgres/data"
        self.binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.user = pwd.getpwuid(data.stat().st_uid).pw_name
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        subprocess.run(["cp", "-a", data, folder / "data"], check=True)
        self.socket = folder / "run"
        self.socket.mkdir()
        shutil.chown(self.socket, self.user)
        self.socket.chmod(0o755)
        self.start()

    @property
    def url(self):
        return f"postgresql:///callerprint?host={self.socket}&user=callerprint"

    def _pg_ctl(self, *arguments):
        command = [self.binaries / "pg_ctl", *arguments, "-w", "-s", "-D", self.folder / "data"]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, cwd="/")

    def start(self):
        self._pg_ctl("start", "-l", self.socket / "log", "-o",
                     f"-c unix_socket_directories={self.socket} -c logging_collector=off")

    def stop(self):
        self._pg_ctl("stop", "-m", "fast")

    def close(self):
        try:
            self.stop()
        except subprocess.CalledProcessError:
            pass


class Cut:
    """What is done to the next COMMIT. `mode`:

    before  it never reaches the server        after   it is done, and the answer lost
    middle  a part of the answer arrives       delay   the answer comes `seconds` later
    late    the client is cut off, and the server gets the COMMIT `seconds` later: unless ended, it commits then
    stuck   the client is cut off, and the server's side stays open without the COMMIT for `seconds`
    """

    def __init__(self, mode, seconds, application):
        self.mode, self.seconds, self.application = mode, seconds, application
        self.happened = threading.Event()
        self.over = threading.Event()  # nothing of it is left on the server's side


class Proxy:
    def __init__(self, database, rng):
        self.database, self.rng = database, random.Random(rng.randrange(2**32))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.armed = None
        self.commits = collections.Counter()  # answered to a client, by the last word of its application
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"postgresql://callerprint@127.0.0.1:{self.port}/callerprint?sslmode=disable&gssencmode=disable"

    def cut_next(self, mode, seconds=0.0, application="committer"):
        cut = Cut(mode, seconds, application)
        with self.lock:
            self.armed = cut
        return cut

    def disarm(self):
        with self.lock:
            self.armed = None

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.connect(str(self.database.socket / ".s.PGSQL.5432"))
            startup = receive(client, 4)
            startup += receive(client, struct.unpack("!I", startup)[0] - 4)
            server.sendall(startup)
            Session(self, client, server, startup).run()
        except (OSError, ConnectionError):
            pass
        finally:
            for one in (client, server):
                shut(one)
                one.close()


class Session:
    def __init__(self, proxy, client, server, startup):
        self.proxy, self.client, self.server = proxy, client, server
        words = startup[8:].split(b"\0")
        self.application = dict(zip(words[::2], words[1::2])).get(b"application_name", b"").decode()
        self.reply = None  # while a COMMIT is out: what is done to its answer
        self.committing = False

    def run(self):
        threading.Thread(target=self._answers, daemon=True).start()
        while True:
            head = receive(self.client, 5)
            message = head + receive(self.client, struct.unpack("!I", head[1:])[0] - 4)
            if message[:1] == QUERY and message[5:].strip(b"\0 ;").upper() == b"COMMIT":
                cut = self._take()
                if cut:
                    cut.happened.set()
                if cut and cut.mode in ("before", "late", "stuck"):
                    self._cut_client(cut, message)
                    return
                self.reply, self.committing = cut, True
            self.server.sendall(message)

    def _take(self):
        with self.proxy.lock:
            cut = self.proxy.armed
            if cut is None or cut.application not in self.application:
                return None
            self.proxy.armed = None
            return cut

    def _cut_client(self, cut, message):
        shut(self.client)
        if cut.mode != "before":
            time.sleep(cut.seconds)
        try:
            if cut.mode == "late":
                self.server.sendall(message)
                time.sleep(0.2)
        except OSError:
            pass  # it was ended meanwhile, as it must be when it held up what is there to be known
        shut(self.server)
        cut.over.set()

    def _answers(self):
        try:
            while data := self.server.recv(65536):
                cut = self.reply
                if cut is None:
                    self.client.sendall(data)
                    if self.committing:
                        self.committing = False
                        self.proxy.commits[self.application.split()[-1]] += 1
                    continue
                # "C" of COMMIT and "Z": 22 bytes, which come together.
                if cut.mode == "delay":
                    time.sleep(cut.seconds)
                    self.reply = None
                    self.client.sendall(data)
                    self.committing = False
                    self.proxy.commits[self.application.split()[-1]] += 1
                    cut.over.set()
                    continue
                if cut.mode == "middle":
                    self.client.sendall(data[:self.proxy.rng.randint(1, len(data) - 1)])
                break
        except OSError:
            pass
        if self.reply:
            self.reply.over.set()
        shut(self.client)
        shut(self.server)


def shut(peer):
    """Not close: another thread may be reading, and then the other side would hear nothing of it."""
    with contextlib.suppress(OSError):
        peer.shutdown(socket.SHUT_RDWR)


def receive(peer, count):
    data = b""
    while len(data) < count:
        some = peer.recv(count - len(data))
        if not some:
            raise ConnectionError
        data += some
    return data
