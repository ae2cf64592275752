"""A zip file that proves itself: a manifest in it has the SHA-256 of every other file, and the stack's key, where it has one, signs the
manifest. AWS KMS holds that key, and nobody can take it out, so that nobody who has held the file needs to be trusted.

For the same content it is the same to the byte: nothing in it says when or where it was written.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from tallybridge import money
from tallybridge.desk.target import Target

FORMAT = 1
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
"""Of the signature: the same for the same manifest, unlike those that take in chance."""
KEY_VARIABLE = "EXPORT_KEY"
"""The variable that names the key; a stack without one signs nothing."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file of a zip: the earliest that the format knows."""
PLAIN_FILE = 0o100644 << 16


@dataclass(frozen=True)
class Seal:
    """`digest` is the SHA-256 of the manifest, by which the file is known in the audit; `signed`: the stack's key has signed it."""

    digest: str
    signed: bool


@dataclass
class Sealed:
    """The files of a zip so far: {name: {"sha256", "bytes"}}."""

    zip: zipfile.ZipFile
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def file(self, name: str) -> Iterator[Digesting]:
        """A file to write into, piece by piece."""
        info = zipfile.ZipInfo(name, EPOCH)
        info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, PLAIN_FILE, 3
        with self.zip.open(info, "w") as raw:
            digesting = Digesting(raw)
            yield digesting
        self.files[name] = {"sha256": digesting.hash.hexdigest(), "bytes": digesting.size}

    def write(self, name: str, content: bytes) -> None:
        with self.file(name) as out:
            out.write(content)

    def write_json(self, name: str, value: Any) -> None:
        self.write(name, money.dumps(value).encode())

    def seal(self, target: Target, of: str, **facts: Any) -> Seal:
        """Write the manifest and, where the stack has a key, its signature. `of` says in words what the zip is about."""
        about = {"format": FORMAT, "of": of, "netsuite_account": target.runs.bound().get("netsuite_account", ""), **facts}
        manifest = money.dumps({**about, "files": dict(self.files)}).encode()
        self.write(MANIFEST, manifest)
        signature = signed_by_key(target, manifest)
        if signature:
            self.write_json(SIGNATURE, signature)
        return Seal(hashlib.sha256(manifest).hexdigest(), bool(signature))


class Digesting:
    """Takes down the digest of what is written."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw, self.hash, self.size = raw, hashlib.sha256(), 0

    def write(self, content: bytes) -> None:
        self.raw.write(content)
        self.hash.update(content)
        self.size += len(content)


def signed_by_key(target: Target, manifest: bytes) -> dict[str, str] | None:
    """The signature of a manifest with the key of the stack, and the key's public half: {"algorithm", "key", "public_key" (DER, base64),
    "signature" (base64)}; None where the stack has no key. KMS takes 4,096 bytes; a manifest has less, since its files are always the
    same."""
    key = target.variables.get(KEY_VARIABLE, "")
    if not key:
        return None
    client = target.client("kms")
    signature = client.sign(KeyId=key, Message=manifest, MessageType="RAW", SigningAlgorithm=ALGORITHM)["Signature"]
    public = client.get_public_key(KeyId=key)["PublicKey"]
    return {"algorithm": ALGORITHM, "key": key, "public_key": _base64(public), "signature": _base64(signature)}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
