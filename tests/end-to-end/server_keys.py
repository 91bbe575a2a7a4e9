#!/usr/bin/env python3
"""Every key of server.yaml has its effect: one row a key, each proven on a server of its own that differs by that key alone. The
keys are those that `weir reference server` documents: a new key needs a row here, or the name of the story that proves it."""

import os
import pathlib
import re
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "harness"))
from weir import WEIR, Repository, Server, eventually, free_port, must, run, temporary, weir  # noqa: E402

SLEEP = """id: sleep{n}
tasks:
  - id: t
    type: shell
    pool: {pool}
    commands: ['date +"begin %s.%N" >> {times}; sleep {seconds}; date +"end %s.%N" >> {times}']
"""


class World:
    """A folder with a repository of one domain, and servers on it with a configuration each."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.repository = Repository(folder)
        self.repository.begin()
        self.repository.write("domains/a/sql/t.sql", "SELECT 1 AS id\n")
        self.commit = self.repository.push("First")
        self.times = self.folder / "times"

    def flow(self, name, text):
        self.repository.write(f"domains/a/flows/{name}.yaml", text)

    def config(self, text):
        path = self.folder / "server.yaml"
        path.write_text(text)
        return path

    def server(self, text, *options, repository=True):
        config = self.config(text)
        return Server(self.folder, self.repository.bare if repository else None, "--config", str(config), *options)


def faults(server):
    """Waits for a commit that is not taken; its faults, those of domains included."""
    eventually(lambda: server.json("/v1/status")["sync"] == "OutOfSync", 30, "OutOfSync")
    status = server.json("/v1/status")
    found = [fault["message"] for fault in status["diagnostics"]]
    for domain in server.every("/v1/domains"):
        found += [fault["message"] for fault in domain["diagnostics"]]
    return "\n".join([status["error"] or "", *found])


class Named(Server):
    """A server that takes repository, store and address from its configuration alone."""

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([WEIR, "serve", *self.options], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            cwd=self.data.parent)
        eventually(lambda: self.alive() and self.get("/readyz")[0] == 200, what="readiness")
        return self


def named(world, text):
    server = Named(world.folder, None, "--config", str(world.config(text)))
    server.options = [option.replace("PORT", str(server.port)) for option in server.options]
    path = world.folder / "server.yaml"
    path.write_text(path.read_text().replace("PORT", str(server.port)))
    return server


# ---- What there is ------------------------------------------------------------------------------------------------------------

def source_store_and_listen(world):
    text = f"source: {world.repository.bare}\nstore: sqlite:{world.folder}/elsewhere/own.db\nlisten: 127.0.0.1:PORT\n"
    with named(world, text) as server:
        server.synced(world.commit)
        assert (world.folder / "elsewhere" / "own.db").exists() and not (world.folder / "data").exists()


def source_url(world):
    text = f"source: {{url: {world.repository.bare}}}\nstore: sqlite:{world.folder}/s.db\nlisten: 127.0.0.1:PORT\n"
    with named(world, text) as server:
        server.synced(world.commit)


def source_branch(world):
    world.repository.git("push", "-q", "origin", "HEAD:other")
    world.repository.write("domains/a/sql/u.sql", "SELECT 2 AS id\n")
    newer = world.repository.push("Only on main")
    text = "source: {{url: {0}{1}}}\nstore: sqlite:{2}/{3}.db\nlisten: 127.0.0.1:PORT\n"
    for branch, name, commit in ((", branch: other", "b", world.commit), ("", "m", newer)):
        with named(world, text.format(world.repository.bare, branch, world.folder, name)) as server:
            server.synced(commit)
    # Somebody's 'git checkout' changes nothing; a branch has to be named, and then it is no force-push.
    work = world.repository.work
    log = world.folder / "serve.log"
    feature = None
    for key, commit, told in (
            ("", newer, "follows branch 'main', since HEAD names it; name another one to follow that"),
            ("", newer, "follows branch 'main', as before, wherever HEAD is now; name another one to follow that"),
            (", branch: feature", None, "follows branch 'feature' now, as it is told to; before it was branch 'main'")):
        with named(world, text.format(work, key, world.folder, "w")) as server:
            live = server.synced(commit or feature)
            # It is written when the walk is over, and the commit may have been live before.
            eventually(lambda: told in log.read_text(), what=f"the log to say that it {told}")
            branch = "feature" if key else "main"
            assert f"follows branch '{branch}' of '{work}'\n" in must(weir("status", "--store", f"sqlite:{world.folder}/w.db")).out
            if not key and "since" in told:
                world.repository.git("checkout", "-q", "-b", "feature")
                world.repository.write("domains/a/sql/v.sql", "SELECT 3 AS id\n")
                feature = world.repository.commit("Not merged")
                time.sleep(0.5)
                assert server.json("/v1/status")["commit"] == newer and server.json("/v1/status")["sync"] == "Synced"
    assert live["commit"] == feature and "force" not in log.read_text(), log.read_text()


def source_allow_rewind(world):
    world.repository.write("domains/a/sql/u.sql", "SELECT 2 AS id\n")
    newer = world.repository.push("To be taken back")
    text = "source: {{url: {0}, allow_rewind: {1}}}\nstore: sqlite:{2}/s.db\nlisten: 127.0.0.1:PORT\n"
    with named(world, text.format(world.repository.bare, "false", world.folder)) as server:
        server.synced(newer)
        world.repository.git("push", "-qf", "origin", f"{world.commit}:main")
        eventually(lambda: "force-pushed" in (server.json("/v1/status")["error"] or ""), what="the refusal")
        assert server.json("/v1/status")["commit"] == newer
    with named(world, text.format(world.repository.bare, "true", world.folder)) as server:
        server.synced(world.commit)


def environment(world):
    world.repository.write("weir.yaml", f"name: x\nvariables: {{one: project, two: project, three: project, four: project}}\n"
                                        f"environments:\n  prod:\n    variables: {{two: prod, three: prod, four: prod}}\n"
                                        f"    connections:\n      default: {{url: 'sqlite-dir:{world.folder}/prod'}}\n")
    world.repository.write("domains/a/domain.yaml", "owner: x\nvariables: {three: domain, four: domain}\n")
    world.repository.write("domains/a/flows/vars.yaml", "id: vars\nvariables: {four: flow}\ntasks:\n  - {id: say, type: return, format: "
                                                        "\"{{ vars.one }} {{ vars.two }} {{ vars.three }} {{ vars.four }}\"}\n")
    commit = world.repository.push("Production has its own folder and variables")

    def said(server):
        report = must(server.weir("run", "a.vars", "--follow", "--output", "json")).json()
        return report["task_runs"][0]["outputs"]["value"]

    def says(server, expected):
        # The commit is live already: until the server has walked it for its environment, the flow is as it was.
        server.synced(commit)
        eventually(lambda: said(server) == expected, what=f"'{expected}'")
    (world.folder / "prod").mkdir()
    with world.server("environment: prod\n") as server:
        eventually(lambda: (world.folder / "prod" / "a.db").exists(), what="a table in prod's folder")
        assert not (world.folder / "data" / "default" / "a.db").exists()
        says(server, "project prod domain flow")
    # The same commit on a server that is another environment, with the same store.
    with world.server("") as server:
        says(server, "project project domain flow")


def hosts(world):
    with world.server("hosts: [weir.example]\n") as server:
        assert server.get("/healthz", {"Host": "weir.example"})[0] == 200
        assert server.get("/healthz", {"Host": "other.example"})[0] == 421


def roles(world):
    with world.server("roles: [api, reconciler]\n") as server:
        server.synced(world.commit)
        parts = [part["name"] for part in server.json("/v1/status")["parts"]]
        assert parts == ["reconciler"], parts
        time.sleep(0.5)
        assert server.every("/v1/runs") == [], "nobody has the role scheduler"


def guards_max_deletions(world):
    for number in range(3):
        world.repository.write(f"domains/a/sql/u{number}.sql", "SELECT 2 AS id\n")
    commit = world.repository.push("More")
    with world.server("guards: {max_deletions: 3}\n") as server:
        server.synced(commit)
        for number in range(3):
            world.repository.remove(f"domains/a/sql/u{number}.sql")
        world.repository.push("Less")
        eventually(lambda: "max_deletions allows 3" in str(server.every("/v1/domains")), what="the refusal")
    with world.server("guards: {max_deletions: 6}\n") as server:
        server.synced(world.repository.git("rev-parse", "HEAD"))


def guards_allow_breaking(world):
    world.repository.write("domains/b/domain.yaml", "owner: others\n")
    world.repository.write("domains/a/schemas/t.json", '[{"name": "id", "type": "INTEGER"}, {"name": "n", "type": "STRING"}]')
    world.repository.write("domains/a/sql/t.sql", "SELECT 1 AS id, 'x' AS n\n")
    world.repository.write("domains/b/sql/r.sql", "SELECT n FROM a.t\n")
    commit = world.repository.push("A reader")
    with world.server("guards: {allow_breaking: false}\n") as server:
        server.synced(commit)
        world.repository.write("domains/a/schemas/t.json", '[{"name": "id", "type": "INTEGER"}]')
        world.repository.write("domains/a/sql/t.sql", "SELECT 1 AS id\n")
        commit = world.repository.push("A column less")
        eventually(lambda: "allow_breaking" in str(server.every("/v1/domains")) or "breaks" in str(server.every("/v1/domains")),
                   what="the refusal")
        assert server.json("/v1/status")["sync"] == "OutOfSync"
    with world.server("guards: {allow_breaking: true}\n") as server:
        server.synced(commit)


def drift_interval_and_disabled(world):
    def edit(server):
        eventually(lambda: [table for table in server.every("/v1/tables") if table["published"]], what="a built table")
        must(run("sqlite3", server.data / "default" / "a.db", "PRAGMA busy_timeout=5000; CREATE TABLE IF NOT EXISTS scratch (a)"))

    with world.server("drift: {disabled: true}\n") as server:
        edit(server)
        time.sleep(2)
        assert server.every("/v1/drift") == []
    with world.server("drift: {interval: PT0.2S}\n") as server:
        edit(server)
        eventually(lambda: server.every("/v1/drift"), 5, "drift")
    with world.server("drift: {interval: PT1H}\n") as server:
        time.sleep(1)  # a server looks once when it starts
        before = server.every("/v1/drift")
        must(run("sqlite3", server.data / "default" / "a.db", "DROP TABLE scratch"))
        time.sleep(2)
        assert server.every("/v1/drift") == before != []


def at_once(world, server, count):
    """Starts so many runs that sleep; how many of their commands ran at once, by their own clocks."""
    world.times.unlink(missing_ok=True)
    for number in range(count):
        must(server.weir("run", f"a.sleep{number}"))
    eventually(lambda: world.times.exists() and len(world.times.read_text().splitlines()) == 2 * count, 30, "all to end")
    running = most = 0
    for line in sorted(world.times.read_text().splitlines(), key=lambda line: float(line.split()[1])):
        running += 1 if line.startswith("begin") else -1
        most = max(most, running)
    return most


def runner_slots(world):
    for number in range(3):
        world.flow(f"sleep{number}", SLEEP.format(n=number, pool="none", seconds=0.7, times=world.times))
    commit = world.repository.push("Sleepers")
    for slots, wanted in ((1, 1), (3, 3)):
        with world.server(f"runner: {{slots: {slots}}}\n") as server:
            server.synced(commit)
            assert server.every("/v1/nodes")[0]["slots"] == slots
            most = at_once(world, server, 3)
            assert most == wanted, (slots, most)


def runner_nice(world):
    """Seen by a command, on top of what the server was started with, up to the system's 19; the server's own threads are as they
    were. A value out of its range is refused."""
    told = world.folder / "nice"
    world.flow("nice", f"id: nice\ntasks:\n  - {{id: t, type: shell, commands: ['nice > {told}']}}\n")
    commit = world.repository.push("Nice")
    own = os.nice(0)
    for setting, wanted in (("", 5), ("runner: {nice: 0}\n", 0), ("runner: {nice: 11}\n", 11)):
        with world.server(setting) as server:
            server.synced(commit)
            must(server.weir("run", "a.nice", "--follow"))
            assert int(told.read_text()) == min(own + wanted, 19), (setting, told.read_text())
    refused = weir("serve", str(world.repository.bare), "--config", str(world.config("runner: {nice: 20}\n")))
    assert refused.status == 64 and "'runner.nice' is 20; it goes from 0, like everybody else, to 19, after everybody else" in refused.err, refused


def runner_pools(world):
    for number in range(3):
        world.flow(f"sleep{number}", SLEEP.format(n=number, pool="db", seconds=0.7, times=world.times))
    commit = world.repository.push("Sleepers")
    with world.server("runner: {slots: 4, pools: {db: 1}}\n") as server:
        server.synced(commit)
        most = at_once(world, server, 3)
        assert most == 1, most


def runner_grace(world):
    world.flow("sleep0", SLEEP.format(n=0, pool="none", seconds=3, times=world.times))
    commit = world.repository.push("A sleeper")
    for grace, least, most in (("PT0S", 0, 2), ("PT30S", 2, 20)):
        world.times.unlink(missing_ok=True)
        with world.server(f"runner: {{grace: {grace}}}\n") as server:
            server.synced(commit)
            must(server.weir("run", "a.sleep0"))
            eventually(world.times.exists, what="the task to run")
            began = time.monotonic()
            server.stop()
            assert least <= time.monotonic() - began < most, (grace, time.monotonic() - began)


def source_poll(world):
    """A remote repository is asked as often as `poll` says: a short one is noticed soon."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    counted = world.folder / "counted.py"
    counted.write_text("""
import http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        print(self.path, flush=True)
        self.send_error(404)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
""")
    looks = {}
    for poll in ("PT1S", "PT1H"):
        with open(world.folder / "asked", "w") as asked:
            web = subprocess.Popen([sys.executable, counted, str(port)], stdout=asked)
        eventually(lambda: socket.create_connection(("127.0.0.1", port)).close() is None, what="the web server")
        try:
            text = (f"source: {{url: 'http://127.0.0.1:{port}/x.git', poll: {poll}}}\nstore: sqlite:{world.folder}/{poll}.db\n"
                    "listen: 127.0.0.1:PORT\n")
            with named(world, text):
                time.sleep(6)
        finally:
            web.terminate()
            web.wait()
        looks[poll] = len((world.folder / "asked").read_text().splitlines())
    assert looks["PT1S"] >= looks["PT1H"] + 1 and looks["PT1H"] >= 1, looks


