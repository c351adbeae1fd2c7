"""Tokens as somebody would make them who is not stock, out of a good one."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.cell import Cell
from shared.identity import Statement, sign


def _encode(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def forged(_cell: Cell, token: str) -> str:
    return jwt.encode(_claims(token), Ed25519PrivateKey.generate(), algorithm="EdDSA")


def changed(_cell: Cell, token: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{_encode(_claims(token) | {'exp': int(time.time()) + 10**9})}.{signature}"


def expired(cell: Cell, token: str) -> str:
    claims = _claims(token) | {"exp": int(time.time()) - 1}
    return sign(msgspec.convert(claims, Statement), cell.signing_key.read_text())


def unsigned(_cell: Cell, token: str) -> str:
    return f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(_claims(token))}."


def signed_with_public_key(cell: Cell, token: str) -> str:
    """The public key as if it were a shared secret: an old trick against readers that trust the header."""
    signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(_claims(token))}"
    mac = hmac.digest(cell.public_key().encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{_encode(mac)}"
