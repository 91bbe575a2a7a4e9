#!/usr/bin/env python3
"""Holds the #includes and the linking of every folder against the arrows of the design: who may call whom."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The arrows of the design, as the folders link each other. One is a step, and no more: api may not reach db through the store.
# cli alone, where everything is put together, also reaches what those it links stand on; REACHES is what it needs of that.
REACHES = {"cli": {"repo-layout", "store", "db", "sql"}}
# folder: (folders it may call, libraries whose headers it may include)
RULES = {
    "sql": (set(), {"glib"}),
    "expr": (set(), {"glib", "jansson", "jq"}),
    "db": (set(), {"glib", "sqlite3"}),
    "store": ({"db"}, {"glib", "jansson", "zlib"}),
    "repo-layout": ({"sql", "expr"}, {"glib", "jansson", "git2", "yaml"}),
    "reconciler": ({"repo-layout", "store", "db"}, {"glib", "jansson", "git2", "curl"}),
    "runner": ({"repo-layout", "store", "db", "expr"}, {"glib", "jansson", "curl"}),
    "api": ({"store"}, {"glib", "jansson", "microhttpd"}),
    "cli": ({"api", "reconciler", "runner"}, {"glib", "jansson", "git2"}),
}
LIBRARIES = {"glib.h": "glib", "glib-unix.h": "glib", "glib/gstdio.h": "glib", "jansson.h": "jansson", "sqlite3.h": "sqlite3",
             "git2.h": "git2", "yaml.h": "yaml", "microhttpd.h": "microhttpd", "zlib.h": "zlib", "jq.h": "jq", "jv.h": "jq",
             "curl/curl.h": "curl", "git2/sys/transport.h": "git2", "git2/sys/alloc.h": "git2", "git2/sys/odb_backend.h": "git2"}
# Of the language and the system, which anybody may include but for what PURE forbids. A header of neither list is a new library,
# and needs a row above.
SYSTEM = set("""arpa/inet.h cpuid.h dirent.h dlfcn.h errno.h fcntl.h float.h fnmatch.h ftw.h immintrin.h inttypes.h limits.h locale.h
    malloc.h math.h netdb.h netinet/in.h netinet/tcp.h poll.h pthread.h sched.h signal.h spawn.h stdalign.h stdarg.h stdatomic.h stdbool.h
    stddef.h stdint.h stdio.h stdlib.h string.h strings.h sys/epoll.h sys/eventfd.h sys/file.h sys/inotify.h sys/mman.h sys/prctl.h
    sys/random.h sys/resource.h sys/sendfile.h sys/socket.h sys/stat.h sys/statvfs.h sys/syscall.h sys/time.h sys/timex.h sys/types.h
    sys/uio.h sys/un.h sys/wait.h termios.h time.h unistd.h""".split())
# What the pure folders never touch: no clock, threads, network or processes of their own.
PURE = {"sql", "expr", "repo-layout"}
IMPURE = {"pthread.h", "time.h", "sys/time.h", "sys/socket.h", "netdb.h", "sys/wait.h", "spawn.h", "poll.h", "sys/epoll.h"}
# libjq's programs are compiled once for the whole process, and ended when they run too long: that takes a lock and a watchdog.
# A load's own time limit counts the processor time of its thread, which says nothing of the hour.
EXCEPTIONS = {("expr/jq.c", "pthread.h"), ("repo-layout/walk_budget.c", "time.h")}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
CALLS = re.compile(r"^\s*CALLS\s+([a-z\s-]*)", re.MULTILINE)


def included(path):
    for match in INCLUDE.finditer(path.read_text()):
        line = path.read_text().count("\n", 0, match.start()) + 1
        yield line, match.group(1) == '"', match.group(2)


def include_fault(folder, own, name):
    """Why a folder may not include this header; None when it may."""
    callees, libraries = RULES[folder]
    if own:
        target = name.split("/")[0]
        if "/" not in name or target not in RULES:
            return f'"{name}" is not named from the root of the tree'
        if not (ROOT / name).exists() and not name.endswith(".inc"):
            return f'"{name}" does not exist'
        return None if target == folder or target in callees | REACHES.get(folder, set()) else f"{folder} may not call {target}"
    if name not in LIBRARIES and name not in SYSTEM:
        return f"<{name}> is of no library that tests/layering knows: add it to LIBRARIES, and to those who may use it"
    if name in LIBRARIES and LIBRARIES[name] not in libraries:
        return f"{folder} may not use {LIBRARIES[name]}"
    if folder in PURE and name in IMPURE:
        return f"{folder} is pure and may not use <{name}>"
    return None


def folder_faults(folder):
    for path in sorted((ROOT / folder).rglob("*.[ch]")):
        for line, own, name in included(path):
            fault = include_fault(folder, own, name)
            if fault and (str(path.relative_to(ROOT)), name) not in EXCEPTIONS:
                yield f"{path.relative_to(ROOT)}:{line}: {fault}"
    lists = CALLS.search((ROOT / folder / "CMakeLists.txt").read_text())
    for callee in (lists.group(1).split() if lists else []):
        if callee not in RULES[folder][0]:
            yield f"{folder}/CMakeLists.txt: {folder} may not link {callee}"


def reached(folder):
    """All that a folder links, and what that links in turn."""
    return set().union(*({callee} | reached(callee) for callee in RULES[folder][0]))


def self_test():
    """The rules refuse what they are there to refuse."""
    assert all(reaches <= reached(folder) for folder, reaches in REACHES.items())
    assert include_fault("store", True, "runner/runner.h") is not None
    assert include_fault("sql", False, "pthread.h") is not None
    assert include_fault("api", False, "sqlite3.h") is not None
    assert include_fault("sql", False, "openssl/ssl.h") is not None
    assert include_fault("api", True, "db/db.h") is not None
    assert include_fault("cli", True, "db/db.h") is None
    assert include_fault("cli", True, "expr/value.h") is not None
    assert include_fault("cli", True, "cli/command.h") is None
    assert include_fault("cli", True, "command.h") is not None


def main():
    self_test()
    failed = False
    print(f"1..{len(RULES)}")
    for number, folder in enumerate(RULES, 1):
        faults = list(folder_faults(folder))
        failed |= bool(faults)
        print("\n".join(f"# {fault}" for fault in faults) + "\n" * bool(faults), end="")
        print(f"{'not ok' if faults else 'ok'} {number} - {folder}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
