#!/usr/bin/env python3
"""Remote repositories when things go wrong: servers that fall silent, processes that are killed, mirrors that are damaged, branches that are
deleted, renamed and force-pushed. What is live stays live, the reason and the cure are shown, and it mends by itself."""

import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from remote_story import tell  # noqa: E402
from git_servers import RemoteRepository, Wire  # noqa: E402
from weir import LATE, WEIR, eventually, must, run  # noqa: E402

CHECK_NETWORK = "check the URL, the network and the server, or raise connect_timeout"


def ways(world):
    """(port, URL, settings) of https and of ssh."""
    return ((world.web.ports["https"], world.url, world.https), (world.ssh.port, world.ssh_url, world.keys))


def through(url, port, wire):
    """The URL with the wire in between. For ssh the host's key is then that of another port: what known_hosts has must say so too."""
    return url.replace(f":{port}", f":{wire.port}")


def settings_through(world, settings, wire):
    if "known_hosts_file" not in settings:
        return settings
    text = pathlib.Path(settings["known_hosts_file"]).read_text().replace(f":{world.ssh.port}", f":{wire.port}")
    return {**settings, "known_hosts_file": world.write(f"hosts-{wire.port}", text)}


def head(world):
    return world.repository.git("rev-parse", "HEAD")


def large_change(world):
    """A commit whose pack is far larger than what the wire lets through."""
    world.count += 1
    path = world.repository.work / "domains/finance/scripts/noise"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(os.urandom(600_000))
    return world.repository.push(f"Noise {world.count}")


# ---- Silence

def a_server_that_never_answers_is_given_up(world):
    for port, url, settings in ways(world):
        with Wire(None) as wire, world.serving(through(url, port, wire), connect_timeout="PT1S", **settings) as server:
            server.says(f"repository '{through(url, port, wire)}' cannot be reached: it did not answer within 1 s; {CHECK_NETWORK}", 5)
            eventually(lambda: len(wire.sockets) >= 2, 10, "another try")
            began = time.monotonic()
            assert server.stop() == 0 and time.monotonic() - began < 1.0, time.monotonic() - began


def a_server_that_falls_silent_is_given_up_and_tried_again(world):
    for port, url, settings in ways(world):
        with Wire(port) as wire:
            url = through(url, port, wire)
            with world.serving(url, stall_timeout="PT1S", connect_timeout="PT5S", **settings_through(world, settings, wire)) as server:
                live = head(world)
                server.live(live)
                wire.limit = 100_000
                commit = large_change(world)
                server.says(f"repository '{url}' cannot be fetched: its server has been silent for 1 s; it is tried again; check the network "
                            "and the server, or raise stall_timeout")
                assert server.status()["commit"] == live
                wire.limit = None
                server.live(commit)
                assert not list((server.data / "mirrors").glob("*.damaged")), "a mirror that was not damaged was set aside"
                assert not list(server.mirror.rglob("*_git2_*")), "something unfinished was left"


def a_trickle_is_given_up_too(world):
    with Wire(world.web.ports["https"]) as wire:
        wire.pause = 0.2
        url = through(world.url, world.web.ports["https"], wire)
        with world.serving(url, fetch_timeout="PT1S", stall_timeout="PT0.5S", **world.https) as server:
            server.says(f"repository '{url}' cannot be fetched: it took longer than 1 s; see to the network, or raise fetch_timeout")


def stopping_and_observing_go_on_while_a_fetch_stands_still(world):
    for port, url, settings in ways(world):
        with Wire(port) as wire:
            url = through(url, port, wire)
            with world.serving(url, **settings_through(world, settings, wire)) as server:
                server.live(head(world))
                wire.limit = 0
                eventually(server.fetchers, what="a fetch that stands still")
                connection = sqlite3.connect(server.data / "weir.db", timeout=10)
                with connection:
                    assert connection.execute("UPDATE revision SET definition = replace(definition, 'loaded', 'LOADED') "
                                              "WHERE flow = 'load_day'").rowcount == 1
                connection.close()
                eventually(lambda: any(item["kind"] == "flow" for item in server.every("/v1/drift")), 5, "drift to be seen")
                started = set(server.fetchers())
                assert started, "the fetch did not go on"
                began = time.monotonic()
                assert server.stop() == 0 and time.monotonic() - began < 1.0, time.monotonic() - began
                eventually(lambda: not any(alive(pid) for pid in started), 2, "the fetch to end with the server")


