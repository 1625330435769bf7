"""What the campaigns of faults share: disks of their own, a client that looks closely, memory."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

import world


class Disk:
    """A file system of its own below a folder, of ext4 in a file; `close` takes it away."""

    def __init__(self, folder, megabytes):
        self.folder = pathlib.Path(folder)
        self.image = self.folder.parent / f"{self.folder.name}.img"
        with open(self.image, "wb") as image:
            image.truncate(megabytes << 20)
        # Without a journal of its own: the disk is small, and its power never fails here.
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", self.image], check=True)
        was = self.folder.with_name(self.folder.name + ".was")
        if self.folder.exists():
            self.folder.rename(was)
        self.folder.mkdir()
        subprocess.run(["mount", "-o", "loop", self.image, self.folder], check=True, capture_output=True)
        shutil.rmtree(self.folder / "lost+found", ignore_errors=True)
        if was.exists():
            subprocess.run(["cp", "-a", f"{was}/.", self.folder], check=True)
            shutil.copystat(was, self.folder)
            owner = was.stat()
            os.chown(self.folder, owner.st_uid, owner.st_gid)
            shutil.rmtree(was)

    def free_bytes(self):
        return shutil.disk_usage(self.folder).free

    def fill(self):
        """Takes all that is free, and again what others give back, for as long as it is called."""
        with open(self.folder / "taken", "ab") as taken:
            piece = bytes(1 << 16)
            try:
                while True:
                    os.write(taken.fileno(), piece)
            except OSError:
                pass

    def take(self, megabytes):
        """Somebody else's file on the disk."""
        with open(self.folder / "taken", "ab") as taken:
            os.posix_fallocate(taken.fileno(), 0, megabytes << 20)

    def give_back(self):
        (self.folder / "taken").unlink(missing_ok=True)

    def close(self):
        for _ in range(50):
            if subprocess.run(["umount", self.folder], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.1)
        else:
            subprocess.run(["umount", "-l", self.folder], check=False)
        self.image.unlink(missing_ok=True)


def can_mount(work):
    """Whether we may give a folder a disk of its own."""
    folder = pathlib.Path(work) / "may-mount"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        Disk(folder, 4).close()
        return True
    except (OSError, subprocess.CalledProcessError):
        return False


class Watcher(threading.Thread):
    """One client on one connection that sends a small empty batch over and over, and notes each answer.

    An empty batch is a heartbeat: it goes through the journal, and no count of the oracle knows it.
    """

    def __init__(self, server, every=0.01):
        super().__init__(daemon=True)
        self.server, self.every = server, every
        self.answers = []  # (begun, seconds, status or 0, Retry-After)
        self.over = False
        self.headers = {"Content-Type": "application/x-ndjson",
                        "Authorization": f"Bearer {server.token(world.SOURCE)}"}
        self.start()

    def run(self):
        connection = None
        while not self.over:
            begun = time.monotonic()
            status, after = 0, None
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
                connection.request("POST", f"/v1/ingest?source={world.SOURCE}", b"", self.headers)
                answer = connection.getresponse()
                answer.read()
                status, after = answer.status, answer.getheader("Retry-After")
            except (OSError, http.client.HTTPException):
                connection = None
            self.answers.append((begun, time.monotonic() - begun, status, after))
            time.sleep(self.every)

    def first(self, claim, since, seconds):
        """The first answer that was begun after `since` and that the claim holds of; None in vain."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for answer in list(self.answers):
                if answer[0] >= since and claim(answer):
                    return answer
            time.sleep(0.01)
        return None

    def since(self, moment):
        return [answer for answer in list(self.answers) if answer[0] >= moment]

    def close(self):
        self.over = True
        self.join(40)


def family(postmaster):
    """The postmaster and all its processes."""
    found = [postmaster]
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == postmaster:
                    found.append(int(entry.name))
        except OSError:
            continue
    return found


def send(number, processes):
    """A signal to each that still is: a backend ends by itself when its client does, an autovacuum at any time."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def on_cores(processes, cores):
    """All threads of these, and what they start from now on, run on those cores only."""
    for thread in (thread for process in processes for thread in pathlib.Path(f"/proc/{process}/task").glob("*")):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


@contextlib.contextmanager
def clients_elsewhere(server):
    """As if clients were on another machine: they get one half of the cores, the server and its database the other.

    On a machine of one core they share it."""
    cores = sorted(os.sched_getaffinity(0))
    half = len(cores) // 2
    if half == 0:
        yield
        return
    on_cores([server.process.pid, *family(server.postmaster())], cores[:half])
    os.sched_setaffinity(0, cores[half:])  # of this thread; those that it starts inherit it
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


class Stopped:
    """The database: not one of its processes runs, and every connection stays open: the worst way to be away."""

    def __init__(self, server):
        self.processes = family(server.postmaster())
        send(signal.SIGSTOP, self.processes)

    def back(self):
        send(signal.SIGCONT, self.processes)

    close = back


def resident_bytes(process):
    text = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def last_json(text):
    return json.loads([line for line in text.splitlines() if line.startswith("{")][-1])
