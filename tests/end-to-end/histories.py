#!/usr/bin/env python3
"""Random histories against an obvious model: `histories.py [--pushes N] [--seconds S] [--seed N]`.

A server follows a branch to which random commits are pushed: files are added, changed, moved and deleted, domains come, go and are renamed,
things break and are mended, history is rewritten, and the server is restarted or killed now and then. After each push what is live must be
what the head alone makes in an empty store, except that a broken domain keeps its last good state."""

import argparse
import os
import pathlib
import random
import re
import shutil
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import Repository, Server, eventually, temporary, weir  # noqa: E402

CONFIG = "guards: {allow_breaking: true}\nsource: {url: \"%s\", allow_rewind: true}\ndrift: {disabled: true}\n"
DOMAINS = ["a", "b", "c", "a/inner", "c/deep/er"]
BROKEN = {".sql": "DELETE FROM nothing\n", ".yaml": "id: [no\n"}

FLOWS = """SELECT f.namespace, f.id, f.digest, f.source_digest, f.domain, f.kind, f.feed, f.target, f.connection, f.path, f.line, f.reads,
    f.writes, f.triggers, f.labels, f.opaque, f.disabled, r.definition, CASE WHEN r.definition LIKE '%"shell"%' THEN r.scripts_tree END
    FROM flow f JOIN revision r ON r.namespace = f.namespace AND r.flow = f.id AND r.revision = f.revision WHERE f.deleted_at = 0"""
TABLES = "SELECT domain, name, view, namespace, flow, connection, path, schema_digest FROM dataset_table WHERE deleted_at = 0"
READS = "SELECT namespace, flow, name FROM table_read"
# What a schedule trigger of a live flow has in the scheduler's rows, and what it should have.
SCHEDULES = "SELECT namespace, flow, id FROM trigger_state WHERE type = 'schedule'"
WANTED_SCHEDULES = """SELECT namespace, flow.id, json_extract(value, '$.id') FROM flow, json_each(triggers)
    WHERE deleted_at = 0 AND json_extract(value, '$.type') = 'schedule'"""
# A change of comments alone leaves the live text as it was.
COMMENTS = re.compile(r"(\\n-- \d+)+")


class Live:
    """What a store says is live: rows by domain, and which domains are broken."""

    def __init__(self, path):
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            connection.execute("BEGIN")
            self.commit, self.commit_live = connection.execute("SELECT commit_wanted, commit_live FROM source").fetchone()
            self.broken = {name for name, in connection.execute("SELECT name FROM domain WHERE deleted_at = 0 AND diagnostics IS NOT NULL")}
            self.rows = {}
            for kind, query, column in (("flow", FLOWS, 4), ("table", TABLES, 0), ("read", READS, 0)):
                for row in connection.execute(query):
                    self.rows.setdefault(row[column], set()).add((kind, *(COMMENTS.sub("", x) if isinstance(x, str) else x for x in row)))
            self.schedules = set(connection.execute(SCHEDULES))
            self.wanted_schedules = set(connection.execute(WANTED_SCHEDULES))
        finally:
            connection.close()


