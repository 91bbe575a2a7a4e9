#!/usr/bin/env python3
"""A store that cannot be written to: a full disk (a small tmpfs of its own) and a foreign lock. The store cannot hold the news, so
the server must tell it: /readyz, /v1/status, /metrics, and `weir status`. When the cause is gone all goes on by itself."""

import os
import pathlib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import LATE, Repository, Server, eventually, must, run, temporary, weir  # noqa: E402

FULL = "cannot grow: the disk is full or a quota is reached"
FULL_HINT = "free some space on the disk of the store; all goes on by itself then"
LOCKED = "is locked by another connection or process: waited 5000 ms"
LOCKED_HINT = "end the process that keeps the store locked ('fuser' on its file names it); all goes on by itself then"


def flow(number, size):
    return f"id: flow{number}\ndescription: {os.urandom(size // 2).hex()}\ntasks:\n  - {{id: t, type: log, message: hi}}\n"


# Waits for a file, then says eight megabytes that cannot be packed.
CHATTY = """
id: chatty
inputs: [{id: go, type: STRING}]
tasks:
  - id: talk
    type: shell
    env: {GO: "{{ inputs.go }}"}
    commands: ['while [ ! -e "$GO" ]; do sleep 0.05; done', 'head -c 6000000 /dev/urandom | base64']
"""


class Story:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.repository = Repository(folder)
        self.disk = self.folder / "data"
        self.server = Server(folder, self.repository.bare)
        self.filler = self.disk / "filler"
        self.number = 0

    def push(self, size=100, count=1):
        for _ in range(count):
            self.number += 1
            self.repository.write(f"domains/a/flows/flow{self.number}.yaml", flow(self.number, size))
        return self.repository.push(f"Flow {self.number}")

    def status(self):
        return self.server.json("/v1/status")

    def synced(self, commit):
        def look():
            status = self.status()
            return status["sync"] == "Synced" and status["commit"] == commit and status["error"] is None and status
        status = eventually(look, 60, f"Synced at {commit}")
        assert status["health"] == "Healthy" and status["hint"] is None, status
        assert [part["status"] for part in status["parts"]] == ["ok"] * 4, status
        eventually(lambda: self.server.get("/readyz")[0] == 200, what="readiness")

    def in_trouble(self, message, hint, part=None):
        """Everything that tells says the same. part: the one that fails; None: whichever tries first."""
        what = f"database '{self.disk}/weir.db' {message}"

        def look():
            status = self.status()
            name, _, told = (status["error"] or "").partition(": ")
            print(status["error"], [(p["name"],p["status"],p["message"]) for p in status["parts"]], status["sync"], flush=True) if os.environ.get("DBG") else None
            return told == what and part in (None, name) and status
        status = eventually(look, 30, what)
        assert status["hint"] == hint and status["health"] == "Degraded", status
        # A beat that cannot be written is missed, too, after a while.
        failed = [each for each in status["parts"] if each["status"] == "failed" and not each["name"].startswith("node ")]
        assert all(each["message"] == what and each["hint"] == hint and each["since"] for each in failed), failed
        names = {each["name"] for each in failed}
        assert "reconciler" not in names or status["sync"] == "Unknown", status

        # Each thread of the server may show for a second what it showed last.
        code, body, headers = eventually(lambda: (lambda r: r[0] == 503 and r)(self.server.get("/readyz")), 5, "503")
        assert headers["Content-Type"] == "application/problem+json", headers
        assert body["code"] == "not-ready" and body["detail"].endswith(what) and body["hint"] == hint, body
        assert body["status"] == 503 and len(body["parts"]) == 5, body
        assert self.server.get("/healthz")[0] == 200
        name = failed[0]["name"]
        eventually(lambda: f'weir_part_works{{part="{name}"}} 0' in self.server.get("/metrics")[1], 5, "metrics")

        told = must(self.server.weir("status"))
        assert f": {what}\nhint: {hint}\n" in told.out, told
        told = must(self.server.weir("status", "--output", "json")).json()
        assert told["error"].endswith(what) and told["hint"] == hint, told

    def fill(self):
        """Leaves no room on the disk."""
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass


def a_commit_that_the_disk_has_no_room_for(story):
    story.synced(story.push())
    story.fill()
    commit = story.push(900_000, 2)  # more than the log is filled ahead with
    story.in_trouble(FULL, FULL_HINT, "reconciler")
    assert story.status()["commit"] != commit
    log = story.server.log.read_text()
    assert log.count("cannot reconcile") == 1, log
    story.filler.unlink()
    story.synced(commit)


