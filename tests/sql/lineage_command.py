#!/usr/bin/env python3
"""`weir lineage` as other programs call it."""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import WEIR, weir  # noqa: E402


def test_json_of_a_file():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "q.sql")
        path.write_text("INSERT INTO t SELECT * FROM a WHERE d = '{{ x }}';\n\nCALL p();\n")
        result = weir("lineage", "--file", path, "--dialect", "postgres", "--output", "json")
    assert result.status == 0 and result.err == "", result
    answer = result.json()
    assert list(answer) == ["statements", "reads", "writes", "parameters", "fingerprint"], answer
    assert answer["statements"] == [
        {"kind": "insert", "line": 1, "reads": ["a"], "writes": ["t"], "opaque": False},
        {"kind": "call", "line": 3, "reads": [], "writes": [], "opaque": True,
         "reason": "a procedure or text that is not seen is executed"}], answer
    assert answer["reads"] == ["a"] and answer["writes"] == ["t"], answer
    assert answer["parameters"] == [
        {"kind": "expression", "text": "x", "context": "string", "line": 1, "column": 42}], answer
    assert len(answer["fingerprint"]) == 64, answer


def test_text_of_standard_input():
    result = weir("lineage", "--file", "-", stdin="SELECT * FROM a, b")
    assert result.status == 0, result
    assert result.out.splitlines()[:2] == ["LINE  STATEMENT  READS  WRITES", "   1  select     a, b   -"], result


def test_batch_answers_at_once():
    """Each answer comes before the next question is asked, from one process."""
    process = subprocess.Popen([WEIR, "lineage", "--batch", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for number in range(3):
        question = {"id": f"q{number}", "dialect": "sqlite", "sql": f"SELECT * FROM t{number}"}
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert answer == {"id": f"q{number}", "reads": [f"t{number}"], "writes": [], "opaque": False}, answer
    process.stdin.close()
    assert process.wait(10) == 0


def test_bad_lines_of_a_batch():
    lines = ['{"id": 1, "dialect": "postgre", "sql": "x"}', "", "nonsense", '{"id": 3, "dialect": "mysql"}', "[]",
             '{"id": 5, "sql": "SELECT 1 FROM a\\u0000"}']
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "batch.jsonl")
        path.write_text("\n".join(lines))
        result = weir("lineage", "--batch", path)
    assert result.status == 1, result
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert [answer["id"] for answer in answers] == [1, None, 3, None, 5], result
    assert answers[4]["reads"] == ["a"], result
    errors = result.err.splitlines()
    assert errors[0] == f"weir: error: {path}:1: unknown dialect 'postgre'", result
    assert errors[1] == "hint: did you mean 'postgres'?", result
    assert errors[2].startswith(f"weir: error: {path}:3: not JSON: "), result
    assert errors[3] == f'weir: error: {path}:4: "sql" is missing or not a string', result
    assert errors[4] == f'weir: error: {path}:5: not an object {{"id", "dialect", "sql"}}', result


def test_wrong_words():
    result = weir("lineage", "--file", "x.sql", "--dialect", "bigquary")
    assert (result.status, result.out) == (64, ""), result
    assert result.err == "weir: error: unknown dialect 'bigquary'\nhint: did you mean 'bigquery'?\n", result
    result = weir("lineage", "--file", "x.sql", "--dialect", "cobol")
    assert result.err.splitlines()[1] == \
        "hint: the dialects are: sqlite postgres mysql clickhouse bigquery redshift ansi", result
    result = weir("lineage", "--file", "/nonexistent/x.sql")
    assert (result.status, result.out) == (1, ""), result
    assert result.err == \
        "weir: error: cannot read '/nonexistent/x.sql': No such file or directory\nhint: name a file, or - for standard input\n", result
    result = weir("lineage")
    assert (result.status, result.out) == (64, ""), result
    assert "takes either --file or --batch" in result.err, result
    result = weir("lineage", "--file", "/")
    assert (result.status, result.out) == (1, ""), result
    assert result.err == "weir: error: cannot read '/': it is a folder, name a file\n", result


if __name__ == "__main__":
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"ok - {name}")
