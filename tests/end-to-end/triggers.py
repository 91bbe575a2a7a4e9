#!/usr/bin/env python3
"""What starts runs, on a real server: webhooks, looks at databases and addresses, the ends of other flows, schedules. With kills in
between, after which every run is there once."""

import http.client
import http.server
import json
import os
import pathlib
import socket
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from weir import Repository, Server, eventually, free_port, must, request, temporary, weir  # noqa: E402

WEBHOOK = """id: hook
inputs: [{id: who, type: STRING, required: false}, {id: n, type: INT, required: false}]
triggers:
  - id: web
    type: io.kestra.plugin.core.trigger.Webhook
    key: "{{ secret('HOOK_KEY') }}"
    inputs: {who: "{{ trigger.body.who ?? 'nobody' }}", n: "{{ trigger.body.n ?? 0 }}"}
tasks:
  - {id: t, type: return, format: "{{ inputs.who }}|{{ trigger.headers['X-Test'][0] ?? '' }}|{{ trigger.parameters.q[0] ?? '' }}"}
"""
GUARDED = """id: guarded
triggers: [{id: web, type: webhook, key: other-key, when: "{{ trigger.body.go }}"}]
tasks: [{id: t, type: log, message: hi}]
"""
SWITCHED_OFF = """id: off
triggers: [{id: web, type: webhook, key: off-key, disabled: true}]
tasks: [{id: t, type: log, message: hi}]
"""
AFTER = """id: after
inputs: [{id: which, type: STRING}]
triggers:
  - id: both
    type: io.kestra.plugin.core.trigger.Flow
    inputs: {which: "{{ trigger.flowId }} {{ trigger.outputs.said }}"}
    preconditions:
      id: both
      timeWindow: {type: SLIDING_WINDOW, window: PT1H}
      flows: [{namespace: a, flowId: one, states: [SUCCESS]}, {namespace: a, flowId: two, states: [SUCCESS]}]
tasks: [{id: t, type: return, format: "{{ inputs.which }}"}]
"""
ECHO = """id: echo
triggers: [{id: each, type: flow, states: [SUCCESS], conditions: [{type: execution-flow, namespace: a, flowId: quick}]}]
tasks: [{id: t, type: return, format: "{{ trigger.executionId }}"}]
"""
QUICK = """id: quick
tasks: [{id: t, type: log, message: hi}]
"""
SAYS = """id: {0}
outputs: [{{id: said, type: STRING, value: "{0} was here"}}]
tasks: [{{id: t, type: log, message: hi}}]
"""
ROWS = """id: rows
inputs: [{id: ids, type: STRING}]
triggers:
  - id: look
    type: io.kestra.plugin.jdbc.sqlite.Trigger
    url: jdbc:sqlite:DATABASE
    interval: PT0.2S
    sql: SELECT id FROM queue WHERE done = 0 ORDER BY id
    fetchType: FETCH
    afterSQL: UPDATE queue SET done = 1
    inputs: {ids: "{{ trigger.rows | jq('.[].id') | join(',') }}"}
tasks: [{id: t, type: return, format: "{{ trigger.size }}: {{ inputs.ids }}"}]
"""
ANSWERS = """id: answers
triggers:
  - id: look
    type: io.kestra.plugin.core.http.Trigger
    uri: ADDRESS
    interval: PT0.2S
    responseCondition: "{{ response.statusCode == 200 and (fromJson(response.body)).ready }}"
tasks: [{id: t, type: return, format: "{{ trigger.code }} {{ trigger.body }}"}]
"""
BROKEN = """id: broken
triggers: [{id: look, type: sql, url: "sqlite:DATABASE", interval: PT0.2S, sql: SELECT x FROM nowhere}]
tasks: [{id: t, type: log, message: hi}]
"""
EVERY_SECOND = """id: tick
triggers:
  - id: clock
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "* * * * * *"
    withSeconds: true
    recoverMissedSchedules: LAST
tasks: [{id: t, type: return, format: "{{ trigger.date }}"}]
"""


class World:
    def __init__(self, folder, flows, ingress=True, more=""):
        self.folder = pathlib.Path(folder)
        self.repository = Repository(folder)
        self.repository.begin(flows)
        self.repository.push("Flows")
        self.ingress = free_port()
        config = self.folder / "server.yaml"
        config.write_text("runner: {private_addresses: [allow]}\n" + (
            f"ingress: {{listen: '127.0.0.1:{self.ingress}'{more}}}\n" if ingress else ""))
        self.server = Server(folder, self.repository.bare, "--config", str(config))

    def __enter__(self):
        self.server.__enter__()
        self.server.synced()
        return self

    def __exit__(self, *exception):
        return self.server.__exit__(*exception)

    def runs(self, flow, state=None):
        found = self.server.every(f"/v1/runs?namespace=a&flow={flow}&oldest_first=true")
        return [run for run in found if state is None or run["state"] == state]

    def said(self, run):
        return self.server.json(f"/v1/runs/{run}/outputs")["tasks"]["t"]["value"]

    def trigger(self, flow):
        return next(row for row in self.server.every(f"/v1/triggers?namespace=a&flow={flow}"))

    def post(self, path, body="", headers=None, method="POST"):
        status, answer, answer_headers = request(self.ingress, method, path, body, headers)
        return status, answer or None, answer_headers


