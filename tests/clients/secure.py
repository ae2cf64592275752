"""What programs need that know the vendors' real host names alone: the stand-ins behind TLS, and a proxy that leads those names to them.

The programs are not touched. They are told of the proxy and of the authority by the variables that every HTTP client reads; requests
takes its authorities from certifi when it sends a prepared request, so `trust/sitecustomize.py` names the same file there.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import SHUT_WR, create_connection, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from werkzeug.serving import make_server

from sandbox.control import Control
from sandbox.server import QuietHandler
from tests.clients.spoil import served

TRUST = Path(__file__).with_name("trust")
HEAD_END = b"\r\n\r\n"
CHUNK = 65_536
LIFE = timedelta(days=2)


def _certificate(name: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, hosts: list[str]) -> x509.Certificate:
    """Signed by `by`: an authority without hosts, else for these hosts and this machine."""
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox authority")]),
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - LIFE,
        not_valid_after=now + LIFE,
    ).add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
    if hosts:
        names = [*map(x509.DNSName, hosts), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(by, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def new_authority(folder: Path, hosts: list[str]) -> ssl.SSLContext:
    """A server's context for these hosts; the authority that it is signed by lies in `folder/authority.pem`."""
    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    (folder / "authority.pem").write_bytes(_pem(_certificate("sandbox authority", root, root, [])))
    private = leaf.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(private + _pem(_certificate(hosts[0], leaf, root, hosts)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


class _Tunnel(BaseRequestHandler):
    """`CONNECT host:443`: bytes go to the stand-in of that host, other hosts are refused."""

    def handle(self) -> None:
        head = b""
        while HEAD_END not in head:
            part = self.request.recv(CHUNK)
            if not part:
                return
            head += part
        verb, _, rest = head.decode("latin-1").partition(" ")
        port = self.server.routes.get(rest.split(" ")[0].rpartition(":")[0]) if verb == "CONNECT" else None  # type: ignore[attr-defined]
        if port is None:
            self.request.sendall(b"HTTP/1.1 502 Not a host of the sandbox\r\n\r\n")
            return
        with create_connection(("127.0.0.1", port)) as inner:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(inner, self.request), daemon=True)
            back.start()
            _pass_on(self.request, inner)
            back.join()


def _pass_on(source: socket, target: socket) -> None:
    try:
        while data := source.recv(CHUNK):
            target.sendall(data)
        target.shutdown(SHUT_WR)
    except OSError:
        return


class _Proxy(ThreadingTCPServer):
    daemon_threads = True
    routes: Mapping[str, int]


@contextmanager
def behind_tls(stand_in: object, folder: Path, hosts: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The stand-in under the vendor's host names: its address on this machine, and the environment for a program."""
    app = served(Control(stand_in))  # type: ignore[arg-type]
    context = new_authority(folder, hosts)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler, ssl_context=context)
    proxy = _Proxy(("127.0.0.1", 0), _Tunnel)
    proxy.routes = dict.fromkeys(hosts, server.server_port)
    for each in (server, proxy):
        threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    authority = str(folder / "authority.pem")
    address = f"http://127.0.0.1:{proxy.server_address[1]}"
    told = {
        "HTTPS_PROXY": address,
        "https_proxy": address,
        "REQUESTS_CA_BUNDLE": authority,
        "SSL_CERT_FILE": authority,
        "NODE_EXTRA_CA_CERTS": authority,
        "PYTHONPATH": str(TRUST),
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
    }
    try:
        yield f"https://127.0.0.1:{server.server_port}", told
    finally:
        for each in (server, proxy):
            each.shutdown()
            each.server_close()