class History:
    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        self.folder = pathlib.Path(folder)
        self.repository = Repository(folder)
        self.work = self.repository.work
        config = self.folder / "server.yaml"
        config.write_text(CONFIG % self.repository.bare)
        self.server = Server(folder, None, "--config", str(config), "--roles", "reconciler,scheduler,api")
        self.number = 0
        self.expected = {}
        self.commits = []
        self.broken = {}  # path -> what it held before
        self.did = []

    # ---- What a team does

    def fresh(self):
        self.number += 1
        return self.number

    def domains(self):
        return [folder for folder in DOMAINS if (self.work / "domains" / folder / "domain.yaml").exists()]

    def files(self, *suffixes):
        """Scripts and flows, in the order of their paths."""
        found = [path.relative_to(self.work) for path in (self.work / "domains").rglob("*") if path.suffix in (".sql", ".yaml")]
        return sorted(path for path in found if path.parent.name in ("sql", "flows"))

    def pick(self, things):
        return self.random.choice(things) if things else None

    def script(self, domain):
        dataset = domain.replace("/", ".").rsplit(".", 1)[-1]
        header = self.random.choice(["", "", '/* weir\nschedule: "%d 6 * * *"\n*/\n' % self.random.randrange(60), "/* weir\nfeed: VIEW\n*/\n"])
        source = self.random.choice(["", f" FROM {dataset}.t{self.random.randrange(8)}", " FROM outside.orders"])
        return f"{header}SELECT {self.fresh()} AS id{source}\n"

    def flow(self, name):
        trigger = self.random.choice(["", '\ntriggers:\n  - {id: s, type: schedule, cron: "0 %d * * *"}' % self.random.randrange(24)])
        task = self.random.choice(["type: log, message: '%d'", "type: shell, commands: ['echo %d']"]) % self.fresh()
        return f"id: {name}\ntasks:\n  - {{id: t, {task}}}{trigger}\n"

    def new_domain(self, folder):
        self.repository.write(f"domains/{folder}/domain.yaml", "owner: team\n")

    def add(self):
        domain = self.random.choice(DOMAINS)
        if domain not in self.domains():
            self.new_domain(domain)
        name = self.random.randrange(8)
        if self.random.random() < 0.6:
            self.put(f"domains/{domain}/sql/t{name}.sql", self.script(domain))
        else:
            self.put(f"domains/{domain}/flows/f{name}.yaml", self.flow(f"f{name}"))

    def put(self, path, text):
        self.broken.pop(path, None)
        self.repository.write(path, text)

    def change(self):
        path = self.pick(self.files())
        if path is None:
            return self.add()
        self.put(str(path), self.script(str(path.parent.parent.relative_to("domains"))) if path.suffix == ".sql" else self.flow(path.stem))

    def comment(self):
        path = self.pick(self.files())
        if path is None or str(path) in self.broken:
            return
        mark = "-- " if path.suffix == ".sql" else "# "
        self.repository.write(path, self.repository.read(path) + f"{mark}{self.fresh()}\n")

    def scripts(self):
        domain = self.pick(self.domains())
        if domain is not None:
            self.repository.write(f"domains/{domain}/scripts/tool{self.random.randrange(2)}.sh", f"echo {self.fresh()}\n")

    def move(self):
        """Into another name, and half of the times into another domain."""
        path = self.pick(self.files())
        if path is None or str(path) in self.broken:
            return
        domain = str(path.parent.parent.relative_to("domains"))
        if self.random.random() < 0.5:
            domain = self.pick(self.domains())
            if domain is None:
                return
        target = f"domains/{domain}/{path.parent.name}/{path.stem[0]}{self.random.randrange(8)}{path.suffix}"
        text = self.repository.read(path).replace(f"id: {path.stem}\n", f"id: {pathlib.Path(target).stem}\n")
        self.repository.remove(path)
        self.put(target, text)

    def delete(self):
        path = self.pick(self.files())
        if path is not None:
            self.broken.pop(str(path), None)
            self.repository.remove(path)

    def drop_domain(self):
        domain = self.pick(self.domains())
        if domain is not None and len(self.domains()) > 1:
            shutil.rmtree(self.work / "domains" / domain)

    def rename_domain(self):
        old, new = self.pick(self.domains()), self.pick([folder for folder in DOMAINS if folder not in self.domains()])
        if old is None or new is None or new.startswith(old + "/"):
            return
        target = self.work / "domains" / new
        target.mkdir(parents=True, exist_ok=True)
        for entry in (self.work / "domains" / old).iterdir():
            if entry.name in ("domain.yaml", "sql", "flows", "scripts"):
                shutil.rmtree(target / entry.name, ignore_errors=True)
                shutil.move(entry, target / entry.name)

    def break_file(self):
        path = self.pick(self.files())
        if path is not None and str(path) not in self.broken:
            self.broken[str(path)] = self.repository.read(path)
            self.repository.write(path, BROKEN[path.suffix])

    def break_domain(self):
        domain = self.pick(self.domains())
        path = f"domains/{domain}/domain.yaml"
        if domain is not None and path not in self.broken:
            self.broken[path] = self.repository.read(path)
            self.repository.write(path, "owner: x\nnonsense: true\n")

    def break_all(self):
        if "weir.yaml" not in self.broken and self.random.random() < 0.3:
            self.broken["weir.yaml"] = self.repository.read("weir.yaml")
            self.repository.write("weir.yaml", "name: [\n")

    def mend(self):
        for path, text in list(self.broken.items()):
            if self.random.random() < 0.8:
                del self.broken[path]
                if (self.work / path).exists():
                    self.repository.write(path, text)

    def rewind(self):
        """Back to an older commit; what follows is pushed by force."""
        if self.commits:
            self.repository.git("reset", "-q", "--hard", self.random.choice(self.commits[-6:]))
            self.broken = {path: text for path, text in self.broken.items() if (self.work / path).exists()
                           and self.repository.read(path) in (*BROKEN.values(), "owner: x\nnonsense: true\n", "name: [\n")}

    def touch_nothing(self):
        pass

    def commit(self):
        """One commit, of one to four deeds."""
        deeds = [(self.add, 6), (self.change, 5), (self.comment, 2), (self.scripts, 1), (self.move, 4), (self.delete, 3), (self.drop_domain, 1),
                 (self.rename_domain, 1), (self.break_file, 2), (self.break_domain, 1), (self.break_all, 1), (self.mend, 4), (self.touch_nothing, 1)]
        for _ in range(self.random.randrange(1, 5)):
            deed, = self.random.choices([one for one, _ in deeds], [weight for _, weight in deeds])
            self.did.append(deed.__name__)
            deed()
        self.commits.append(self.repository.commit("Change " + " ".join(self.did)))

    # ---- What must be

    def disturb(self):
        """The server is restarted or killed now and then; what is pushed meanwhile is found at the start."""
        choice = self.random.random()
        if choice < 0.06:
            self.did.append("restart")
            self.server.stop()
        elif choice < 0.12:
            self.did.append("kill")
            self.server.kill()

    def push(self):
        self.did = []
        if self.random.random() < 0.12:
            self.did.append("rewind")
            self.rewind()
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            self.commit()
        self.disturb()
        self.repository.git("push", "-q", "--force", "origin", "HEAD:main")
        if self.server.process.poll() is not None:
            self.server.start()

    def head_alone(self, head):
        """What an empty store holds after the head was applied; None when all of the head is refused."""
        store = self.folder / "alone" / "weir.db"
        shutil.rmtree(store.parent, ignore_errors=True)
        done = weir("apply", self.repository.bare, "--allow-breaking", "--store", store)
        assert done.status in (0, 1) and done.err == "", done
        live = Live(store)
        assert live.commit == head, (live.commit, done)
        return live if live.commit_live == head else None

    def expect(self, alone):
        if alone is None:
            return
        kept = {name: self.expected.get(name, set()) for name in alone.broken}
        self.expected = {name: rows for name, rows in {**alone.rows, **kept}.items() if rows}

    def check(self):
        head = self.repository.git("rev-parse", "HEAD")
        alone = self.head_alone(head)
        self.expect(alone)
        path = self.server.data / "weir.db"

        def settled():
            live = Live(path)
            assert live.commit == head, ("not looked at", head, live.commit)
            assert live.schedules == live.wanted_schedules, ("schedules", live.schedules ^ live.wanted_schedules)
            assert alone is None or live.broken == alone.broken, ("broken", live.broken, alone.broken)
            for name in self.expected.keys() | live.rows.keys():
                expected, found = self.expected.get(name, set()), live.rows.get(name, set())
                assert expected == found, (name, "missing", expected - found, "too many", found - expected)
            return True
        eventually(settled, 20, f"what is live to be what the head says, after {self.did}")


def main(pushes, seconds, seed):
    deadline = time.monotonic() + seconds if seconds else None
    made = 0
    with temporary() as folder:
        history = History(folder, seed)
        history.repository.write("weir.yaml", "name: histories\n")
        history.new_domain("a")
        history.repository.push("The beginning")
        try:
            history.server.start()
            while made < pushes if deadline is None else time.monotonic() < deadline:
                history.push()
                made += 1
                history.check()
        except BaseException:
            print(history.server.log.read_text()[-3000:])
            print(f"push {made} of seed {seed}, which was: {' '.join(history.did)}")
            print(f"again: script/campaign histories --count {made} --seed {seed}")
            if "KEEP" in os.environ:
                shutil.copytree(folder, os.environ["KEEP"], dirs_exist_ok=True)
            raise
        finally:
            history.server.stop()
    print(f"{made} pushes, seed {seed}: what was live was always what the head says")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=30, metavar="N", help="pushes (default 30)")
    parser.add_argument("--seconds", type=float, metavar="S", help="as many pushes as fit, instead of a number")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    options = parser.parse_args()
    sys.exit(main(options.count, options.seconds, options.seed))
