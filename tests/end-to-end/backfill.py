#!/usr/bin/env python3
"""Backfills on a real server: each due time of the range once, oldest first, whoever is killed and whenever; paused, resumed,
cancelled; with conditions, inputs and labels of their own."""

import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import LATE, WEIR, Repository, Server, eventually, must, temporary  # noqa: E402

RETRY = "retry: {type: constant, interval: PT0.01S, maxAttempts: 30}"
FLOWS = {
    # Past schedules that the server itself leaves alone: they are disabled.
    "daily": "inputs:\n  - {id: day, type: STRING}\n  - {id: who, type: STRING, defaults: nobody}\n"
             "triggers:\n  - {id: nightly, type: schedule, cron: '30 2 * * *', timezone: Europe/Berlin, disabled: true, "
             "inputs: {day: \"{{ trigger.date | date('yyyy-MM-dd') }}\"}, labels: {kind: night}}\n"
             "tasks:\n  - {id: work, type: shell, commands: ['echo {{ inputs.day }} {{ inputs.who }} >> LEDGER', 'sleep 0.02'], RETRY}\n"
             "  - {id: out, type: return, format: \"{{ trigger.previous }} {{ trigger.date }} {{ trigger.next }}\"}\n",
    "weekdays": "triggers:\n  - {id: s, type: schedule, cron: '0 6 * * *', disabled: true, when: "
                "\"{{ trigger.date | date('e') | number <= 5 }}\"}\ntasks: [{id: t, type: log, message: x}]\n",
    "slow": "triggers:\n  - {id: s, type: schedule, cron: '0 * * * *', disabled: true}\ntasks: [{id: t, type: shell, commands: ['sleep "
            "0.2'], RETRY}]\n",
    "fails": "retry: {type: constant, interval: PT0.05S, maxAttempts: 3, behavior: CREATE_NEW_EXECUTION}\n"
             "triggers:\n  - {id: s, type: schedule, cron: '0 * * * *', disabled: true}\ntasks: [{id: t, type: fail}]\n",
    "two": "triggers:\n  - {id: a, type: schedule, cron: '0 6 * * *', disabled: true}\n  - {id: b, type: schedule, cron: '@daily', "
           "disabled: true}\ntasks: [{id: t, type: log, message: x}]\n",
    "bare": "tasks: [{id: t, type: log, message: x}]\n",
    "unclear": "triggers:\n  - {id: s, type: schedule, cron: '@daily', disabled: true, labels: {x: '{{ vars.later }}'}}\n"
               "tasks: [{id: t, type: log, message: x}]\n",
    "off": "disabled: true\ntriggers: [{id: a, type: schedule, cron: '@daily'}]\ntasks: [{id: t, type: log, message: x}]\n",
}
ENDED = {"CANCELLED", "FAILED", "DONE"}


class World:
    def __init__(self, folder):
        self.ledger = pathlib.Path(folder) / "ledger"
        self.repository = Repository(folder)
        self.repository.begin({name: f"id: {name}\n" + text.replace("LEDGER", str(self.ledger)).replace("RETRY", RETRY)
                               for name, text in FLOWS.items()})
        self.repository.push("Flows")
        self.server = Server(folder, self.repository.bare)

    def ask(self, flow, *words):
        return must(self.server.weir("backfill", f"a.{flow}", *words)).out.strip()

    def act(self, *words):
        return must(self.server.weir("backfill", *words)).out.strip()

    def show(self, backfill):
        return self.server.json(f"/v1/backfills/{backfill}")

    def ended(self, backfill, seconds=60):
        return eventually(lambda: (lambda b: b if b["state"] in ENDED else None)(self.show(backfill)), seconds * LATE, "the end")

    def runs(self, backfill, flow):
        """Its runs, oldest first."""
        runs = [run for run in self.server.every(f"/v1/runs?flow=a.{flow}&oldest_first=true")
                if run["labels"].get("system.backfill") == backfill]
        return [self.server.json(f"/v1/runs/{run['id']}") for run in runs]

    def dates(self, backfill, flow):
        return [run["trigger_detail"]["date"][:16] for run in self.runs(backfill, flow)]


