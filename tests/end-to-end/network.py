#!/usr/bin/env python3
"""The tasks that speak HTTP, against servers that behave and servers that do not."""

import json
import pathlib
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from flows import Flow, bad, good  # noqa: E402
from git_servers import Authority, Proxy  # noqa: E402
from weir import Repository, Server, eventually, must, temporary, weir  # noqa: E402
from web import Web  # noqa: E402


def request(folder, uri, type="http.request", env=None, **keys):
    return Flow(folder, {"id": "t", "type": type, "uri": uri, **keys}, env=env)


# ---- What is sent

def bodies(folder, web):
    def sent(**keys):
        good(request(folder, web.url("echo"), **{"method": "POST", **keys}))
        return web.seen[-1]["body"], web.seen[-1]["headers"].get("Content-Type")

    out = good(request(folder, web.url("echo/a b"), params={"q": "a b&c=d", "list": [1, "x"]}))
    assert out["code"] == 200 and isinstance(out["body"], str) and json.loads(out["body"])["method"] == "GET", out
    assert web.seen[-1]["path"] == "/echo/a%20b?q=a%20b%26c%3dd&list=1&list=x", web.seen[-1]
    assert "Content-Type" not in web.seen[-1]["headers"] and out["headers"]["Content-Type"] == ["application/json"], out
    assert out["uri"].endswith("/echo/a%20b?q=a%20b%26c%3dd&list=1&list=x"), out
    assert sent(body={"n": 1, "l": [True, None]}) == ('{"n":1,"l":[true,null]}', "application/json")
    assert sent(body="plain ü", contentType="text/plain") == ("plain ü", "text/plain")
    assert sent(body="x", headers={"content-type": "a/b"}) == ("x", "a/b")
    assert sent(formData={"a": "1 &", "b": [1, 2]}) == ("a=1%20%26&b=1&b=2", "application/x-www-form-urlencoded")
    assert sent(body="é", options={"defaultCharset": "ISO-8859-1"})[0] == "\udce9"
    assert sent()[0] == "" and web.seen[-1]["headers"]["Content-Length"] == "0"
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        assert sent(method=method, body="x")[0] == "x" and web.seen[-1]["method"] == method
    assert good(request(folder, web.url("bytes/9"), method="HEAD"))["body"] is None
    old = request(folder, web.url("echo"), type="io.kestra.plugin.fs.http.Request")
    assert good(old)["code"] == 200


def uploads(folder, web):
    scripts = pathlib.Path(folder) / "scripts"
    scripts.mkdir(exist_ok=True)
    (scripts / "data.csv").write_text("id,name\n1,ü\n")
    flow = Flow(folder, {"id": "d", "type": "http.download", "uri": web.url("bytes/5"), "saveAs": "five.txt"},
                {"id": "t", "type": "http.request", "uri": web.url("echo"), "method": "POST", "formData": {
                    "text": "plain", "kept": "{{ outputs.d.uri }}", "own": {"name": "my.csv", "content": "data.csv"}, "map": {"a": 1}}})
    assert flow.state == "SUCCESS", flow.done
    body, kind = web.seen[-1]["body"], web.seen[-1]["headers"]["Content-Type"]
    assert kind.startswith("multipart/form-data; boundary="), kind
    for part in ('name="text"\r\n\r\nplain\r\n', 'name="kept"; filename="five.txt"', "xxxxx", 'name="own"; filename="my.csv"', "1,ü", '{"a":1}'):
        assert part in body, (part, body)
    plain = request(folder, web.url("echo"), method="POST", formData={"a": "b"}, contentType="multipart/form-data")
    good(plain)
    assert 'name="a"\r\n\r\nb' in web.seen[-1]["body"], web.seen[-1]
    bad(request(folder, web.url("echo"), method="POST", formData={"f": {"name": "x", "content": "../flow.yaml"}}), "leads out of its folder")
    bad(request(folder, web.url("echo"), method="POST", formData={"f": {"name": "x", "content": "none.csv"}}), "cannot read the file 'none.csv'")


