#!/usr/bin/env python3
"""Repositories that are not folders of this machine, behind real servers: https with a certificate authority of its own, ssh, git's own
protocol, http and file URLs. Who may read them, who is trusted, what is said when not, and that no secret is ever shown."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from remote_story import OTHER_TOKEN, PASSPHRASE, TOKEN, assert_no_secret, tell  # noqa: E402
from git_servers import Agent, Daemon, Proxy, Recorder, Wire, free_port  # noqa: E402
from weir import LATE, WEIR, eventually, must, run  # noqa: E402

AGAIN = "it is tried again until it answers; check the URL and the network"


# ---- https

def a_push_over_https_is_live_within_a_poll_and_a_second(world):
    with world.serving(world.url, poll="PT1S", **world.https) as server:
        server.live(world.first)
        for _ in range(3):
            began = time.monotonic()
            server.live(world.change())
            assert time.monotonic() - began < 1.0 + LATE, time.monotonic() - began
        source = server.json("/v1/sources")["items"][0]
        assert (source["url"], source["ref"], source["error"]) == (world.url, "refs/heads/main", None), source


def only_what_is_new_is_fetched(world):
    with Wire(world.web.ports["https"]) as wire, world.serving(world.url.replace(str(world.web.ports["https"]), str(wire.port)), **world.https) as server:
        server.live(world.repository.git("rev-parse", "HEAD"))
        first = wire.brought
        world.repository.write("domains/finance/scripts/noise", "".join(f"{i * 7919 % 104729} " for i in range(20000)))
        server.live(world.repository.push("A large file"))
        large = wire.brought - first
        packs = sorted(path.name for path in server.mirror.glob("objects/pack/*.pack"))
        before = wire.brought
        server.live(world.change())
        assert wire.brought - before < 12000 < large, (wire.brought - before, large)
        assert set(packs) < {path.name for path in server.mirror.glob("objects/pack/*.pack")}, packs


def credentials_come_from_files_and_the_environment(world):
    ca = {"ca_file": world.web.authority.file}
    world.works(world.url, username="bot", password_file=world.token, **ca)
    world.works(world.url, environment={"GIT_SECRET": TOKEN}, username="bot", password_env="GIT_SECRET", **ca)
    world.works(world.url, environment={"GIT_SECRET": TOKEN}, token_env="GIT_SECRET", **ca)
    world.works(world.url.replace("https://", "https://bot@"), password_file=world.token, **ca)
    world.works(world.web.url("public/origin.git"), **ca)


def a_secret_may_be_replaced_at_any_time(world):
    token = world.write("rotating", TOKEN)
    with world.serving(world.url, token_file=token, ca_file=world.web.authority.file) as server:
        server.live(world.repository.git("rev-parse", "HEAD"))
        live = server.status()["commit"]
        world.web.passwords({"git": OTHER_TOKEN})
        commit = world.change()
        server.says(f"repository '{world.url}' cannot be fetched: the server refused the credentials of 'token_file' (401); see that they are "
                    "right, are not out of date and may read the repository")
        assert server.status()["commit"] == live
        assert server.json("/v1/sources")["items"][0]["sync"] == "Unknown"
        token.write_text(OTHER_TOKEN)
        server.live(commit)
    world.web.passwords({"git": TOKEN, "bot": TOKEN})


def wrong_credentials_are_explained(world):
    ca = {"ca_file": world.web.authority.file}
    wrong = world.write("wrong", "wrong")
    empty = world.write("empty", "\n")
    right = "see that they are right, are not out of date and may read the repository"
    put = "put the secret there, readable by the user that runs weir"
    world.refused(f"repository '{world.url}' cannot be fetched: the server wants credentials (401); give the source token_file, or username "
                  "and password_file", world.url, **ca)
    world.refused(f"repository '{world.url}' cannot be fetched: the server refused the credentials of 'password_file' (401); {right}",
                  world.url, username="bot", password_file=wrong, **ca)
    world.refused(f"repository '{world.url}' cannot be fetched: the server refused the credentials of 'token_env' (401); {right}",
                  world.url, environment={"GIT_SECRET": "x"}, token_env="GIT_SECRET", **ca)
    world.refused(f"repository '{world.url}' cannot be fetched: 'token_file' of the source cannot be read: the file '{empty}' is empty; {put}",
                  world.url, token_file=empty, **ca)
    world.refused(f"repository '{world.url}' cannot be fetched: 'token_file' of the source cannot be read: the file '/nowhere' cannot be "
                  f"read: No such file or directory; {put}", world.url, token_file="/nowhere", **ca)
    world.refused(f"repository '{world.url}' cannot be fetched: 'token_env' of the source cannot be read: the variable 'GIT_SECRET' is not in "
                  f"the environment; {put}", world.url, token_env="GIT_SECRET", **ca)
    http = world.web.url("private/origin.git", "http")
    world.refused(f"repository '{http}' cannot be fetched: the server wants credentials, which are not sent over http://; take https:// and "
                  "give it token_file, or username and password_file", http)


def settings_that_make_no_sense_are_refused(world):
    https, ssh = world.url, world.ssh_url
    secret = https.replace("https://", f"https://bot:{TOKEN}@")
    world.refused(f"'{https.replace('https://', 'https://bot:***@')}' is not the URL of a repository: it holds a password; put the password "
                  "into a file and name that with password_file", secret)
    world.refused("both 'password_file' and 'token_env' of the source are set; keep one of them", https,
                  password_file=world.token, token_env="X")
    world.refused(f"'ssh_key_file' of the source is for ssh://, and '{https}' is not; remove it, or correct the URL", https, ssh_key_file="x")
    world.refused(f"'token_file' of the source is for https://, and '{ssh}' is not; remove it, or correct the URL", ssh, token_file="x")
    plain = world.web.url("private/origin.git", "http")
    world.refused(f"'token_file' of the source is not used with '{plain}': over http:// anybody on the way could read or change it all; take "
                  "https://", plain, token_file=world.token)
    world.refused("the URL of the source names the user 'a', and its 'username' is 'b'; keep one of them", "https://a@127.0.0.1/x",
                  username="b")
    world.refused("'proxy' of the source holds a password ('http://a:***@127.0.0.1:1'); give it in the environment instead, as https_proxy",
                  https, proxy=f"http://a:{TOKEN}@127.0.0.1:1")
    world.refused("the source names more than one of branch, tag and commit; keep one of them", https, branch="a", tag="b")
    world.refused("'abc' cannot be the id of a commit: give all of its 40 hexadecimal digits", https, commit="abc")
    world.refused("'a..b' cannot be the name of a tag", https, tag="a..b")
    world.refused("'ssh://-oProxyCommand=x/y' is not the URL of a repository: a user, a host or a path cannot begin with '-'",
                  "ssh://-oProxyCommand=x/y")
    for option in ("-oProxyCommand=x@h:y", "a@-h:y", "a@h:-y"):
        world.refused(f"'{option}' is not the URL of a repository: a user, a host or a path cannot begin with '-'", option)


def certificates_are_verified(world):
    web, token = world.web, {"token_file": world.token}
    ca = {"ca_file": web.authority.file, **token}
    expired, misnamed = (web.url("private/origin.git", port) for port in ("expired", "misnamed"))
    world.refused(f"repository '{world.url}' cannot be trusted: SSL certificate problem: unable to get local issuer certificate; name the file "
                  "of the server's authority with ca_file", world.url, **token)
    other = type(web.authority)(world.folder, "another-authority")
    world.refused(f"repository '{world.url}' cannot be trusted: SSL certificate problem: unable to get local issuer certificate; see that "
                  "'ca_file' of the source holds the certificate of the server's authority", world.url, ca_file=other.file, **token)
    world.refused(f"repository '{expired}' cannot be trusted: SSL certificate problem: certificate has expired; have the server's certificate "
                  "renewed", expired, **ca)
    world.refused(f"repository '{misnamed}' cannot be trusted: SSL: no alternative certificate subject name matches target host name "
                  "'127.0.0.1'; use the name that the certificate is made out to, or have it made out to the name in the URL", misnamed, **ca)
    world.refused(f"repository '{world.url}' cannot be reached: error setting certificate file: {world.token}; have 'ca_file' of the source "
                  "name a file of certificates (PEM) that the user that runs weir may read", world.url, ca_file=world.token, **token)
    plain = world.url.replace(str(web.ports["https"]), str(web.ports["http"]))
    done = world.plan(plain, **ca)
    assert done.status == 1 and done.err.endswith("; see that the server speaks TLS 1.2 or later at this port\n"), done
    assert not any("Basic" in line or "git" in line.split()[2] for line in web.requests() if " 400 " in line), web.requests()


def a_server_that_cannot_be_reached_is_explained(world):
    port = free_port()
    away = f"https://127.0.0.1:{port}/x.git"
    world.refused(f"repository '{away}' cannot be reached: Connection refused; {AGAIN}", away)
    nowhere = "https://no-such-host.invalid/x.git"
    world.refused(f"repository '{nowhere}' cannot be reached: the name of its host is not known; correct the URL, or see to the name service "
                  "(DNS)", nowhere)
    for path, message in {
        "private/no-such.git": "repository '{}' is not there (404); put it back, correct the URL, or let the user of the credentials read it",
        "page/x": "'{}' is not a Git repository: the server there answers with text/html; correct the URL",
        "broken/x": "repository '{}' cannot be fetched: the server answered 503; it is tried again; see to the server",
    }.items():
        url = world.web.url(path)
        world.refused(message.format(url), url, **world.https)
    hidden = world.web.url("public/no-such.git")
    world.refused(f"repository '{hidden}' is not there (404); put it back, correct the URL, or give the source token_file when it is hidden "
                  "from the public", hidden, ca_file=world.web.authority.file)


def redirects_never_carry_credentials_away(world):
    renamed = world.web.url("renamed/origin.git")
    world.works(renamed, **world.https)
    for path in ("downgrade/x", "round/x"):
        target = "http://127.0.0.1:1/downgrade/x" if path == "downgrade/x" else world.web.url(path)
        world.refused(f"repository '{world.web.url(path)}' cannot be fetched: it redirects to '{target}/info/refs?service=git-upload-pack', "
                      "which is not followed; give the URL of the repository itself", world.web.url(path), **world.https)
    with Recorder(world.web.good) as recorder:
        world.web.stop()
        world.web.elsewhere = f"https://127.0.0.1:{recorder.port}"
        world.web.start()
        url = world.web.url("elsewhere/x")
        world.refused(f"repository '{url}' cannot be fetched: it redirects to another host, which wants credentials, and those of the source "
                      "are not for that host; give the URL there", url, **world.https)
        assert [path for path, _ in recorder.seen] == ["/elsewhere/x/info/refs?service=git-upload-pack"], recorder.seen
        assert not any("authorization" in {name.lower() for name in headers} for _, headers in recorder.seen), recorder.seen


def a_proxy_is_used(world):
    with Proxy() as proxy:
        world.works(world.url, proxy=f"http://127.0.0.1:{proxy.port}", **world.https)
        assert {tuple(words) for words, _ in proxy.seen} == {("CONNECT", f"127.0.0.1:{world.web.ports['https']}")}, proxy.seen
        assert not any("authorization" in headers for _, headers in proxy.seen), proxy.seen
        count = len(proxy.seen)
        world.works(world.url, environment={"https_proxy": f"http://127.0.0.1:{proxy.port}"}, **world.https)
        assert len(proxy.seen) > count, "https_proxy was not used"
    with Proxy(f"weir:{TOKEN}") as proxy:
        world.works(world.url, environment={"https_proxy": f"http://weir:{TOKEN}@127.0.0.1:{proxy.port}"}, **world.https)
        world.refused(f"repository '{world.url}' cannot be reached: the proxy answered 407; see to the proxy: 'proxy' of the source, or "
                      "https_proxy in the environment", world.url, proxy=f"http://127.0.0.1:{proxy.port}", **world.https)


def no_process_shows_a_secret(world):
    """While a fetch is under way, neither its command line nor its environment holds what came from files."""
    key = world.ssh.key("secret-key", passphrase=PASSPHRASE)
    world.ssh.authorise(world.key, key)
    passphrase = world.write("passphrase", PASSPHRASE)
    for target, url, settings in (
            (world.web.ports["https"], world.url, world.https),
            (world.ssh.port, world.ssh_url, {**world.keys, "ssh_key_file": key, "ssh_key_passphrase_file": passphrase})):
        with Wire(target) as wire:
            wire.limit = 0
            with world.serving(url.replace(str(target), str(wire.port)), **settings) as server:
                eventually(server.fetchers, what="a fetch")
                for pid, line in server.fetchers().items():
                    shown = line.encode() + pathlib.Path(f"/proc/{pid}/environ").read_bytes()
                    assert_no_secret(shown, f"process {line}")


# ---- ssh

def a_push_over_ssh_is_live_within_a_poll_and_a_second(world):
    with world.serving(world.ssh_url, poll="PT1S", **world.keys) as server:
        server.live(world.repository.git("rev-parse", "HEAD"))
        began = time.monotonic()
        server.live(world.change())
        assert time.monotonic() - began < 2.5, time.monotonic() - began


def every_kind_of_key_opens(world):
    ssh, hosts = world.ssh, {"known_hosts_file": world.keys["known_hosts_file"]}
    rsa, ecdsa = ssh.key("rsa-key", "rsa"), ssh.key("ecdsa-key", "ecdsa")
    closed, old = ssh.key("closed-key", passphrase=PASSPHRASE), ssh.key("old-key", "rsa", PASSPHRASE, "PEM")
    pathlib.Path(f"{old}.pub").rename(f"{old}.public")
    ssh.authorise(world.key, rsa, ecdsa, closed)
    with open(ssh.folder / "authorized_keys", "a") as file:
        file.write(pathlib.Path(f"{old}.public").read_text())
    passphrase = world.write("passphrase", PASSPHRASE + "\n")
    for key in (world.key, rsa, ecdsa):
        world.works(world.ssh_url, ssh_key_file=key, **hosts)
    for key in (closed, old):
        world.works(world.ssh_url, ssh_key_file=key, ssh_key_passphrase_file=passphrase, **hosts)
        world.works(world.ssh_url, environment={"KEY_SECRET": PASSPHRASE}, ssh_key_file=key, ssh_key_passphrase_env="KEY_SECRET", **hosts)
    with Agent(world.folder, world.key) as agent:
        world.works(world.ssh_url, environment={"SSH_AUTH_SOCK": str(agent.socket)}, **hosts)
    # A path with everything that a shell or ssh's own language would take for something else.
    strange = world.folder / "a key's 100% \"name\""
    strange.write_bytes(world.key.read_bytes())
    strange.chmod(0o600)
    world.works(world.ssh_url, ssh_key_file=strange, **hosts)


def short_urls_and_strange_paths_work_over_ssh(world):
    strange = world.folder / "it's a $(repository) \"x\".git"
    must(run("git", "clone", "-q", "--bare", world.repository.bare, strange))
    world.works(f"ssh://{world.ssh_url.split('://')[1].split('/')[0]}{str(strange).replace(' ', '%20').replace('$', '%24')}", **world.keys)
    # The short form cannot name a port: a machine whose own sshd listens gives another answer.
    done = world.plan("git@127.0.0.1:x", **world.keys)
    assert done.status == 1 and done.err.startswith("weir: error: repository 'git@127.0.0.1:x' cannot be "), done


def keys_of_ours_that_do_not_open_are_explained(world):
    ssh, url, hosts = world.ssh, world.ssh_url, {"known_hosts_file": world.keys["known_hosts_file"]}
    stranger = ssh.key("stranger")
    closed = ssh.folder / "closed-key"
    wrong = world.write("wrong", "wrong")
    world.refused(f"repository '{url}' cannot be fetched: the server refused the ssh key '{stranger}'; let it read the repository there, or "
                  "name another one with ssh_key_file", url, ssh_key_file=stranger, **hosts)
    world.refused(f"repository '{url}' cannot be fetched: the server takes the key '{closed}', but its passphrase is missing; give the source "
                  "ssh_key_passphrase_file or ssh_key_passphrase_env", url, ssh_key_file=closed, **hosts)
    world.refused(f"repository '{url}' cannot be fetched: the server takes the key '{closed}', but its passphrase is another one; correct what "
                  "ssh_key_passphrase_file or ssh_key_passphrase_env names", url, ssh_key_file=closed, ssh_key_passphrase_file=wrong, **hosts)
    world.refused(f"repository '{url}' cannot be fetched: 'ssh_key_file' of the source cannot be read: the file '/nowhere': No such file or "
                  "directory; put it there, readable by the user that runs weir", url, ssh_key_file="/nowhere", **hosts)
    world.refused(f"repository '{url}' cannot be fetched: Load key \"{wrong}\": error in libcrypto; have ssh_key_file name a private key that "
                  "ssh understands, and ssh_key_passphrase_file its passphrase if it has one", url, ssh_key_file=wrong, **hosts)
    with Agent(world.folder) as agent:
        done = world.plan(url, environment={"SSH_AUTH_SOCK": str(agent.socket), "HOME": str(world.folder)}, **hosts)
        assert done.status == 1 and "ssh_key_file" in done.err, done
    open_key = ssh.key("open-key")
    open_key.chmod(0o644)
    ssh.authorise(world.key, open_key)
    world.refused(f"repository '{url}' cannot be fetched: others may read the file of ssh_key_file, so ssh does not use it; take the rights "
                  "away from them: chmod 600", url, ssh_key_file=open_key, **hosts)


def host_keys_are_taken_from_known_hosts_or_not_at_all(world):
    ssh, url, key = world.ssh, world.ssh_url, {"ssh_key_file": world.key}
    host = f"[127.0.0.1]:{ssh.port}"
    for kind in ("ed25519", "rsa", "ecdsa"):
        world.works(url, known_hosts_file=ssh.known_hosts(ssh.host_keys[kind], name=f"hosts-{kind}"), **key)
    world.works(url, known_hosts_file=ssh.known_hosts(*ssh.host_keys.values(), name="hashed", hashed=True), **key)
    none = ssh.known_hosts(name="none")
    offered = f"ssh-ed25519 {ssh.fingerprint(ssh.host_keys['ed25519'])}"
    message = (f"repository '{url}' cannot be trusted: no key of its host '{host}' is in '{none}'; it offers {offered}; if its operator confirms "
               f"this fingerprint, add the key with \"ssh-keyscan -p {ssh.port} 127.0.0.1 >> '{none}'\"")
    world.refused(message, url, known_hosts_file=none, **key)
    assert none.read_text() == "", "a key was trusted on first use"
    for hashed in (False, True):
        changed = ssh.known_hosts(world.key, name="changed", hashed=hashed)
        world.refused(
            f"repository '{url}' cannot be trusted: the key of its host '{host}' has changed: it offers {offered}, and '{changed}' has "
            f"{ssh.fingerprint(world.key)}; somebody may stand in between; if its operator confirms the new fingerprint, remove the old key with "
            f"\"ssh-keygen -R '{host}' -f '{changed}'\" and add the new one", url, known_hosts_file=changed, **key)
    revoked = ssh.known_hosts(*ssh.host_keys.values(), name="revoked", marker="@revoked ")
    world.refused(f"repository '{url}' cannot be trusted: its host offers {offered}, which is marked as revoked in '{revoked}'; ask its "
                  "operator for the host's new key", url, known_hosts_file=revoked, **key)
    world.refused(f"repository '{url}' cannot be fetched: 'known_hosts_file' of the source cannot be read: the file '/nowhere': No such file or "
                  "directory; put it there, readable by the user that runs weir", url, known_hosts_file="/nowhere", **key)


def a_host_key_that_changes_stops_the_fetch_and_nothing_else(world):
    ssh = world.ssh
    only = ssh.known_hosts(ssh.host_keys["ed25519"], name="only")
    with world.serving(world.ssh_url, ssh_key_file=world.key, known_hosts_file=only) as server:
        live = world.repository.git("rev-parse", "HEAD")
        server.live(live)
        ssh.stop()
        old = ssh.host_keys["ed25519"].rename(ssh.folder / "old_host"), ssh.fingerprint(ssh.host_keys["ed25519"])[0:]
        ssh.key("host_ed25519")
        ssh.start(kinds=("ed25519",))
        eventually(lambda: "has changed" in (server.status()["error"] or ""), what="the changed key to be told")
        status = server.status()
        assert old[1] in status["error"] and ssh.fingerprint(ssh.host_keys["ed25519"]) in status["error"], status
        assert status["commit"] == live and server.get("/readyz")[0] == 200, status
        commit = world.change()
        ssh.known_hosts(ssh.host_keys["ed25519"], name="only")
        server.live(commit)
    ssh.stop()
    ssh.start()
    world.keys["known_hosts_file"] = ssh.known_hosts(*ssh.host_keys.values())


def a_repository_that_ssh_does_not_find_is_explained(world):
    gone = world.ssh.url(world.folder / "gone.git")
    world.refused(f"repository '{gone}' cannot be fetched: there is no repository at that path; put it back, correct the URL, or let the key's "
                  "owner read it", gone, **world.keys)
    away = f"ssh://a@127.0.0.1:{free_port()}/x"
    world.refused(f"repository '{away}' cannot be reached: Connection refused; {AGAIN}", away, **world.keys)
    nowhere = "ssh://a@no-such-host.invalid/x"
    world.refused(f"repository '{nowhere}' cannot be reached: the name of its host is not known; correct the URL, or see to the name service "
                  "(DNS)", nowhere, **world.keys)


# ---- The rest

def what_is_not_installed_is_named(world):
    world.refused(f"repository '{world.ssh_url}' cannot be fetched: ssh cannot be started: No such file or directory; install it (Debian: "
                  "openssh-client)", world.ssh_url, environment={"PATH": "/nowhere"}, **world.keys)
    folder = world.folder / "libraries"
    folder.mkdir()
    (folder / "libcurl.so.4").write_text("no library")
    world.refused(f"repository '{world.url}' cannot be fetched: libcurl is not there ({folder}/libcurl.so.4: file too short); install it "
                  "(Debian: libcurl4)", world.url, environment={"LD_LIBRARY_PATH": str(folder)}, **world.https)


def other_protocols_work(world):
    world.works(f"file://{world.repository.bare}")
    world.works(world.web.url("public/origin.git", "http"))
    with Daemon(world.folder, world.folder) as daemon:
        world.works(f"git://127.0.0.1:{daemon.port}/origin.git")
        gone = f"git://127.0.0.1:{daemon.port}/gone.git"
        world.refused(f"repository '{gone}' cannot be reached: remote error: access denied or repository not exported: /gone.git; put it back, "
                      "or correct the URL", gone)
    world.refused("repository 'file:///nowhere' cannot be reached: No such file or directory; put it back, or correct the URL",
                  "file:///nowhere")


def tags_and_commits_can_be_followed(world):
    first = world.repository.git("rev-parse", "HEAD")
    world.repository.git("tag", "-a", "v1", "-m", "The first release")
    world.repository.git("push", "-q", "origin", "v1")
    second = world.change()
    for url, settings in ((world.url, world.https), (str(world.repository.bare), {}), (f"file://{world.repository.bare}", {})):
        with world.serving(url, tag="v1", **settings) as server:
            server.live(first)
            assert server.json("/v1/sources")["items"][0]["ref"] == "refs/tags/v1"
            server.configure(tag=None, commit=world.first).reload()
            server.live(world.first)
            server.configure(commit=None, branch="main").reload()
            server.live(second)
            server.configure(branch=None, tag="v2").reload()
            server.says(f"tag 'v2' is not in repository '{url}'; it has 'v1': did you mean 'v1'?")
            server.configure(tag=None, commit="0" * 40).reload()
            server.says(f"commit '{'0' * 40}' is not in repository '{url}': push a branch or a tag that holds it, or name another one")
            assert server.status()["commit"] == second


def a_plan_may_name_any_revision(world):
    world.repository.git("checkout", "-q", "-b", "feature", world.first)
    feature = world.repository.push_to("feature", "On a branch")
    world.repository.git("checkout", "-q", "main")
    world.works(world.url, **world.https)
    for revision in ("feature", feature, f"{feature}~1", "v1"):
        done = run(*must_plan(world), "--head", revision)
        assert done.status in (0, 2), done
    done = run(*must_plan(world), "--head", "nothing")
    assert done.status == 1 and done.err.startswith(f"weir: error: revision 'nothing' is not in repository '{world.url}'"), done


def must_plan(world):
    return WEIR, "plan", "--config", world.planner.config, "--store", world.planner.store


STEPS = [
    a_push_over_https_is_live_within_a_poll_and_a_second,
    only_what_is_new_is_fetched,
    credentials_come_from_files_and_the_environment,
    a_secret_may_be_replaced_at_any_time,
    wrong_credentials_are_explained,
    settings_that_make_no_sense_are_refused,
    certificates_are_verified,
    a_server_that_cannot_be_reached_is_explained,
    redirects_never_carry_credentials_away,
    a_proxy_is_used,
    no_process_shows_a_secret,
    a_push_over_ssh_is_live_within_a_poll_and_a_second,
    every_kind_of_key_opens,
    short_urls_and_strange_paths_work_over_ssh,
    keys_of_ours_that_do_not_open_are_explained,
    host_keys_are_taken_from_known_hosts_or_not_at_all,
    a_host_key_that_changes_stops_the_fetch_and_nothing_else,
    a_repository_that_ssh_does_not_find_is_explained,
    what_is_not_installed_is_named,
    other_protocols_work,
    tags_and_commits_can_be_followed,
    a_plan_may_name_any_revision,
]

if __name__ == "__main__":
    sys.exit(tell(STEPS))
