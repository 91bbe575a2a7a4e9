"""What the stories about remote repositories share: a repository behind real servers, and a weir that is told how to reach it."""

import contextlib
import json
import os
import pathlib
import signal
import sys

from git_servers import RemoteRepository, SshServer, WebServer
from weir import SOURCE, Server, eventually, must, run, temporary, weir
from weir import tell as tell_story

RETAIL = SOURCE / "examples" / "retail"
TOKEN = "t0ken-that-nobody-may-see"
OTHER_TOKEN = "0ther-t0ken-that-nobody-may-see"
PASSPHRASE = "pa55phrase that nobody may see"
SECRETS = [TOKEN, OTHER_TOKEN, PASSPHRASE]


class RemoteServer(Server):
    """`weir serve --config`, told about a remote repository."""

    def __init__(self, folder, settings, environment=None):
        folder = pathlib.Path(folder)
        folder.mkdir()
        self.settings = settings
        self.environment = environment or {}
        self.config = folder / "server.yaml"
        super().__init__(folder, None, "--config", str(self.config))
        self.configure()

    def configure(self, **changes):
        """Writes the configuration anew; JSON is YAML. None removes a key."""
        self.settings = {key: value for key, value in {**self.settings, **changes}.items() if value is not None}
        self.config.write_text(json.dumps({"source": {key: value if isinstance(value, (bool, int)) else str(value)
                                                      for key, value in self.settings.items()}}))
        return self

    def start(self):
        with environment(**self.environment):
            return super().start()

    def reload(self):
        os.kill(self.process.pid, signal.SIGHUP)

    @property
    def mirror(self):
        """The folder that the mirror's link names."""
        found = [path for path in (self.data / "mirrors").iterdir() if path.suffix == ".git"]
        assert len(found) == 1, found
        return found[0].resolve()

    def status(self):
        return self.json("/v1/status")

    def live(self, commit, seconds=20.0):
        def look():
            status = self.status()
            return status["commit"] == commit and status["sync"] == "Synced" and status["error"] is None
        eventually(look, seconds, f"{commit} to be live, with no error")

    def says(self, message, seconds=20.0):
        """The message stands in the status, whole, and the last good state stays."""
        def look():
            error = self.status()["error"]
            assert error == message, f"\nsaid     {error}\nexpected {message}"
            return True
        eventually(look, seconds, "the error")

    def events(self, kind):
        return [event for event in self.json("/v1/events?limit=500")["items"] if event["kind"] == kind]

    def fetchers(self):
        """The processes that fetch for this server, and what they started: {pid: command line}."""
        return {pid: line for pid, line in descendants(self.process.pid).items() if line.startswith("weir: fetch") or line.startswith("ssh")}

    def everything(self):
        """All that this server has written or answers."""
        texts = [self.log.read_bytes()]
        texts += [path.read_bytes() for path in self.data.rglob("*") if path.is_file() and "mirrors" not in path.parts]
        texts += [json.dumps(self.get(path)[1]).encode() for path in
                  ("/v1/status", "/v1/sources", "/v1/events", "/v1/nodes", "/metrics")]
        return b"\n".join(texts)


def descendants(pid):
    """{pid: command line} of the processes below this one."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            found.setdefault(parent, []).append(int(path.name))
    below, queue = {}, list(found.get(pid, []))
    while queue:
        one = queue.pop()
        queue += found.get(one, [])
        with contextlib.suppress(OSError):
            below[one] = pathlib.Path(f"/proc/{one}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return below


@contextlib.contextmanager
def environment(**values):
    """Variables of this process, and so of what it starts, for a while; None removes one."""
    before = {name: os.environ.get(name) for name in values}

    def put(name, value):
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = str(value)
    for name, value in values.items():
        put(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            put(name, value)


class World:
    """One repository, served in every way; and any number of weirs that follow it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.count = 0
        self.repository = RemoteRepository(folder)
        self.repository.copy(RETAIL)
        self.first = self.repository.push("The retail flows")
        self.web = WebServer(folder, folder).start()
        self.web.passwords({"git": TOKEN, "bot": TOKEN})
        self.ssh = SshServer(folder).start()
        self.key = self.ssh.key("key")
        self.ssh.authorise(self.key)
        self.token = self.write("token", TOKEN + "\n")
        self.https = {"token_file": self.token, "ca_file": self.web.authority.file}
        self.keys = {"ssh_key_file": self.key, "known_hosts_file": self.ssh.known_hosts(*self.ssh.host_keys.values())}
        self.url = self.web.url("private/origin.git")
        self.ssh_url = self.ssh.url(self.repository.bare)
        self.last = None
        self.planner = None

    def stop(self):
        self.web.stop()
        self.ssh.stop()

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def new_folder(self):
        self.count += 1
        return self.folder / f"weir-{self.count}"

    def path(self, name):
        """Of a new bare repository with no commit."""
        bare = self.folder / name
        must(run("git", "init", "-q", "--bare", "-b", "main", bare))
        return bare

    def change(self, text="SELECT {} AS change\n"):
        """Pushes another commit."""
        self.count += 1
        self.repository.write("domains/finance/sql/change.sql", text.format(self.count))
        return self.repository.push(f"Change {self.count}")

    @contextlib.contextmanager
    def serving(self, url, environment=None, start=True, **settings):
        self.last = server = RemoteServer(self.new_folder(), {"url": url, "poll": "PT0.2S", **settings}, environment)
        try:
            if start:
                server.start()
            yield server
            if server.process and server.process.poll() is None:
                assert_no_secret(server.everything(), "what the server wrote and answered")
        finally:
            server.stop()

    def plan(self, url, environment=None, **settings):
        """`weir plan --config` against a store that has the first commit."""
        if self.planner is None:
            self.planner = RemoteServer(self.new_folder(), {"url": f"file://{self.repository.bare}", "poll": "PT1S"})
            self.planner.start().live(self.repository.git("rev-parse", "HEAD"))
            self.planner.stop()
        self.planner.settings = {}
        self.planner.configure(url=url, **settings)
        done = weir("plan", "--config", self.planner.config, "--store", self.planner.store, env=environment)
        assert_no_secret((done.out + done.err).encode(), "what weir plan wrote")
        return done

    def works(self, url, environment=None, **settings):
        done = self.plan(url, environment, **settings)
        assert done.status in (0, 2) and done.err == "", done

    def refused(self, message, url, environment=None, **settings):
        """The fetch fails with this message, whole."""
        done = self.plan(url, environment, **settings)
        assert done.status == 1, done
        assert done.err == f"weir: error: {message}\n", f"\nsaid     {done.err}expected weir: error: {message}"


def assert_no_secret(text, where):
    for secret in SECRETS:
        assert secret.encode() not in text, f"a secret is in {where}: …{text[max(0, text.find(secret.encode()) - 200):][:300]}…"


def tell(steps):
    """Runs the steps over one world, in TAP; those whose names hold a word of the command line, if it has any."""
    steps = [step for step in steps if not sys.argv[1:] or any(word in step.__name__ for word in sys.argv[1:])]
    with temporary() as folder:
        world = World(folder)
        try:
            tell_story(world, steps, lambda: world.last and world.last.log)
        finally:
            world.stop()
    return 0
