"""Git servers on this machine for the stories: nginx with git's own http backend and a certificate authority, OpenSSH's sshd,
git's daemon; and servers that do what no server should: fall silent, redirect, close. All on free ports of 127.0.0.1, in a folder of
their own, as root or as a plain user, without systemd. What is missing is said, with the name of its package."""

import base64
import contextlib
import ctypes
import http.server
import os
import pathlib
import pwd
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time

from weir import Repository, eventually, free_port, must, run

BACKEND = "/usr/lib/git-core/git-http-backend"
PACKAGES = {"nginx": "nginx-light", "fcgiwrap": "fcgiwrap", "sshd": "openssh-server", "ssh": "openssh-client", "ssh-keygen": "openssh-client",
            "openssl": "openssl", "git": "git"}


def program(name):
    """The path of a program; most of these are where only root looks."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")
    if path is None:
        raise SystemExit(f"'{name}' is not installed: apt-get install {PACKAGES[name]} (script/bootstrap does)")
    return path


def die_with_parent():
    """A story that is killed leaves no server behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def user():
    return pwd.getpwuid(os.geteuid()).pw_name


class Process:
    """A server that was started here; ended by its process id, with those that it started."""

    def __init__(self, words, log, **options):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen([str(word) for word in words], stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                                            start_new_session=True, preexec_fn=die_with_parent, **options)

    def listens(self, port):
        def look():
            assert self.process.poll() is None, f"{self.process.args[0]} ended:\n{self.log.read_text()}"
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        eventually(look, what=f"{self.process.args[0]} to listen")
        return self

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        # fcgiwrap's children wait for a last request.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# ---- Certificates

class Authority:
    """A certificate authority, and the certificates it makes out."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True)
        self.file = self.folder / "ca.pem"
        self.key = self.folder / "ca.key"
        openssl = program("openssl")
        must(run(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                 "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.file))
        (self.folder / "index.txt").touch()
        (self.folder / "serial").write_text("01\n")
        (self.folder / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.folder}/index.txt\nserial={self.folder}/serial\nnew_certs_dir={self.folder}\n"
            f"certificate={self.file}\nprivate_key={self.key}\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\nunique_subject=no\n"
            "[p]\ncommonName=supplied\n")

    def certificate(self, name, names, begin="20200101000000Z", end="20991231000000Z"):
        """(certificate, key) for subject alternative names such as IP:127.0.0.1 and DNS:localhost."""
        certificate, key, request = (self.folder / f"{name}.{kind}" for kind in ("pem", "key", "csr"))
        openssl = program("openssl")
        must(run(openssl, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                 "-addext", f"subjectAltName={names}", "-keyout", key, "-out", request))
        must(run(openssl, "ca", "-batch", "-notext", "-config", self.folder / "ca.cnf", "-startdate", begin, "-enddate", end,
                 "-in", request, "-out", certificate))
        return certificate, key


# ---- http and https

NGINX = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
	access_log {folder}/access.log;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	client_max_body_size 100m;
	{servers}
}}
"""
NGINX_SERVER = """
	server {{
		listen 127.0.0.1:{port} {tls};
		{certificate}
		location ~ ^/private/ {{
			auth_basic "weir's test";
			auth_basic_user_file {folder}/passwords;
			rewrite ^/private(/.*)$ $1 break;
			include {folder}/backend;
		}}
		location ~ ^/public/ {{
			rewrite ^/public(/.*)$ $1 break;
			include {folder}/backend;
		}}
		location /renamed/ {{ rewrite ^/renamed(/.*)$ /private$1 permanent; }}
		location /round/ {{ rewrite ^(.*)$ $1 permanent; }}
		location /elsewhere/ {{ return 302 {elsewhere}$request_uri; }}
		location /downgrade/ {{ return 302 http://127.0.0.1:1$request_uri; }}
		location /broken/ {{ return 503; }}
		location /page/ {{ default_type text/html; return 200 "<html>no repository</html>"; }}
	}}
"""
BACKEND_RULES = """
fastcgi_pass unix:{folder}/fcgi.socket;
fastcgi_param SCRIPT_FILENAME {backend};
fastcgi_param GIT_HTTP_EXPORT_ALL "";
fastcgi_param GIT_PROJECT_ROOT {root};
fastcgi_param REMOTE_USER $remote_user;
fastcgi_param PATH_INFO $uri;
fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
fastcgi_param GIT_CONFIG_NOSYSTEM 1;
fastcgi_param HOME {folder};
"""


