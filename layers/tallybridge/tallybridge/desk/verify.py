"""Checks an export, or the evidence of a record: that nothing of it was changed since it was made, and whose key has signed it."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key, load_pem_public_key

from tallybridge import money
from tallybridge.desk.audit import Wanted
from tallybridge.desk.sealed import ALGORITHM, FORMAT, KEY_VARIABLE, MANIFEST, SIGNATURE
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError

PIECE = 1 << 20
LARGEST_JSON = 10_000_000
"""Bytes of a manifest or a signature."""
FAULTS = (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError, OSError, NotImplementedError)
"""What reading a file raises that is no export, or was cut or bent."""


@dataclass(frozen=True)
class Checked:
    """What is known of a sealed file. `flaws` say what was changed, () for nothing; `digest` is the manifest's, `of` says what it is about;
    `fingerprint` is that of the key that has signed it, "" where none has; `known_key`: it is that of the installation, or the one that was
    given; `in_audit` says who has taken the file and when, as far as the installation's audit knows."""

    flaws: tuple[str, ...]
    digest: str = ""
    of: str = ""
    fingerprint: str = ""
    known_key: bool = False
    in_audit: str = ""

    @property
    def proved(self) -> bool:
        """Whether nothing was changed, and the installation itself says that it comes from there."""
        return not self.flaws and (self.known_key or bool(self.in_audit))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "proved": self.proved}


def verify(path: Path, target: Target | None = None, key: Path | None = None) -> Checked:
    """Check the export in a file, against the installation where one is given, or against a public key (PEM). Raises `ConfigurationError`
    EXPORT-KEY for a key that cannot be read."""
    trusted = _given_key(key) if key else _key_of(target) if target else ""
    try:
        with zipfile.ZipFile(path) as made:
            return _checked(made, trusted, target)
    except FAULTS as fault:
        return Checked((f"{path.name} is no whole export: {fault or type(fault).__name__}.",))


def _checked(made: zipfile.ZipFile, trusted: str, target: Target | None) -> Checked:
    body = _small(made, MANIFEST)
    manifest = money.loads(body)
    digest = hashlib.sha256(body).hexdigest()
    flaws = list(_changed(made, manifest))
    fingerprint = ""
    if SIGNATURE in made.namelist():
        signature = money.loads(_small(made, SIGNATURE))
        fingerprint = fingerprint_of(base64.b64decode(signature["public_key"]))
        if not _is_signed(body, signature):
            flaws.append("The signature is not one of this manifest.")
        if trusted and fingerprint != trusted:
            flaws.append("It is signed with another key than that of the installation, or the one that was given.")
    known = bool(trusted) and fingerprint == trusted
    told = _in_audit(target, digest) if target else ""
    return Checked(tuple(flaws), digest, str(manifest["of"]), fingerprint, known and not flaws, told)


def _changed(made: zipfile.ZipFile, manifest: Mapping[str, Any]) -> list[str]:
    """What is not as the manifest has it."""
    flaws, names = [], made.namelist()
    if manifest["format"] != FORMAT:
        flaws.append(f"It has the format {manifest['format']}; this program checks {FORMAT}.")
    surplus = sorted(set(names) - set(manifest["files"]) - {MANIFEST, SIGNATURE})
    flaws += [f"{name} does not belong to it." for name in surplus]
    flaws += [f"{name} is in it more than once." for name in sorted(set(names)) if names.count(name) > 1]
    for name, known in manifest["files"].items():
        if name not in names:
            flaws.append(f"{name} is missing.")
        elif _digest(made, name) != known["sha256"]:
            flaws.append(f"{name} was changed.")
    return flaws


def _digest(made: zipfile.ZipFile, name: str) -> str:
    """The SHA-256 of a file; what does not unpack is changed as well."""
    found = hashlib.sha256()
    try:
        with made.open(name) as content:
            while piece := content.read(PIECE):
                found.update(piece)
    except (zipfile.BadZipFile, EOFError, OSError):
        return ""
    return found.hexdigest()


def _small(made: zipfile.ZipFile, name: str) -> bytes:
    with made.open(name) as content:
        return content.read(LARGEST_JSON)


def _is_signed(body: bytes, signature: Mapping[str, str]) -> bool:
    public = load_der_public_key(base64.b64decode(signature["public_key"]))
    if signature["algorithm"] != ALGORITHM or not isinstance(public, RSAPublicKey):
        return False
    try:
        public.verify(base64.b64decode(signature["signature"]), body, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def fingerprint_of(public_key: bytes) -> str:
    """The SHA-256 of a public key (DER), by which people tell it from others."""
    return hashlib.sha256(public_key).hexdigest()


def _key_of(target: Target) -> str:
    """The fingerprint of the installation's key, "" where it has none."""
    name = target.variables.get(KEY_VARIABLE, "")
    return fingerprint_of(target.client("kms").get_public_key(KeyId=name)["PublicKey"]) if name else ""


def _given_key(path: Path) -> str:
    try:
        public = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, TypeError) as unreadable:
        advice = "Give the public half of the key as PEM; AWS KMS shows it under the key's tab Public key."
        raise ConfigurationError(f"{path} holds no public key.", place=str(path), code="EXPORT-KEY", advice=advice) from unreadable
    return fingerprint_of(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _in_audit(target: Target, digest: str) -> str:
    if not target.variables.get("AUDIT_TABLE"):
        return ""
    for entry in target.audit.found(Wanted(action="export")):
        if digest in entry.after:
            return f"{entry.who} on {entry.at}"
    return ""
