"""An SMTP server for the stories that send mail: it keeps what it is given, and refuses whom it is told to."""

import asyncio
import email
import email.policy
import logging
import socket
import ssl
import sys
import threading
import warnings

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ModuleNotFoundError:
    # Debian's package serves Debian's own Python; this one may be another.
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        from aiosmtpd.smtp import SMTP, AuthResult
    except ModuleNotFoundError:
        raise SystemExit("'aiosmtpd' is not installed: apt-get install python3-aiosmtpd (script/bootstrap does)")


class Sink:
    """Listens on a free port. tls: "" (none), "starttls" or "smtps"; users: {name: password} makes it want one of them."""

    def __init__(self, certificate=None, tls="", users=None, refused=(), silent=False):
        self.mails, self.users, self.refused, self.silent, self.tls, self.logins = [], users, refused, silent, tls, []
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
        starttls = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {}
        login = {"authenticator": self.authenticate, "auth_required": True, "auth_require_tls": bool(tls == "starttls")} if users else {}
        self.loop = asyncio.new_event_loop()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        ready = threading.Event()
        # It warns of implicit TLS, which it does not see.
        warnings.simplefilter("ignore")
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)

        def serve():
            asyncio.set_event_loop(self.loop)
            self.loop.run_until_complete(self.loop.create_server(
                lambda: SMTP(self, loop=self.loop, **starttls, **login), sock=self.listener, ssl=context if tls == "smtps" else None))
            ready.set()
            self.loop.run_forever()

        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()
        ready.wait(10)

    def encrypted(self, session):
        return self.tls == "smtps" or session.ssl is not None

    def authenticate(self, _server, session, _envelope, _mechanism, data):
        name, password = data.login.decode(), data.password.decode()
        self.logins.append((name, self.encrypted(session)))
        return AuthResult(success=self.users.get(name) == password, handled=False)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.silent:
            await asyncio.sleep(30)
        if address in self.refused:
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        self.mails.append(Mail(envelope, self.encrypted(session)))
        return "250 OK"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.listener.close()


class Mail:
    def __init__(self, envelope, encrypted):
        self.sender, self.recipients, self.encrypted, self.raw = envelope.mail_from, envelope.rcpt_tos, encrypted, envelope.content
        self.message = email.message_from_bytes(self.raw, policy=email.policy.default)

    def parts(self, kind=None):
        return [part for part in self.message.walk() if not part.is_multipart() and (kind is None or part.get_content_type() == kind)]

    def shape(self):
        """The tree of content types."""
        def of(part):
            return [part.get_content_type(), *map(of, part.iter_parts())] if part.is_multipart() else part.get_content_type()
        return of(self.message)


class Stalling:
    """Takes everything, and stops reading in the middle of the mail."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.begun, self.go_on, self.content = threading.Event(), threading.Event(), None
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        client, _ = self.listener.accept()
        with client, client.makefile("rb") as lines:
            client.sendall(b"220 hello\r\n")
            while (line := lines.readline()):
                data = line.upper().startswith(b"DATA")
                client.sendall(b"354 go on\r\n" if data else b"250 OK\r\n")
                if data:
                    break
            lines.read(1000)
            self.begun.set()
            self.go_on.wait(30)
            try:
                self.content = lines.read()
            except OSError:
                self.content = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go_on.set()
        self.thread.join(10)
        self.listener.close()
