#!/usr/bin/env python3
"""Acts on runs, on a real server: replay and labels, with kills of whoever asks and of whoever carries it out, after which each act
was done whole or not at all, and no task that was kept ran again."""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import WEIR, Repository, Server, eventually, must, temporary  # noqa: E402

FLOW = """id: load
labels: {team: red, shift: night}
tasks:
  - {id: fetch, type: shell, commands: ["echo {{ execution.id }} >> FOLDER/fetched"]}
  - {id: each, type: foreach, values: [x, y], tasks: [{id: store, type: shell, commands: ["echo {{ execution.id }} >> FOLDER/stored"]}]}
  - {id: late, type: labels, labels: {late: "yes"}}
"""
WAITS = """id: waits
labels: {team: red}
tasks:
  - {id: hold, type: pause}
  - {id: late, type: labels, labels: {late: "yes"}}
"""
LOADS = """id: loads
tasks:
  - {id: write, type: shell, outputFiles: [n.csv], commands: ['printf "n,name\\n1,a\\nx,b\\n3,c\\ny,d\\n" >n.csv']}
  - {id: load, type: sql.load, from: "{{ outputs.write.outputFiles['n.csv'] }}", format: csv, table: a.numbers, on_bad_row: reject,
     schema: [{name: n, type: INT64}, {name: name, type: STRING}]}
"""
CHECKED = """id: checked
tasks:
  - {id: build, type: sql.build, table: a.checked, sql: "SELECT 1 AS id, 'x' AS name UNION ALL SELECT NULL, 'y'",
     checks: [{not_null: [id]}, {row_count: {min: 1}}]}
"""


def lines(folder, name):
    return (folder / name).read_text().split()