def alive(pid):
    try:
        return ") Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def a_killed_server_takes_its_fetch_along(world):
    for port, url, settings in ways(world):
        with Wire(port) as wire:
            url = through(url, port, wire)
            with world.serving(url, **settings_through(world, settings, wire)) as server:
                server.live(head(world))
                wire.limit = 100_000
                commit = large_change(world)
                eventually(lambda: list(server.mirror.rglob("*_git2_*")), what="a pack that is half there")
                started = set(server.fetchers())
                assert len(started) >= 1, started
                server.kill()
                eventually(lambda: not any(alive(pid) for pid in started), 2, "the fetch to end with the server")
                wire.limit = None
                server.start()
                server.live(commit)
                assert not list(server.mirror.rglob("*_git2_*")), "something unfinished was left"


def a_killed_fetch_is_begun_again(world):
    port = world.web.ports["https"]
    with Wire(port) as wire:
        url = through(world.url, port, wire)
        with world.serving(url, **world.https) as server:
            server.live(head(world))
            wire.limit = 100_000
            commit = large_change(world)
            eventually(lambda: list(server.mirror.rglob("*_git2_*")), what="a pack that is half there")
            pid, = server.fetchers()
            os.kill(pid, signal.SIGKILL)
            server.says(f"repository '{url}' cannot be fetched: the process that does it ended early (signal 9); it is tried again")
            wire.limit = None
            server.live(commit)
            assert not list(server.mirror.rglob("*_git2_*")), "something unfinished was left"


def failures_are_followed_by_longer_pauses(world):
    times = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def refuse():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                times.append(time.monotonic())
                client.close()
        threading.Thread(target=refuse, daemon=True).start()
        port = listener.getsockname()[1]
        with world.serving(f"https://127.0.0.1:{port}/x.git", poll="PT0.4S", **world.https):
            eventually(lambda: len(times) >= 6, 20, "six tries")
    pauses = [after - before for before, after in zip(times, times[1:])][:5]
    for pause, factor in zip(pauses, (2, 4, 8, 8, 8)):
        assert 0.8 * factor * 0.4 - 0.01 <= pause <= factor * 0.4 + 0.25 * LATE, (pauses, factor)


# ---- Mirrors

def packs(mirror):
    found = sorted(mirror.glob("objects/pack/*.pack"), key=lambda path: path.stat().st_size)
    assert found
    return found


