#!/usr/bin/env python3
"""A repository with many scripts behind https: from nothing to live, and one changed file after another; each against git itself doing the
fetch, and against the same repository as a local folder. `bench-remotes.py [SCRIPTS [CHANGES]]`, with $WEIR or the release build."""

import os
import pathlib
import statistics
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("WEIR", str(SOURCE / "build" / "release" / "cli" / "weir"))
sys.path.insert(0, str(SOURCE / "tests" / "harness"))
from remote_story import RemoteServer, TOKEN  # noqa: E402
from git_servers import RemoteRepository, WebServer  # noqa: E402
from weir import must, run, temporary  # noqa: E402

POLL = "PT0.1S"


def fill(repository, scripts):
    repository.write("weir.yaml", "name: bench\n")
    for domain in range(0, scripts, 100):
        repository.write(f"domains/d{domain}/domain.yaml", "owner: bench\n")
        for number in range(domain, min(domain + 100, scripts)):
            repository.write(f"domains/d{domain}/sql/t{number}.sql", f"SELECT {number} AS id, 'a script among many' AS text\n")


def milliseconds(values):
    return f"median {statistics.median(values) * 1e3:8.1f} ms, worst {max(values) * 1e3:8.1f} ms"


def until_live(server, commit):
    while server.status()["commit"] != commit:
        time.sleep(0.001)


def follow(folder, repository, url, settings, changes):
    """Seconds from nothing to live, and from each push to live."""
    server = RemoteServer(folder, {"url": url, "poll": POLL, **settings})
    server.options += ("--roles", "reconciler,api")
    began = time.monotonic()
    server.start()
    until_live(server, repository.git("rev-parse", "HEAD"))
    first = time.monotonic() - began
    pushes = []
    for number in range(changes):
        repository.write(f"domains/d0/sql/t{number % 100}.sql", f"SELECT {time.monotonic_ns()} AS id\n")
        commit = repository.push(f"Change {number}")
        began = time.monotonic()
        until_live(server, commit)
        pushes.append(time.monotonic() - began)
        time.sleep(0.05)
    server.stop()
    return first, pushes


def git_fetches(folder, repository, url, web, changes):
    """What git needs for the same: a mirror from nothing, and one changed file after another."""
    trust = {"GIT_SSL_CAINFO": str(web.authority.file)}
    mirror = folder / "by-git.git"
    began = time.monotonic()
    must(run("git", "clone", "-q", "--bare", url, mirror, env=trust))
    first = time.monotonic() - began
    seconds = []
    for number in range(changes):
        repository.write(f"domains/d0/sql/t{number % 100}.sql", f"SELECT {time.monotonic_ns()} AS id\n")
        repository.push(f"Change {number}")
        began = time.monotonic()
        must(run("git", "-C", mirror, "fetch", "-q", "origin", "main:main", env=trust))
        seconds.append(time.monotonic() - began)
    return first, seconds


def main(scripts=10000, changes=21):
    with temporary() as folder:
        folder = pathlib.Path(folder)
        repository = RemoteRepository(folder)
        fill(repository, scripts)
        repository.push("All of them")
        with WebServer(folder, folder) as web:
            web.passwords({"git": TOKEN})
            token = folder / "token"
            token.write_text(TOKEN)
            https = {"token_file": token, "ca_file": web.authority.file}
            url = web.url("private/origin.git")
            with_token = url.replace("https://", f"https://git:{TOKEN}@")
            rows = (("git fetch over https", *git_fetches(folder, repository, with_token, web, changes)),
                    ("weir over https", *follow(folder / "https", repository, url, https, changes)),
                    ("weir, local folder", *follow(folder / "local", repository, str(repository.bare), {}, changes)))
    print(f"{scripts} scripts; {changes} pushes of one changed file each, poll {POLL} (in the figures for https)")
    for name, first, pushes in rows:
        print(f"{name:24} from nothing {first * 1e3:8.1f} ms; a push {milliseconds(pushes)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
