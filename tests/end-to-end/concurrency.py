#!/usr/bin/env python3
"""A flow's limit on runs at once, on a real server: exact under load, while runs are killed, restarted, replayed, paused and resumed, and
over kills of the server at any moment. No run stays QUEUED, no place is lost.

The ledger is a file to which each run appends when it begins and when it has ended its work: how many held a place at once is counted
there, outside of weir."""

import concurrent.futures
import pathlib
import random
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import LATE, Repository, Server, eventually, must, temporary  # noqa: E402

LIMIT = 3
RETRY = "retry: {type: constant, interval: PT0.01S, maxAttempts: 30}"
WORK = ("{id: work, type: shell, commands: ['echo begin {{ execution.id }} >> LEDGER', 'sleep " + str(0.05 * LATE) + "', "
        "'echo end {{ execution.id }} >> LEDGER'], " + RETRY + "}")
FLOWS = {
    "queue": f"concurrency: {{limit: {LIMIT}, behavior: QUEUE}}\ntasks: [{WORK}]\n",
    "pauses": f"concurrency: {{limit: {LIMIT}, behavior: QUEUE}}\ntasks: [{{id: hold, type: pause}}, {WORK}]\n",
    "parent": "tasks: [{id: child, type: subflow, flowId: queue, transmitFailed: false}]\n",
    "long": f"concurrency: {{limit: {LIMIT}, behavior: QUEUE}}\n"
            "tasks: [{id: work, type: shell, commands: ['while true; do echo tick >> LEDGER.long; sleep 0.02; done']}]\n",
    "above": "tasks: [{id: child, type: subflow, flowId: long}]\n",
    "held": "concurrency: {limit: 2, behavior: BEHAVIOR}\ntasks: [{id: hold, type: shell, commands: ['while [ ! -e GO ]; do sleep 0.02; "
            "done'], " + RETRY + "}]\n",
    "again": "concurrency: {limit: 1, behavior: FAIL}\nretry: {type: constant, interval: PT0.01S, maxAttempts: 3, behavior: "
             "CREATE_NEW_EXECUTION}\ntasks: [{id: t, type: fail, condition: \"{{ execution.id == execution.originalId }}\"}]\n",
}
ENDED = {"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "SKIPPED", "RETRIED"}


class World:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ledger, self.go = self.folder / "ledger", self.folder / "go"
        self.repository = repository = Repository(folder)
        repository.begin()
        for name, text in FLOWS.items():
            for behavior in ("CANCEL", "FAIL") if name == "held" else ("",):
                text_now = text.replace("LEDGER", str(self.ledger)).replace("GO ", f"{self.go} ").replace("BEHAVIOR", behavior)
                flow = f"{name}{behavior.lower()}"
                repository.write(f"domains/a/flows/{flow}.yaml", f"id: {flow}\n{text_now}")
        repository.push("Flows")
        (self.folder / "server.yaml").write_text("runner: {slots: 8}\n")
        self.server = Server(folder, repository.bare, "--config", self.folder / "server.yaml")

    def begin(self, flow):
        return must(self.server.weir("run", f"a.{flow}")).out.strip()

    def begin_many(self, flow, count):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda _: self.begin(flow), range(count)))

    def state(self, run):
        return self.server.json(f"/v1/runs/{run}")["state"]

    def states(self, runs):
        return sorted(self.state(run) for run in runs)

    def ended(self, runs, seconds=120):
        eventually(lambda: all(self.state(run) in ENDED for run in runs), seconds * LATE, "the runs to end")

    def active(self):
        """What is in the line of active runs: nothing when all have ended, also no place that nobody holds."""
        with sqlite3.connect(f"file:{self.server.data}/weir.db?mode=ro", uri=True) as store:
            return store.execute("SELECT flow, state, phase, slot FROM run_active").fetchall()

    def most_at_once(self, runs):
        """How many runs were between their first `begin` and their last `end` at once. One that was cut off counts until it is said to
        have ended."""
        lines = [line.split() for line in self.ledger.read_text().splitlines()]
        last = {run: number for number, (word, run) in enumerate(lines) if word == "end"}
        held, most = set(), 0
        for number, (word, run) in enumerate(lines):
            if run in runs and word == "begin" and last.get(run, -1) > number:
                held.add(run)
            elif word == "end" and last[run] == number:
                held.discard(run)
            most = max(most, len(held))
        return most


def the_limit_is_exact_under_load(world):
    runs = world.begin_many("queue", 60)
    world.ended(runs)
    assert world.states(runs) == ["SUCCESS"] * 60
    assert world.most_at_once(set(runs)) == LIMIT, world.most_at_once(set(runs))
    assert world.active() == []


def over_the_limit_they_are_cancelled_or_fail(world):
    for behavior, state in ("cancel", "CANCELLED"), ("fail", "FAILED"):
        runs = world.begin_many(f"held{behavior}", 12)
        eventually(lambda: world.states(runs).count("RUNNING") == 2, what="two that run")
        assert world.states(runs).count(state) == 10, world.states(runs)
        refused = next(run for run in runs if world.state(run) == state)
        assert world.server.json(f"/v1/runs/{refused}")["message"] == "the flow's concurrency limit is reached"
        world.server.kill()
        world.server.start()
        # The places are still theirs.
        assert world.state(world.begin(f"held{behavior}")) == state
        world.go.touch()
        world.ended(runs)
        assert world.states(runs).count("SUCCESS") == 2, world.states(runs)
        after = world.begin(f"held{behavior}")
        world.ended([after])
        assert world.state(after) == "SUCCESS"
        world.go.unlink()
    assert world.active() == []