# ---- Limits -------------------------------------------------------------------------------------------------------------------

def limited(key, value, prepare, message):
    """The same commit is refused, with the message, under the limit, and taken without it."""
    def prove(world):
        prepare(world)
        commit = world.repository.push("What the limit is for")
        block = f"limits: {{yaml: {{{key.split('.')[1]}: {value}}}}}\n" if "." in key else f"limits: {{{key}: {value}}}\n"
        with world.server(block) as server:
            found = faults(server)
            assert re.search(message, found), f"{message!r} is not in: {found}"
        with world.server("") as server:
            server.synced(commit)
    return prove


def write(path, text):
    return lambda world: world.repository.write(path, text)


def many_files(world):
    for number in range(30):
        world.repository.write(f"domains/a/sql/f{number}.sql", "SELECT 1 AS id\n")


def flow_set(world):
    world.repository.write("domains/a/flowsets/s.yaml", "id: 'x_{{ row.n }}'\nrows: rows.csv\ntemplate:\n  tasks:\n"
                                                        "    - {id: t, type: log, message: hi}\n")
    world.repository.write("domains/a/flowsets/rows.csv", "n\n" + "".join(f"{n}\n" for n in range(100)))


def elsewhere(story, word=None):
    """Proven by another story or test, which names the key (or the word)."""
    return story, word


