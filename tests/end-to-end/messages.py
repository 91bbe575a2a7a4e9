#!/usr/bin/env python3
"""The tasks that send mail and post to webhooks."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from flows import Flow, bad, good  # noqa: E402
from git_servers import Authority  # noqa: E402
from mail_sink import Sink, Stalling  # noqa: E402
from weir import temporary  # noqa: E402
from web import Web  # noqa: E402


def send(folder, sink, env=None, type="mail.send", **keys):
    task = {"id": "t", "type": type, "host": "127.0.0.1", "port": sink.port, "transportStrategy": "SMTP", "from": "weir@example.com",
            "to": "ann@example.com", **keys}
    return Flow(folder, task, env=env)


def texts(folder, sink):
    out = good(send(folder, sink, subject="Grüße – an alle, die sehr lange Zeilen in Betreffen lieben und davon nie genug haben",
                    to=["Änn <ann@example.com>", '"Last, First" <bob@example.com>; carl@example.com'], cc="Dörte <d@example.com>",
                    bcc="hidden@example.com", replyTo="back@example.com", **{"from": "Wéir <weir@example.com>"},
                    plainTextContent="one ü\n.\n..two\nlast " + "x" * 3000, htmlTextContent="<p>ü</p>\n"))
    mail = sink.mails[-1]
    assert mail.sender == "weir@example.com", mail.sender
    assert mail.recipients == [f"{who}@example.com" for who in ("ann", "bob", "carl", "d", "hidden")], mail.recipients
    message = mail.message
    assert message["Subject"] == "Grüße – an alle, die sehr lange Zeilen in Betreffen lieben und davon nie genug haben", message["Subject"]
    assert [(one.display_name, one.addr_spec) for one in message["To"].addresses] == [
        ("Änn", "ann@example.com"), ("Last, First", "bob@example.com"), ("", "carl@example.com")], message["To"]
    assert message["Cc"].addresses[0].display_name == "Dörte" and message["From"].addresses[0].display_name == "Wéir"
    assert message["Reply-To"] == "back@example.com" and message["Bcc"] is None and b"hidden@" not in mail.raw
    assert message["Message-ID"] == out["messageId"] and message["Date"].datetime is not None and message["MIME-Version"] == "1.0"
    assert mail.shape() == ["multipart/mixed", ["multipart/alternative", "text/plain", "text/html"]], mail.shape()
    plain, html = mail.parts("text/plain")[0], mail.parts("text/html")[0]
    assert plain.get_content().replace("\r\n", "\n").rstrip("\n") == "one ü\n.\n..two\nlast " + "x" * 3000, plain.get_content()[:80]
    assert html.get_content().strip() == "<p>ü</p>" and plain.get_content_charset() == "utf-8"
    assert all(len(line) <= 998 and line.isascii() for line in mail.raw.split(b"\r\n")), "a line is too long or not ASCII"
    good(send(folder, sink, plainTextContent="alone", subject="=?UTF-8?Q?raw?="))
    assert sink.mails[-1].message["Subject"] == "=?UTF-8?Q?raw?=" and sink.mails[-1].parts()[0].get_content().strip() == "alone"


def injections(folder, sink):
    evil = "x\r\nBcc: evil@example.com\r\n\r\nbody"
    good(send(folder, sink, subject=evil))
    assert sink.mails[-1].message["Bcc"] is None and sink.mails[-1].recipients == ["ann@example.com"], sink.mails[-1].raw
    before = len(sink.mails)
    for keys, word in (({"to": "a@example.com\r\nBcc: evil@example.com"}, "property 'to'"), ({"from": "a@b\r\nX: y <a@example.com>"}, "property 'from'"),
                       ({"cc": "no address"}, "property 'cc': 'no address' is no address like"), ({"to": "<a@example.com> RCPT"}, "property 'to'"),
                       ({"to": "a b@example.com"}, "property 'to'"), ({"to": " ; "}, "property 'to' holds no address"),
                       ({"from": "a@example.com, b@example.com"}, "must be one address"),
                       ({"attachments": [{"name": "a\r\nX: y", "uri": "data.csv"}]}, "line break"),
                       ({"attachments": [{"name": "a", "uri": "data.csv", "contentType": "text/csv\r\nX: y"}]}, "line break"),
                       ({"attachments": [{"name": "a", "uri": "../flow.yaml"}]}, "leads out of its folder"),
                       ({"attachments": [{"name": "a", "uri": "none.csv"}]}, "cannot read the file 'none.csv'"),
                       ({"host": "127.0.0.1/x"}, "property 'host'"), ({"transportStrategy": "PIGEON"}, "must be SMTP, SMTPS or SMTP_TLS")):
        bad(send(folder, sink, **keys), word)
    assert len(sink.mails) == before


def files(folder, sink):
    scripts = pathlib.Path(folder) / "scripts"
    scripts.mkdir()
    (scripts / "data.csv").write_bytes(bytes(range(256)) * 300)
    (scripts / "dot.png").write_bytes(b"\x89PNG")
    attachments = [{"name": "überblick.csv", "uri": "data.csv", "contentType": "text/csv"}, {"name": 'a "b".bin', "uri": "data.csv"}]
    good(send(folder, sink, htmlTextContent='<img src="cid:dot.png">', attachments=attachments,
              embeddedImages=[{"name": "dot.png", "uri": "dot.png", "contentType": "image/png"}]))
    mail = sink.mails[-1]
    assert mail.shape() == ["multipart/mixed", ["multipart/related", ["multipart/alternative", "text/plain", "text/html"], "image/png"],
                            "text/csv", "application/octet-stream"], mail.shape()
    csv, other, image = mail.parts("text/csv")[0], mail.parts("application/octet-stream")[0], mail.parts("image/png")[0]
    assert csv.get_filename() == "überblick.csv" and csv.get_content_disposition() == "attachment", csv.items()
    assert csv.get_payload(decode=True) == bytes(range(256)) * 300, csv.get_payload()[:500]
    assert other.get_filename() == 'a "b".bin' and image["Content-ID"] == "<dot.png>", (other.get_filename(), image["Content-ID"])
    assert image.get_content_disposition() == "inline" and image.get_payload(decode=True) == b"\x89PNG"
    # Kestra's flows hand a list on as JSON.
    good(send(folder, sink, attachments=json.dumps(attachments)))
    assert len(sink.mails[-1].parts("text/csv")) == 1


def transports(folder, authority, certificate):
    pem, users = authority.file.read_text(), {"me": "s3cret-word"}
    login = {"username": "me", "password": "{{ secret('P') }}"}
    env = {"WEIR_SECRET_P": "s3cret-word"}
    with Sink(certificate, "smtps", users) as sink:
        safe = {"transportStrategy": "SMTPS", "tls": {"ca": pem}, **login}
        good(send(folder, sink, env=env, **safe))
        assert sink.mails[-1].encrypted and sink.logins == [("me", True)], sink.logins
        bad(send(folder, sink, env=env, **{**safe, "tls": {}}), "certificate", "'tls: {ca: …}'")
        good(send(folder, sink, env=env, **{**safe, "tls": {}, "trustedHosts": ["127.0.0.1"]}))
        wrong = send(folder, sink, env={"WEIR_SECRET_P": "wrong-word"}, **safe)
        bad(wrong, "check 'username' and 'password'")
        assert "wrong-word" not in wrong.done.err + wrong.done.out, wrong.done
    with Sink(certificate, "starttls", users) as sink:
        safe = {"transportStrategy": "SMTP_TLS", "tls": {"ca": pem}, **login}
        good(send(folder, sink, env=env, **safe))
        assert sink.mails[-1].encrypted and sink.logins[-1] == ("me", True)
        bad(send(folder, sink, env=env, **{**safe, "tls": {}}), "certificate")
        plain = send(folder, sink, env=env, **{**safe, "transportStrategy": "SMTP", "tls": {}})
        good(plain)
        assert sink.mails[-1].encrypted and "not verified" in plain.log, plain.done
    with Sink() as sink:
        bad(send(folder, sink, transportStrategy="SMTP_TLS"), "STARTTLS")
        assert sink.mails == []
    with Sink(refused=("bob@example.com",)) as sink:
        bad(send(folder, sink, to="ann@example.com, bob@example.com"), "550 5.1.1 nobody of that name")
        assert sink.mails == [], "some were sent to, and the task failed"
    with Sink(silent=True) as sink:
        begun = time.monotonic()
        bad(send(folder, sink, sessionTimeout=300), "silent for 0.3 seconds")
        bad(send(folder, sink, timeout="PT0.5S"), "PT0.5S")
        assert time.monotonic() - begun < 10
    (pathlib.Path(folder) / "scripts/large.bin").write_bytes(b"l" * 20_000_000)
    with Stalling() as sink:
        begun = time.monotonic()
        bad(send(folder, sink, timeout="PT1S", attachments=[{"name": "l", "uri": "large.bin"}]), "PT1S")
        assert time.monotonic() - begun < 10 and sink.begun.is_set()
        sink.go_on.set()
        sink.thread.join(10)
        assert sink.content is not None and not sink.content.endswith(b"\r\n.\r\n"), "half a mail was sent as a whole one"
    bad(Flow(folder, {"id": "t", "type": "mail.send", "host": "127.0.0.1", "port": 1, "from": "a@b.c", "to": "a@b.c"}), "mail by SMTPS to '127.0.0.1:1'")


def about_runs(folder, sink, web):
    fails = {"id": "x", "type": "fail", "errorMessage": "no rows <today>"}
    mail = {"id": "m", "type": "io.kestra.plugin.notifications.mail.MailExecution", "host": "127.0.0.1", "port": sink.port,
            "transportStrategy": "SMTP", "from": "a@example.com", "to": "b@example.com", "customMessage": "look at it", "customFields": {"Team": "x"}}
    slack = {"id": "s", "type": "io.kestra.plugin.notifications.slack.SlackExecution", "url": web.url("hook/s3cret"), "channel": "#ops"}
    flow = Flow(folder, fails, errors=[mail, slack])
    assert flow.state == "FAILED", flow.done
    message = sink.mails[-1]
    assert message.message["Subject"] == "n.f FAILED", message.message["Subject"]
    plain, html = message.parts("text/plain")[0].get_content(), message.parts("text/html")[0].get_content()
    for text in ("look at it", "Failed task: x", "Reason: no rows <today>", "Team: x"):
        assert text in plain, plain
    assert "no rows &lt;today&gt;" in html, html
    posted = json.loads(web.seen[-1]["body"])
    assert posted["text"] == "n.f FAILED" and posted["channel"] == "#ops" and posted["attachments"][0]["color"] == "danger", posted
    assert {"title": "Failed task", "value": "x", "short": True} in posted["attachments"][0]["fields"], posted


def webhooks(folder, web):
    def posted(type, **keys):
        out = good(Flow(folder, {"id": "t", "type": type, "url": web.url("hook/T0/s3cret"), **keys}))
        assert out == {"code": 200} and web.seen[-1]["method"] == "POST", out
        assert web.seen[-1]["headers"]["Content-Type"] == "application/json", web.seen[-1]
        return json.loads(web.seen[-1]["body"])

    kestra = "io.kestra.plugin.notifications."
    assert posted("notify.slack", messageText="hi ü") == {"text": "hi ü"}
    assert posted(kestra + "slack.SlackIncomingWebhook", payload='{"text": "from {{ flow.id }}"}') == {"text": "from f"}
    assert posted("notify.slack", payload={"blocks": [1]}, username="w", iconEmoji=":x:", iconUrl="u") == {
        "blocks": [1], "username": "w", "icon_emoji": ":x:", "icon_url": "u"}
    assert posted("notify.webhook", payload={"a": 1}) == {"a": 1}
    assert posted("notify.webhook", payload="[1]") == [1]
    assert posted("notify.webhook", messageText="x") == {"text": "x"}
    assert posted(kestra + "discord.DiscordIncomingWebhook", messageText="x") == {"content": "x"}
    assert posted(kestra + "teams.TeamsIncomingWebhook", payload="{}", options={"headers": {"X-Own": "y"}}) == {}
    assert web.seen[-1]["headers"]["X-Own"] == "y"
    slack = {"id": "t", "type": "notify.slack"}
    for keys, word in (({"payload": "{nonsense", "url": web.url("x")}, "property 'payload' is no JSON"), ({"url": web.url("x")}, "nothing to post"),
                       ({"payload": "[]", "url": web.url("x")}, "must be an object"), ({"messageText": "x", "url": "ftp://h/x"}, "property 'url'")):
        bad(Flow(folder, {**slack, **keys}), word)
    for host, word in ((web.url("status/404/s3cret"), "answered 404: the body of 404"), ("http://127.0.0.1:1/s3cret", "check host and port")):
        failed = Flow(folder, {**slack, "messageText": "x", "url": host})
        bad(failed, word)
        assert "s3cret" not in failed.done.err, failed.done


def main():
    with temporary() as folder, Sink() as sink, Web() as web:
        texts(folder, sink)
        injections(folder, sink)
        files(folder, sink)
        about_runs(folder, sink, web)
        webhooks(folder, web)
        authority = Authority(folder)
        transports(folder, authority, authority.certificate("good", "IP:127.0.0.1"))


if __name__ == "__main__":
    main()