def a_retry_takes_the_place_of_what_it_retries(world):
    first = world.begin("again")
    world.ended([first])
    assert world.state(first) == "RETRIED"
    second = [run for run in world.server.every("/v1/runs?flow=a.again") if run["origin"] == first]
    assert len(second) == 1, second
    world.ended([second[0]["id"]])
    assert world.state(second[0]["id"]) == "SUCCESS", world.server.json(f"/v1/runs/{second[0]['id']}")


def paused_runs_hold_no_place(world):
    runs = world.begin_many("pauses", 8)
    eventually(lambda: world.states(runs) == ["PAUSED"] * 8, what="all of them paused")
    # A kill reaches one that nobody drives; the others go on as places are free.
    must(world.server.weir("runs", "kill", runs[0]))
    for run in runs[1:]:
        must(world.server.weir("runs", "resume", run))
    world.ended(runs)
    assert world.states(runs) == ["KILLED"] + ["SUCCESS"] * 7, world.states(runs)
    assert world.most_at_once(set(runs)) <= LIMIT
    assert world.active() == []


def killing_what_is_queued(world):
    runs = world.begin_many("queue", 20)
    for run in runs[::2]:
        world.server.weir("runs", "kill", run)  # refused where the run has ended meanwhile
    world.ended(runs)
    assert all(world.state(run) == "SUCCESS" for run in runs[1::2]), world.states(runs)
    # With their sub-flows, of which some run and the others are queued.
    parents = world.begin_many("above", 12)
    children = eventually(lambda: (lambda found: found if len(found) == 12 else None)(
        [run["id"] for run in world.server.every("/v1/runs?flow=a.long") if run["parent"] in parents]), what="the sub-flows")
    eventually(lambda: world.states(children) == ["QUEUED"] * 9 + ["RUNNING"] * LIMIT, what="three that run")
    for run in parents:
        must(world.server.weir("runs", "kill", run))
    world.ended(parents + children)
    assert world.states(parents + children) == ["KILLED"] * 24, world.states(parents + children)
    # A killed one never writes again.
    ticks = pathlib.Path(f"{world.ledger}.long").read_text()
    time.sleep(0.2)
    assert pathlib.Path(f"{world.ledger}.long").read_text() == ticks
    assert world.active() == []


def act(world, chance, runs, lock):
    """One thing that somebody might do; what cannot be done now is no failure."""
    what = chance.choice(["begin", "begin", "begin", "parent", "pauses", "kill", "restart", "replay", "resume"])
    if what in ("begin", "parent", "pauses"):
        done = world.server.weir("run", "a." + {"begin": "queue"}.get(what, what))
        if done.status == 0:
            runs.append(done.out.strip())
    elif runs:
        done = world.server.weir("runs", what, chance.choice(runs))
        if what == "replay" and done.status == 0:
            runs.append(done.out.strip())
        if what == "restart" and done.status == 0:
            lock.append(1)


def over_kills_of_the_server(world, chance, rounds):
    runs, restarted = [], []
    for number in range(rounds):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            acts = [pool.submit(act, world, random.Random(chance.random()), runs, restarted) for _ in range(12)]
            time.sleep(chance.uniform(0, 0.25))
            world.server.kill()
            world.server.start()
            for one in acts:
                one.result()
        print(f"round {number}: {len(runs)} runs", flush=True)
    every = {run["id"]: run for run in world.server.every("/v1/runs")}
    for run in every.values():
        if run["flow"].endswith("pauses"):
            world.server.weir("runs", "kill", run["id"])
    assert set(runs) <= set(every)
    world.ended(list(every))
    left = [run["id"] for run in world.server.every("/v1/runs") if run["state"] not in ENDED]
    assert left == [], left
    assert world.active() == [], world.active()
    assert restarted or rounds < 8
    # All places are there again, and no more.
    after = world.begin_many("queue", 12)
    world.ended(after)
    assert world.most_at_once(set(after)) == LIMIT, world.most_at_once(set(after))


def a_new_limit_holds_for_those_that_wait(world):
    runs = world.begin_many("queue", 20)
    world.repository.replace("domains/a/flows/queue.yaml", f"limit: {LIMIT}", "limit: 1")
    world.repository.push("One at a time")
    eventually(lambda: world.server.json("/v1/flows/a/queue")["revision"] == 2, what="the new limit")
    time.sleep(0.2)
    after = world.begin_many("queue", 8)
    world.ended(runs + after)
    assert world.most_at_once(set(after)) == 1, world.most_at_once(set(after))
    assert world.states(runs + after) == ["SUCCESS"] * 28 and world.active() == []


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    print(f"seed {seed}", flush=True)
    with temporary() as folder:
        world = World(folder)
        with world.server as server:
            server.synced()
            the_limit_is_exact_under_load(world)
            over_the_limit_they_are_cancelled_or_fail(world)
            a_retry_takes_the_place_of_what_it_retries(world)
            paused_runs_hold_no_place(world)
            killing_what_is_queued(world)
            over_kills_of_the_server(world, random.Random(seed), rounds)
            a_new_limit_holds_for_those_that_wait(world)


main()