def ended(world, flow, count):
    return eventually(lambda: len(world.runs(flow, "SUCCESS")) >= count and world.runs(flow, "SUCCESS"), 30, f"{count} runs of {flow}")


# ---- Webhooks -----------------------------------------------------------------------------------------------------------------

def a_delivery_becomes_a_run(world):
    status, answer, _ = world.post("/hooks/flows/a/hook/s3cret?q=a%20b&q=c", '{"who": "Ada", "n": 3}', {"X-Test": "yes", "Authorization": "Basic eA=="})
    assert status == 202 and answer["created"] is True, (status, answer)
    run = ended(world, "hook", 1)[0]
    assert run["id"] == answer["run"] and run["trigger"] == "webhook", run
    assert world.said(run["id"]) == "Ada|yes|a b", world.said(run["id"])
    detail = world.server.json(f"/v1/runs/{run['id']}")
    assert detail["inputs"]["n"] == 3 and detail["trigger_detail"]["body"] == {"who": "Ada", "n": 3}, detail
    assert "Authorization" not in detail["trigger_detail"]["headers"], detail
    assert world.trigger("hook")["last_run"] == run["id"]


def a_repeated_delivery_makes_no_second_run(world):
    first = world.post("/hooks/flows/a/hook/s3cret", "{}", {"X-GitHub-Delivery": "d-1"})
    again = world.post("/hooks/flows/a/hook/s3cret", "{}", {"X-GitHub-Delivery": "d-1"})
    other = world.post("/hooks/flows/a/hook/s3cret", "{}", {"x-github-delivery": "d-2"})
    assert [first[0], again[0], other[0]] == [202, 202, 202], (first, again, other)
    assert again[1] == {"run": first[1]["run"], "created": False} and other[1]["created"] is True
    # Also of two that come at the same moment.
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(world.post("/hooks/flows/a/hook/s3cret", "{}", {"Idempotency-Key": "k"})))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer[1]["run"] for answer in answers}) == 1 and sum(answer[1]["created"] for answer in answers) == 1, answers


def bodies_are_values(world):
    def body(data, flow="hook"):
        status, answer, _ = world.post(f"/hooks/flows/a/{flow}/s3cret", data)
        assert status == 202, answer
        detail = world.server.json(f"/v1/runs/{answer['run']}")["trigger_detail"]
        return detail["body"], detail.get("bodyBase64")
    assert body("[1, null]") == ([1, None], None)
    assert body("plain ü".encode()) == ("plain ü", None)
    assert body("") == ("", None)
    assert body(b"\xff\x00") == (None, "/wA=")


def what_attacks_stays_a_value(world):
    who = "{{ secret('HOOK_KEY') }}'; DROP TABLE x; --"
    status, answer, _ = world.post("/hooks/flows/a/hook/s3cret", json.dumps({"who": who}))
    assert status == 202
    eventually(lambda: world.server.json(f"/v1/runs/{answer['run']}")["state"] == "SUCCESS", what="the run")
    assert world.said(answer["run"]).startswith(who), world.said(answer["run"])


def refusals_say_nothing_of_keys(world):
    """No such flow, a flow without webhook, a wrong key: the same answer."""
    wrong = [world.post(path, "x") for path in (
        "/hooks/flows/a/hook/wrong", "/hooks/flows/a/nothing/s3cret", "/hooks/flows/a/after/s3cret", "/hooks/flows/b/hook/s3cret",
        "/hooks/flows/a/hook", "/hooks/flows/a/off/wrong", "/nothing")]
    assert {answer[0] for answer in wrong} == {404} and len({json.dumps(answer[1], sort_keys=True) for answer in wrong}) == 1, wrong
    assert wrong[0][2]["Content-Type"] == "application/problem+json" and wrong[0][1]["code"] == "unknown-hook", wrong[0][1]
    time.sleep(2)  # what guessing cost
    assert world.post("/hooks/flows/a/off/off-key")[0] == 409
    status, problem, _ = world.post("/hooks/flows/a/hook/s3cret", method="GET")
    assert status == 405 and problem["code"] == "bad-method", problem
    assert world.post("/v1/status")[0] == 404
    # The status API has none of it.
    assert request(world.server.port, "POST", "/hooks/flows/a/hook/s3cret", "")[0] in (404, 405)


