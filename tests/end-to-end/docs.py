#!/usr/bin/env python3
"""Runs what the documentation shows: `docs.py PAGE.md …`.

In a page, a fenced block whose info string is `console` is a session: each `$ command` is executed in order, in one shell
for the page, and the lines below it are what it must print; `…` stands for anything within a line, and a line of `…` for
any number of lines. `# exits N` behind a command says its exit status (0 otherwise). A fenced block with `file=PATH` in its
info string is written to PATH before what follows. An HTML comment `<!-- run: command -->` is executed unseen.
A fixed port of this machine that a page names (127.0.0.1:18481) is another one when it runs: a free one, the same on the
whole page. What a page links to within the repository must be there."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import free_port  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
WEIR = pathlib.Path(os.environ.get("WEIR", SOURCE / "build" / "dev" / "cli" / "weir")).resolve()
END = "--end-of-command--"


class Shell:
    """One bash per page, so that `cd` and variables hold from block to block."""

    def __init__(self, folder):
        environment = {**os.environ, "PATH": f"{WEIR.parent}:{os.environ['PATH']}", "SOURCE": str(SOURCE),
                       "HOME": folder, "NO_COLOR": "1", "LC_ALL": "C.UTF-8",
                       "GIT_CONFIG_GLOBAL": f"{folder}/.gitconfig"}
        pathlib.Path(folder, ".gitconfig").write_text(
            "[user]\n\tname = You\n\temail = you@example.com\n[init]\n\tdefaultBranch = main\n")
        self.process = subprocess.Popen(["bash", "--norc", "--noprofile"], cwd=folder, env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command):
        """(exit status, lines printed on both streams)."""
        self.process.stdin.write(f"{command}\nprintf '\\n%s %d\\n' {END} $?\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith(END):
                if lines and lines[-1] == "":
                    lines.pop()
                return int(line.split()[1]), lines
            lines.append(line.rstrip("\n"))
        raise SystemExit(f"the shell ended at: {command}")

    def close(self):
        self.process.stdin.write("for job in $(jobs -p); do kill $job; done; wait; exit\n")
        self.process.stdin.close()
        self.process.wait(30)


def blocks(text):
    """(kind, argument, lines, line number) of each thing that the page asks to be done, in order."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        comment = re.fullmatch(r"<!-- run: (.*) -->", lines[at])
        fence = re.fullmatch(r"```(\S+)(.*)", lines[at])
        if comment:
            yield "run", comment[1], [], at + 1
        elif fence:
            end = at + 1
            while lines[end] != "```":
                end += 1
            path = re.search(r"\bfile=(\S+)", fence[2])
            if path:
                yield "file", path[1], lines[at + 1:end], at + 1
            elif fence[1] == "console":
                yield "console", "", lines[at + 1:end], at + 2
            at = end
        at += 1


def with_free_ports(text):
    """The page with free ports in place of those that it names, which may be taken here."""
    ports = {}
    return re.sub(r"(?<=127\.0\.0\.1:)[1-9]\d*", lambda match: str(ports.setdefault(match[0], free_port())), text)


def matches(expected, printed):
    """Whether what was printed is what the page shows."""
    pattern = ""
    for line in expected:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split("…")) + r" *\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


def sessions(lines, first):
    """(line number, command, expected lines) of each command of a console block."""
    command = None
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            if command:
                yield command
            command = (number, line[2:], [])
        elif command and command[1].endswith("\\"):
            command = (command[0], command[1] + "\n" + line.removeprefix("> "), [])
        elif command:
            command[2].append(line)
    if command:
        yield command


def check(shell, page, number, command, expected):
    status_wanted = 0
    exits = re.search(r"\s+# exits (\d+)$", command)
    if exits:
        command, status_wanted = command[:exits.start()], int(exits[1])
    status, printed = shell.run(command)
    if status != status_wanted or (expected and not matches(expected, printed)):
        print(f"{page}:{number}: error: $ {command}\n  exit status {status}, wanted {status_wanted}; printed:")
        print("\n".join(f"  | {line}" for line in printed))
        if expected:
            print("  the page shows:\n" + "\n".join(f"  | {line}" for line in expected))
        return False
    return True


def run_page(page):
    """The number of commands that ran; ends the program at the first that is not as shown."""
    count = 0
    with tempfile.TemporaryDirectory(prefix="weir-docs-") as folder:
        shell = Shell(folder)
        try:
            for kind, argument, lines, number in blocks(with_free_ports(page.read_text())):
                if kind == "file":
                    target = pathlib.Path(shell.run("pwd")[1][0], argument)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text("\n".join(lines) + "\n")
                elif kind == "run":
                    if not check(shell, page, number, argument, []):
                        return None
                    count += 1
                else:
                    for place, command, expected in sessions(lines, number):
                        if not check(shell, page, place, command, expected):
                            return None
                        count += 1
        finally:
            shell.close()
    return count


def without_blocks(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page):
    """Those that forges give a page's headings."""
    headings = re.findall(r"^#+ (.*)$", without_blocks(page.read_text()), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", without_blocks(page.read_text())):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if re.match(r"https?:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def check_links(pages):
    broken = [f"{page}: error: there is no '{link}'" for page in pages for link in broken_links(page)]
    print("\n".join([*broken, f"links of {len(pages)} pages: {len(broken)} broken"]))
    return not broken


def main(pages):
    total = 0
    if not check_links([*map(pathlib.Path, pages), *sorted(SOURCE.glob("docs/reference/*.md"))]):
        return 1
    for page in pages:
        count = run_page(pathlib.Path(page))
        if count is None:
            return 1
        total += count
        print(f"{page}: {count} commands")
    if total == 0:
        print("no command was run")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