def drip(port, seconds, head=b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", whole=b""):
    """What comes back to who sends a head (or what is behind the whole one) a byte at a time, and when."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=0.05) as raw:
        raw.sendall(whole)
        for number in range(int(seconds / 0.05)):
            try:
                raw.send(head[number:number + 1] or b"x")
                return raw.recv(4096).decode(), time.monotonic() - began
            except TimeoutError:
                continue
    return "", seconds


def request_head(world):
    port = free_port()
    ingress = f"ingress: {{listen: '127.0.0.1:{port}'}}\n"
    with world.server("limits: {request_head: PT1S}\n" + ingress) as server:
        for listener in (server.port, port):
            answer, took = drip(listener, 20)
            assert answer.startswith("HTTP/1.1 408 Request Timeout\r\n") and "the head of a request may take 1 seconds" in answer, answer
            assert took >= 0.9, took
        # A whole head in time, on a connection that has waited for less.
        assert server.get("/healthz")[0] == 200
    with world.server(ingress) as server:
        for listener in (server.port, port):
            assert drip(listener, 3) == ("", 3)


def request_body(world):
    port = free_port()
    ingress = f"ingress: {{listen: '127.0.0.1:{port}'}}\n"
    world.flow("hook", "id: hook\ntriggers: [{id: web, type: webhook, key: k3y}]\ntasks: [{id: t, type: log, message: hi}]\n")
    commit = world.repository.push("A hook")
    head = b"POST /hooks/flows/a/hook/k3y HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: slow\r\nContent-Length: 1000\r\n\r\n"

    def runs(server):
        return server.every("/v1/runs?flow=a.hook")

    with world.server("limits: {request_body: PT1S}\n" + ingress) as server:
        server.synced(commit)
        answer, took = drip(port, 20, b"x", head)
        assert answer.startswith("HTTP/1.1 408 Request Timeout\r\n") and "the body of a request may take 1 seconds" in answer, answer
        assert took >= 0.9 and runs(server) == [], took
        # A whole body in time, in two parts.
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
            raw.sendall(head.replace(b"slow", b"fast") + b"x" * 500)
            time.sleep(0.3)
            raw.sendall(b"x" * 500)
            assert raw.recv(4096).startswith(b"HTTP/1.1 202 "), "a body in time is refused"
        assert len(runs(server)) == 1
    with world.server(ingress) as server:
        assert drip(port, 3, b"x", head) == ("", 3)
    world.repository.remove("domains/a/flows/hook.yaml")
    world.repository.push("No hook")


KEYS = {
    "source": source_store_and_listen,
    "store": source_store_and_listen,
    "listen": source_store_and_listen,
    "environment": environment,
    "hosts": hosts,
    "roles": roles,
    "source.url": source_url,
    "source.branch": source_branch,
    "source.poll": source_poll,
    "source.allow_rewind": source_allow_rewind,
    "guards.max_deletions": guards_max_deletions,
    "guards.allow_breaking": guards_allow_breaking,
    "drift.interval": drift_interval_and_disabled,
    "drift.disabled": drift_interval_and_disabled,
    "ingress.listen": elsewhere("triggers.py", "ingress"),
    "ingress.body_bytes": elsewhere("triggers.py"),
    "ingress.rate": elsewhere("triggers.py"),
    "runner.slots": runner_slots,
    "runner.nice": runner_nice,
    "runner.pools": runner_pools,
    "runner.grace": runner_grace,
    "runner.private_addresses": elsewhere("network.py"),
    "retention.interval": elsewhere("retention.py"),
    "retention.newest": elsewhere("retention.py"),
    "retention.runs": elsewhere("retention.py"),
    "retention.logs": elsewhere("retention.py"),
    "retention.events": elsewhere("retention.py"),
    "retention.publications": elsewhere("../store/test-retention.c", "newest-publications-stay"),
    "retention.backfills": elsewhere("../store/test-retention.c", "ended-backfills-go"),
    "retention.drift": elsewhere("../store/test-retention.c", "open-drift-stays"),
    "retention.plans": elsewhere("../store/test-retention.c", "old-plans-go"),
    "retention.revisions": elsewhere("../store/test-retention.c", "revisions-and-scripts-go"),
    "limits.file_bytes": limited("file_bytes", 100, write("domains/a/sql/u.sql", "SELECT 1 AS id" + " " * 200), "100"),
    "limits.schema_bytes": limited("schema_bytes", 100, write(
        "domains/a/schemas/t.json", '[{"name": "id", "type": "INTEGER"}]' + " " * 200), "100"),
    "limits.data_bytes": limited("data_bytes", 100, flow_set, "100"),
    "limits.scripts_bytes": limited("scripts_bytes", 100, write("domains/a/scripts/x.sh", "#" * 200), "100"),
    "limits.entries": limited("entries", 20, many_files, "20"),
    "limits.depth": limited("depth", 4, write("domains/a/b/c/d/domain.yaml", "owner: x\n"), "4"),
    "limits.seconds": elsewhere("../repo-layout/test-limits.c"),
    "limits.request_head": request_head,
    "limits.request_body": request_body,
    "limits.memory_bytes": elsewhere("../repo-layout/test-limits.c"),
    "yaml.depth": limited("yaml.depth", 4, write("domains/a/flows/f.yaml", (
        "id: f\ntasks:\n  - {id: t, type: sequential, tasks: [{id: u, type: log, message: hi}]}\n")), "4"),
    "yaml.nodes": limited("yaml.nodes", 10, write("domains/a/flows/f.yaml", (
        "id: f\ntasks:\n" + "".join(f"  - {{id: t{n}, type: log, message: hi}}\n" for n in range(9)))), "10"),
    "yaml.aliases": limited("yaml.aliases", 1, write("domains/a/flows/f.yaml", (
        "id: f\nlabels: {a: &x one, b: *x, c: *x}\ntasks: [{id: t, type: log, message: hi}]\n")), "1"),
    "yaml.alias_nodes": limited("yaml.alias_nodes", 2, write("domains/a/flows/f.yaml", (
        "id: f\nvariables: {a: &x [1, 2, 3, 4], b: *x}\ntasks: [{id: t, type: log, message: hi}]\n")), "2"),
}
REMOTE = ["tag", "commit", "username", "password_file", "password_env", "token_file", "token_env", "ca_file", "proxy",
          "ssh_key_file", "ssh_key_passphrase_file", "ssh_key_passphrase_env", "known_hosts_file", "connect_timeout",
          "stall_timeout", "fetch_timeout"]
GROUPS = {"guards", "drift", "runner", "ingress", "retention", "limits", "limits.yaml"}


def documented():
    """The keys of `weir reference server`, with the table that they are in."""
    table, keys = "", []
    for line in must(weir("reference", "server")).out.splitlines():
        heading = re.match(r"### `(\w+)`", line)
        row = re.match(r"\| `(\w+)` \|", line)
        if heading:
            table = heading[1] + "."
        elif row:
            keys.append(table + row[1])
    return keys


def check_rows(keys):
    remote = "".join((HERE / name).read_text() for name in ("remotes.py", "remote_faults.py"))
    tests = "".join(path.read_text() for path in (HERE.parent / "reconciler").glob("test-source*.c"))
    for name in REMOTE:
        KEYS[f"source.{name}"] = elsewhere("remotes.py, remote_faults.py, test-source*.c", name)
        assert re.search(rf"\b{name}\b", remote + tests), f"no story names source.{name}"
    missing = sorted(set(keys) - set(KEYS) - GROUPS)
    assert not missing, f"keys without a row in {pathlib.Path(__file__).name}: {missing}"
    gone = sorted(set(KEYS) - set(keys))
    assert not gone, f"rows of keys that there are no more: {gone}"
    for key, proof in KEYS.items():
        if isinstance(proof, tuple) and "," not in proof[0]:
            text = (HERE / proof[0]).read_text()
            assert (proof[1] or key.split(".")[-1]) in text, f"{proof[0]} does not name {key}"


def main():
    check_rows(documented())
    chosen = sys.argv[1:]
    for proof in dict.fromkeys(proof for proof in KEYS.values() if callable(proof)):
        names = [key for key, value in KEYS.items() if value is proof]
        if chosen and not set(chosen) & set(names):
            continue
        began = time.monotonic()
        with temporary() as folder:
            try:
                proof(World(folder))
            except BaseException:
                print(f"not ok {', '.join(names)}", flush=True)
                log = pathlib.Path(folder) / "serve.log"
                print(log.read_text()[-3000:] if log.exists() else "", flush=True)
                raise
        print(f"ok {', '.join(names)} ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