def a_run_that_the_disk_has_no_room_for(story):
    story.repository.write("domains/a/flows/chatty.yaml", CHATTY)
    story.synced(story.repository.push("A chatty flow"))
    go = story.folder / "go"
    run = must(story.server.weir("run", "a.chatty", "-i", f"go={go}")).out.split()[0]
    eventually(lambda: story.server.json(f"/v1/runs/{run}")["state"] == "RUNNING", what="the run to begin")
    story.fill()
    go.touch()
    story.in_trouble(FULL, FULL_HINT, "runner")
    story.filler.unlink()
    ended = eventually(lambda: (lambda r: r["ended"] and r)(story.server.json(f"/v1/runs/{run}")), 60, "the run to end")
    assert ended["state"] == "SUCCESS", ended
    assert len(story.server.every(f"/v1/runs/{run}/logs")) > 1000
    story.synced(story.repository.git("rev-parse", "HEAD"))


def a_build_that_fills_the_disk(story):
    """It fails and says why; the room comes back, so that its end is recorded; what was published stays; with room it succeeds."""
    query = ("WITH RECURSIVE k(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM k WHERE id < {rows}) "
             "SELECT id, printf('%0100d', id) AS text FROM k")
    flow = ("id: {id}\ninputs: [{{id: rows, type: INT}}]\ntasks:\n  - {{id: b, type: sql.build, table: a.{id}, "
            "retry: {{type: constant, interval: PT0.1S, maxAttempts: 2}}, sql: \"" +
            query.replace("{rows}", "{{{{ inputs.rows }}}}") + "\"}}\n")
    for name in ("grown", "other"):
        story.repository.write(f"domains/a/flows/{name}.yaml", flow.format(id=name))
    story.synced(story.repository.push("Two tables"))

    def build(name, rows):
        run = must(story.server.weir("run", f"a.{name}", "-i", f"rows={rows}")).out.split()[0]
        return eventually(lambda: (lambda r: r["ended"] and r)(story.server.json(f"/v1/runs/{run}")), 60, "the run to end")

    assert build("grown", 1000)["state"] == "SUCCESS"
    assert build("other", 10)["state"] == "SUCCESS"
    before = os.statvfs(story.disk).f_bavail
    failed = build("grown", 200_000)
    assert failed["state"] == "FAILED", failed
    assert failed["message"].startswith(f"task 'b' failed: cannot publish 'a.grown': there is no more room in "
                                        f"'{story.disk}/default' (0 bytes of 21.0 MB free); the table is as it was; "
                                        f"make room there and run it again"), failed
    tasks = story.server.json(f"/v1/runs/{failed['id']}/tasks")["items"]
    assert len(tasks[0]["attempts"]) == 2, tasks
    assert os.statvfs(story.disk).f_bavail > before - 500, (os.statvfs(story.disk).f_bavail, before)
    reader = sqlite3.connect(story.disk / "default" / "a.db")
    assert reader.execute("SELECT count(*) FROM grown").fetchone() == (1000,)
    assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    reader.close()
    assert build("other", 20)["state"] == "SUCCESS"
    must(run("mount", "-o", "remount,size=200m", story.disk))
    assert build("grown", 200_000)["state"] == "SUCCESS"


def a_dataset_that_cannot_be_made(story):
    """A disk that takes no file more, from before the dataset's first: SQLite remembers another error than the one that counts."""
    story.repository.write("domains/a/flows/fresh.yaml", "id: fresh\ntasks:\n  - {id: b, type: sql.build, table: fresh.t, sql: SELECT 1 AS n}\n")
    story.repository.write("domains/a/flows/query.yaml", "id: query\ntasks:\n  - {id: q, type: sql.query, sql: CREATE TABLE newer.t (n INT)}\n")
    story.synced(story.repository.push("A dataset that is not there yet"))

    def run_flow(name):
        run = must(story.server.weir("run", f"a.{name}")).out.split()[0]
        return eventually(lambda: (lambda r: r["ended"] and r)(story.server.json(f"/v1/runs/{run}")), 60, "the run to end")

    def takes_no_more():
        disk = os.statvfs(story.disk)
        must(run("mount", "-o", f"remount,nr_inodes={disk.f_files - disk.f_ffree}", story.disk))

    takes_no_more()
    assert run_flow("fresh")["message"] == (f"task 'b' failed: cannot make the folder of datasets '{story.disk}/default': "
                                            f"No space left on device: make room in '{story.disk}'")
    must(run("mount", "-o", "remount,nr_inodes=10000", story.disk))
    (story.disk / "default").mkdir()
    takes_no_more()
    for name, task, dataset in (("fresh", "b", "fresh"), ("query", "q", "newer")):
        ended = run_flow(name)
        assert ended["state"] == "FAILED" and ended["message"] == (
            f"task '{task}' failed: cannot open database '{story.disk}/default/{dataset}.db': No space left on device: "
            f"make room in '{story.disk}/default'"), ended
    must(run("mount", "-o", "remount,nr_inodes=10000", story.disk))
    assert [run_flow(name)["state"] for name in ("fresh", "query")] == ["SUCCESS", "SUCCESS"]