def credentials(folder, web):
    def sent(uri=web.url("echo"), **keys):
        good(request(folder, uri, **keys))
        return web.seen[-1]["headers"].get("Authorization")

    basic = "Basic dTpw"
    assert sent(auth={"type": "BASIC", "username": "u", "password": "p"}) == basic
    assert sent(options={"auth": {"username": "u", "password": "p"}}) == basic
    assert sent(options={"basicAuthUser": "u", "basicAuthPassword": "p"}) == basic
    assert sent(web.url("echo").replace("://", "://u:p@")) == basic
    assert sent(auth={"type": "BEARER", "token": "t0\n"}) == "Bearer t0"
    assert sent(auth={"token": "no"}, headers={"Authorization": "Own x"}) == "Own x"
    out = good(request(folder, web.url("echo").replace("://", "://u:p@")))
    assert "u:p" not in out["uri"], out
    bad(request(folder, web.url("echo"), auth={"type": "DIGEST"}), "'auth.type' must be BASIC or BEARER")
    bad(request(folder, web.url("echo"), headers={"X": "a\r\nY: b"}), "property 'headers': 'X' has a line break")
    bad(request(folder, web.url("echo"), headers={"X\nY": "b"}), "is no name of a header")
    bad(request(folder, web.url("echo"), method="{{ 'GET / HTTP/1.1\nX' }}"), "is no method of HTTP")
    assert "X" not in web.seen[-1]["headers"], web.seen[-1]
    for uri, word in (("file:///etc/passwd", "must begin with http:// or https://"), ("ftp://x/y", "must begin with"), ("", "it is empty"),
                      ("nonsense", "is no URL")):
        bad(request(folder, uri), word)


# ---- What comes back

def answers(folder, web):
    failed = bad(request(folder, web.url("status/404?key=s3cret")), "GET '" + web.url("status/404") + "' answered 404: the body of 404")
    assert failed["code"] == 404 and failed["body"] == "the body of 404", failed
    assert good(request(folder, web.url("status/500"), allowFailed=True))["code"] == 500
    assert good(request(folder, web.url("status/404"), options={"allowedResponseCodes": [404]}))["code"] == 404
    bad(request(folder, web.url("status/200"), options={"allowedResponseCodes": [404]}), "not one of 'allowedResponseCodes'")
    assert good(request(folder, web.url("status/418"), allowedResponseCodes=["2xx", "4xx"]))["code"] == 418
    bad(request(folder, web.url("status/401")), "check 'auth'")
    bad(request(folder, web.url("echo"), retryOn=["often"]), "is no list of status codes")
    assert good(request(folder, web.url("gzip/1000")))["body"] == "z" * 1000
    assert good(request(folder, web.url("latin")))["body"] == "é"
    binary = request(folder, web.url("binary"))
    assert good(binary)["body"] == "a��" and "http.download keeps it" in binary.log, binary.done
    assert good(request(folder, web.url("headers")))["headers"]["X-Many"] == ["one", "two"]
    bad(request(folder, web.url("echo"), encryptBody=True), "encryptBody")


def limits(folder, web):
    bad(request(folder, web.url("bytes/1001"), maxSize=1000), "larger than 1000 bytes", "'maxSize' sets another limit")
    assert len(good(request(folder, web.url("bytes/1000"), maxSize=1000))["body"]) == 1000
    bad(request(folder, web.url("bytes/1001"), options={"maxContentLength": 1000}), "larger than 1000 bytes")
    bad(request(folder, web.url("gzip/20000000")), "larger than 10485760 bytes")
    bad(request(folder, web.url("endless")), "larger than 10485760 bytes")
    bad(request(folder, web.url("cut")), "transfer closed")
    begun = time.monotonic()
    bad(request(folder, web.url("silent"), options={"readTimeout": "PT0.3S"}), "silent for 0.3 seconds")
    bad(request(folder, web.url("endless?pause=0.05"), options={"timeout": "PT0.3S"}), "timed out")
    bad(request(folder, web.url("endless?pause=0.05"), timeout="PT0.3S"), "PT0.3S")
    bad(request(folder, "http://127.0.0.1:1/"), "GET 'http://127.0.0.1:1/'", "check host and port")
    assert time.monotonic() - begun < 10


def repeats(folder, web):
    web.flaky = 0
    flow = request(folder, web.url("flaky/2"), retryOn=[503])
    assert good(flow)["body"] == "now" and web.flaky == 3 and "answered 503; asking again in 0 seconds (2 of 5)" in flow.log, flow.done
    web.flaky = 0
    bad(request(folder, web.url("flaky/9"), retryOn="5xx"), "answered 503: later")
    assert web.flaky == 5, web.flaky
    web.flaky = 0
    bad(request(folder, web.url("flaky/9"), retryOn=[429]), "answered 503")
    assert web.flaky == 1, web.flaky
    web.flaky, begun = 0, time.monotonic()
    bad(request(folder, web.url("flaky/9?after=50"), retryOn=[503], timeout="PT0.5S"), "PT0.5S")
    assert time.monotonic() - begun < 10


