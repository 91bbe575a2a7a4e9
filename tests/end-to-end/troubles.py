#!/usr/bin/env python3
"""Databases that cannot be used: that a lock is held, a file is damaged, or a connection is wrong shows in the status, with since
when and with the cure; what was live goes on being served; and it goes away when the database can be used again."""

import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import Repository, Server, eventually, must, temporary, weir  # noqa: E402

DAMAGED = "restore it from a backup; or move the file away, and run the flows that make its tables"


def start(folder):
    repository = Repository(folder)
    repository.write("weir.yaml", "name: shop\n")
    for domain in ("sales", "stock"):
        repository.write(f"domains/{domain}/domain.yaml", "owner: them\n")
        repository.write(f"domains/{domain}/sql/t.sql", "SELECT 1 AS a\n")
    repository.push("Begin")
    return repository, Server(folder, repository.bare).start()


def troubles(server, domain=None):
    return server.json("/v1/status" if domain is None else f"/v1/domains/{domain}")["troubles"]


def told(server, kind):
    return eventually(lambda: [one for one in troubles(server) if one["kind"] == kind], what=f"the trouble '{kind}'")[0]


def is_well(server):
    def probe():
        status = server.json("/v1/status")
        return status["health"] == "Healthy" and status["troubles"] == []
    eventually(probe, what="health")


def a_lock(server, file):
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    run = must(weir("run", "sales.t", "--store", server.store)).out.strip()
    one = told(server, "locked")
    assert (one["connection"], one["dataset"]) == ("default", "sales"), one
    assert one["message"] == f"database '{file.parent}' is locked by another connection or process: waited 5000 ms", one
    assert one["hint"] == "end the program that holds the lock; weir goes on by itself when it is free", one
    eventually(lambda: server.json("/v1/domains/sales")["health"] == "Degraded", what="a degraded domain")
    # Whose database it is not has nothing to do with it, and all is still served.
    stock = server.json("/v1/domains/stock")
    assert (stock["health"], stock["troubles"]) == ("Healthy", []), stock
    assert troubles(server, "sales")[0]["since"] == one["since"]
    assert server.json("/v1/tables/sales/t")["published"], "the table is still there"
    text = must(weir("status", "--store", server.store)).out
    assert f"connection 'default', dataset 'sales': locked, began " in text and f"\nhint: {one['hint']}\n" in text, text
    assert server.json("/v1/status")["sync"] == "Synced"
    other.execute("ROLLBACK")
    eventually(lambda: server.json(f"/v1/runs/{run}")["state"] == "SUCCESS", what="the run that waited")
    is_well(server)


def damage(server, file):
    away = file.parent.parent / "away"
    away.mkdir()
    for one in file.parent.glob(file.name + "*"):
        one.rename(away / one.name)
    file.write_bytes(b"nonsense" * 1000)
    one = told(server, "damaged")
    assert one["message"] == f"database '{file}' is not an SQLite database" and one["hint"] == DAMAGED, one
    for one in away.iterdir():
        one.rename(file.parent / one.name)
    is_well(server)


def a_wrong_connection(repository, server):
    repository.write("weir.yaml", "name: shop\nconnections:\n  far: {url: 'oracle://example/x'}\n")
    repository.write("domains/stock/domain.yaml", "owner: them\nconnection: far\n")
    repository.push("Elsewhere")
    one = told(server, "misconfigured")
    assert one["connection"] == "far" and "oracle" in one["message"], one
    assert one["hint"] == "correct the connection in weir.yaml, or its secret on the server", one
    eventually(lambda: server.json("/v1/domains/stock")["health"] == "Degraded", what="a degraded domain")
    repository.write("domains/stock/domain.yaml", "owner: them\n")
    repository.push("Back")
    eventually(lambda: troubles(server) == [], what="no trouble")


def main():
    with temporary() as folder:
        folder = pathlib.Path(folder).resolve()
        repository, server = start(folder)
        try:
            file = folder / "data/default/sales.db"
            eventually(lambda: server.json("/v1/tables/sales/t")["published"], what="the first build")
            is_well(server)
            a_lock(server, file)
            damage(server, file)
            a_wrong_connection(repository, server)
        finally:
            server.stop()
    print("troubles come and go")
    return 0


if __name__ == "__main__":
    sys.exit(main())
