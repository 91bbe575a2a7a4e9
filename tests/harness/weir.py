"""What the end-to-end stories share: the program under test, a server, a Git repository to push to, and patience."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
WEIR = os.environ.get("WEIR", str(SOURCE / "build" / "dev" / "cli" / "weir"))

# Who commits, and where Git's things are, is what a story says, not the environment of the one who runs the tests.
for name in [name for name in os.environ if name.startswith("GIT_")]:
    del os.environ[name]

# How much longer than it takes alone something may take: sanitizers and a machine that has other work make the program late.
LATE = max(4 if "/asan/" in WEIR or "/tsan/" in WEIR else 1, os.getloadavg()[0] / (os.cpu_count() or 1))


class Result:
    """One finished command: its exit status and what it printed."""

    def __init__(self, words, status, out, err):
        self.words, self.status, self.out, self.err = words, status, out, err

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"{self.words} -> {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def run(*words, cwd=None, timeout=60, env=None, stdin=None):
    """Runs a command to its end; never raises for a bad exit status."""
    done = subprocess.run([str(w) for w in words], cwd=cwd, timeout=timeout, capture_output=True, text=True,
                          env={**os.environ, **(env or {})}, input=stdin)
    return Result(words, done.returncode, done.stdout, done.stderr)


def weir(*words, **options):
    return run(WEIR, *words, **options)


def must(result):
    """The result, when the command succeeded; otherwise the test fails with all that it printed."""
    assert result.status == 0, result
    return result


def eventually(probe, seconds=20.0, what="the expected state"):
    """Calls probe until it returns something true; fails with the last thing it returned or raised."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            last = probe()
            if last:
                return last
        except (AssertionError, OSError, KeyError, IndexError, http.client.HTTPException, json.JSONDecodeError) as error:
            last = repr(error)
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}; last: {last}")
        time.sleep(0.01)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def request(port, method, path, body=None, headers=None, timeout=20):
    """(status, body, headers) of one request to this machine; the body is parsed when it is JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        text = response.read().decode()
        kind = response.getheader("Content-Type", "")
        return response.status, json.loads(text) if "json" in kind and text else text, response.headers
    finally:
        connection.close()


class Repository:
    """A bare repository that a server watches, and a clone in which a team works."""

    def __init__(self, folder):
        self.bare = pathlib.Path(folder) / "origin.git"
        self.work = pathlib.Path(folder) / "work"
        must(run("git", "init", "-q", "--bare", "-b", "main", self.bare))
        must(run("git", "init", "-q", "-b", "main", self.work))
        self.git("remote", "add", "origin", self.bare)
        self.git("config", "user.name", "A Team")
        self.git("config", "user.email", "team@example.com")
        self.git("config", "commit.gpgsign", "false")

    def git(self, *words):
        return must(run("git", *words, cwd=self.work)).out.strip()

    def copy(self, folder):
        shutil.copytree(folder, self.work, dirs_exist_ok=True)

    def write(self, path, text):
        target = self.work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def begin(self, flows=None):
        """The smallest project, with one domain 'a' and these flows in it: their texts by name."""
        self.write("weir.yaml", "name: x\n")
        self.write("domains/a/domain.yaml", "owner: team\n")
        for name, text in (flows or {}).items():
            self.write(f"domains/a/flows/{name}.yaml", text)

    def read(self, path):
        return (self.work / path).read_text()

    def replace(self, path, old, new):
        text = self.read(path)
        assert old in text, f"{path} does not hold {old!r}"
        self.write(path, text.replace(old, new))

    def remove(self, path):
        (self.work / path).unlink()

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, message):
        """Commits all that changed, pushes it, and returns the commit."""
        commit = self.commit(message)
        self.git("push", "-q", "origin", "HEAD:main")
        return commit


class Server:
    """`weir serve` on a repository, with its data in a folder of its own."""

    def __init__(self, folder, repository, *options):
        self.data = pathlib.Path(folder) / "data"
        self.repository = repository
        self.options = options
        self.port = free_port()
        self.log = pathlib.Path(folder) / "serve.log"
        self.process = None

    @property
    def store(self):
        return f"sqlite:{self.data}/weir.db"

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [WEIR, "serve", *([str(self.repository)] if self.repository else []), "--store", self.store, "--listen", f"127.0.0.1:{self.port}",
                 *self.options], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        eventually(lambda: self.alive() and self.get("/readyz")[0] == 200, what="readiness")
        return self

    def alive(self):
        if self.process.poll() is not None:
            raise SystemExit(f"the server ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
        return True

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        return self.process.returncode if self.process else None

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def get(self, path, headers=None, method="GET"):
        """(status, body, headers) of one request to the status API."""
        return request(self.port, method, path, headers=headers, timeout=10)

    def json(self, path):
        status, body, _ = self.get(path)
        assert status == 200, (path, status, body)
        return body

    def synced(self, commit=None):
        """Waits until what was pushed is live: that commit, or whatever there is. The status that says so."""
        def look():
            status = self.json("/v1/status")
            return status["sync"] == "Synced" and commit in (None, status["commit"]) and status
        return eventually(look, 30, f"Synced at {commit}" if commit else "Synced")

    def every(self, path):
        """All items of a list, over all its pages."""
        items, cursor = [], None
        while True:
            joint = "&" if "?" in path else "?"
            page = self.json(path + (f"{joint}cursor={cursor}" if cursor else ""))
            items += page["items"]
            cursor = page.get("next")
            if not cursor:
                return items

    def weir(self, *words, **options):
        return weir(*words, "--store", self.store, **options)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def tell(story, steps, log):
    """Runs the steps of a story one after the other, in TAP; when one fails, the end of the log that log() names is shown."""
    print(f"1..{len(steps)}", flush=True)
    for number, step in enumerate(steps, 1):
        name = step.__name__.replace("_", " ")
        began = time.monotonic()
        try:
            step(story)
        except BaseException:
            print(f"not ok {number} - {name}", flush=True)
            if log() and log().exists():
                print(log().read_text()[-20000:])
            raise
        print(f"ok {number} - {name} ({time.monotonic() - began:.1f} s)", flush=True)


def temporary():
    """A folder that goes when the story ends."""
    return tempfile.TemporaryDirectory(prefix="weir-story-")
