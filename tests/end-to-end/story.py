#!/usr/bin/env python3
"""The main job, told once from beginning to end over the real program: a push becomes flows, flows become checked tables,
and a hand edit becomes drift. Each step is a test point; a later step builds on the ones before."""

import json
import pathlib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import expected  # noqa: E402
from weir import LATE, SOURCE, Repository, Server, eventually, must, tell, temporary, weir  # noqa: E402

RETAIL = SOURCE / "examples" / "retail"
DATA = RETAIL / "data"
DAYS = ["2010-12-01", "2010-12-02", "2010-12-03"]
# A look for drift takes no more than a twentieth of the time: after one that took three seconds the next is a minute away.
DRIFT_SECONDS = 60 * LATE


class Story:
    def __init__(self, folder):
        self.folder = folder
        self.repository = Repository(folder)
        self.server = Server(folder, self.repository.bare)

    # ---- what a user sees

    def status(self):
        return self.server.json("/v1/status")

    def synced(self, commit):
        return self.server.synced(commit)

    def runs(self, query=""):
        return self.server.every("/v1/runs" + query)

    def quiet(self):
        """Waits until nothing runs and nothing is about to: twice in a row, with a pause for triggers between."""
        def look():
            if any(run["state"] not in ENDED for run in self.runs()):
                return False
            before = len(self.runs())
            time.sleep(0.3)
            after = self.runs()
            return len(after) == before and all(run["state"] in ENDED for run in after)
        eventually(look, 60, "all runs to end")

    def load(self, day):
        must(self.server.weir("run", "sales.load_day", "-i", f"file={DATA}/{day}.csv", "--follow"))
        self.quiet()

    def query(self, dataset, sql):
        connection = sqlite3.connect(f"file:{self.server.data}/default/{dataset}.db?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def by_hand(self, dataset, sql):
        connection = sqlite3.connect(f"{self.server.data}/default/{dataset}.db", timeout=10)
        try:
            connection.executescript(sql)
        finally:
            connection.close()

    def figures(self):
        """The example's figures as weir's tables have them."""
        value = lambda dataset, sql: str(self.query(dataset, sql)[0][0])  # noqa: E731
        return {
            "landing_lines": value("sales", "SELECT count(*) FROM landing"),
            "invoice_lines": value("sales", "SELECT count(*) FROM invoice_lines"),
            "copies": value("sales", "SELECT sum(copies) FROM invoice_lines"),
            "cancellations": value("sales", "SELECT count(*) FROM cancellations"),
            "customers": value("customers", "SELECT count(*) FROM customers"),
            "first_customer": value("customers", "SELECT min(customer_id) FROM customers"),
            "products": value("sales", "SELECT count(*) FROM products"),
            "articles": value("sales", "SELECT count(*) FROM products WHERE is_article"),
            "orders": value("customers", "SELECT count(*) FROM orders"),
            "revenue_by_country": "\n".join(f"{country}={pence}" for country, pence in self.query(
                "finance", "SELECT country, net_pence FROM revenue_by_country ORDER BY country")),
            "net_pence": str(self.query("finance", "SELECT net_pence FROM closing ORDER BY closed_on DESC")[0][0]),
            "large_customers": value("customers", "SELECT count(*) FROM best_customers"),
        }

    def drift(self):
        return self.server.every("/v1/drift")

    def sees_drift(self, kind, resource):
        def look():
            found = [item for item in self.drift() if item["kind"] == kind and item["resource"] == resource]
            return found and found[0]
        return eventually(look, DRIFT_SECONDS, f"{kind} drift of {resource}")

    def sees_no_drift(self):
        eventually(lambda: self.drift() == [], DRIFT_SECONDS, "no drift")


ENDED = {"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "SKIPPED", "RETRIED"}
SCRIPTS = sorted(path.stem for path in RETAIL.glob("domains/*/sql/*.sql"))


def an_empty_repository_is_served(story):
    story.server.start()
    status = story.status()
    assert status["sync"] == "Unknown" and status["commit"] is None, status
    for name in ("weir.db", "weir.db-wal"):
        assert (story.server.data / name).stat().st_mode & 0o777 == 0o600, name


def a_push_is_live_in_under_a_second(story):
    story.repository.copy(RETAIL)
    story.repository.commit("The retail flows")
    story.repository.git("push", "-q", "origin", "HEAD:main")
    began = time.monotonic()
    status = story.synced(story.repository.git("rev-parse", "HEAD"))
    assert time.monotonic() - began < 1.0, time.monotonic() - began
    assert status["flows"] == len(SCRIPTS) + 2, status
    flows = story.server.every("/v1/flows")
    assert sorted(f["id"] for f in flows) == sorted(SCRIPTS + ["load_day", "statements"]), flows


def a_days_load_runs_everything_downstream_once_and_in_order(story):
    before = {run["id"] for run in story.runs()}
    story.load(DAYS[0])
    assert story.figures() == expected.figures(DATA, DAYS[:1])
    runs = [run for run in story.runs() if run["id"] not in before]
    names = sorted(run["flow"] for run in runs)
    assert names == sorted(SCRIPTS + ["load_day", "statements"]), names
    assert {run["state"] for run in runs} == {"SUCCESS"}, runs
    in_order(story, runs)


def in_order(story, runs):
    """Each run began after the runs that made what it reads had ended."""
    by_flow = {f"{run['namespace']}.{run['flow']}": run for run in runs}
    edges = 0
    for table in story.server.every("/v1/tables"):
        maker = by_flow.get(table["flow"])
        for reader in story.server.json(f"/v1/tables/{table['dataset']}/{table['name']}/lineage")["downstream"]:
            if maker and reader["flow"] in by_flow:
                assert maker["ended"] <= by_flow[reader["flow"]]["started"], (maker, by_flow[reader["flow"]])
                edges += 1
    assert edges >= 15, edges


def a_second_day_updates_what_depends_on_it(story):
    story.load(DAYS[1])
    assert story.figures() == expected.figures(DATA, DAYS[:2])
    assert len(story.query("finance", "SELECT * FROM closing")) == 2
    listed = must(story.server.weir("runs", "list", "--output", "json")).json()
    assert len(listed["items"]) > 0


def a_broken_domain_holds_up_no_other(story):
    repository = story.repository
    before = story.status()["commit"]
    repository.write("domains/customers/sql/broken_one.sql", "/* weir\nfeeed: WRITE_TRUNCATE\n*/\nSELECT 1 AS a\n")
    repository.write("domains/customers/sql/broken_two.sql", "/* weir\nfeed: MODE_DELTA\n*/\nSELECT 1 AS a\n")
    repository.write("domains/customers/flows/broken_three.yaml", "id: broken_three\ntasks:\n  - id: a\n    type: lgo\n    message: x\n")
    repository.replace("domains/finance/sql/adjustments.sql", "COUNT(*) AS lines", "COUNT(*) AS adjusted_lines")
    commit = repository.push("Three faults and a good change")

    def look():
        status = story.status()
        return status["sync"] == "OutOfSync" and status["target_commit"] == commit and status
    eventually(look, what="OutOfSync")
    customers = story.server.json("/v1/domains/customers")
    assert customers["sync"] == "OutOfSync" and customers["commit"] == before, customers
    faults = [(d["file"], d["line"], d["code"]) for d in customers["diagnostics"] if d["severity"] == "error"]
    assert len(faults) == 3 and all(line > 0 for _, line, _ in faults), faults
    finance = story.server.json("/v1/domains/finance")
    assert finance["sync"] == "Synced" and finance["commit"] == commit, finance
    for name in ("sql/broken_one.sql", "sql/broken_two.sql", "flows/broken_three.yaml"):
        repository.remove(f"domains/customers/{name}")
    story.synced(repository.push("Mend it"))
    story.quiet()
    assert [c[1] for c in story.query("finance", "PRAGMA table_info(adjustments)")][2] == "adjusted_lines"


def a_domain_that_cannot_be_read_is_not_removed(story):
    repository = story.repository
    owner = repository.read("domains/customers/domain.yaml")
    repository.remove("domains/customers/domain.yaml")
    repository.push("Lose a domain's file by mistake")

    def look():
        status = story.status()
        return status["sync"] == "OutOfSync" and status
    eventually(look, what="OutOfSync")
    live = [flow["id"] for flow in story.server.every("/v1/flows?namespace=customers")]
    assert sorted(live) == ["best_customers", "customers", "orders", "spending"], live
    repository.write("domains/customers/domain.yaml", owner)
    story.synced(repository.push("Put it back"))
    story.quiet()


def a_plan_shows_what_is_downstream(story):
    repository = story.repository
    repository.replace("domains/sales/sql/daily_sales.sql", "SUM(amount_pence) AS net_pence",
                       "SUM(amount_pence) AS net_pence, MAX(amount_pence) AS largest_pence")
    repository.commit("The largest line of a day")
    plan = weir("plan", "--repo", repository.work, "--base", "HEAD~1", "--head", "HEAD", "--output", "json")
    assert plan.status == 2, plan
    changes = [c for c in plan.json()["resource_changes"] if c["change"]["actions"] != ["no-op"]]
    assert [c["address"] for c in changes if c["type"] == "flow"] == ["flow.sales.daily_sales"], changes
    assert "finance.revenue_by_country" in json.dumps(plan.json()["impact"]), plan.json()
    repository.replace("domains/sales/sql/daily_sales.sql", "SELECT\n", "-- by day and country\nSELECT\n\n")
    repository.commit("Only a comment")
    plan = weir("plan", "--repo", repository.work, "--base", "HEAD~1", "--head", "HEAD", "--output", "json")
    assert plan.status == 0, plan
    assert "cosmetic" in plan.out, plan
    repository.git("push", "-q", "origin", "HEAD:main")
    story.synced(repository.git("rev-parse", "HEAD"))
    story.quiet()


def what_is_held_back_says_why(story):
    repository = story.repository
    text = repository.read("domains/sales/sql/products.sql")
    repository.remove("domains/sales/sql/products.sql")
    repository.push("Remove what finance reads")
    reason = ("sales: 'sales.products' would be removed, and flow 'finance.adjustments' of domain 'finance' reads it"
              " (keep the script, or change its readers first)\n")
    eventually(lambda: reason in must(story.server.weir("status")).out, what="the reason")
    assert story.status()["sync"] == "OutOfSync"
    repository.write("domains/sales/sql/products.sql", text)
    story.synced(repository.push("Keep it"))
    story.quiet()


def a_disabled_flow_runs_for_nobody(story):
    repository = story.repository
    text = repository.read("domains/sales/flows/load_day.yaml")
    repository.write("domains/sales/flows/load_day.yaml", text + "disabled: true\n")
    story.synced(repository.push("No loads for a while"))
    before = story.runs()
    refused = story.server.weir("run", "sales.load_day", "-i", f"file={DATA}/{DAYS[0]}.csv")
    assert refused.status == 1 and refused.out == "" and refused.err == (
        "weir: error: flow 'sales.load_day' is disabled: take 'disabled' out of 'domains/sales/flows/load_day.yaml' to run"
        " it\n"), refused
    assert story.runs() == before
    repository.write("domains/sales/flows/load_day.yaml", text)
    story.synced(repository.push("Load again"))
    story.quiet()


def a_failed_check_publishes_nothing(story):
    bad = pathlib.Path(story.folder) / "bad.csv"
    text = (DATA / f"{DAYS[2]}.csv").read_text()
    bad.write_text(text + "536999,22222,A LAMP,6,2010-12-03 12:00:00,2.55,7.0,United Kingdom\n")
    before = story.figures()
    story.server.weir("run", "sales.load_day", "-i", f"file={bad}", "--follow")
    story.quiet()
    failed = [run for run in story.runs("?state=FAILED")]
    assert [run["flow"] for run in failed] == ["invoice_lines"], failed
    after = story.figures()
    assert {**after, "landing_lines": 0} == {**before, "landing_lines": 0}
    shown = must(story.server.weir("runs", "show", failed[0]["id"]))
    assert "customer_id IS NULL OR customer_id BETWEEN 10000 AND 99999" in shown.out, shown
    checks = story.server.json("/v1/tables/sales/invoice_lines/checks")
    assert "536999" in json.dumps(checks), checks
    well = lambda health: eventually(lambda: story.status()["health"] == health, what=health)  # noqa: E731
    well("Degraded")
    sales = story.server.json("/v1/domains/sales")
    assert (sales["sync"], sales["health"]) == ("Synced", "Degraded"), sales
    told = must(story.server.weir("status")).out
    assert told.startswith("Synced, Degraded, ") and "\nsales: the last run of 'sales.invoice_lines' failed\n" in told, told
    story.load(DAYS[2])
    well("Healthy")
    assert story.figures() == expected.figures(DATA, DAYS)


def a_hand_edit_is_drift_until_it_is_undone(story):
    story.sees_no_drift()
    cases = [
        ("table", "customers.spending", "nickname", lambda: story.by_hand(
            "customers", "ALTER TABLE spending ADD COLUMN nickname TEXT"),
         lambda: story.by_hand("customers", "ALTER TABLE spending DROP COLUMN nickname")),
        ("view", "finance.top_countries", "LIMIT 3", *replaced_view(story)),
        ("table", "sales.cancellations", "missing", *dropped_table(story)),
        ("orphan", "sales.scratch", "scratch", lambda: story.by_hand("sales", "CREATE TABLE scratch (a)"),
         lambda: story.by_hand("sales", "DROP TABLE scratch")),
        ("flow", "sales.load_day", "", *edited_flow(story)),
        ("flow", "sales.load_day", "the flow is gone from the store", *deleted_flow(story)),
    ]
    flows = story.server.json("/v1/status")["flows"]
    for kind, resource, word, edit, undo in cases:
        edit()
        item = story.sees_drift(kind, resource)
        assert word in json.dumps(item), item
        assert item["onset"] and item["resolved"] is None, item
        counted = story.server.json("/v1/status")["flows"]
        assert counted == flows - (1 if "gone" in word else 0), (resource, counted, flows)
        shown = story.server.weir("drift")
        assert shown.status == 2 and resource in shown.out, shown
        differs = story.server.weir("diff", resource)
        assert differs.status == 2, differs
        if kind in ("view", "flow"):
            assert "\n  @@ -" in differs.out and "\n  -" in differs.out, differs
            assert ("\n  +" in differs.out) == ("gone" not in word), differs
        undo()
        story.sees_no_drift()
        same = must(story.server.weir("diff", resource)) if kind != "orphan" else None
        assert same is None or same.out == f"{resource} is as committed.\n", same
        history = [h for h in story.server.every("/v1/drift/history") if h["kind"] == kind and h["resource"] == resource]
        assert history and history[0]["onset"] < history[0]["resolved"], history
    must(story.server.weir("drift"))


def replaced_view(story):
    (definition,), = story.query("finance", "SELECT sql FROM sqlite_schema WHERE name = 'top_countries'")
    changed = definition.replace("LIMIT 5", "LIMIT 3")
    assert changed != definition
    return (lambda: story.by_hand("finance", f"DROP VIEW top_countries; {changed}"),
            lambda: story.by_hand("finance", f"DROP VIEW top_countries; {definition}"))


def dropped_table(story):
    return (lambda: story.by_hand("sales", "ALTER TABLE cancellations RENAME TO _weir_hidden_by_test"),
            lambda: story.by_hand("sales", "ALTER TABLE _weir_hidden_by_test RENAME TO cancellations"))


def edited_flow(story):
    def edit(old, new):
        connection = sqlite3.connect(story.server.data / "weir.db", timeout=10)
        with connection:
            changed = connection.execute(
                "UPDATE revision SET definition = replace(definition, ?, ?) WHERE namespace = 'sales' AND flow = 'load_day'"
                " AND revision = (SELECT revision FROM flow WHERE namespace = 'sales' AND id = 'load_day')",
                (old, new)).rowcount
        connection.close()
        assert changed == 1, changed
    return lambda: edit("loaded", "LOADED"), lambda: edit("LOADED", "loaded")


def deleted_flow(story):
    kept = []

    def delete():
        connection = sqlite3.connect(story.server.data / "weir.db", timeout=10)
        with connection:
            kept[:] = connection.execute("SELECT * FROM flow WHERE namespace = 'sales' AND id = 'load_day'").fetchone()
            connection.execute("DELETE FROM flow WHERE namespace = 'sales' AND id = 'load_day'")
        connection.close()

    def put_back():
        connection = sqlite3.connect(story.server.data / "weir.db", timeout=10)
        with connection:
            connection.execute(f"INSERT INTO flow VALUES ({', '.join('?' * len(kept))})", kept)
        connection.close()
    return delete, put_back


def a_restart_changes_nothing(story):
    before = story.runs()
    assert story.server.stop() == 0
    story.server.start()
    story.synced(story.repository.git("rev-parse", "HEAD"))
    story.quiet()
    assert story.runs() == before
    story.sees_no_drift()


STEPS = [
    an_empty_repository_is_served,
    a_push_is_live_in_under_a_second,
    a_days_load_runs_everything_downstream_once_and_in_order,
    a_second_day_updates_what_depends_on_it,
    a_broken_domain_holds_up_no_other,
    a_domain_that_cannot_be_read_is_not_removed,
    a_plan_shows_what_is_downstream,
    what_is_held_back_says_why,
    a_disabled_flow_runs_for_nobody,
    a_failed_check_publishes_nothing,
    a_hand_edit_is_drift_until_it_is_undone,
    a_restart_changes_nothing,
]


def main():
    with temporary() as folder:
        story = Story(folder)
        try:
            tell(story, STEPS, lambda: story.server.log)
        finally:
            story.server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