def redirects(folder, web, other):
    def to(target, code=302, **keys):
        before = len(web.seen), len(other.seen)
        flow = request(folder, web.url(f"redirect/{code}?to={urllib.parse.quote(target, safe='')}"), **keys)
        return flow, web.seen[before[0]:], other.seen[before[1]:]

    secret = {"auth": {"username": "u", "password": "p"}, "headers": {"X-Api-Key": "k", "Cookie": "c=1", "Accept": "text/x"}}
    flow, seen, _ = to("/echo", **secret)
    good(flow)
    assert seen[1]["path"] == "/echo" and seen[1]["headers"]["Authorization"] and seen[1]["headers"]["X-Api-Key"] == "k", seen
    flow, _, seen = to(other.url("echo"), **secret)
    good(flow)
    headers = {name.lower(): value for name, value in seen[0]["headers"].items()}
    assert headers["accept"] == "text/x" and not {"authorization", "x-api-key", "cookie"} & set(headers), seen
    # Led away and back again: what the other host chose is not asked for with credentials.
    flow, seen, _ = to(other.url("redirect/302?to=" + urllib.parse.quote(web.url("echo"), safe="")), **secret)
    good(flow)
    assert len(seen) == 2 and "Authorization" not in seen[1]["headers"] and "X-Api-Key" not in seen[1]["headers"], seen
    for code, method, wanted in ((301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"), (308, "PUT", "PUT")):
        flow, seen, _ = to("/echo", code, method=method, body="b")
        good(flow)
        assert (seen[1]["method"], seen[1]["body"]) == (wanted, "b" if wanted != "GET" else ""), (code, seen)
    flow, _, _ = to("/echo", options={"followRedirects": False})
    assert good(flow)["code"] == 302, flow.done
    flow, _, _ = to("file:///etc/passwd")
    bad(flow, "neither http:// nor https://")
    bad(request(folder, web.url("round")), "redirected more than 20 times")


def secrets(folder, web):
    env = {"WEIR_SECRET_K": "pa ss/w%rd"}
    shown = request(folder, web.url("status/500/{{ secret('K') | urlencode }}?key={{ secret('K') | urlencode }}"), env=env,
                    params={"again": "{{ secret('K') }}"}, headers={"X-Key": "{{ secret('K') }}"}, body="{{ secret('K') }}", method="POST")
    assert web.seen[-1]["headers"]["X-Key"] == "pa ss/w%rd" and web.seen[-1]["body"] == "pa ss/w%rd", web.seen[-1]
    assert "answered 500: the body of 500" in shown.log and "/status/500/******'" in shown.log, shown.done
    assert shown.out["uri"].endswith("/status/500/******?key=******&again=******"), shown.out
    for text in ("pa ss", "pa%20ss", "pa+ss"):
        assert text not in shown.done.out and text not in shown.done.err, (text, shown.done)
    down = request(folder, "http://127.0.0.1:1/x?key={{ secret('K') | urlencode }}", env=env)
    bad(down, "127.0.0.1:1/x'")
    assert "key" not in down.log, down.done


# ---- Files

def downloads(folder, web):
    def fetched(path, **keys):
        flow = Flow(folder, {"id": "d", "type": "http.download", "uri": web.url(path), **keys},
                    {"id": "r", "type": "return", "format": "{{ read(outputs.d.uri) }}"})
        assert flow.state == "SUCCESS", flow.done
        return flow.outputs["d"], flow.outputs["r"]["value"]

    def name(*words, **keys):
        return fetched(*words, **keys)[0]["uri"].rsplit("/", 1)[1]

    out, text = fetched("bytes/70000")
    assert text == "x" * 70000 and out["length"] == 70000 and out["code"] == 200 and out["headers"]["Content-Length"] == ["70000"], out
    assert out["uri"].startswith("weir:///") and name("bytes/3") == "3" and name("bytes/3", saveAs="a b.csv") == "a%20b.csv"
    quoted = urllib.parse.quote
    assert name("named/x?disposition=" + quoted('attachment; filename="r.csv"')) == "r.csv"
    assert name("named/x?disposition=" + quoted("attachment; filename=r; filename*=UTF-8''%c3%bc.csv")) == "ü.csv"
    assert name("named/x?disposition=" + quoted('attachment; filename="../../etc/passwd"')) == "passwd"
    assert name("named/x?disposition=" + quoted('attachment; filename=".."')) == "_"
    assert name("gzip/10", saveAs="/x\\y") == "y"
    bad(request(folder, web.url("bytes/0"), "http.download"), "empty file", "'failOnEmptyResponse: false' allows it")
    assert fetched("bytes/0", failOnEmptyResponse=False)[0]["length"] == 0
    assert "uri" not in bad(request(folder, web.url("status/404"), "http.download"), "answered 404: the body of 404")
    bad(request(folder, web.url("endless"), "http.download", maxSize=5000000), "larger than 5000000 bytes")
    bad(request(folder, web.url("cut"), "http.download"), "transfer closed")
    out, text = fetched("redirect/302?to=/bytes/4")
    assert text == "xxxx" and out["length"] == 4, out


# ---- TLS and proxies

def tls(folder, authority, certificate):
    client = authority.certificate("client", "DNS:client")
    pem = authority.file.read_text()
    with Web(certificate) as web, Web(authority.certificate("wrong", "DNS:elsewhere.example")) as wrong, \
            Web(certificate, authority=authority.file) as strict:
        bad(request(folder, web.url("echo")), "certificate", "'tls: {ca: …}' names the authority")
        good(request(folder, web.url("echo"), tls={"ca": pem}))
        (pathlib.Path(folder) / "scripts/own-ca.pem").write_text(pem)
        good(request(folder, web.url("echo"), tls={"ca": "own-ca.pem"}))
        good(request(folder, web.url("echo"), options={"ssl": {"insecureTrustAllCertificates": True}}))
        bad(request(folder, wrong.url("echo"), tls={"ca": pem}), "127.0.0.1")
        bad(request(folder, strict.url("echo"), tls={"ca": pem}), "GET '")
        good(request(folder, strict.url("echo"), tls={"ca": pem, "certificate": client[0].read_text(), "key": client[1].read_text()}))
        bad(request(folder, web.url("echo"), tls={"ca": "missing.pem"}), "property 'tls.ca'")
        with Proxy("me:pw") as proxy:
            through = {"type": "HTTP", "address": "127.0.0.1", "port": proxy.port, "username": "me", "password": "pw"}
            good(request(folder, web.url("echo"), tls={"ca": pem}, options={"proxy": through}))
            assert proxy.seen[-1][0] == ["CONNECT", f"127.0.0.1:{web.port}"], proxy.seen
            bad(request(folder, web.url("echo"), tls={"ca": pem}, options={"proxy": {**through, "password": "no"}}), "407")
        # What the environment says of proxies is the server's, not the flow's.
        good(request(folder, web.url("echo"), tls={"ca": pem}, env={"https_proxy": "http://127.0.0.1:1"}))


def without_library(folder, web):
    broken = pathlib.Path(folder) / "broken"
    broken.mkdir()
    (broken / "libcurl.so.4").write_text("nothing")
    bad(request(folder, web.url("echo"), env={"LD_LIBRARY_PATH": str(broken)}), "cannot use the library 'libcurl.so.4'", "Debian: libcurl4")


# ---- A server and its rules

class Served:
    """`weir serve` with flows of one task each, and what it allows."""

    def __init__(self, folder, tasks, allowed):
        self.repository = Repository(folder)
        self.repository.write("weir.yaml", "name: x\n")
        self.repository.write("domains/n/domain.yaml", "owner: me\n")
        for name, task in tasks.items():
            self.repository.write(f"domains/n/flows/{name}.yaml", json.dumps({"id": name, "tasks": [{"id": "t", **task}]}))
        self.repository.push("flows")
        config = pathlib.Path(folder) / "server.yaml"
        config.write_text(json.dumps({"runner": {"private_addresses": allowed} if allowed else {}}))
        self.server = Server(folder, self.repository.bare, "--config", config)
        self.files = self.server.data / "files"

    def live(self, flow):
        eventually(lambda: any(one["id"] == flow for one in self.server.every("/v1/flows")), what=f"flow {flow}")

    def run(self, flow):
        self.live(flow)
        return self.server.weir("run", f"n.{flow}", "--follow")

    def begin(self, flow):
        self.live(flow)
        return must(self.server.weir("run", f"n.{flow}", "--output", "json")).json()["id"]

    def state(self, run_id):
        return self.server.json(f"/v1/runs/{run_id}")["state"]

    def kept(self):
        return [path for path in self.files.rglob("*") if path.is_file()]


def refusals(folder, web, six):
    addresses = {"plain": web.url("echo"), "name": web.url("echo").replace("127.0.0.1", "localhost"),
                 "number": web.url("echo").replace("127.0.0.1", "2130706433"), "mapped": web.url("echo").replace("127.0.0.1", "[::ffff:127.0.0.1]"),
                 "six": six.url("echo"), "meta": "http://169.254.169.254/latest/", "private": "http://10.1.2.3/",
                 "zero": web.url("echo").replace("127.0.0.1", "0.0.0.0")}
    served = Served(folder, {name: {"type": "http.request", "uri": uri} for name, uri in addresses.items()}, None)
    with served.server:
        before = len(web.seen) + len(six.seen)
        for name in addresses:
            done = served.run(name)
            text = done.out + done.err
            assert done.status == 1 and "which tasks may not reach" in text and "private_addresses: [" in text, done
        assert len(web.seen) + len(six.seen) == before, "a refused address was connected to"


def allowances(folder, web, second):
    target = urllib.parse.quote(second.url("echo"), safe="")
    tasks = {"here": {"type": "http.request", "uri": web.url("echo")}, "led": {"type": "http.request", "uri": web.url(f"redirect/302?to={target}")},
             "proxied": {"type": "http.request", "uri": "http://127.0.0.2:1/", "options": {"proxy": {"address": "127.0.0.1", "port": web.port}}}}
    served = Served(folder, tasks, ["127.0.0.1/32"])
    with served.server:
        assert served.run("here").status == 0
        for flow in ("led", "proxied"):
            done = served.run(flow)
            assert done.status == 1 and "127.0.0.2" in done.out + done.err and "may not reach" in done.out + done.err, done
        assert second.seen == [], "a redirect led to a refused address"


def interruptions(folder, web):
    retry = {"type": "constant", "interval": "PT0.1S", "maxAttempts": 3}
    served = Served(folder, {"slow": {"type": "http.download", "uri": web.url("endless?pause=0.02"), "saveAs": "x"},
                             "again": {"type": "http.download", "uri": web.url("endless?pause=0.02"), "saveAs": "x", "retry": retry}}, "allow")
    with served.server:
        run_id = served.begin("slow")
        eventually(lambda: any("/endless" in one["path"] for one in web.seen), what="the download to begin")
        web.hung_up.clear()
        begun = time.monotonic()
        must(served.server.weir("runs", "kill", run_id))
        eventually(lambda: served.state(run_id) == "KILLED", what="KILLED")
        assert web.hung_up.wait(5) and time.monotonic() - begun < 5, "the transfer went on"
        assert served.kept() == [], served.kept()
        before = len(web.seen)
        run_id = served.begin("again")
        eventually(lambda: len(web.seen) > before, what="the download to begin")
        time.sleep(0.1)
        served.server.kill()
        assert served.kept() == [], served.kept()
        web.hung_up.clear()
        served.server.start()
        eventually(lambda: len(web.seen) > before + 1, 40, what="the second attempt")
        must(served.server.weir("runs", "kill", run_id))
        eventually(lambda: served.state(run_id) == "KILLED", what="KILLED")
        assert served.kept() == [], served.kept()


def refused_configuration(folder):
    config = pathlib.Path(folder) / "wrong.yaml"
    config.write_text("runner: {private_addresses: [10.0.0.0/33]}\n")
    repository = Repository(folder)
    repository.push("nothing")
    done = weir("serve", repository.bare, "--config", config, "--store", f"sqlite:{folder}/d/weir.db", "--listen", "127.0.0.1:0")
    assert done.status != 0 and "'10.0.0.0/33' is neither 'allow' nor a network" in done.err, done


def main():
    with temporary() as folder, Web() as web, Web() as other:
        for story in (bodies, uploads, credentials, answers, limits, repeats, secrets, downloads, without_library):
            story(folder, web)
        redirects(folder, web, other)
        authority = Authority(folder)
        tls(folder, authority, authority.certificate("good", "IP:127.0.0.1,DNS:localhost"))
    with temporary() as folder, Web() as web, Web(host="::1") as six:
        refusals(folder, web, six)
    with temporary() as folder, Web() as web, Web(host="127.0.0.2") as second:
        allowances(folder, web, second)
    with temporary() as folder, Web() as web:
        interruptions(folder, web)
    with temporary() as folder:
        refused_configuration(folder)


if __name__ == "__main__":
    main()
