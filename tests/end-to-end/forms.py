#!/usr/bin/env python3
"""The forms that other tools call: what goes to which stream, in which shape, with which exit status."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import Repository, must, temporary, weir  # noqa: E402


def write(folder, path, text):
    target = pathlib.Path(folder) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


def validate(folder):
    write(folder, "v/weir.yaml", "name: x\n")
    write(folder, "v/domains/a/domain.yaml", "owner: me\n")
    write(folder, "v/domains/a/sql/t.sql", "SELECT 1 AS x\n")
    good = weir("validate", f"{folder}/v", "--output", "json")
    assert (good.status, good.json()) == (0, {"diagnostics": []}), good
    assert weir("validate", f"file://{folder}/v", "--output", "json").out == good.out
    write(folder, "v/domains/a/sql/t.sql", "/* weir\nfeeed: VIEW\n*/\nSELECT 1 AS x\n")
    bad = weir("validate", f"{folder}/v", "--output", "json")
    fault, = bad.json()["diagnostics"]
    assert bad.status == 1 and set(fault) == {"file", "line", "column", "severity", "code", "message", "hint"}, bad
    assert (fault["file"], fault["line"], fault["code"]) == ("domains/a/sql/t.sql", 2, "unknown-key"), fault
    assert weir("validate", "--nonsense").status == 64
    gone = weir("validate", f"{folder}/nowhere", "--output", "json")
    assert gone.status == 1 and gone.out == "" and "nowhere" in gone.err, gone


def plan(folder):
    repository = Repository(folder)
    repository.write("weir.yaml", "name: x\n")
    repository.write("domains/a/domain.yaml", "owner: me\n")
    repository.write("domains/a/sql/t.sql", "SELECT 1 AS x\n")
    repository.commit("one")
    first = weir("plan", "--repo", repository.work, "--head", "HEAD", "--output", "json")
    assert first.status == 2 and [c["address"] for c in first.json()["resource_changes"]], first
    by_url = weir("plan", "--repo", f"file://{repository.work}", "--head", "HEAD", "--output", "json")
    assert (by_url.status, by_url.out) == (first.status, first.out), by_url
    same = weir("plan", "--repo", repository.work, "--base", "HEAD", "--head", "HEAD", "--output", "json")
    assert same.status == 0 and same.json()["resource_changes"] == [], same
    repository.write("domains/b/domain.yaml", "owner: me\n")
    repository.write("domains/b/sql/u.sql", "DELETE FROM x\n")
    repository.write("domains/a/sql/v.sql", "SELECT 2 AS x\n")
    repository.commit("two")
    partly = weir("plan", "--repo", repository.work, "--base", "HEAD~1", "--head", "HEAD", "--output", "json")
    assert partly.status == 1 and partly.json()["errored"] is True, partly
    assert "flow.a.v" in [c["address"] for c in partly.json()["resource_changes"]], partly
    lost = weir("plan", "--repo", repository.work, "--head", "nonsense", "--output", "json")
    assert lost.status == 1 and lost.out == "" and "nonsense" in lost.err, lost


def run(folder):
    flow = write(folder, "f.yaml", "id: f\nnamespace: n\ninputs:\n  - {id: a, type: INT}\ntasks:\n"
                 "  - {id: r, type: return, format: 'got {{ inputs.a }}'}\noutputs:\n  - {id: o, type: STRING, value: '{{ outputs.r.value }}'}\n")
    good = weir("run", "--file", flow, "-i", "a=3", "--output", "json")
    report = good.json()
    assert good.status == 0 and report["state"] == "SUCCESS" and report["outputs"] == {"o": "got 3"}, good
    assert {"id", "namespace", "flow", "revision", "state", "states", "inputs", "outputs", "labels", "task_runs"} <= set(report)
    task, = report["task_runs"]
    assert {"id", "task_id", "parent_id", "value", "state", "attempts", "outputs", "started", "ended"} <= set(task), task
    assert {"number", "state", "started", "ended"} <= set(task["attempts"][0]), task
    bad = weir("run", "--file", flow, "-i", "a=three", "--output", "json")
    assert bad.status == 1 and bad.out == "" and "'a'" in bad.err, bad
    failing = write(folder, "g.yaml", "id: g\nnamespace: n\ntasks:\n  - {id: x, type: foreach, values: [a, null], tasks: "
                    "[{id: l, type: log, message: hi}]}\n")
    failed = weir("run", "--file", failing, "--output", "json")
    assert failed.status == 1 and failed.json()["state"] == "FAILED" and "null" in failed.err, failed
    broken = write(folder, "h.yaml", "id: h\nnamespace: n\ntasks:\n  - {id: x, type: lgo}\n")
    refused = weir("run", "--file", broken, "--output", "json")
    assert refused.status == 1 and refused.out == "" and "h.yaml:4:" in refused.err, refused


def files(folder):
    """The shell sees one word, whatever a file's name holds, and tasks read it by its URI."""
    flow = write(folder, "f.yaml", "id: f\nnamespace: n\ninputs:\n  - {id: file, type: FILE}\ntasks:\n"
                 "  - {id: s, type: shell, outputFiles: ['*.txt'], commands: [\"cat {{ inputs.file }} > 'a b.txt'; echo 2 > 'a%20b.txt'\"]}\n"
                 "  - {id: t, type: shell, commands: [\"echo \\\"::{\\\\\\\"outputs\\\\\\\":{\\\\\\\"sum\\\\\\\":$(cat {{ outputs.s.outputFiles['a b.txt'] }})}}::\\\"\"]}\n"
                 "outputs:\n  - {id: o, type: STRING, value: \"{{ read(inputs.file) | trim }} {{ outputs.t.vars.sum }} "
                 "{{ read(outputs.s.outputFiles['a%20b.txt']) | trim }}\"}\n")
    for name in ("plain.csv", "in put.csv", "ä's $x;`b`\".csv", "100%.csv"):
        given = write(folder, name, "7\n")
        report = weir("run", "--file", flow, "-i", f"file={given}", "--output", "json")
        assert report.status == 0 and report.json()["outputs"] == {"o": "7 7 2"}, (name, report)


