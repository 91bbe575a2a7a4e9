#!/usr/bin/env python3
"""What the command line says to people who make mistakes: each row has the words, the exit status, and all that stands on stderr.
{f} is the folder of the story. Rows whose words are wrong by themselves are in tests/cli/test-command.c."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import WEIR, Server, eventually, must, run, temporary, weir  # noqa: E402

NO_STORE = "weir: error: there is no store at '{f}/none/weir.db'\nhint: 'weir serve PATH' makes one; '--store' or $WEIR_STORE names another"
NO_FOLDER = "hint: give the folder that holds weir.yaml, or with --rev a repository"
NO_REPOSITORY = "weir: error: '{f}/%s' is not a Git repository: give the folder that holds .git, or a bare repository"
SHA256 = ("weir: error: repository '{f}/sha256' has SHA-256 object names, which are not read: "
          "'git init --object-format=sha1' makes one to push its files to")
STATES = "CREATED, QUEUED, RUNNING, PAUSED, RETRYING, RESTARTED, KILLING, SUCCESS, WARNING, FAILED, KILLED, CANCELLED, SKIPPED, RETRIED"
ANOTHER_STORE = "\nhint: name another file with '--store', or put the last good copy in its place"
NO_ENVIRONMENT = "weir: error: weir.yaml has no environment 'prdo'; it has 'dev', 'prod': name one of them, or declare it there"
SQL_FILE = "name a file, or - for standard input"
USAGE = "\nhint: see 'weir %s --help'"

# With no store at all.
BEFORE = [
    ("run a.b", 1, NO_STORE),
    ("runs kill x", 1, NO_STORE),
    ("plan {f}/shop", 1, NO_STORE + "; --repo plans without one"),
    ("apply", 1, "weir: error: name the repository to apply: 'weir apply REPO', or 'source' in --config"),
    ("apply {f}/nowhere", 1, "weir: error: repository '{f}/nowhere' cannot be reached: No such file or directory; put it back, or correct the path"),
    ("status", 1, NO_STORE),
]
ROWS = [
    # Options with their values
    ("runs --state ended", 64, f"weir: error: 'ended' is no state of a run; there are {STATES}" + USAGE % "runs"),
    ("runs --state FAILD", 64, f"weir: error: 'FAILD' is no state of a run; there are {STATES}\nhint: did you mean 'FAILED'?"),
    ("drift --kind tabel", 64, "weir: error: 'tabel' is no kind of drift; there are flow, table, view, orphan, stale, source\n"
     "hint: did you mean 'table'?"),
    ("flows show example.day -r many", 64, "weir: error: '--revision' is a whole number from 0 on, not 'many'" + USAGE % "flows"),
    ("flows show example.day -r -1", 64, "weir: error: '--revision' is a whole number from 0 on, not '-1'" + USAGE % "flows"),
    ("runs kill x --state FAILED", 64, "weir: error: --flow, --state and --limit go with 'list'" + USAGE % "runs"),
    ("runs show x --follow", 64, "weir: error: --follow goes with 'logs'" + USAGE % "runs"),
    ("runs restart x --from a", 64, "weir: error: --from goes with 'replay'" + USAGE % "runs"),
    ("runs label x", 64, "weir: error: 'weir runs label' needs --set or --remove" + USAGE % "runs"),
    ("runs kill x --set a=b", 64, "weir: error: --set and --remove go with 'label'" + USAGE % "runs"),
    ("runs list -i a=b", 64, "weir: error: --input goes with 'resume'" + USAGE % "runs"),
    ("runs -nmany", 64, "weir: error: '--limit' is a whole number, not 'many'" + USAGE % "runs"),
    ("runs -n0", 64, "weir: error: '--limit' is from 1 to 1000, not 0" + USAGE % "runs"),
    ("runs -n -5", 64, "weir: error: '--limit' is from 1 to 1000, not -5" + USAGE % "runs"),
    ("runs -n 2147483648", 64, "weir: error: '--limit' is a whole number, not '2147483648'" + USAGE % "runs"),
    ("runs --follow=yes", 64, "weir: error: '--follow' takes no value" + USAGE % "runs"),
    # What is not there
    ("runs show x", 1, "weir: error: there is no run 'x'\nhint: 'weir runs' lists them"),
    ("runs kill x", 1, "weir: error: there is no run 'x' that has not ended\nhint: 'weir runs' lists them"),
    ("runs replay x --from a", 1, "weir: error: there is no run 'x'\nhint: 'weir runs' lists them"),
    ("flows show a.b", 1, "weir: error: there is no flow 'a.b'\nhint: 'weir flows' lists them"),
    ("flows show nonsense", 1, "weir: error: there is no flow 'nonsense'\nhint: 'weir flows' lists them"),
    ("flows show numbers", 1, "weir: error: there is no flow 'numbers'\nhint: did you mean 'example.numbers'?"),
    ("flows show exmple.numbers", 1, "weir: error: there is no flow 'exmple.numbers'\nhint: did you mean 'example.numbers'?"),
    ("flows history numbres", 1, "weir: error: there is no flow 'numbres'\nhint: did you mean 'example.numbers'?"),
    ("tables show nonsense", 1, "weir: error: there is no table 'nonsense'\nhint: 'weir tables' lists them"),
    ("tables show numbers", 1, "weir: error: there is no table 'numbers'\nhint: did you mean 'example.numbers'?"),
    ("run numbers", 1, "weir: error: there is no flow 'numbers'\nhint: did you mean 'example.numbers'?"),
    ("run example.numbres", 1, "weir: error: there is no live flow 'example.numbres'\nhint: did you mean 'example.numbers'?"),
    ("diff example.numbres", 1, "weir: error: there is no flow or table 'example.numbres'\nhint: did you mean 'example.numbers'?"),
    ("diff nonsense", 1, "weir: error: there is no flow or table 'nonsense'\nhint: 'weir flows' and 'weir tables' list what there is"),
    ("drift --domain exampel", 1, "weir: error: there is no domain 'exampel'\nhint: did you mean 'example'?"),
    ("runs list --flow a.b", 1, "weir: error: there is no flow 'a.b'\nhint: 'weir flows' lists them"),
    ("runs list --flow numbers", 1, "weir: error: there is no flow 'numbers'\nhint: did you mean 'example.numbers'?"),
    ("runs logs x", 1, "weir: error: there is no run 'x'\nhint: 'weir runs' lists them"),
    # Verbs and their words
    ("flows lst", 64, "weir: error: 'weir flows' has no 'lst'\nhint: did you mean 'list'?"),
    ("flows nonsense", 64, "weir: error: 'weir flows' has no 'nonsense'" + USAGE % "flows"),
    ("tables shw a.b", 64, "weir: error: 'weir tables' has no 'shw'\nhint: did you mean 'show'?"),
    ("runs resart x", 64, "weir: error: 'weir runs' has no 'resart'\nhint: did you mean 'restart'?"),
    ("backfill lst", 64, "weir: error: 'weir backfill FLOW' needs --from and --to\nhint: did you mean 'list'?"),
    ("backfill nope", 64, "weir: error: 'weir backfill FLOW' needs --from and --to" + USAGE % "backfill"),
    ("backfill nope --from 2026-01-01 --to 2026-01-02", 1, "weir: error: there is no flow 'nope'\nhint: 'weir flows' lists them"),
    ("backfill exmple.day --from 2026-01-01 --to 2026-01-02", 1,
     "weir: error: there is no flow 'exmple.day'\nhint: did you mean 'example.day'?"),
    ("backfill day --from 2026-01-01 --to 2026-01-02", 1, "weir: error: there is no flow 'day'\nhint: did you mean 'example.day'?"),
    ("flows list x", 64, "weir: error: 'weir flows list' takes no arguments" + USAGE % "flows"),
    ("flows history", 64, "weir: error: 'weir flows history' needs the name of a flow" + USAGE % "flows"),
    ("flows history a.b -r 1", 64, "weir: error: --revision goes with 'show'" + USAGE % "flows"),
    ("flows show a.b -n a", 64, "weir: error: --namespace goes with 'list'" + USAGE % "flows"),
    ("tables show a.b -d a", 64, "weir: error: --dataset goes with 'list'" + USAGE % "tables"),
    ("diff", 64, "weir: error: 'weir diff' needs FLOW|TABLE" + USAGE % "diff"),
    ("diff a b", 64, "weir: error: 'weir diff' takes FLOW|TABLE: 'b' is too much" + USAGE % "diff"),
    ("status x", 64, "weir: error: 'weir status' takes no arguments" + USAGE % "status"),
    ("backfill show x", 1, "weir: error: there is no backfill 'x'\nhint: 'weir backfill list' lists them"),
    ("backfill list --flow numbers", 1, "weir: error: there is no flow 'numbers'\nhint: did you mean 'example.numbers'?"),
    ("runs logs", 64, "weir: error: 'weir runs logs' needs the id of a run" + USAGE % "runs"),
    ("plan -m -o json", 64, "weir: error: give either --markdown or --output json, not both" + USAGE % "plan"),
    ("tables show a.b", 1, "weir: error: there is no table 'a.b'\nhint: 'weir tables' lists them"),
    ("run a.b", 1, "weir: error: there is no live flow 'a.b'\nhint: 'weir flows' lists them"),
    # Inputs, before there is a run
    ("run example.day", 1, "weir: error: input 'day' is required and was not given"),
    ("run example.day -i day=yesterday -i dya=x", 1,
     "weir: error: input 'day' is no date like 2026-01-31: 'yesterday'; there is no input 'dya'"),
    ("run example.day -i day", 64, "weir: error: '--input day' is not NAME=VALUE" + USAGE % "run"),
    ("run example.day -i =x", 64, "weir: error: '--input =x' is not NAME=VALUE" + USAGE % "run"),
    ("run --file {f}/nope.yaml -i day", 64, "weir: error: '--input day' is not NAME=VALUE" + USAGE % "run"),
    ("runs resume x -i day", 64, "weir: error: '--input day' is not NAME=VALUE" + USAGE % "runs"),
    ("runs label x --set a", 64, "weir: error: '--set a' is not NAME=VALUE" + USAGE % "runs"),
    ("backfill example.day --from 2026-01-01 --to 2026-01-02 --label x", 64,
     "weir: error: '--label x' is not NAME=VALUE" + USAGE % "backfill"),
    ("backfill example.day --from 2026-01-01 --to 2026-01-02 --input x", 64,
     "weir: error: '--input x' is not NAME=VALUE" + USAGE % "backfill"),
    ("drift --kind tables", 64, "weir: error: 'tables' is no kind of drift; there are flow, table, view, orphan, stale, source\n"
     "hint: did you mean 'table'?"),
    ("drift --domain nope", 1, "weir: error: there is no domain 'nope'\nhint: 'weir status' lists them"),
    ("flows --namespace nope", 1, "weir: error: there is no namespace 'nope'\nhint: 'weir flows' lists the flows of all"),
    ("flows --namespace exmple", 1, "weir: error: there is no namespace 'exmple'\nhint: did you mean 'example'?"),
    ("tables --dataset nope", 1, "weir: error: there is no dataset 'nope'\nhint: 'weir tables' lists the tables of all"),
    ("tables --dataset exmple", 1, "weir: error: there is no dataset 'exmple'\nhint: did you mean 'example'?"),
    ("schema fow", 64, "weir: error: there is no kind of file 'fow'\nhint: did you mean 'flow'?"),
    ("schema nonsense", 64, "weir: error: there is no kind of file 'nonsense'\n"
     "hint: the kinds are: project, domain, script, flow, schema, feed, flowset, server"),
    ("cron next @daily --timezone Europe/Berln", 64, "weir: error: unknown time zone 'Europe/Berln'\nhint: did you mean 'Europe/Berlin'?"),
    ("cron next @daily --timezone nonsense", 64, "weir: error: unknown time zone 'nonsense'\n"
     "hint: use a name such as Europe/Berlin, UTC, or an offset such as +05:30"),
    # Environments, of which the repository has two
    ("plan {f}/shop --environment prdo", 1, NO_ENVIRONMENT),
    ("plan --repo {f}/shop --environment prdo", 1, NO_ENVIRONMENT),
    ("apply {f}/shop --store {f}/unmade.db --environment prdo", 1, NO_ENVIRONMENT),
    # What is wrong with a range is told before what its runs would need
    ("backfill example.day --from x --to y", 1,
     "weir: error: 'from' is no moment: 'x'; write 2026-03-29, or 2026-03-29T01:30:00+01:00"),
    ("backfill example.day --from 2026-01-02 --to 2026-01-01", 1,
     "weir: error: the range is empty: '2026-01-02' is after '2026-01-01'"),
    ("backfill example.day --from 2026-01-01 --to 2026-01-02", 1, "weir: error: input 'day' is required and was not given"),
    # Files and folders
    ("run --file {f}/nope.yaml", 1, "weir: error: cannot read '{f}/nope.yaml': No such file or directory\n"
     "hint: name the YAML file of a flow; 'weir run FLOW' runs a live one"),
    ("run --file {f}/shop", 1, "weir: error: cannot read '{f}/shop': it is a folder, name a file"),
    ("run --file /dev/zero", 1, "weir: error: cannot read '/dev/zero': it has more than 1048576 bytes, which is the limit"),
    ("serve --config /dev/zero", 64,
     "weir: error: cannot read the configuration '/dev/zero': it has more than 1048576 bytes, which is the limit"),
    ("lineage --file /dev/zero", 1, "weir: error: cannot read '/dev/zero': it has more than 67108864 bytes, which is the limit"),
    ("lineage --file {f}/nope.sql", 1, "weir: error: cannot read '{f}/nope.sql': No such file or directory\nhint: " + SQL_FILE),
    ("lineage --batch {f}/nope", 1, "weir: error: cannot read '{f}/nope': No such file or directory\nhint: " + SQL_FILE),
    ("lineage --file {f}/shop", 1, "weir: error: cannot read '{f}/shop': it is a folder, name a file"),
    ("lineage --batch /dev/zero", 1, "weir: error: /dev/zero:1: the line has more than 67108864 bytes, which is the limit"),
    ("lineage --file {f}/binary", 1, "weir: error: cannot read '{f}/binary': it is not text\nhint: SQL is text in UTF-8"),
    ("validate {f}/binary", 1, "weir: error: cannot open '{f}/binary': Not a directory\n" + NO_FOLDER),
    ("validate {f}/nowhere", 1, "weir: error: cannot open '{f}/nowhere': No such file or directory\n" + NO_FOLDER),
    ("serve --config {f}/nope.yaml", 64, "weir: error: cannot read the configuration '{f}/nope.yaml': No such file or directory"),
    ("serve --config {f}/shop", 64, "weir: error: cannot read the configuration '{f}/shop': it is a folder, name a file"),
    ("validate {f}/shop --rev nope", 1, "weir: error: repository '{f}/shop' has no revision 'nope': give a branch, a tag or a commit"),
    ("validate {f}/shop --rev=", 1, "weir: error: repository '{f}/shop' has no revision '': give a branch, a tag or a commit"),
    ("plan --repo {f}/shop --head=", 1, "weir: error: repository '{f}/shop' has no revision '': give a branch, a tag or a commit"),
    ("plan --head=", 1, "weir: error: repository '{f}/shop' has no revision '': give a branch, a tag or a commit"),
    ("apply --config {f}/nope.yaml", 64, "weir: error: cannot read the configuration '{f}/nope.yaml': No such file or directory"),
    ("plan --config {f}/nope.yaml", 64, "weir: error: cannot read the configuration '{f}/nope.yaml': No such file or directory"),
    ("validate {f}/folder --rev main", 1, NO_REPOSITORY % "folder"),
    ("validate {f}/sha256 --rev main", 1, SHA256),
    # Repositories
    ("plan --repo {f}/sha256", 1, SHA256),
    ("apply {f}/sha256", 1, SHA256),
    ("plan --repo {f}/nowhere", 1, "weir: error: cannot open the repository '{f}/nowhere': No such file or directory\n"
     "hint: give the folder that holds .git, or a bare repository"),
    ("plan {f}/nowhere", 1, "weir: error: cannot open '{f}/nowhere': No such file or directory\n"
     "hint: give a repository, its URL, or the folder that holds weir.yaml"),
    ("plan --repo {f}/shop --config {f}/nope.yaml", 64,
     "weir: error: --config and --store have no meaning with --repo, which plans without a store" + USAGE % "plan"),
    ("plan --repo {f}/binary", 1, NO_REPOSITORY % "binary"),
    ("plan --repo {f}/folder", 1, NO_REPOSITORY % "folder"),
    ("plan --repo {f}/empty", 1, "weir: error: repository '{f}/empty' has no commit yet: make one first"),
    ("plan --repo {f}/shop --head nope", 1, "weir: error: repository '{f}/shop' has no revision 'nope': give a branch, a tag or a commit"),
    ("apply {f}/folder", 1, NO_REPOSITORY % "folder"),
    ("apply {f}/shop --branch nope", 1,
     "weir: error: branch 'nope' is not in repository '{f}/shop'; it has 'main': push the branch, or name another one to track"),
    # Addresses
    ("serve {f}/shop --listen here", 64,
     "weir: error: cannot listen on 'here': it has no host and port; an address is like '127.0.0.1:8480' or '[::1]:8480'"),
    ("serve {f}/shop --listen 192.0.2.1:8480", 1,
     "weir: error: cannot listen on '192.0.2.1:8480': Cannot assign requested address; no network of this machine has it: 'ip address' lists them"),
    # Stores
    ("status --store {f}/folder", 1, "weir: error: cannot open the store 'sqlite:{f}/folder': cannot open database '{f}/folder': it is a folder"),
    ("status --store {f}/binary", 1, "weir: error: cannot open the store 'sqlite:{f}/binary': database '{f}/binary' is not an SQLite database" + ANOTHER_STORE),
    ("serve {f}/shop --store {f}/binary", 1, "weir: error: database '{f}/binary' is not an SQLite database" + ANOTHER_STORE),
]


def prepare(folder):
    must(weir("init", folder / "shop"))
    flows = folder / "shop/domains/example/flows"
    flows.mkdir()
    (flows / "day.yaml").write_text("id: day\ninputs: [{id: day, type: DATE}, {id: note, type: STRING, required: false}]\n"
                                    "tasks: [{id: say, type: log, message: '{{ inputs.day }}'}]\n"
                                    "triggers: [{id: yearly, type: schedule, cron: '0 0 1 1 *', inputs: {note: x}}]\n")
    with (folder / "shop/weir.yaml").open("a") as project:
        project.write("environments: {dev: {variables: {rate: 1}}, prod: {}}\n")
    for words in (["init", "-q", "-b", "main", "."], ["add", "-A"],
                  ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", "commit", "-qm", "One"]):
        must(run("git", *words, cwd=folder / "shop"))
    must(run("git", "init", "-q", "-b", "main", folder / "empty"))
    must(run("git", "init", "-q", "-b", "main", "--object-format=sha256", folder / "sha256"))
    (folder / "folder").mkdir()
    (folder / "binary").write_bytes(bytes(range(256)) * 20)


def check(folder, rows, store):
    for words, status, expected in rows:
        done = weir(*[word.replace("{f}", str(folder)) for word in words.split()], env={"WEIR_STORE": str(store), "NO_COLOR": "1"})
        assert done.status == status, done
        assert done.err == expected.replace("{f}", str(folder)) + "\n", (expected, done)
        assert done.out == "", done


def values_in_all_forms():
    """-n2, -n 2, --count=2 and --count 2 are one; the last of several counts."""
    cron = ("cron", "next", "0 0 1 1 *", "--from", "2026-01-02T00:00:00Z")
    expected = "2027-01-01T00:00:00+00:00\n2028-01-01T00:00:00+00:00\n"
    for form in (["-n2"], ["-n", "2"], ["--count=2"], ["--count", "2"], ["-n", "5", "-n2"], ["-n2", "--"]):
        done = weir(*cron, *form)
        assert (done.status, done.out) == (0, expected), done


def json_everywhere(store):
    """Every command takes --output json, but for those that print nothing of their own."""
    table = must(weir("help", "-o", "json")).json()
    assert {c["name"] for c in table["commands"] if not any(o["name"] == "output" for o in c["options"])} <= {"serve"}, table
    assert must(weir("version", "-o", "json")).json() == {"version": must(weir("version")).out.split()[1]}
    assert must(weir("schema", "domain", "-o", "json")).json() == must(weir("schema", "domain")).json()
    assert must(weir("help", "flows", "-o", "json")).json()["name"] == "flows"
    # Of a flow that was live once there is nothing to list, and that is no mistake.
    done = must(weir("runs", "list", "--flow", "example.day", "--state", "FAILED", "-o", "json", env={"WEIR_STORE": str(store)}))
    assert (done.json()["items"], done.err) == ([], ""), done


def how_a_flow_came_about(folder, store):
    (folder / "shop/domains/example/flows/day.yaml").write_text("id: day\ntasks: [{id: say, type: log, message: hello}]\n")
    must(run("git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false", "commit", "-qam", "Say hello", cwd=folder / "shop"))
    head = must(run("git", "rev-parse", "HEAD", cwd=folder / "shop")).out.strip()
    must(weir("apply", folder / "shop", "--store", store))
    newest, first = must(weir("flows", "history", "example.day", "--store", store, "-o", "json")).json()["items"]
    assert (newest["revision"], newest["commit"], newest["author"], newest["summary"]) == (2, head, "Ann <ann@example.com>", "Say hello"), newest
    assert newest["class"] == "non-breaking" and {p["path"]: p["after"] for p in newest["changed_paths"]}["tasks.say.message"] == "hello", newest
    assert (first["revision"], first["class"], first["changed_paths"]) == (1, None, []), first
    lines = must(weir("flows", "history", "example.day", "--store", store)).out.splitlines()
    assert lines[0].split() == ["REVISION", "COMMIT", "CREATED", "AUTHOR", "CLASS", "CHANGED"] and lines[2].endswith("created"), lines
    assert head[:10] in lines[1] and "Ann <ann@example.com>" in lines[1] and "tasks.say.message" in lines[1], lines


def a_run_that_nobody_begins(store):
    done = weir("run", "example.day", "-i", "day=2026-01-31", env={"WEIR_STORE": str(store)})
    assert done.status == 0 and len(done.out.split()) == 1, done
    assert done.err == "weir: no server runs on this store: the run waits until 'weir serve' does\n", done


def a_clone_that_is_cut_off(folder):
    """What a shallow clone does not have comes with the words that get it."""
    first = must(run("git", "rev-list", "--max-parents=0", "HEAD", cwd=folder / "shop")).out.strip()
    must(run("git", "clone", "-q", "--depth=1", f"file://{folder}/shop", folder / "shallow"))
    must(weir("validate", folder / "shallow", "--rev", "HEAD"))
    done = weir("validate", folder / "shallow", "--rev", first)
    assert (done.status, done.out) == (1, ""), done
    assert done.err == (f"weir: error: repository '{folder}/shallow' has no revision '{first}': give a branch, a tag or a commit; "
                        "the repository is a shallow clone: 'git fetch --unshallow' gets the rest\n"), done
    # Who fetches from it lacks what it lacks.
    done = weir("apply", f"file://{folder}/shallow", "--store", folder / "cut/weir.db")
    assert done.status == 1 and done.err.startswith(f"weir: error: repository 'file://{folder}/shallow' cannot be fetched: "), done
    assert done.err.endswith("; it is a shallow clone: 'git fetch --unshallow' there gets the rest\n"), done
    must(run("git", "fetch", "-q", "--unshallow", cwd=folder / "shallow"))
    must(weir("apply", f"file://{folder}/shallow", "--store", folder / "cut/weir.db"))


def output_that_is_lost(store):
    for words in ("status", "status -o json", "schema", "--help", "flows"):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([WEIR, *words.split()], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                                  env={**os.environ, "WEIR_STORE": str(store)})
        assert (done.returncode, done.stderr) == (1, "weir: error: cannot write to standard output: No space left on device\n"), (words, done)
    # Who stops reading has what it wanted.
    done = run("sh", "-c", f"'{WEIR}' schema | head -1")
    assert (done.status, done.out, done.err) == (0, "{\n", ""), done


def a_port_in_use(folder):
    with Server(folder, folder / "shop") as server:
        done = weir("serve", folder / "shop", "--listen", f"127.0.0.1:{server.port}", "--store", folder / "other.db")
        assert done.status == 1 and done.err == (f"weir: error: cannot listen on '127.0.0.1:{server.port}': Address already in use; "
                                                 "is another weir running? '--listen' takes another address\n"), done
        done = weir("apply", folder / "shop", "--store", server.store)
        assert done.status == 1 and "the store is in use by another weir, process " in done.err, done


def a_store_that_is_taken_away(folder):
    """SQLite would write on into a file that nobody can open any more."""
    with Server(folder / "taken", folder / "shop") as server:
        path = server.data / "weir.db"
        path.rename(folder / "aside.db")
        gone = (f"the file of database '{path}' was removed or replaced while it was open, and what is written is lost: "
                "stop weir, put the file or its last good copy back, and start it again")

        def told():
            status, body, _ = server.get("/readyz")
            return status == 503 and gone in json.dumps(body)

        eventually(told, what="word of the store that is gone")
        (folder / "aside.db").rename(path)
        eventually(lambda: server.get("/readyz")[0] == 200, what="readiness")


def a_head_that_is_refused(folder):
    (folder / "shop/weir.yaml").write_text("name: [\n")
    must(run("git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", "commit", "-qam", "Two", cwd=folder / "shop"))
    done = weir("apply", folder / "shop", "--store", folder / "none/weir.db")
    assert done.status == 1 and done.out.endswith(" is refused as a whole, what was live stays: 'weir validate' and 'weir status' tell why.\n"), done


def main():
    with temporary() as folder:
        folder = pathlib.Path(folder).resolve()
        store = folder / "none/weir.db"
        prepare(folder)
        check(folder, BEFORE, store)
        assert not store.parent.exists(), "a mistake made a store"
        must(weir("apply", folder / "shop", "--store", store))
        check(folder, ROWS, store)
        values_in_all_forms()
        a_run_that_nobody_begins(store)
        json_everywhere(store)
        how_a_flow_came_about(folder, store)
        a_clone_that_is_cut_off(folder)
        output_that_is_lost(store)
        a_port_in_use(folder)
        (folder / "taken").mkdir()
        a_store_that_is_taken_away(folder)
        a_head_that_is_refused(folder)
    print(f"{len(BEFORE) + len(ROWS)} mistakes are answered")
    return 0


if __name__ == "__main__":
    sys.exit(main())
