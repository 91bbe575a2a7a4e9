#!/usr/bin/env python3
"""Scripts on a server: environments of packages while the server is killed, and what its scripts leave behind.

  - A server that is killed while it builds an environment: the next one builds it, nobody is given half of it, and no program
    that was building is left.
  - What was half built, and what nobody asks for again, goes when the server starts.
  - Many runs at once that want the same list build it once.
  - Files of scripts/ by their names.
  - A script that writes a great deal, and one that leaves a daemon behind, on a server that goes on answering."""

import pathlib
import random
import subprocess
import sys
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import Repository, Server, eventually, must, temporary  # noqa: E402

ENDED = {"SUCCESS", "WARNING", "FAILED", "KILLED"}

FLOW = """id: {name}
tasks:
  - id: t
    type: python
    requirements: ["{name}==1.0", "--no-index", "--find-links={wheels}"]
    script: |
      import {name}
      print("::{{\\"outputs\\": {{\\"has\\": \\"" + {name}.VALUE + "\\"}}}}::")
    {retry}
"""
RETRY = "retry: {type: constant, interval: PT0.05S, maxAttempts: 50}"

MUCH = """id: much
tasks:
  - id: t
    type: shell
    commands: ["yes 'a line of no interest, again and again' | head -c 1073741824"]
"""
NAMED = """id: named
tasks:
  - id: t
    type: shell
    namespaceFiles: {enabled: false}
    inputFiles: {here.sql: "nsfile:///sub/q.sql"}
    commands: ["cat here.sql", "ls -A"]
  - {id: l, type: log, message: "{{ read('scripts/sub/q.sql') }} {{ read('sub/q.sql') }}"}
"""
DAEMON = """id: daemon
tasks:
  - id: t
    type: python
    script: |
      import os, sys, time
      if os.fork() == 0:
          os.setsid()
          if os.fork() == 0:
              open("{mark}.new", "w").write(str(os.getpid()))
              os.rename("{mark}.new", "{mark}")
              time.sleep(600)
          os._exit(0)
      os.wait()
      while not os.path.exists("{mark}"):
          time.sleep(0.01)
"""


