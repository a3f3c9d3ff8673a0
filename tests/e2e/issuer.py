"""A small OpenID Connect issuer: a real HTTP server on loopback that serves discovery and JWKS."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "catalog-tests"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: PrivateKey, kid: str, **fields: Any) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        made = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        made = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, "use": "sig", **fields}


def public_pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Issuer:
    """`keys` and `discovery` may be changed at any time; `asked` are the paths that were asked for."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.keys: list[dict[str, Any]] = []
        self.discovery: dict[str, Any] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.status = 200
        self.asked: list[str] = []

    def answer(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return self.status, json.dumps(self.discovery).encode()
        return (self.status, json.dumps({"keys": self.keys}).encode()) if path == "/keys" else (404, b"{}")

    def token(
        self, key: PrivateKey | str | bytes, *, kid: str | None = None, algorithm: str = "RS256",
        headers: dict[str, Any] | None = None, **changes: Any,
    ) -> str:  # fmt: skip
        """A token as this issuer makes it; a claim given as None is left out."""
        now = datetime.now(UTC)
        claims = {
            "iss": self.url, "aud": AUDIENCE, "sub": "anna", "iat": now, "exp": now + timedelta(minutes=5),
            "roles": ["shop-staff"], **changes,
        }  # fmt: skip
        named = {**({"kid": kid} if kid is not None else {}), **(headers or {})}
        held = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(held, key, algorithm=algorithm, headers=named)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer on a free port, stopped at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = issuer.answer(self.path)
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", f"{issuer.url}/keys")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        issuer.stop()
        thread.join()
