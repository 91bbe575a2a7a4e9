#!/usr/bin/env python3
"""A server under everything at once, for a while: `soak.py [--seconds S] [--seed N]`.

The retail example is served while a team pushes changes, runs are started, hands edit the databases, and readers ask the API for all it has.
The time is cut into rounds of the same work, each ended by a rest. After each rest every run has ended, what was edited by hand is seen as
drift or healed, and what was pushed is live. Between the first rounds and the last, memory, open file descriptors and the store may grow only
by what is stated here; at the end the databases pass their integrity check."""

import argparse
import collections
import contextlib
import http.client
import os
import pathlib
import random
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import SOURCE, Repository, Server, eventually, temporary  # noqa: E402

RETAIL = SOURCE / "examples" / "retail"
DAYS = sorted((RETAIL / "data").glob("*.csv"))
ENDED = {"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "SKIPPED", "RETRIED"}
# Nothing is kept for long, so that the store has a size that it keeps.
CONFIG = """retention: {interval: PT0.2S, newest: 3, runs: PT1S, logs: PT1S, events: PT1S, publications: PT1S, drift: PT1S, plans: PT1S, revisions: PT1S}
runner: {slots: 2}
drift: {interval: PT0.2S}
"""
# What may be more at the end than in the first third: of each a part, and something on top. Databases are opened once for each worker and data set,
# and kept open: 2 workers, 3 data sets, up to 4 descriptors. Of what was read of each commit the store keeps the newest (a cache with a number
# of entries that no soak reaches): so much for each push.
CACHED = 2048
GROWTH = {"memory": (0.25, 4 << 20), "descriptors": (0, 24), "store": (0.25, 2 << 20)}

FLOW = """id: busy
inputs:
  - {id: code, type: INT, defaults: 0}
tasks:
  - {id: each, type: foreach, values: [a, b, c], tasks: [{id: say, type: log, message: "{{ taskrun.value }}"}]}
  - {id: shell, type: shell, commands: ['echo hello', 'exit {{ inputs.code }}'], outputFiles: []}
"""
TARGETS = ["/v1/status", "/v1/sources", "/v1/domains", "/v1/flows", "/v1/runs?limit=20", "/v1/triggers", "/v1/tables", "/v1/drift", "/v1/drift/history",
           "/v1/lineage", "/v1/nodes", "/v1/events", "/metrics", "/healthz", "/readyz", "/", "/openapi.json", "/v1/flows/sales/busy", "/v1/nothing"]


class Actor(threading.Thread):
    """Does one thing again and again until it is told to stop."""

    def __init__(self, deed, pause):
        super().__init__(daemon=True)
        self.deed, self.pause, self.stopped, self.done, self.error = deed, pause, threading.Event(), 0, None

    def run(self):
        while not self.stopped.wait(self.pause):
            try:
                self.deed()
                self.done += 1
            except BaseException as error:  # told by end()
                self.error = error
                return

    def end(self):
        self.stopped.set()
        self.join()
        if self.error is not None:
            raise self.error


class Soak:
    def __init__(self, folder, seed):
        self.folder = pathlib.Path(folder)
        self.seed = seed
        self.repository = Repository(folder)
        self.repository.copy(RETAIL)
        self.repository.write("domains/sales/flows/busy.yaml", FLOW)
        self.repository.push("The retail flows, and a busy one")
        (self.folder / "server.yaml").write_text(CONFIG)
        self.server = Server(folder, self.repository.bare, "--config", str(self.folder / "server.yaml"))
        self.number, self.totals, self.files = 0, {}, collections.Counter()

    # ---- What goes on

    def push(self):
        chance = random.Random(f"{self.seed} push {self.number}")
        self.number += 1
        name = f"domains/finance/sql/extra{chance.randrange(3)}.sql"
        choice = chance.randrange(6)
        if choice == 0 and (self.repository.work / name).exists():
            self.repository.remove(name)
        elif choice == 1:
            self.repository.write("domains/customers/sql/broken.sql", "DELETE FROM nothing\n")
        else:
            self.repository.write(name, f"SELECT {self.number} AS number\n")
            (self.repository.work / "domains/customers/sql/broken.sql").unlink(missing_ok=True)
        self.repository.push(f"Change {self.number}")

    def run(self):
        chance = random.Random(f"{self.seed} run {self.totals.get('run', 0)}")
        words = (("sales.load_day", "-i", f"file={chance.choice(DAYS)}") if chance.random() < 0.3
                 else ("sales.busy", "-i", f"code={chance.choice([0, 0, 1])}"))
        done = self.server.weir("run", *words)
        assert done.status == 0, done

    def edit(self):
        """Somebody adds a column to a table by hand, or takes it away again."""
        for path in sorted((self.server.data / "default").glob("*.db")):
            try:
                connection = sqlite3.connect(path, timeout=5)
                with connection:
                    tables = [name for name, in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' "
                                                                   "ESCAPE '\\' AND name NOT LIKE 'sqlite%'")]
                    for table in tables[:1]:
                        if any(column[1] == "by_hand" for column in connection.execute(f'PRAGMA table_info("{table}")')):
                            connection.execute(f'ALTER TABLE "{table}" DROP COLUMN by_hand')
                        else:
                            connection.execute(f'ALTER TABLE "{table}" ADD COLUMN by_hand TEXT')
                connection.close()
            except sqlite3.OperationalError as error:
                assert "locked" in str(error) or "no such" in str(error), error

    def read(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        for target in TARGETS:
            connection.request("GET", target)
            response = connection.getresponse()
            response.read()
            assert response.status in (200, 404 if target == "/v1/nothing" else 200), (target, response.status)
        connection.close()

    # ---- What must hold

    def settle(self):
        head = self.repository.git("rev-parse", "HEAD")
        eventually(lambda: self.server.json("/v1/sources")["items"][0]["target_commit"] == head, 60, "the last commit to be looked at")

        def quiet():
            runs = self.server.every("/v1/runs?limit=500")
            return all(run["state"] in ENDED for run in runs)
        eventually(lambda: quiet() and not time.sleep(0.5) and quiet(), 120, "every run to end")
        time.sleep(1)  # retention looks again

    def size(self):
        pid = self.server.process.pid
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) << 10
        self.files = collections.Counter()
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                self.files[os.readlink(f"/proc/{pid}/fd/{name}")] += 1
        descriptors = self.files.total()
        pages = sqlite3.connect(f"file:{self.server.data}/weir.db?mode=ro", uri=True, timeout=10)
        count, = pages.execute("PRAGMA page_count").fetchone()
        free, = pages.execute("PRAGMA freelist_count").fetchone()
        size, = pages.execute("PRAGMA page_size").fetchone()
        pages.close()
        return {"memory": memory, "descriptors": descriptors, "store": (count - free) * size}

    def round(self, seconds):
        actors = {"push": Actor(self.push, 0.1), "run": Actor(self.run, 0.05), "edit": Actor(self.edit, 0.2), "read": Actor(self.read, 0.01)}
        for actor in actors.values():
            actor.start()
        time.sleep(seconds)
        for name, actor in actors.items():
            actor.end()
            self.totals[name] = self.totals.get(name, 0) + actor.done
        self.settle()
        return self.size()

    def judge(self, sizes, judged):
        assert all(self.totals.values()), self.totals
        first = sizes[:max(2, len(sizes) // 3)]
        for name, (part, more) in ((name, GROWTH[name]) for name in judged):
            before, after = max(size[name] for size in first), sizes[-1][name]
            more += CACHED * self.totals["push"] if name == "store" else 0
            assert after <= before * (1 + part) + more, f"{name} grew from {before} to {after}: {[size[name] for size in sizes]}"
        assert self.server.stop() == 0
        for path in [self.server.data / "weir.db", *(self.server.data / "default").glob("*.db")]:
            connection = sqlite3.connect(path)
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path
            connection.close()


def main(seconds, seed, sanitized):
    rounds = max(3, min(20, int(seconds / 10)))
    sizes = []
    with temporary() as folder:
        soak = Soak(folder, seed)
        try:
            soak.server.start()
            soak.server.synced()
            for _ in range(rounds):
                sizes.append(soak.round(seconds / rounds))
            soak.judge(sizes, GROWTH.keys() - ({"memory"} if sanitized else set()))
        except BaseException:
            print(soak.server.log.read_text()[-6000:])
            print("open at the end:", *(f"{count} x {name}" for name, count in sorted(soak.files.items())), sep="\n  ")
            print(f"again: script/campaign soak --seconds {seconds:g} --seed {seed}")
            raise
        finally:
            soak.server.stop()
    print(f"{seconds:g} s of work in {rounds} rounds, seed {seed}: " + ", ".join(f"{count} x {name}" for name, count in soak.totals.items()))
    print("; ".join(f"{name} " + " ".join(str(size[name]) for size in sizes) for name in GROWTH))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="of work; rests come on top (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--sanitized", action="store_true", help="memory is the sanitizer's: it is not judged")
    options = parser.parse_args()
    sys.exit(main(options.seconds, options.seed, options.sanitized))