class WebServer:
    """nginx in front of git's http backend, over the repositories below root: /private wants a password, /public does not. One port
    speaks http, the others https, each with a certificate of its own."""

    def __init__(self, folder, root, elsewhere="https://127.0.0.1:1"):
        self.folder = pathlib.Path(folder) / "web"
        self.folder.mkdir()
        self.root, self.elsewhere = root, elsewhere
        self.authority = Authority(self.folder)
        self.good = self.authority.certificate("good", "IP:127.0.0.1,DNS:localhost")
        self.ports = {"http": free_port(), "https": free_port(), "expired": free_port(), "misnamed": free_port()}
        self.certificates = {
            "https": self.good,
            "expired": self.authority.certificate("expired", "IP:127.0.0.1", end="20210101000000Z"),
            "misnamed": self.authority.certificate("misnamed", "DNS:git.example.com"),
        }
        self.passwords({})
        self.processes = []

    def passwords(self, users):
        lines = [f"{name}:{must(run(program('openssl'), 'passwd', '-apr1', '-stdin', stdin=password)).out.strip()}"
                 for name, password in users.items()]
        # In place, as a whole: nginx reads it at each request.
        new = self.folder / "passwords.new"
        new.write_text("".join(line + "\n" for line in lines))
        new.rename(self.folder / "passwords")

    def start(self):
        servers = "".join(NGINX_SERVER.format(
            port=port, tls="" if name == "http" else "ssl", folder=self.folder, elsewhere=self.elsewhere,
            certificate="" if name == "http" else
            "ssl_certificate {};\n\t\tssl_certificate_key {};".format(*self.certificates[name])) for name, port in self.ports.items())
        (self.folder / "backend").write_text(BACKEND_RULES.format(folder=self.folder, backend=BACKEND, root=self.root))
        (self.folder / "nginx.conf").write_text(NGINX.format(
            folder=self.folder, servers=servers, user="user root;" if os.geteuid() == 0 else ""))
        assert pathlib.Path(BACKEND).exists(), f"'{BACKEND}' is missing: apt-get install git"
        (self.folder / "fcgi.socket").unlink(missing_ok=True)
        self.processes = [
            Process([program("fcgiwrap"), "-c", "4", "-f", "-s", f"unix:{self.folder}/fcgi.socket"], self.folder / "fcgi.log"),
            Process([program("nginx"), "-e", self.folder / "error.log", "-p", self.folder, "-c", self.folder / "nginx.conf"],
                    self.folder / "nginx.log")]
        eventually(lambda: (self.folder / "fcgi.socket").exists(), what="fcgiwrap's socket")
        for port in self.ports.values():
            self.processes[-1].listens(port)
        return self

    def stop(self):
        for process in reversed(self.processes):
            process.stop()
        self.processes = []

    def url(self, path, port="https"):
        return f"{'http' if port == 'http' else 'https'}://127.0.0.1:{self.ports[port]}/{path}"

    def requests(self):
        log = self.folder / "access.log"
        return log.read_text().splitlines() if log.exists() else []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


# ---- ssh

