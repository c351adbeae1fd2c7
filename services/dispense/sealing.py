"""Who a patient is, encrypted before any SQL sees it.

Each patient has a key of their own, wrapped by the clinic's key; the clinic's key is a file outside the
database and its backups. Destroying the wrapped key forgets the person. AES-256-GCM (NIST SP 800-38D) with
random 96-bit nonces; the patient's id is bound in, so that sealed rows can't be exchanged.
"""

import hashlib
import hmac
import os
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.dispense.errors import ClinicKeyMissing, IdentityUnreadable

KEY_BYTES = 32
NONCE_BYTES = 12


class ClinicKeys:
    """The clinics' keys, one file a clinic. Read once; a file that appears later is found when it is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._derived: dict[UUID, tuple[bytes, bytes]] = {}

    def wrapping(self, clinic_id: UUID) -> bytes:
        return self._keys(clinic_id)[0]

    def indexing(self, clinic_id: UUID) -> bytes:
        return self._keys(clinic_id)[1]

    def _keys(self, clinic_id: UUID) -> tuple[bytes, bytes]:
        if clinic_id not in self._derived:
            try:
                secret = (self.folder / f"{clinic_id}.key").read_bytes()
            except FileNotFoundError as problem:
                raise ClinicKeyMissing from problem
            self._derived[clinic_id] = (_derive(secret, b"wrap"), _derive(secret, b"index"))
        return self._derived[clinic_id]


def make_clinic_key(folder: Path, clinic_id: UUID) -> Path:
    """A new key for a new clinic, never over an old one; returns its file."""
    path = folder / f"{clinic_id}.key"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(KEY_BYTES))
    return path


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"dosis patient " + purpose).derive(secret)


def new_wrapped_key(wrapping_key: bytes, patient_id: UUID) -> bytes:
    """A patient's new key, wrapped."""
    return _seal(wrapping_key, AESGCM.generate_key(KEY_BYTES * 8), patient_id)


def seal(wrapping_key: bytes, wrapped_key: bytes, patient_id: UUID, plain: bytes) -> bytes:
    return _seal(_open(wrapping_key, wrapped_key, patient_id), plain, patient_id)


def unseal(wrapping_key: bytes, wrapped_key: bytes, patient_id: UUID, sealed: bytes) -> bytes:
    """Raises IdentityUnreadable when the key or the row is not what it was."""
    return _open(_open(wrapping_key, wrapped_key, patient_id), sealed, patient_id)


def card_mac(indexing_key: bytes, card_code: str) -> bytes:
    """Finds a patient by card code without the code standing anywhere."""
    return hmac.digest(indexing_key, card_code.encode(), hashlib.sha256)


def _seal(key: bytes, plain: bytes, patient_id: UUID) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, patient_id.bytes)


def _open(key: bytes, sealed: bytes, patient_id: UUID) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], patient_id.bytes)
    except InvalidTag as problem:
        raise IdentityUnreadable from problem