def somebody_who_locks_the_store(story):
    thief = sqlite3.connect(story.disk / "weir.db", isolation_level=None)
    thief.execute("BEGIN IMMEDIATE")
    try:
        commit = story.push()
        began = time.monotonic()
        story.in_trouble(LOCKED, LOCKED_HINT)
        # A part that writes waits 5 s, and may have waited for another one to do so before; a second is what a thread may show.
        assert time.monotonic() - began < 13 * LATE, time.monotonic() - began
    finally:
        thief.close()
    story.synced(commit)


def nothing_is_written(story, disk, store):
    must(run("mount", "-o", "remount,ro", disk))
    why = "Read-only file system: mount its disk for writing, or name a store elsewhere with --store\n"
    for words, told in (
            (("serve", story.repository.bare, "--listen", "127.0.0.1:0"), f"cannot make the lock file '{disk}/weir.db.lock': {why}"),
            (("run", "a.flow1"), f"cannot open database '{disk}/weir.db': folder '{disk}' cannot be written\nhint: let the user that runs "
                                 "weir write to its folder, and see that its disk is mounted for writing\n")):
        done = weir(*words, "--store", store)
        assert (done.status, done.err) == (1, f"weir: error: {told}"), done
    done = weir("serve", story.repository.bare, "--store", f"sqlite:{disk}/new/weir.db", "--listen", "127.0.0.1:0")
    assert (done.status, done.err) == (1, f"weir: error: cannot make the folder '{disk}/new': {why}"), done
    found = weir("doctor", "--store", store).out
    assert "cure: mount its disk for writing, or keep the store elsewhere: --store\n" in found and "chown" not in found, found


def a_disk_that_is_mounted_for_reading(story):
    disk = story.folder / "read-only"
    store = f"sqlite:{disk}/weir.db"
    disk.mkdir()
    must(run("mount", "-t", "tmpfs", "none", disk))
    must(weir("apply", story.repository.bare, "--store", store))
    try:
        nothing_is_written(story, disk, store)
    finally:
        must(run("umount", disk))


def a_server_that_dies(story):
    story.server.kill()
    told = eventually(lambda: (lambda s: s["error"] and s)(must(story.server.weir("status", "--output", "json")).json()), 30,
                      "the silence to be noticed")
    assert "has been silent since 20" in told["error"], told
    assert told["error"].endswith("; its roles: reconciler,scheduler,runner,api"), told
    assert told["hint"] == "start it again, or see in its log why it cannot write to the store", told
    assert told["sync"] == "Unknown" and told["health"] == "Degraded", told
    story.server.start()
    story.synced(story.repository.git("rev-parse", "HEAD"))


STORY = [a_commit_that_the_disk_has_no_room_for, a_run_that_the_disk_has_no_room_for, somebody_who_locks_the_store,
         a_dataset_that_cannot_be_made, a_disk_that_is_mounted_for_reading, a_server_that_dies, a_build_that_fills_the_disk]


def main():
    with temporary() as folder:
        story = Story(folder)
        story.repository.begin()
        story.disk.mkdir()
        must(run("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", story.disk))
        try:
            with story.server:
                for number, chapter in enumerate(STORY, 1):
                    chapter(story)
                    print(f"ok {number} {chapter.__name__}", flush=True)
        finally:
            must(run("umount", story.disk))


if __name__ == "__main__":
    # Only root mounts; anybody is root in a namespace of their own.
    if os.geteuid() != 0:
        os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--mount", sys.executable, *sys.argv])
    main()