def every_due_time_has_its_run(world):
    # Over the change of clocks: 02:30 does not exist on the 29th; that day it is 03:00.
    backfill = world.ask("daily", "--from", "2026-03-27", "--to", "2026-03-30", "-i", "who=me", "--label", "team=blue")
    done = world.ended(backfill)
    assert (done["state"], done["total"], done["made"], done["left_out"], done["runs"]) == ("DONE", 4, 4, 0, {"SUCCESS": 4}), done
    assert done["inputs"] == {"who": "me"} and done["labels"] == {"team": "blue"} and done["next"] is None, done
    assert world.dates(backfill, "daily") == ["2026-03-27T01:30", "2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]
    runs = world.runs(backfill, "daily")
    first = runs[0]
    labels = {key: value for key, value in first["labels"].items() if key != "system.correlationId"}
    assert labels == {"kind": "night", "team": "blue", "system.backfill": backfill}, labels
    assert first["inputs"] == {"day": "2026-03-27", "who": "me"} and first["trigger"] == "backfill", first
    assert first["trigger_detail"]["id"] == "nightly" and first["trigger_detail"]["type"] == "schedule", first
    outputs = world.server.json(f"/v1/runs/{first['id']}/outputs")
    assert "2026-03-26T01:30:00.000Z 2026-03-27T01:30:00.000Z 2026-03-28T01:30:00.000Z" in json.dumps(outputs), outputs
    # One at a time, oldest first.
    for before, after in zip(runs, runs[1:]):
        assert before["ended"] <= after["created"], (before, after)
    assert world.ledger.read_text().split("\n")[0] == "2026-03-27 me"


def what_does_not_hold_is_left_out(world):
    backfill = world.ask("weekdays", "--from", "2026-11-02T00:00:00Z", "--to", "2026-11-15T23:00:00Z", "--concurrency", "0")
    done = world.ended(backfill)
    assert (done["total"], done["made"], done["left_out"]) == (14, 10, 4), done


def it_can_be_paused_and_cancelled(world):
    backfill = world.ask("slow", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T11:00:00Z", "--concurrency", "2")
    eventually(lambda: world.show(backfill)["made"] >= 3, what="some runs")
    assert world.act("pause", backfill) == f"{backfill} paused"
    made = world.show(backfill)["made"]
    time.sleep(0.6)
    assert world.show(backfill)["made"] == made < 12
    world.server.kill()
    world.server.start()
    assert world.show(backfill)["state"] == "PAUSED" and world.show(backfill)["made"] == made
    world.act("resume", backfill)
    eventually(lambda: world.show(backfill)["made"] > made, 30 * LATE, "more runs")
    world.act("cancel", backfill, "--kill")
    left = world.show(backfill)
    eventually(lambda: set(world.show(backfill)["runs"]) <= {"SUCCESS", "KILLED"}, 30 * LATE, "the end of its runs")
    after = world.show(backfill)
    assert after["state"] == "CANCELLED" and after["made"] == left["made"] < 12 and after["ended"], after
    for words, text in ((("resume", backfill), "is not paused"), (("pause", backfill), "does not go on"), (("cancel", backfill), "has ended"),
                        (("cancel", "nope"), "there is no backfill 'nope'"), (("show", "nope"), "there is no backfill 'nope'")):
        refused = world.server.weir("backfill", *words)
        assert refused.status == 1 and text in refused.err, refused
    # What is held has its places: with two at once no more than two were made before one ended.
    runs = world.runs(backfill, "slow")
    for i in range(2, len(runs)):
        assert sum(run["ended"] is None or run["ended"] > runs[i]["created"] for run in runs[:i]) < 2, runs[i]


def a_retry_is_the_same_due_time(world):
    backfill = world.ask("fails", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T02:00:00Z")
    done = world.ended(backfill)
    assert (done["made"], done["runs"]) == (3, {"FAILED": 3}), done
    runs = world.server.every("/v1/runs?flow=a.fails&oldest_first=true")
    assert [run["state"] for run in runs] == ["RETRIED", "RETRIED", "FAILED"] * 3, runs


def what_is_wrong_is_said(world):
    def refused(status, text, *words):
        done = world.server.weir("backfill", *words)
        assert done.status == status and text in done.err, done

    span = ("--from", "2026-01-01", "--to", "2026-01-03")
    refused(1, "flow 'a.bare' has no schedule", "a.bare", *span)
    refused(1, "flow 'a.two' has the schedules 'a', 'b': say which one", "a.two", *span)
    refused(1, "flow 'a.two' has no schedule 'c'; it has 'a', 'b'", "a.two", "--trigger", "c", *span)
    refused(1, "there is no flow 'a.nope'", "a.nope", *span)
    refused(1, "flow 'a.off' is disabled", "a.off", *span)
    refused(1, "the range is empty: '2026-01-03' is after '2026-01-01'", "a.daily", "--from", "2026-01-03", "--to", "2026-01-01")
    refused(1, "no due time of 'nightly' lies in the range", "a.daily", "--from", "2026-01-03T12:00:00Z", "--to", "2026-01-03T13:00:00Z")
    refused(1, "'from' is no moment: 'soon'", "a.daily", "--from", "soon", "--to", "2026-01-01")
    refused(1, "more than 100000 due times of 's' lie in the range", "a.slow", "--from", "1990-01-01", "--to", "2026-01-01")
    refused(1, "no input 'whom'", "a.daily", *span, "-i", "whom=me")
    refused(1, "label 'system.x' is one that weir sets itself", "a.daily", *span, "--label", "system.x=1")
    refused(64, "'weir backfill FLOW' needs --from and --to", "a.daily", "--from", "2026-01-01")
    refused(64, "'--concurrency' is from 0", "a.daily", *span, "--concurrency", "-1")
    refused(64, "--kill goes with 'cancel'", "pause", "x", "--kill")
    # The trigger must be named, and can be.
    assert world.ended(world.ask("two", "--trigger", "b", *span))["made"] == 3
    assert world.server.json("/v1/backfills?flow=a.two")["items"][0]["trigger"] == "b"
    listed = must(world.server.weir("backfill", "list", "--flow", "a.two")).out
    assert "DONE" in listed and "3/3" in listed, listed


def the_schedule_may_go(world):
    backfill = world.ask("slow", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-03T00:00:00Z")
    eventually(lambda: world.show(backfill)["made"] >= 1, what="a run")
    world.repository.write("domains/a/flows/slow.yaml", "id: slow\ntasks: [{id: t, type: log, message: x}]\n")
    world.repository.push("No schedule")
    done = world.ended(backfill)
    assert done["state"] == "FAILED" and done["message"] == "schedule 's' is no longer there", done


def what_cannot_be_told_waits(world):
    backfill = world.ask("unclear", "--from", "2026-01-01", "--to", "2026-01-05")
    paused = eventually(lambda: (lambda b: b if b["state"] == "PAUSED" else None)(world.show(backfill)), what="the pause")
    assert paused["made"] == 0 and "later" in paused["message"], paused
    text = world.repository.read("domains/a/flows/unclear.yaml")
    world.repository.write("domains/a/flows/unclear.yaml", "disabled: true\nvariables: {later: now}\n" + text)
    world.repository.push("Mended, and turned off")
    eventually(lambda: world.server.json("/v1/flows/a/unclear")["disabled"], what="the new revision")
    world.act("resume", backfill)
    eventually(lambda: world.show(backfill)["message"] == "the flow is disabled", what="what it waits for")
    assert world.show(backfill)["made"] == 0 and world.show(backfill)["state"] == "RUNNING"
    world.repository.write("domains/a/flows/unclear.yaml", "variables: {later: now}\n" + text)
    world.repository.push("Turned on")
    done = world.ended(backfill)
    assert (done["state"], done["made"], done["message"]) == ("DONE", 5, None), done
    assert {run["labels"]["x"] for run in world.runs(backfill, "unclear")} == {"now"}


def exact_over_kills(world, chance, rounds):
    """Whoever dies, each due time has one run, and they are made in order."""
    backfill = world.ask("daily", "--from", "2025-01-01", "--to", "2025-03-31", "--concurrency", "3")
    asked = {backfill}
    for _ in range(rounds):
        # Another is asked for by somebody who is killed: it is there whole, or not at all.
        process = subprocess.Popen([WEIR, "backfill", "a.weekdays", "--from", "2026-10-01", "--to", "2026-10-31", "--store",
                                    world.server.store], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        time.sleep(chance.uniform(0, 0.03))
        os.kill(process.pid, signal.SIGKILL)
        said = process.communicate()[0].strip()
        asked |= {said} if said else set()
        time.sleep(chance.uniform(0, 0.3))
        world.server.kill()
        world.server.start()
    every = world.server.every("/v1/backfills")
    assert asked <= {one["id"] for one in every}
    for one in every:
        done = world.ended(one["id"], 240)
        if done["flow"] == "weekdays" and done["total"] == 31:
            assert (done["state"], done["made"], done["left_out"]) == ("DONE", 22, 9), done
    done = world.show(backfill)
    assert (done["state"], done["total"], done["made"], done["runs"]) == ("DONE", 90, 90, {"SUCCESS": 90}), done
    dates = world.dates(backfill, "daily")
    assert len(dates) == 90 and dates == sorted(set(dates)), dates
    with sqlite3.connect(f"file:{world.server.data}/weir.db?mode=ro", uri=True) as store:
        assert store.execute("SELECT count(*) FROM run_active").fetchone() == (0,)


def main():
    chance = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with temporary() as folder:
        world = World(folder)
        with world.server as server:
            server.synced()
            every_due_time_has_its_run(world)
            what_does_not_hold_is_left_out(world)
            it_can_be_paused_and_cancelled(world)
            a_retry_is_the_same_due_time(world)
            what_is_wrong_is_said(world)
            the_schedule_may_go(world)
            what_cannot_be_told_waits(world)
            exact_over_kills(world, chance, rounds)


main()
