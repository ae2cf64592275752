"""The key pair of the NetSuite login: made on the machine of the person, so that the private key never travels but into the secret."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tallybridge.errors import ConfigurationError

KEY, CERTIFICATE = "netsuite-key.pem", "netsuite-certificate.pem"
DAYS = 700
"""How long a certificate holds: NetSuite takes two years at most and cuts what is longer (provisioning.md 5.4)."""
EARLIER = timedelta(hours=24)
"""So much before now it begins: NetSuite's day may not have begun here."""
NAME = "Tallybridge"


@dataclass(frozen=True)
class KeyPair:
    """PEM texts, and the last whole day on which the certificate holds (YYYY-MM-DD)."""

    key: str
    certificate: str
    expires_on: str


def made(now: datetime, days: int = DAYS, name: str = NAME) -> KeyPair:
    """A new key (EC, P-256) and a certificate for it that it has signed itself."""
    return _certified(ec.generate_private_key(ec.SECP256R1()), now, days, name)


def kept_in(folder: Path, now: datetime, days: int = DAYS) -> KeyPair:
    """The pair that lies in a folder, made where there is none yet. The key is written first: one without its certificate gets one. Raises
    `ConfigurationError` KEY-FILE."""
    key_file, certificate_file = folder / KEY, folder / CERTIFICATE
    if not key_file.exists():
        certificate_file.unlink(missing_ok=True)
        pair = made(now, days)
        _write(key_file, pair.key, 0o600)
        _write(certificate_file, pair.certificate, 0o644)
        return pair
    key = read(key_file)
    if not certificate_file.exists():
        _write(certificate_file, _certified(_private(key), now, days, NAME).certificate, 0o644)
    certificate = read(certificate_file)
    if not belongs(key, certificate):
        raise _unusable(certificate_file, "does not belong to the key beside it", "Move both files away; they are made anew.")
    return KeyPair(key, certificate, last_day(certificate))


def read(file: Path) -> str:
    """A PEM text. Raises `ConfigurationError` KEY-FILE."""
    try:
        return file.read_text(encoding="utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise _unusable(file, f"cannot be read: {unreadable}", "Give the path of a PEM file.") from unreadable


def last_day(certificate: str) -> str:
    """The last whole day (UTC) on which a certificate holds. Raises `ConfigurationError` KEY-FILE."""
    return (_certificate(certificate).not_valid_after_utc - timedelta(days=1)).date().isoformat()


def belongs(key: str, certificate: str) -> bool:
    """Whether a certificate is that of a private key."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    mine: bytes = _private(key).public_key().public_bytes(*form)
    return mine == _certificate(certificate).public_key().public_bytes(*form)


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    try:
        found = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError) as wrong:
        raise _unusable(Path(KEY), "is no PEM key without password", "Move it away; it is made anew.") from wrong
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise _unusable(Path(KEY), "is no EC key", "Move it away; it is made anew.")
    return found


def _certificate(text: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError as wrong:
        raise _unusable(Path(CERTIFICATE), "is no certificate in PEM", "Move it away; it is made anew.") from wrong


def _certified(private: ec.EllipticCurvePrivateKey, now: datetime, days: int, name: str) -> KeyPair:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    key = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    text = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return KeyPair(key, text, last_day(text))


def _write(file: Path, text: str, mode: int) -> None:
    """Write a file whole or not at all, readable by whom `mode` says from the first moment. Raises `ConfigurationError` KEY-FILE."""
    part = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as out:
            out.write(text)
        os.replace(part, file)
    except OSError as refused:
        raise _unusable(file, f"cannot be written: {refused.strerror}", "Name a folder that may be written.") from refused


def _unusable(file: Path, what: str, advice: str) -> ConfigurationError:
    return ConfigurationError(f"{file} {what}.", place=str(file), code="KEY-FILE", advice=advice)
