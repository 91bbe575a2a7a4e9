#!/usr/bin/env python3
"""Kills the server with SIGKILL, again and again, while it reconciles and runs; then nothing may be lost: `kills.py [COUNT [SEED]]`.

What is pushed and started meanwhile: the retail example with changing scripts, its loads, and a flow of shell tasks, each of
which writes into a ledger of its own outside weir. After the last start:
  - every run ends, and every load that was accepted has run;
  - no task that had finished ran again: the ledger has at most one line per attempt, and one success per task run;
  - no table is half published: readers looked at an invariant all the while;
  - store and data files pass PRAGMA integrity_check."""

import pathlib
import random
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import SOURCE, Repository, Server, eventually, temporary  # noqa: E402

RETAIL = SOURCE / "examples" / "retail"
ENDED = {"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "SKIPPED", "RETRIED"}

LEDGER_FLOW = """id: ledger
tasks:
{tasks}
"""
LEDGER_TASK = """  - id: step_{number}
    type: shell
    env: {{RUN: "{{{{ execution.id }}}}", TASK_RUN: "{{{{ taskrun.id }}}}", LEDGER: "{ledger}"}}
    commands:
      - echo "$RUN $TASK_RUN" >> "$LEDGER"
    retry: {{type: constant, interval: PT0.05S, maxAttempts: 50}}
"""


class Reader(threading.Thread):
    """Looks at published tables all the while: a published table always holds whole loads."""

    def __init__(self, data):
        super().__init__(daemon=True)
        self.path = data / "default" / "sales.db"
        self.looks, self.wrong, self.stopped = 0, [], False

    def run(self):
        while not self.stopped:
            time.sleep(0.005)
            try:
                connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)
                copies, = connection.execute("SELECT sum(copies) FROM invoice_lines").fetchone()
                connection.close()
            except sqlite3.Error:
                continue
            self.looks += 1
            if copies not in WHOLE_LOADS:
                self.wrong.append(copies)


# How many lines the CSV files of each set of loaded days hold: anything else is a half published table.
SIZES = {"2010-12-01": 3108, "2010-12-02": 2109, "2010-12-03": 2202}
WHOLE_LOADS = {sum(days) for days in
               [[], *[[a] for a in SIZES.values()], *[[a, b] for a in SIZES.values() for b in SIZES.values() if a < b],
                list(SIZES.values())]} | {None}


class Campaign:
    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        self.folder = pathlib.Path(folder)
        self.ledger = self.folder / "ledger"
        self.ledger.touch()
        self.repository = Repository(folder)
        self.server = Server(folder, self.repository.bare)
        self.commits = 0
        self.asked = []
        self.prepare()

    def prepare(self):
        self.repository.copy(RETAIL)
        tasks = "".join(LEDGER_TASK.format(number=number, ledger=self.ledger) for number in range(8))
        self.repository.write("domains/sales/flows/ledger.yaml", LEDGER_FLOW.format(tasks=tasks))
        self.repository.push("The retail flows and the ledger")

    def act(self):
        """One thing that a team does: push a change, load a day, or run the ledger."""
        choice = self.random.randrange(4)
        if choice == 0:
            self.commits += 1
            self.repository.write("domains/finance/sql/change.sql", f"SELECT {self.commits} AS change\n")
            self.repository.push(f"Change {self.commits}")
            return
        words = ("sales.ledger",) if choice < 3 else (
            "sales.load_day", "-i", f"file={RETAIL}/data/{self.random.choice(list(SIZES))}.csv")
        done = self.server.weir("run", *words, "--output", "json")
        if done.status == 0:
            self.asked.append(done.json()["id"])

    def survive(self, count):
        self.server.start()
        self.server.synced()
        reader = Reader(self.server.data)
        reader.start()
        for _ in range(count):
            self.act()
            time.sleep(self.random.random() * 0.15)
            self.server.kill()
            self.server.start()
        self.settle()
        reader.stopped = True
        reader.join()
        assert reader.looks > count, f"the reader looked only {reader.looks} times"
        assert not reader.wrong, f"half published: {reader.wrong[:5]}"

    def settle(self):
        head = self.repository.git("rev-parse", "HEAD")
        eventually(lambda: self.server.json("/v1/status")["commit"] == head, 60, "the last commit to be live")

        def quiet():
            runs = self.server.every("/v1/runs?limit=500")
            if any(run["state"] not in ENDED for run in runs):
                return False
            time.sleep(0.5)
            return len(self.server.every("/v1/runs?limit=500")) == len(runs)
        eventually(quiet, 180, "every run to end")

    def judge(self):
        runs = {run["id"]: run for run in self.server.every("/v1/runs?limit=500")}
        lost = [run for run in self.asked if run not in runs]
        assert not lost, f"accepted and then lost: {lost}"
        written = {}
        for line in self.ledger.read_text().splitlines():
            written[line.split()[1]] = written.get(line.split()[1], 0) + 1
        checked = 0
        for run in runs.values():
            if run["flow"] != "ledger":
                continue
            assert run["state"] in ("SUCCESS", "WARNING"), run
            tasks = self.server.every(f"/v1/runs/{run['id']}/tasks")
            assert len(tasks) == 8, tasks
            for task in tasks:
                ended_well = [a for a in task["attempts"] if a["state"] in ("SUCCESS", "WARNING")]
                assert len(ended_well) == 1 and task["attempts"][-1] is not None, task
                assert 1 <= written.get(task["id"], 0) <= len(task["attempts"]), (task, written.get(task["id"]))
                checked += 1
        self.server.stop()
        for path in [self.server.data / "weir.db", *(self.server.data / "default").glob("*.db")]:
            connection = sqlite3.connect(path)
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path
            stages = connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE '_weir_stage%'").fetchall()
            assert len(stages) <= 20, (path, stages)
            connection.close()
        return len(runs), checked


def main(count, seed):
    with temporary() as folder:
        campaign = Campaign(folder, seed)
        try:
            campaign.survive(count)
            runs, checked = campaign.judge()
        except BaseException:
            print(campaign.server.log.read_text()[-6000:] if campaign.server.log.exists() else "")
            raise
        finally:
            campaign.server.stop()
    print(f"{count} kills, seed {seed}: {runs} runs ended, {checked} ledger tasks ran as often as their attempts say")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