class SshServer:
    """OpenSSH's server for the user that runs this, with host keys and authorised keys of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "ssh"
        self.folder.mkdir()
        self.port = free_port()
        self.host_keys = {kind: self.key(f"host_{kind}", kind) for kind in ("ed25519", "rsa", "ecdsa")}
        self.authorise()
        self.process = self.made = None

    def key(self, name, kind="ed25519", passphrase="", form=None):
        path = self.folder / name
        for old in (path, path.with_suffix(".pub")):
            old.unlink(missing_ok=True)
        must(run(program("ssh-keygen"), "-q", "-t", kind, *(["-b", "2048"] if kind == "rsa" else []),
                 *(["-m", form] if form else []), "-N", passphrase, "-C", name, "-f", path))
        return path

    def public(self, key):
        """"ssh-ed25519 AAAA…" of a key."""
        return " ".join(pathlib.Path(f"{key}.pub").read_text().split()[:2])

    def fingerprint(self, key):
        return must(run(program("ssh-keygen"), "-lf", f"{key}.pub")).out.split()[1]

    def authorise(self, *keys):
        path = self.folder / "authorized_keys"
        path.write_text("".join(self.public(key) + "\n" for key in keys))
        path.chmod(0o600)

    def known_hosts(self, *keys, name="known_hosts", hashed=False, marker=""):
        """A file that trusts these host keys."""
        path = self.folder / name
        path.write_text("".join(f"{marker}[127.0.0.1]:{self.port} {self.public(key)}\n" for key in keys))
        if hashed:
            must(run(program("ssh-keygen"), "-H", "-f", path))
            pathlib.Path(f"{path}.old").unlink()
            assert "127.0.0.1" not in path.read_text()
        return path

    def start(self, kinds=("ed25519", "rsa", "ecdsa")):
        lines = [f"Port {self.port}", "ListenAddress 127.0.0.1", f"PidFile {self.folder}/pid", "UsePAM no", "StrictModes no",
                 f"AuthorizedKeysFile {self.folder}/authorized_keys", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
                 "PermitRootLogin prohibit-password", "LogLevel VERBOSE", f"SetEnv GIT_CONFIG_NOSYSTEM=1 HOME={self.folder}"]
        lines += [f"HostKey {self.host_keys[kind]}" for kind in kinds]
        (self.folder / "sshd_config").write_text("\n".join(lines) + "\n")
        separation = pathlib.Path("/run/sshd")
        if os.geteuid() == 0 and not separation.exists():
            separation.mkdir(mode=0o755)
            self.made = separation
        self.process = Process([program("sshd"), "-D", "-e", "-f", self.folder / "sshd_config"], self.folder / "sshd.log")
        self.process.listens(self.port)
        return self

    def stop(self):
        if self.process:
            self.process.stop()
        if self.made:
            self.made.rmdir()
        self.process = self.made = None

    def url(self, path):
        return f"ssh://{user()}@127.0.0.1:{self.port}{path}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Agent:
    """ssh-agent with some keys."""

    def __init__(self, folder, *keys):
        self.socket = pathlib.Path(folder) / "agent.socket"
        self.socket.unlink(missing_ok=True)
        self.process = Process([program("ssh-agent") if shutil.which("ssh-agent") else "ssh-agent", "-D", "-a", self.socket],
                               pathlib.Path(folder) / "agent.log")
        eventually(self.socket.exists, what="the agent's socket")
        for key in keys:
            must(run("ssh-add", "-q", key, env={"SSH_AUTH_SOCK": str(self.socket)}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()


# ---- Servers that misbehave

class Wire:
    """A port that hands bytes on to another one, until it is told to be silent: then connections stay open and nothing comes."""

    def __init__(self, target):
        self.target = target
        self.limit = None  # bytes that a connection may still bring from the server; None: any number
        self.pause = 0  # seconds between pieces of one byte; 0: no trickle
        self.brought = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        self.closed = False
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(client)
            if self.target is None:
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            self.sockets.append(server)
            threading.Thread(target=self.carry, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self.carry, args=(server, client, True), daemon=True).start()

    def carry(self, source, target, from_server):
        brought = 0
        try:
            while not self.closed:
                piece = source.recv(4096)
                if not piece:
                    target.shutdown(socket.SHUT_WR)
                    return
                while from_server and self.limit is not None and brought + len(piece) > self.limit and not self.closed:
                    time.sleep(0.02)
                brought += len(piece)
                self.brought += len(piece) if from_server else 0
                for start in range(0, len(piece), 1 if self.pause and from_server else len(piece)):
                    target.sendall(piece[start:start + 1] if self.pause and from_server else piece)
                    time.sleep(self.pause if from_server else 0)
        except OSError:
            return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True
        # Wakes the thread first: the number of a descriptor that is closed under it may be another's by then.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()


class Background:
    """A server of the standard library, on a thread of its own."""

    def serve(self, server):
        self.server = server
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Recorder(Background):
    """An https server that answers 401 to all and keeps what it was asked."""

    def __init__(self, certificate):
        recorder = self
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                recorder.seen.append((self.path, dict(self.headers)))
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic realm=\"elsewhere\"")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.serve(server)


class Proxy(Background):
    """A proxy that does CONNECT, and keeps what it was asked. credentials: "user:password" that it wants."""

    def __init__(self, credentials=None):
        proxy = self
        self.seen = []
        wanted = credentials and "Basic " + base64.b64encode(credentials.encode()).decode()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                words = self.rfile.readline().decode().split()
                headers = {}
                while (line := self.rfile.readline().decode().strip()):
                    name, value = line.split(":", 1)
                    headers[name.lower()] = value.strip()
                proxy.seen.append((words[:2], headers))
                if wanted and headers.get("proxy-authorization") != wanted:
                    self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n"
                                     b"Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n")
                    return
                host, port = words[1].rsplit(":", 1)
                with socket.create_connection((host, int(port))) as server:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                    back = threading.Thread(target=self.carry, args=(server, self.connection), daemon=True)
                    back.start()
                    self.carry(self.connection, server)
                    back.join()

            @staticmethod
            def carry(source, target):
                try:
                    while (piece := source.recv(65536)):
                        target.sendall(piece)
                    target.shutdown(socket.SHUT_WR)
                except OSError:
                    return

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.serve(Server(("127.0.0.1", 0), Handler))


class Daemon:
    """git's own daemon over the repositories below root."""

    def __init__(self, folder, root):
        self.port = free_port()
        self.process = Process(["git", "daemon", "--export-all", "--listen=127.0.0.1", f"--port={self.port}", f"--base-path={root}",
                                "--reuseaddr", root], pathlib.Path(folder) / "daemon.log").listens(self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()


class RemoteRepository(Repository):
    """A repository that is served, with a branch other than main when asked, and http pushes closed."""

    def push_to(self, branch, message):
        commit = self.commit(message)
        self.git("push", "-q", "origin", f"HEAD:{branch}")
        return commit

    def at_origin(self, *words):
        return must(run("git", "-C", self.bare, *words)).out.strip()
