#!/usr/bin/env python3
"""What an operator sees over months, in seconds: old runs, their logs and their files go, the newest and the last good ones stay,
and `weir doctor` says how large things are."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import Repository, Server, eventually, must, temporary, weir  # noqa: E402

CONFIG = """
retention: {interval: PT0.2S, newest: 2, runs: PT1S, logs: PT1S, events: PT1S}
runner: {slots: 2}
"""

FLOW = """
id: copy
inputs:
  - {id: file, type: FILE}
  - {id: code, type: INT, defaults: 0}
tasks:
  - id: work
    type: shell
    inputFiles: {in.txt: "{{ inputs.file }}"}
    commands: ['cat in.txt > out.txt', 'exit {{ inputs.code }}']
    outputFiles: [out.txt]
"""


def folders(data):
    """Names of the folders of kept files: of inputs, and of runs."""
    files = data / "files"
    inputs = {entry.name for entry in (files / "inputs").iterdir()} if (files / "inputs").is_dir() else set()
    runs = {entry.name for entry in files.iterdir() if entry.name != "inputs"} if files.is_dir() else set()
    return inputs, runs


def main():
    with temporary() as folder:
        folder = pathlib.Path(folder)
        repository = Repository(folder)
        repository.write("weir.yaml", "name: shop\n")
        repository.write("domains/a/domain.yaml", "owner: team\n")
        repository.write("domains/a/flows/copy.yaml", FLOW)
        repository.push("One flow")
        (folder / "server.yaml").write_text(CONFIG)
        (folder / "in.txt").write_text("hello\n")
        with Server(folder, repository.bare, "--config", str(folder / "server.yaml")) as server:
            server.synced()

            def run(code):
                done = server.weir("run", "a.copy", "-i", f"file={folder / 'in.txt'}", "-i", f"code={code}", "--follow")
                assert done.status == (0 if code == 0 else 1), done
                return server.json("/v1/runs?limit=1")["items"][0]["id"]

            good = run(0)
            ids = [run(1) for _ in range(5)]

            # The newest two and the last good one stay, with their files; the rest goes with all that is theirs.
            left = {good, *ids[-2:]}
            eventually(lambda: {item["id"] for item in server.every("/v1/runs")} == left, what="three runs to be left")
            eventually(lambda: len(folders(server.data)[0]) == 3, what="three inputs to be left")
            assert folders(server.data)[1] == left, folders(server.data)
            assert server.get(f"/v1/runs/{ids[0]}")[0] == 404
            assert server.get(f"/v1/runs/{good}/logs")[0] == 200
            eventually(lambda: "forgot what had grown old runs=" in server.log.read_text(), what="the log to say so")

            # Folders that nobody names any more: what a crash or a run that was never created has left.
            stray = "01JD6ZJF81MCDHT8VR1XXFM9WN"
            (server.data / "files" / stray / "t").mkdir(parents=True)
            (server.data / "files" / stray / "t" / "x").write_text("left behind")
            (server.data / "files" / "inputs" / stray).mkdir(parents=True)
            (server.data / "files" / "mine").mkdir()
            server.stop()
            server.start()
            eventually(lambda: stray not in folders(server.data)[1] and stray not in folders(server.data)[0],
                       what="what nobody names to go")
            assert (server.data / "files" / "mine").is_dir(), "somebody else's folder was touched"
            assert folders(server.data)[1] == {*left, "mine"}, folders(server.data)

            # The tallies count on.
            runs = server.json("/v1/status")["runs"]
            assert runs["FAILED"] == 5 and runs["SUCCESS"] == 1, runs

            sizes = [check for check in must(weir("doctor", str(repository.bare), "--store", server.store,
                                                  "--listen", "127.0.0.1:0", "--output", "json")).json()["checks"]
                     if check["name"] == "sizes"][0]
            assert sizes["verdict"] == "ok" and "3 runs since 20" in sizes["message"], sizes
            assert "kept files" in sizes["message"], sizes
        print("retention: what is old goes, what is kept stays")


if __name__ == "__main__":
    main()