def plain_keys_are_not_shown(world):
    for path in ("/v1/flows/a/guarded", "/v1/flows/a/guarded/source", "/v1/flows", "/v1/triggers", "/v1/events?from=start"):
        status, body, _ = world.server.get(path)
        assert status == 200 and "other-key" not in json.dumps(body), (path, body)
    assert "secret('HOOK_KEY')" in json.dumps(world.server.json("/v1/flows/a/hook"))


def conditions_hold_deliveries_back(world):
    before = len(world.runs("guarded"))
    status, answer, _ = world.post("/hooks/flows/a/guarded/other-key", '{"go": false}')
    assert status == 204 and answer is None, answer
    assert world.post("/hooks/flows/a/guarded/other-key", '{"go": true}')[0] == 202
    status, problem, _ = world.post("/hooks/flows/a/guarded/other-key", "no json")
    assert status == 422 and problem["code"] == "bad-delivery", problem
    assert len(world.runs("guarded")) == before + 1


def large_bodies_are_refused(world):
    status, problem, _ = world.post("/hooks/flows/a/hook/s3cret", "x" * 5000)
    assert status == 413 and problem["code"] == "body-too-large", problem
    # Before a byte of it is read, where its length is announced.
    with socket.create_connection(("127.0.0.1", world.ingress), timeout=20) as raw:
        raw.sendall(b"POST /hooks/flows/a/hook/s3cret HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413"), "no refusal"
    # And where it is not.
    with socket.create_connection(("127.0.0.1", world.ingress), timeout=20) as raw:
        raw.sendall(b"POST /hooks/flows/a/hook/s3cret HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    b"1000\r\n" + b"x" * 4096 + b"\r\n" + b"0\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413"), "no refusal"


def an_address_that_asks_too_often_waits(world):
    seen = set()
    for _ in range(400):
        status, problem, headers = world.post("/hooks/flows/a/hook/guess")
        seen.add(status)
        if status == 429:
            assert problem["code"] == "too-many-requests" and headers["Retry-After"] == "1", problem
            break
    assert seen == {404, 429}, seen
    eventually(lambda: world.post("/hooks/flows/a/hook/s3cret", "{}")[0] == 202, 10, "to be let in again")


def deliveries_survive_kills(world):
    """Whatever was answered 202 is there after a kill, once, though it is delivered again."""
    taken = {}
    for number in range(5):
        stop = threading.Event()

        def deliver():
            n = 0
            while not stop.is_set():
                name = f"kill-{number}-{n}"
                try:
                    status, answer, _ = world.post("/hooks/flows/a/hook/s3cret", "{}", {"webhook-id": name})
                except (OSError, http.client.HTTPException):
                    continue
                if status == 202:
                    taken[name] = answer["run"]
                    n += 1
                time.sleep(0.02)
        thread = threading.Thread(target=deliver)
        thread.start()
        time.sleep(0.3)
        world.server.kill()
        stop.set()
        thread.join()
        world.server.start()
    assert len(taken) > 10, taken
    for name, run in taken.items():
        status, answer, _ = eventually(lambda: (lambda a: a if a[0] == 202 else None)(
            world.post("/hooks/flows/a/hook/s3cret", "{}", {"webhook-id": name})), 10, name)
        assert answer == {"run": run, "created": False}, (name, run, answer)


# ---- Ends of other flows ------------------------------------------------------------------------------------------------------

def both_flows_start_a_third(world):
    must(world.server.weir("run", "a.one"))
    world.server.kill()
    world.server.start()
    assert world.runs("after") == []
    must(world.server.weir("run", "a.two"))
    run = ended(world, "after", 1)[0]
    assert run["trigger"] == "flow" and world.said(run["id"]) == "two two was here", world.said(run["id"])
    time.sleep(0.3)
    assert len(world.runs("after")) == 1


def ends_survive_kills(world):
    """Each run that ended starts one, whatever was killed when."""
    for number in range(6):
        for _ in range(5):
            must(world.server.weir("run", "a.quick"))
        time.sleep(0.02 * number)
        world.server.kill()
        world.server.start()
    eventually(lambda: len(world.runs("quick", "SUCCESS")) == 30, 30, "all of them to end")
    ended(world, "echo", 30)
    time.sleep(0.3)
    heard = [world.said(run["id"]) for run in world.runs("echo", "SUCCESS")]
    assert sorted(heard) == sorted(run["id"] for run in world.runs("quick")), "an end that was lost or heard twice"


# ---- Looks --------------------------------------------------------------------------------------------------------------------

def rows_start_a_run(world, database):
    database("INSERT INTO queue VALUES (1, 0), (2, 0)")
    run = ended(world, "rows", 1)[0]
    assert run["trigger"] == "sql" and world.said(run["id"]) == "2: 1,2", world.said(run["id"])
    time.sleep(0.6)
    assert len(world.runs("rows")) == 1
    database("INSERT INTO queue VALUES (3, 0)")
    assert world.said(ended(world, "rows", 2)[1]["id"]) == "1: 3"


def an_answer_starts_a_run(world, web):
    assert world.runs("answers") == []
    web.ready = True
    run = ended(world, "answers", 1)[0]
    web.ready = False
    assert run["trigger"] == "http" and world.said(run["id"]).startswith("200 "), world.said(run["id"])


def failing_looks_back_off(world):
    eventually(lambda: "nowhere" in (world.trigger("broken")["message"] or ""), what="the fault")
    changed = [world.trigger("broken")["next"]]
    until = time.monotonic() + 4
    while time.monotonic() < until:
        now = world.trigger("broken")["next"]
        if now != changed[-1]:
            changed.append(now)
        time.sleep(0.05)
    assert len(changed) <= 6, changed  # without backing off it would be 20
    assert world.runs("broken") == []
    told = [event for event in world.server.json("/v1/events?from=start&limit=1000")["items"] if event["kind"] == "trigger-failed" and event["subject"] == "trigger a.broken.look"]
    assert len(told) == 1, told


def looks_survive_kills(world, database):
    for number in range(10, 16):
        database(f"INSERT INTO queue VALUES ({number}, 0)")
        time.sleep(0.03 * (number - 10))
        world.server.kill()
        world.server.start()
    eventually(lambda: database("SELECT count(*) FROM queue WHERE done = 0") == [(0,)], what="all rows to be taken")
    time.sleep(0.5)
    said = [world.said(run["id"]).split(": ")[1] for run in world.runs("rows", "SUCCESS")]
    ids = [int(number) for text in said for number in text.split(",")]
    assert len(ids) == len(set(ids)), f"rows that were taken twice: {ids}"


# ---- Schedules ----------------------------------------------------------------------------------------------------------------

def the_clock_starts_runs(world):
    ended(world, "tick", 3)
    world.server.kill()
    time.sleep(3)
    world.server.start()
    dates = [world.said(run["id"]) for run in ended(world, "tick", len(world.runs("tick")) + 1)]
    assert len(dates) == len(set(dates)), dates


def main():
    os.environ["WEIR_SECRET_HOOK_KEY"] = "s3cret"
    with temporary() as folder:
        path = pathlib.Path(folder) / "own.db"

        def database(statement):
            connection = sqlite3.connect(path, timeout=20)
            try:
                with connection:
                    return connection.execute(statement).fetchall()
            finally:
                connection.close()
        database("CREATE TABLE queue (id INTEGER, done INTEGER)")
        web = Answers()
        flows = {"hook": WEBHOOK, "guarded": GUARDED, "off": SWITCHED_OFF, "one": SAYS.format("one"), "two": SAYS.format("two"),
                 "after": AFTER, "echo": ECHO, "quick": QUICK, "rows": ROWS.replace("DATABASE", str(path)), "broken": BROKEN.replace("DATABASE", str(path)),
                 "answers": ANSWERS.replace("ADDRESS", web.url), "tick": EVERY_SECOND}
        with World(folder, flows, more=", body_bytes: 4000, rate: 60") as world:
            for story, *more in ((rows_start_a_run, database), (an_answer_starts_a_run, web), (failing_looks_back_off,),
                                 (a_delivery_becomes_a_run,), (a_repeated_delivery_makes_no_second_run,), (bodies_are_values,),
                                 (what_attacks_stays_a_value,), (refusals_say_nothing_of_keys,), (conditions_hold_deliveries_back,), (plain_keys_are_not_shown,),
                                 (large_bodies_are_refused,), (an_address_that_asks_too_often_waits,), (both_flows_start_a_third,),
                                 (deliveries_survive_kills,), (ends_survive_kills,), (looks_survive_kills, database), (the_clock_starts_runs,)):
                if len(sys.argv) > 1 and story.__name__ not in sys.argv[1:]:
                    continue
                story(world, *more)
                print(f"ok - {story.__name__.replace('_', ' ')}")
        web.close()
    with temporary() as folder:
        with World(folder, {"hook": WEBHOOK}, ingress=False) as world:
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", world.ingress)) != 0, "an ingress that nobody asked for"
            refused = weir("serve", str(world.repository.bare), "--store", f"sqlite:{folder}/other.db", "--roles", "ingress")
            assert refused.status == 64 and "the role 'ingress' needs an address" in refused.err, refused
            print("ok - no ingress unless it is configured")


class Answers:
    """A server whose answer is ready when the story says so."""

    def __init__(self):
        outer = self
        self.ready = False

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"ready": outer.ready}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # who asked was killed

            def log_message(self, *words):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    main()