def history(folder):
    """A change of scripts/ alone is a change, and a flow that comes back as it was goes on with its revision."""
    repository, store = Repository(folder), ["--store", f"{folder}/weir.db"]
    flow = "id: f\ntasks:\n  - {id: s, type: shell, commands: [sh run.sh]}\n"
    repository.write("weir.yaml", "name: x\n")
    repository.write("domains/a/domain.yaml", "owner: me\n")
    repository.write("domains/a/scripts/run.sh", "echo 1\n")
    for step in ("made", "scripts", "removed", "back", "edited"):
        if step == "scripts":
            repository.write("domains/a/scripts/run.sh", "echo 2\n")
        elif step == "removed":
            repository.remove("domains/a/flows/f.yaml")
        else:
            repository.write("domains/a/flows/f.yaml", flow if step != "edited" else flow.replace("run.sh", "run.sh x"))
        repository.commit(step)
        must(weir("apply", repository.work, *store))
    told = must(weir("flows", "history", "a.f", *store, "--output", "json")).json()["items"]
    assert [(row["revision"], row["class"], [path["path"] for path in row["changed_paths"]]) for row in told] == [
        (3, "non-breaking", ["tasks.s.commands"]), (2, "non-breaking", ["scripts"]), (1, None, [])], told
    lines = must(weir("flows", "history", "a.f", *store)).out.splitlines()[1:]
    assert [line.split("team@example.com>")[1].split(None, 1) for line in lines] == [
        ["non-breaking", "tasks.s.commands"], ["non-breaking", "scripts"], ["-", "created"]], lines


def lineage(folder):
    query = write(folder, "q.sql", "INSERT INTO a.b SELECT * FROM c.d JOIN \"e\".f ON {{ inputs.x }} = 1")
    one = must(weir("lineage", "--file", query, "--dialect", "postgres", "--output", "json")).json()
    assert (one["reads"], one["writes"]) == (["c.d", "e.f"], ["a.b"]) and len(one["fingerprint"]) == 64, one
    assert {"kind", "line", "reads", "writes", "opaque"} <= set(one["statements"][0]), one
    lines = [{"id": 1, "dialect": "sqlite", "sql": "SELECT * FROM t"}, {"id": "two", "dialect": "postgres", "sql": "DO $$ x $$"}]
    batch = write(folder, "b.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    answers = [json.loads(line) for line in must(weir("lineage", "--batch", batch)).out.splitlines()]
    assert [(a["id"], a["reads"], a["opaque"]) for a in answers] == [(1, ["t"], False), ("two", [], True)], answers


def cron(folder):
    berlin = must(weir("cron", "next", "30 2 * * *", "--timezone", "Europe/Berlin", "--from", "2026-03-28T12:00:00Z", "--count", "2"))
    assert berlin.out.splitlines() == ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"], berlin
    never = weir("cron", "next", "0 0 31 2 *", "--timezone", "UTC", "--from", "2026-01-01T00:00:00Z", "--count", "1")
    assert never.status == 1 and never.out == "" and never.err != "", never


def main():
    cases = [validate, plan, run, files, history, lineage, cron]
    print(f"1..{len(cases)}")
    for number, case in enumerate(cases, 1):
        with temporary() as folder:
            case(folder)
        print(f"ok {number} - {case.__name__}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
