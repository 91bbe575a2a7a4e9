"""Flows that stories run alone, from a file."""

import json
import pathlib

from weir import weir


class Flow:
    """What became of one flow of tasks, run alone."""

    def __init__(self, folder, *tasks, env=None, **keys):
        path = pathlib.Path(folder) / "flow.yaml"
        path.write_text(json.dumps({"id": "f", "namespace": "n", "tasks": list(tasks), **keys}))
        self.done = weir("run", "--file", path, "--output", "json", env=env)
        assert self.done.out, self.done
        self.report = self.done.json()
        self.state = self.report["state"]
        # A sanitizer that finds something says so by another status.
        assert self.done.status == (0 if self.state in ("SUCCESS", "WARNING") else 1), self.done
        self.outputs = {one["task_id"]: one["outputs"] for one in self.report["task_runs"]}
        self.log = self.done.err
        self.out = self.outputs.get("t") or {}


def good(flow):
    assert flow.state == "SUCCESS", flow.done
    return flow.out


def bad(flow, *words):
    assert flow.state == "FAILED", flow.done
    for word in words:
        assert word in flow.log, (word, flow.done)
    return flow.out
