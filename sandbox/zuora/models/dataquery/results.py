"""Result files and the pre-signed addresses under which they can be fetched (spec section 10.1)."""

from __future__ import annotations

import csv
import gzip
import hashlib
import hmac
import io
import json
import math
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from sandbox.zuora.models.dataquery.moments import shown_interval, shown_moment
from sandbox.zuora.models.dataquery.types import Type
from sandbox.zuora.models.troubles import Troubles
from sandbox.zuora.options import ZuoraOptions

EXTENSIONS = {"JSON": "json", "CSV": "csv", "TSV": "tsv", "DSV": "dsv"}
PACKED = {"NONE": "", "GZIP": ".gz", "ZIP": ".zip"}
MOMENT_LENGTH = len("2026-01-31 08:15:00.000Z")
DECIMAL_PLACES = 9
MAX_FILES_KEPT = 200
PREFIX = "/presigned/"
CORRUPT = b"\x1f\x8b\x08\x00corrupt result file"


class FileRefused(Exception):
    """The address is wrong or expired; `status` and `code` are what the file store answers."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ResultFiles:
    """Finished files by job. An address carries its time of expiry and a signature."""

    def __init__(self, options: ZuoraOptions, troubles: Troubles) -> None:
        self.clock = options.clock
        self.life_s = options.result_file_life_s
        self.key = options.client_secret.encode()
        self.troubles = troubles
        self.kept: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self.lock = threading.Lock()

    def keep(self, job_id: str, content: bytes, output_format: str, compression: str) -> None:
        name = f"{job_id}_1.{EXTENSIONS[output_format]}{PACKED[compression]}"
        packed = pack(content, compression, name)
        with self.lock:
            self.kept[job_id] = (name, self.spoilt(packed))
            if len(self.kept) > MAX_FILES_KEPT:
                self.kept.popitem(last=False)

    def spoilt(self, content: bytes) -> bytes:
        if not self.troubles.files or self.troubles.files[0] == "expired":
            return content
        match self.troubles.files.popleft():
            case "empty":
                return b""
            case "truncated":
                return content[: len(content) // 2]
            case _:
                return CORRUPT

    def url(self, job_id: str, base_url: str) -> str | None:
        with self.lock:
            name, _ = self.kept.get(job_id, ("", b""))
        if not name:
            return None
        expires = int(self.clock().timestamp()) + self.life_s
        if self.troubles.files and self.troubles.files[0] == "expired":
            self.troubles.files.popleft()
            expires = int(self.clock().timestamp()) - 1
        return f"{base_url}{PREFIX}{name}?X-Amz-Expires={expires}&X-Amz-Signature={self.signature(name, str(expires))}"

    def fetch(self, name: str, expires: str, signature: str) -> bytes:
        """The file. Raises `FileRefused`."""
        if not hmac.compare_digest(signature.encode(), self.signature(name, expires).encode()):
            raise FileRefused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the one you provided.")
        if int(expires) < self.clock().timestamp():
            raise FileRefused(403, "AccessDenied", "Request has expired")
        with self.lock:
            for kept_name, content in self.kept.values():
                if kept_name == name:
                    return content
        raise FileRefused(404, "NoSuchKey", "The specified key does not exist.")

    def signature(self, name: str, expires: str) -> str:
        return hmac.new(self.key, f"{name}\n{expires}".encode(), hashlib.sha256).hexdigest()


def write_file(names: list[str], rows: Sequence[tuple[Any, ...]], kinds: Sequence[Type], form: str, separator: str, zone: tzinfo) -> bytes:
    """Rows as JSON lines or as separated values with a header. An empty JSON result is empty."""
    shown = [[show(v, kind, zone) for v, kind in zip(row, kinds, strict=True)] for row in rows]
    if form == "JSON":
        encode = json.JSONEncoder(ensure_ascii=False).encode
        return "".join(encode(dict(zip(names, row, strict=True))) + "\n" for row in shown).encode()
    text = io.StringIO()
    writer = csv.writer(text, delimiter={"CSV": ",", "TSV": "\t"}.get(form, separator), lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["true" if v is True else "false" if v is False else v for v in row] for row in shown)
    return text.getvalue().encode()


def show(value: Any, kind: Type, zone: tzinfo) -> Any:
    if value is None:
        return None
    if kind.kind == "array" and kind.of is not None:
        return [show(item, kind.of, zone) for item in json.loads(value)]
    if kind.kind == "boolean":
        return bool(value)
    if kind.kind in ("days", "months"):
        return shown_interval(value, kind.kind)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float):
        value = round(value, DECIMAL_PLACES)
        return int(value) if value.is_integer() else value
    if isinstance(value, str) and len(value) == MOMENT_LENGTH and value[10] == " " and value[-1] == "Z":
        return shown_moment(value, zone)
    return value


def pack(content: bytes, compression: str, name: str) -> bytes:
    if compression == "GZIP":
        return gzip.compress(content, compresslevel=1, mtime=0)
    if compression == "ZIP":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name.removesuffix(".zip"), content)
        return packed.getvalue()
    return content
