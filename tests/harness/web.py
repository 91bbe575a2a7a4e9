"""An HTTP server for the stories of the network tasks: what it does is said by the path that it is asked for."""

import gzip
import http.server
import json
import socket
import ssl
import threading
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while (size := int(self.rfile.readline(), 16)):
                self.content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.web.seen.append({"method": self.command, "path": self.path, "headers": {name.title(): value for name, value in self.headers.items()},
                              "body": self.content.decode("utf-8", "surrogateescape")})
        word, _, rest = url.path.strip("/").partition("/")
        getattr(self, "do_" + word, self.do_echo)(rest)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any

    def do_echo(self, _):
        self.answer(200, json.dumps(self.web.seen[-1]).encode(), Content_Type="application/json")

    def do_status(self, code):
        code = code.split("/")[0]
        self.answer(int(code), f"the body of {code}".encode(), Content_Type="text/plain")

    def do_flaky(self, times):
        """503 as often as told, then 200."""
        self.web.flaky += 1
        if self.web.flaky <= int(times):
            self.answer(503, b"later", Retry_After=self.query.get("after", "0"))
        else:
            self.answer(200, b"now")

    def do_redirect(self, code):
        self.answer(int(code), Location=self.query["to"])

    def do_round(self, _):
        self.answer(302, Location="/round")

    def do_bytes(self, count):
        self.answer(200, b"x" * int(count))

    def do_endless(self, _):
        """Sends for ever, as fast as it can, or a byte each `pause` seconds."""
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        pause = float(self.query.get("pause", 0))
        try:
            while not self.web.closed:
                self.wfile.write(b"y" if pause else b"y" * 65536)
                time.sleep(pause)
        except OSError:
            self.web.hung_up.set()

    def do_silent(self, _):
        """Says that an answer comes, and nothing more."""
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"begun")
        while not self.web.closed:
            time.sleep(0.02)

    def do_cut(self, _):
        self.answer(200, b"half", Content_Length="1000")
        self.close_connection = True

    def do_gzip(self, size):
        self.answer(200, gzip.compress(b"z" * int(size)), Content_Encoding="gzip")

    def do_latin(self, _):
        self.answer(200, "é".encode("latin-1"), Content_Type="text/plain; charset=ISO-8859-1")

    def do_binary(self, _):
        self.answer(200, b"a\0\xff", Content_Type="application/octet-stream")

    def do_named(self, name):
        self.answer(200, b"content", Content_Disposition=self.query["disposition"])

    def do_headers(self, _):
        self.answer(200, b"", X_Many="one", x_many="two")


class Web:
    """Serves on a free port of host. certificate: (certificate, key) makes it https; asks for one in turn when authority is given."""

    def __init__(self, certificate=None, host="127.0.0.1", authority=None):
        self.seen, self.flaky, self.closed, self.hung_up = [], 0, False, threading.Event()
        web = self

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server((host, 0), type("WebHandler", (Handler,), {"web": web}))
        self.port = self.server.server_port
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if authority:
                context.load_verify_locations(authority)
                context.verify_mode = ssl.CERT_REQUIRED
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.base = f"{'https' if certificate else 'http'}://{host if ':' not in host else f'[{host}]'}:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"{self.base}/{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True
        self.server.shutdown()
        self.server.server_close()
