#!/usr/bin/env python3
"""The digest that tells cached results of two builds apart: the same for the same sources, another after any edit, and the one
that was built in is that of the sources at hand."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["sql", "expr", "repo-layout"]


def digest(source, output):
    subprocess.run([os.environ["CMAKE"], f"-DSOURCE={source}", f"-DFOLDERS={','.join(FOLDERS)}", f"-DOUTPUT={output}",
                    "-DNAME=WEIR_READING_DIGEST", "-P", ROOT / "cmake/digest.cmake"], check=True)
    return pathlib.Path(output).read_text()


def copy(target):
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, target / folder, ignore=lambda _, names: [n for n in names if n[-2:] not in (".c", ".h")])


def check(holds, what):
    if not holds:
        sys.exit(f"digest: {what}")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        first, second, output = scratch / "first", scratch / "second", scratch / "digest.h"
        copy(first)
        copy(second)
        whole = digest(first, output)
        check(whole == pathlib.Path(os.environ["BUILT"]).read_text(), "the one that was built in is of other sources")
        marked = f"weir layout {whole.split()[2][1:-1]} ".encode()
        check(marked in pathlib.Path(os.environ["LIBRARY"]).read_bytes(), "entries of the cache are not marked with it")
        for path in second.rglob("*.c"):
            os.utime(path, (1, 1))
        check(digest(second, output) == whole, "it depends on where or when the sources are")
        before = output.stat().st_mtime_ns
        digest(second, output)
        check(output.stat().st_mtime_ns == before, "it is written again though it is right")
        for name in ("sql/dialect.c", "expr/parse_call.c", "repo-layout/keys_script.c", "repo-layout/keys.h"):
            path = second / name
            text = path.read_text()
            path.write_text(text + "\n")
            check(digest(second, output) != whole, f"an edit of '{name}' makes no other")
            path.write_text(text)
        (second / "sql/another.c").write_text("")
        check(digest(second, output) != whole, "a new file makes no other")
        (second / "sql/another.c").unlink()
        (second / "sql/lex.c").rename(second / "sql/lex9.c")
        check(digest(second, output) != whole, "another name makes no other")


main()