def truncate_pack(mirror):
    pack = packs(mirror)[-1]
    pack.chmod(0o600)
    os.truncate(pack, pack.stat().st_size // 2)


def truncate_index(mirror):
    index = packs(mirror)[-1].with_suffix(".idx")
    index.chmod(0o600)
    os.truncate(index, index.stat().st_size // 2)


def delete_pack(mirror):
    packs(mirror)[-1].unlink()


def delete_packs(mirror):
    shutil.rmtree(mirror / "objects" / "pack")


def delete_head(mirror):
    (mirror / "HEAD").unlink()


def empty_reference(mirror):
    (mirror / "refs/heads/main").write_text("")


def wrong_reference(mirror):
    (mirror / "refs/heads/main").write_text("1" * 40 + "\n")


def take_away(mirror):
    """All at once: a server may be looking at it meanwhile."""
    away = mirror.parents[1] / "away"
    mirror.rename(away)
    shutil.rmtree(away)


def delete_all_within(mirror):
    take_away(mirror)
    mirror.mkdir()


def put_a_file_in_its_place(mirror):
    take_away(mirror)
    mirror.write_text("not a repository")


DAMAGES = [truncate_pack, truncate_index, delete_pack, delete_packs, delete_head, empty_reference, wrong_reference, delete_all_within,
           put_a_file_in_its_place]


def renewed(server, count):
    def look():
        events = server.events("mirror-renewed")
        return len(events) == count and events
    return eventually(look, what=f"{count} mirrors set aside")


def a_mirror_that_is_damaged_while_nobody_looks_is_fetched_anew(world):
    with world.serving(world.url, **world.https) as server:
        server.live(head(world))
        for number, damage in enumerate(DAMAGES, 1):
            mirror = server.mirror
            assert server.stop() == 0
            damage(mirror)
            server.start()
            server.live(world.change())
            aside = mirror.with_suffix(".damaged")
            notice = renewed(server, number)[-1]["data"]["notice"]
            assert notice.startswith(f"the mirror of repository '{world.url}' was damaged: ") and notice.endswith(
                f"; it was set aside as '{aside}' and fetched anew"), (damage.__name__, notice)
            assert notice in server.log.read_text().replace("\\", ""), damage.__name__
            assert aside.exists() and len(list(mirror.parent.iterdir())) == 4, list(mirror.parent.iterdir())


def a_mirror_that_is_damaged_under_a_running_server_is_fetched_anew(world):
    with world.serving(world.url, **world.https) as server:
        server.live(head(world))
        for damage in DAMAGES:
            damage(server.mirror)
            server.live(world.change())
            server.live(world.change())
            must(run("git", "-C", server.mirror, "fsck", "--connectivity-only"))


def content_that_rots_in_a_mirror_is_fetched_anew(world):
    """The object is there, and wrong: only reading it tells."""
    world.repository.write("domains/finance/sql/rot.sql", "SELECT " + ", ".join(f"{i * 7919} AS c{i}" for i in range(400)) + "\n")
    commit = world.repository.push("A script that rots")
    with world.serving(world.url, **world.https) as server:
        server.live(commit)
        mirror = server.mirror
        assert server.stop() == 0
        place = must(run("git", "-C", mirror, "rev-parse", "main:domains/finance/sql/rot.sql")).out.strip()
        flip(mirror, place)
        for path in server.data.glob("weir.db*"):
            path.unlink()
        server.start()
        server.live(commit)
        renewed(server, 1)


def flip(mirror, wanted):
    """Changes a byte in the middle of an object in a pack."""
    for pack in mirror.glob("objects/pack/*.pack"):
        for line in must(run("git", "verify-pack", "-v", pack.with_suffix(".idx"))).out.splitlines():
            words = line.split()
            if words and words[0] == wanted:
                pack.chmod(0o600)
                data = bytearray(pack.read_bytes())
                data[int(words[4]) + int(words[3]) // 2] ^= 0xFF
                pack.write_bytes(data)
                return
    raise AssertionError(f"{wanted} is in no pack")


def what_a_killed_process_leaves_stops_nobody(world):
    with world.serving(world.url, **world.https) as server:
        server.live(head(world))
        mirror = server.mirror
        server.kill()
        for name in ("refs/heads/main.lock", "HEAD.lock", "packed-refs.lock", "objects/pack/pack_git2_abcdef"):
            (mirror / name).write_text("left over")
        mirror.with_suffix(".lock").write_text("!")
        shutil.copytree(mirror, mirror.with_suffix(".0123abcd"))
        server.start()
        server.live(world.change())
        assert not list(mirror.rglob("*.lock")) and not list(mirror.rglob("*_git2_*")), list(mirror.rglob("*"))
        assert server.events("mirror-renewed") == []
        assert len(list(mirror.parent.iterdir())) == 3, list(mirror.parent.iterdir())


def many_packs_become_one(world):
    with world.serving(world.url, poll="PT0.05S", **world.https) as server:
        server.live(head(world))
        most = 0
        for _ in range(60):
            server.live(world.change())
            most = max(most, len(packs(server.mirror)))
        eventually(lambda: len(packs(server.mirror)) < 20, 10, "the packs to be put together")
        assert most > 20, most
        server.live(world.change())
        must(run("git", "-C", server.mirror, "fsck", "--connectivity-only"))
        assert server.events("mirror-renewed") == []


def several_may_fetch_into_one_mirror(world):
    with world.serving(world.url, poll="PT0.05S", **world.https) as server:
        server.live(head(world))
        for _ in range(3):
            commit = world.change()
            plans = [subprocess.Popen([WEIR, "plan", "--config", server.config, "--store", server.store], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True) for _ in range(6)]
            for plan in plans:
                out, err = plan.communicate(timeout=60)
                assert plan.returncode in (0, 2) and err == "", (plan.returncode, out, err)
            server.live(commit)
        assert server.events("mirror-renewed") == []


def a_disk_that_cannot_be_written_is_explained(world):
    with world.serving(world.url, start=False, **world.https) as server:
        server.data.mkdir()
        (server.data / "mirrors").write_text("in the way")
        server.start()
        eventually(lambda: server.status()["error"], what="the error")
        error = server.status()["error"]
        assert error.startswith(f"repository '{world.url}' cannot be fetched: there can be no folder for '{server.data}/mirrors/") and \
            error.endswith(".git': Not a directory; make room for it and give its folder to the user that runs weir"), error
        (server.data / "mirrors").unlink()
        server.live(head(world))


# ---- Branches

def served(world, name):
    """Another repository behind the same servers, with one commit."""
    folder = world.folder / name
    folder.mkdir()
    repository = RemoteRepository(folder)
    repository.write("weir.yaml", "name: other\n")
    repository.write("domains/a/domain.yaml", "owner: a\n")
    return repository, world.web.url(f"private/{name}/origin.git")


def an_empty_repository_is_waited_for(world):
    repository, url = served(world, "empty")
    with world.serving(url, **world.https) as server:
        server.says(f"repository '{url}' has no commit yet: waiting for the first push")
        assert server.status()["sync"] == "Unknown"
        server.live(repository.push("The first"))


def a_force_push_is_refused_unless_allowed_and_always_reported(world):
    repository, url = served(world, "forced")
    first = repository.push("The first")
    with world.serving(url, **world.https) as server:
        server.live(first)
        second = repository.push("The second")
        server.live(second)
        repository.git("reset", "-q", "--hard", first)
        repository.write("domains/a/sql/t.sql", "SELECT 1 AS x\n")
        other = repository.commit("Another second")
        repository.git("push", "-q", "--force", "origin", "HEAD:main")
        server.says(f"branch 'main' of repository '{url}' was force-pushed: {other[:12]} does not contain {second[:12]}, which is live; push a "
                    "commit on top of that one, or allow it with allow_rewind")
        assert server.status()["commit"] == second
        assert server.stop() == 0
        server.start()
        server.says(f"branch 'main' of repository '{url}' was force-pushed: {other[:12]} does not contain {second[:12]}, which is live; push a "
                    "commit on top of that one, or allow it with allow_rewind")
        server.configure(allow_rewind=True).reload()
        server.live(other)
        assert [event["data"] for event in server.events("force-pushed")] == [{"commit": other}], server.events("force-pushed")
        server.configure(allow_rewind=None).reload()
        repository.git("push", "-q", "--force", "origin", f"{first}:refs/heads/main")
        server.says(f"branch 'main' of repository '{url}' was force-pushed: {first[:12]} does not contain {other[:12]}, which is live; push a "
                    "commit on top of that one, or allow it with allow_rewind")
        repository.git("push", "-q", "--force", "origin", f"{other}:refs/heads/main")
        server.live(other)


def a_branch_that_is_deleted_or_renamed_is_missed(world):
    repository, url = served(world, "deleted")
    first = repository.push("The first")
    with world.serving(url, branch="main", **world.https) as server:
        server.live(first)
        repository.git("push", "-q", "origin", "main:release")
        repository.git("push", "-q", "origin", f"{first}:refs/heads/trunk")
        second = repository.push("The second")
        server.live(second)
        repository.at_origin("symbolic-ref", "HEAD", "refs/heads/trunk")
        repository.git("push", "-q", "origin", ":main")
        server.says(f"branch 'main' is no longer in repository '{url}'; it has 'release', 'trunk': push the branch, or name another one to track")
        repository.git("push", "-q", "origin", f"{second}:refs/heads/trunk")
        server.says(f"branch 'main' is no longer in repository '{url}'; it has 'release', 'trunk': 'trunk' is where it was: if it was renamed, "
                    "name that one to track")
        assert server.status()["commit"] == second
        server.configure(branch="trank").reload()
        server.says(f"branch 'trank' is not in repository '{url}'; it has 'release', 'trunk': did you mean 'trunk'?")
        server.configure(branch="trunk").reload()
        server.live(second)
        server.configure(branch=None).reload()
        repository.git("push", "-q", "origin", "HEAD:main")
        server.live(second)
        assert server.json("/v1/sources")["items"][0]["ref"] == "refs/heads/trunk"


def branches_that_stand_in_each_others_way_can_take_turns(world):
    """refs/heads/a is a file, refs/heads/a/b wants a folder of that name."""
    repository, url = served(world, "nested")
    first = repository.push_to("a", "The first")
    with world.serving(url, branch="a", **world.https) as server:
        server.live(first)
        repository.git("push", "-q", "origin", ":a")
        second = repository.push_to("a/b", "The second")
        server.configure(branch="a/b").reload()
        server.live(second)


def a_repository_that_goes_and_comes_back_is_taken_up_again(world):
    repository, url = served(world, "gone")
    first = repository.push("The first")
    with world.serving(url, **world.https) as server:
        server.live(first)
        away = repository.bare.rename(f"{repository.bare}.away")
        server.says(f"repository '{url}' is not there (404); put it back, correct the URL, or let the user of the credentials read it")
        assert server.status()["commit"] == first and server.status()["sync"] == "Unknown"
        assert server.stop() == 0
        server.start()
        assert server.status()["commit"] == first
        away.rename(repository.bare)
        server.live(repository.push("The second"))
        world.web.stop()
        server.says(f"repository '{url}' cannot be reached: Connection refused; it is tried again until it answers; check the URL and the network")
        world.web.start()
        server.live(repository.push("The third"))


def a_repository_that_is_damaged_itself_is_named_as_such(world):
    repository, url = served(world, "broken")
    first = repository.push("The first")
    ssh_url = world.ssh.url(repository.bare)
    with world.serving(url, **world.https) as server, world.serving(ssh_url, **world.keys) as other:
        server.live(first)
        other.live(first)
        repository.write("domains/a/sql/t.sql", "SELECT 1 AS x\n")
        repository.commit("The second")
        blob = repository.git("rev-parse", "HEAD:domains/a/sql/t.sql")
        repository.git("push", "-q", "origin", "HEAD:main")
        thing = repository.bare / "objects" / blob[:2] / blob[2:]
        away = thing.rename(f"{thing}.away")
        server.says(f"repository '{url}' cannot be fetched: early EOF, and the server said: fatal: unable to read {blob}; it is tried again; see "
                    "to the server")
        eventually(lambda: other.status()["error"], what="the error")
        assert other.status()["error"].startswith(f"repository '{ssh_url}' cannot be fetched: "), other.status()
        assert "is tried again; see to the server" in other.status()["error"], other.status()
        for one in (server, other):
            assert one.status()["commit"] == first and one.events("mirror-renewed") == []
        away.rename(thing)
        server.live(repository.git("rev-parse", "HEAD"))
        other.live(repository.git("rev-parse", "HEAD"))


STEPS = [
    a_server_that_never_answers_is_given_up,
    a_server_that_falls_silent_is_given_up_and_tried_again,
    a_trickle_is_given_up_too,
    stopping_and_observing_go_on_while_a_fetch_stands_still,
    a_killed_server_takes_its_fetch_along,
    a_killed_fetch_is_begun_again,
    failures_are_followed_by_longer_pauses,
    a_mirror_that_is_damaged_while_nobody_looks_is_fetched_anew,
    a_mirror_that_is_damaged_under_a_running_server_is_fetched_anew,
    content_that_rots_in_a_mirror_is_fetched_anew,
    what_a_killed_process_leaves_stops_nobody,
    many_packs_become_one,
    several_may_fetch_into_one_mirror,
    a_disk_that_cannot_be_written_is_explained,
    an_empty_repository_is_waited_for,
    a_force_push_is_refused_unless_allowed_and_always_reported,
    a_branch_that_is_deleted_or_renamed_is_missed,
    branches_that_stand_in_each_others_way_can_take_turns,
    a_repository_that_goes_and_comes_back_is_taken_up_again,
    a_repository_that_is_damaged_itself_is_named_as_such,
]

if __name__ == "__main__":
    sys.exit(tell(STEPS))