def wheel(folder, name):
    """A package whose module takes its time to be compiled, so that there is a while in which to kill."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/__init__.py", f"VALUE = '{name}'\n")
        for number in range(150):
            archive.writestr(f"{name}/part_{number}.py", f"X = {list(range(300))}\n" * 3)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


class Story:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.wheels = self.folder / "wheels"
        self.wheels.mkdir()
        self.repository = Repository(folder)
        self.server = Server(folder, self.repository.bare)
        self.environments = self.server.data / "environments"
        self.repository.write("weir.yaml", "name: scripts\n")
        self.repository.write("domains/d/domain.yaml", "owner: o\n")
        for name, retry in {"one": RETRY, "two": RETRY, "lost": "timeout: PT5M"}.items():
            wheel(self.wheels, name)
            self.repository.write(f"domains/d/flows/{name}.yaml",
                                  FLOW.format(name=name, wheels=self.wheels, retry=retry))
        self.repository.write("domains/d/flows/much.yaml", MUCH)
        self.repository.write("domains/d/scripts/sub/q.sql", "SELECT 7")
        self.repository.write("domains/d/flows/named.yaml", NAMED)
        self.daemon = self.folder / "daemon"
        self.repository.write("domains/d/flows/daemon.yaml", DAEMON.format(mark=self.daemon))
        self.head = self.repository.push("Flows of scripts")

    def start(self):
        self.server.start()
        eventually(lambda: self.server.json("/v1/status")["commit"] == self.head, what="the flows to be live")

    def run(self, flow):
        return must(self.server.weir("run", f"d.{flow}", "--output", "json")).json()["id"]

    def end(self, run, seconds=120):
        eventually(lambda: self.server.json(f"/v1/runs/{run}")["state"] in ENDED, seconds, f"run {run} to end")
        return self.server.json(f"/v1/runs/{run}")["state"]

    def half_built(self):
        """Folders that are not what a link leads to."""
        if not self.environments.is_dir():
            return []
        counts = {entry.readlink().name for entry in self.environments.iterdir() if entry.is_symlink()}
        return [entry for entry in self.environments.iterdir()
                if entry.is_dir() and not entry.is_symlink() and entry.name not in counts]

    def builders(self):
        """Processes that work on an environment."""
        found = subprocess.run(["pgrep", "-f", str(self.environments)], capture_output=True, text=True)
        return found.stdout.split()

    def killed_while_building(self):
        dice = random.Random(7)
        self.start()
        runs = [self.run("one"), self.run("one"), self.run("two")]
        for _ in range(6):
            eventually(lambda: self.half_built() or self.done(runs), 60, "a build to begin")
            time.sleep(dice.random() * 1.5)
            self.server.kill()
            self.start()
        states = [self.end(run) for run in runs]
        assert states == ["SUCCESS"] * 3, states
        for run, name in zip(runs, ("one", "one", "two")):
            task = self.server.every(f"/v1/runs/{run}/tasks")[-1]
            assert task["outputs"]["vars"] == {"has": name}, task
        assert not self.half_built(), self.half_built()
        assert len([entry for entry in self.environments.iterdir() if entry.is_symlink()]) == 2

    def done(self, runs):
        return all(self.server.json(f"/v1/runs/{run}")["state"] in ENDED for run in runs)

    def left_by_the_dead(self):
        run = self.run("lost")
        eventually(self.half_built, 60, "a build to begin")
        eventually(self.builders, 60, "a builder")
        self.server.kill()
        assert self.half_built()
        self.start()
        assert self.end(run) == "FAILED"
        tasks = self.server.every(f"/v1/runs/{run}/tasks")
        assert "lost" in tasks[-1]["message"], tasks
        eventually(lambda: not self.half_built(), 20, "what was half built to be removed")
        eventually(lambda: not self.builders(), 20, "the builders to be gone")

    def many_at_once(self):
        runs = [self.run("lost") for _ in range(30)]
        states = {self.end(run) for run in runs}
        assert states == {"SUCCESS"}, states
        built = sum("environment was built in" in self.log(run) for run in runs)
        assert built == 1, built

    def log(self, run):
        return must(self.server.weir("runs", "logs", run)).out

    def much_output(self):
        run = self.run("much")
        worst = 0.0
        while self.server.json(f"/v1/runs/{run}")["state"] not in ENDED:
            begin = time.monotonic()
            self.server.json("/v1/status")
            worst = max(worst, time.monotonic() - begin)
            time.sleep(0.05)
        assert self.end(run) == "SUCCESS"
        assert worst < 5, f"the server did not answer for {worst:.1f} s"
        log = self.log(run)
        assert 16 << 20 < len(log) < 48 << 20, len(log)  # each line with its time
        assert "bytes left out" in log[-200:], log[-200:]
        assert (self.server.data / "weir.db").stat().st_size < 64 << 20

    def files_by_name(self):
        run = self.run("named")
        assert self.end(run) == "SUCCESS"
        log = self.log(run)
        assert log.count("SELECT 7") == 3 and log.count("here.sql") == 1, log

    def daemon_left(self):
        assert self.end(self.run("daemon")) == "SUCCESS"
        pid = int(self.daemon.read_text())
        eventually(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 10, "the daemon to be gone")


def main():
    with temporary() as folder:
        story = Story(folder)
        try:
            story.killed_while_building()
            story.left_by_the_dead()
            story.many_at_once()
            story.much_output()
            story.daemon_left()
            story.files_by_name()
        except BaseException:
            print(story.server.log.read_text()[-6000:] if story.server.log.exists() else "")
            raise
        finally:
            story.server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