class World:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        repository = Repository(folder)
        repository.begin({"load": FLOW.replace("FOLDER", str(folder)), "waits": WAITS, "loads": LOADS, "checked": CHECKED})
        repository.push("Flows")
        self.server = Server(folder, repository.bare)

    def run(self, run):
        return self.server.json(f"/v1/runs/{run}")

    def ended(self, run):
        return eventually(lambda: (lambda r: r if r["state"] in ("SUCCESS", "FAILED", "KILLED") else None)(self.run(run)), 60,
                          f"run {run} to end")

    def labels(self, run):
        return {k: v for k, v in self.run(run)["labels"].items() if not k.startswith("system.")}

    def act(self, *words):
        return must(self.server.weir("runs", *words)).out.strip()

    def begin(self, *words, after):
        """An act whose process is killed when so many seconds have passed; whether it said that it was done."""
        process = subprocess.Popen([WEIR, "runs", *words, "--store", self.server.store], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        time.sleep(after)
        os.kill(process.pid, signal.SIGKILL)
        return process.communicate()[0].strip()


def a_replay_keeps_what_came_before(world):
    first = must(world.server.weir("run", "a.load")).out.strip()
    assert world.ended(first)["state"] == "SUCCESS"
    store = [t for t in world.server.every(f"/v1/runs/{first}/tasks") if t["task"] == "store" and t["value"] == "y"][0]
    second = world.act("replay", first, "--from", "store")
    third = world.act("replay", first, "--from", store["id"])
    everything = world.act("replay", first)
    for run in (second, third, everything):
        run = world.ended(run)
        assert run["state"] == "SUCCESS" and run["origin"] == first, run
    fetched, stored = lines(world.folder, "fetched"), lines(world.folder, "stored")
    assert fetched == [first, everything], fetched
    assert [stored.count(run) for run in (first, second, third, everything)] == [2, 2, 1, 2], stored
    return first


def replays_are_whole_over_kills(world, first, chance):
    said = set()
    for number in range(12):
        out = world.begin("replay", first, "--from", "store", after=chance.uniform(0, 0.12))
        said |= {out} if out else set()
        if number % 4 == 3:
            world.server.kill()
            world.server.start()
    runs = [run for run in world.server.every("/v1/runs?flow=a.load") if run["origin"] == first]
    assert said <= {run["id"] for run in runs}, (said, runs)
    for run in runs:
        # A server that was killed may have lost a shell task under way: that is FAILED, and says so.
        ended = world.ended(run["id"])
        tasks = world.server.every(f"/v1/runs/{run['id']}/tasks")
        assert ended["state"] == "SUCCESS" or any("lost" in (t["message"] or "") for t in tasks), (ended, tasks)
        assert tasks[0]["task"] == "fetch" and tasks[0]["state"] == "SUCCESS", tasks
    fetched = lines(world.folder, "fetched")
    assert len(fetched) == len(set(fetched)) == 2, fetched


def labels_change_whenever(world, first):
    world.act("label", first, "--set", "team=blue", "--remove", "shift")
    assert world.labels(first) == {"team": "blue", "late": "yes"}, world.labels(first)
    run = must(world.server.weir("run", "a.waits")).out.strip()
    eventually(lambda: world.run(run)["state"] == "PAUSED", what="the pause")
    world.act("label", run, "--set", "team=blue", "--set", "more=1")
    assert world.labels(run) == {"team": "blue", "more": "1"}, world.labels(run)
    world.server.kill()
    world.server.start()
    assert world.labels(run) == {"team": "blue", "more": "1"}, world.labels(run)
    world.act("label", run, "--remove", "more")
    world.act("resume", run)
    assert world.ended(run)["state"] == "SUCCESS"
    assert world.labels(run) == {"team": "blue", "late": "yes"}, world.labels(run)


def labels_survive_kills(world, chance):
    """What the command said it did holds, whoever was killed and whatever the run wrote meanwhile."""
    for number in range(6):
        run = must(world.server.weir("run", "a.load")).out.strip()
        time.sleep(chance.uniform(0, 0.1))
        world.act("label", run, "--set", f"n={number}", "--remove", "team")
        time.sleep(chance.uniform(0, 0.05))
        world.server.kill()
        world.server.start()
        world.ended(run)
        labels = world.labels(run)
        assert labels.get("n") == str(number) and "team" not in labels, (number, labels)


def what_is_wrong_is_said(world, first):
    def refused(status, text, *words):
        done = world.server.weir("runs", *words)
        assert done.status == status and text in done.err, done

    refused(1, "the run has no task 'nope'", "replay", first, "--from", "nope")
    refused(1, "label 'system.correlationId' is one that weir sets itself", "label", first, "--set", "system.correlationId=x")
    refused(1, "there is no run 'nope'", "label", "nope", "--set", "a=b")
    refused(64, "'weir runs label' needs --set or --remove", "label", first)
    refused(64, "'--set a' is not NAME=VALUE", "label", first, "--set", "a")
    answer = json.loads(must(world.server.weir("runs", "replay", first, "--output", "json")).out)
    assert answer["origin"] == first and world.ended(answer["id"])["state"] == "SUCCESS", answer


def rejected_rows_are_shown(world):
    run = must(world.server.weir("run", "a.loads")).out.strip()
    ended = eventually(lambda: (lambda r: r if r["ended"] else None)(world.run(run)), what="the load")
    assert ended["state"] == "WARNING", ended
    rows = world.server.every(f"/v1/runs/{run}/rejected?limit=1")
    assert [(r["line"], r["column"], r["reason"], r["text"]) for r in rows] == [
        (3, "n", "'x' is not an INT64", "x,b"), (5, "n", "'y' is not an INT64", "y,d")], rows
    assert world.server.every(f"/v1/runs/{run}/rejected?task_run={rows[0]['task_run']}") == rows
    shown = world.act("show", run)
    assert "2 rejected rows" in shown and "'y' is not an INT64  y,d" in shown, shown
    assert json.loads(world.act("show", run, "--output", "json"))["rejected"] == rows


def failing_rows_are_shown(world):
    run = must(world.server.weir("run", "a.checked")).out.strip()
    assert world.ended(run)["state"] == "FAILED"
    shown = world.act("show", run)
    assert "not_null(id) of a.checked failed: " in shown and '"y"' in shown and "row_count" not in shown, shown
    checks = json.loads(world.act("show", run, "--output", "json"))["checks"]
    assert [(c["name"], c["result"]) for c in checks] == [("not_null(id)", "failed"), ("row_count", "passed")], checks
    assert checks[0]["sample"] == [{"id": None, "name": "y"}], checks


def main():
    chance = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    with temporary() as folder:
        world = World(folder)
        with world.server as server:
            server.synced()
            first = a_replay_keeps_what_came_before(world)
            replays_are_whole_over_kills(world, first, chance)
            labels_change_whenever(world, first)
            labels_survive_kills(world, chance)
            what_is_wrong_is_said(world, first)
            rejected_rows_are_shown(world)
            failing_rows_are_shown(world)


main()
