"""The export of a period: whole, the same every time, signed; and what a changed one looks like to the check."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from tallybridge import money
from tallybridge.desk.export import Exported, export
from tallybridge.desk.month_end import month_end
from tallybridge.desk.periods import month_of
from tallybridge.desk.sealed import EPOCH
from tallybridge.desk.sign_off import sign_off
from tallybridge.desk.verify import verify
from tallybridge.errors import ConfigurationError
from tallybridge.sync.runlog import RunOutcome
from tallybridge_cli.target import Target
from tests.cli.conftest import REGION
from tests.cli.months import hold, looked, sync
from tests.cli.runs import finished_run, store_run

APRIL = month_of("2026-04")
ANN = "ann@example.com"


@pytest.fixture
def april(target: Target) -> Target:
    """A month with what people make of it: two documents on both sides, one held, one of another month."""
    store_run(target, finished_run(RunOutcome.COMPLETED, held=0))
    looked(target)
    sync(target, "INV1")
    sync(target, "P1", step="payments", amount="60.5", currency="EUR", posting_period="May 2026")
    hold(target, "INV2", "INV-V1")
    hold(target, "INV3", day="2026-05-02")
    hold(target, "=1+1", "INV-V1", amount="-3")
    return target


@pytest.fixture
def key(april: Target) -> str:
    """The stack has a key."""
    april.clients["kms"] = kms = boto3.client("kms", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
    made = str(kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_3072")["KeyMetadata"]["Arn"])
    april.variables["EXPORT_KEY"] = made  # type: ignore[index]
    return made


def made(target: Target, path: Path) -> tuple[Path, Exported]:
    with path.open("wb") as out:
        return path, export(target, month_end(target, APRIL), ANN, out)


def content(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as found:
        return {name: found.read(name) for name in found.namelist()}


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode())))


def test_it_has_every_document_with_all_that_an_auditor_asks(april: Target, tmp_path: Path) -> None:
    path, told = made(april, tmp_path / "april.zip")
    files = content(path)
    found = {row["number"]: row for row in rows(files["records.csv"])}
    assert (sorted(found), told.records) == (["'=1+1", "INV1", "INV2", "P1"], 4)
    shown: tuple[str, ...] = (
        "object",
        "source_id",
        "destination_type",
        "destination_id",
        "document_date",
        "standing",
        "currency",
        "amount",
        "held_amount",
    )
    assert [found["INV1"][name] for name in shown] == [
        *("Invoice", "id-INV1", "invoice", "9V1", "2026-04-10", "proved", "USD", "100", "100"),
    ]
    shown = ("compared", "customer_id", "customer", "changed", "run_id", "run_by", "settings_version", "request_hash")
    assert [found["INV1"][name] for name in shown] == [
        *("yes", "77", "A1 Acme", "2026-05-04T03:00:00Z", "run-1", "schedule", "3/abc", "hash-INV1"),
    ]
    assert (found["P1"]["posting_period"], found["P1"]["amount"]) == ("May 2026", "60.5")
    shown = ("standing", "code", "message", "first_seen", "attempts", "amount")
    assert [found["INV2"][name] for name in shown] == ["missing", "INV-V1", "INV2 lacks something.", "2026-05-04T03:00:00Z", "1", "50"]
    history = [(row["number"], row["state"], row["code"], row["run"]) for row in rows(files["history.csv"])]
    assert ("INV1", "DONE", "", "run-1") in history and ("INV2", "HELD", "INV-V1", "run-1") in history
    assert [point["key"] for point in json.loads(files["figures.json"])["open"]] == ["INV-V1"]


def test_what_is_dated_in_another_month_by_now_has_left_it(april: Target, tmp_path: Path) -> None:
    """The ledger keeps a trace of it in the month that it was in; a trace is no document."""
    sync(april, "INV1", day="2026-05-03")
    path, told = made(april, tmp_path / "april.zip")
    found = [row["number"] for row in rows(content(path)["records.csv"])]
    assert (sorted(found), told.records) == (["'=1+1", "INV2", "P1"], 3)


def test_the_audit_knows_who_has_taken_it(april: Target, tmp_path: Path) -> None:
    _, told = made(april, tmp_path / "april.zip")
    entry = next(april.audit.newest())
    assert (entry.who, entry.action, entry.what) == (ANN, "export", "period April 2026")
    assert entry.after == f"manifest {told.digest}, 4 documents"


def test_its_sign_offs_go_with_it(april: Target, tmp_path: Path) -> None:
    now = month_end(april, APRIL)
    sign_off(april, now, ANN, "disputed", ["INV-V1"])
    (signed,) = json.loads(content(made(april, tmp_path / "april.zip")[0])["sign_offs.json"])
    assert (signed["who"], signed["reason"], signed["number"]) == (ANN, "disputed", 1)


def test_for_an_unchanged_state_it_is_the_same_to_the_byte(april: Target, key: str, tmp_path: Path) -> None:
    first, told = made(april, tmp_path / "first.zip")
    april.clock.sleep(86_400)
    second, again = made(april, tmp_path / "second.zip")
    assert (first.read_bytes() == second.read_bytes(), told) == (True, again)
    with zipfile.ZipFile(first) as files:
        assert {info.date_time for info in files.infolist()} == {EPOCH}
    sync(april, "INV2", day="2026-04-12", amount="50")
    assert made(april, tmp_path / "third.zip")[1].digest != told.digest


def test_an_export_that_nobody_has_changed_is_proved_by_the_key_of_the_stack(april: Target, key: str, tmp_path: Path) -> None:
    path, told = made(april, tmp_path / "april.zip")
    known = verify(path, april)
    assert (known.flaws, known.digest, known.known_key, known.proved) == ((), told.digest, True, True)
    assert (known.of, known.in_audit[: len(ANN)]) == ("period April 2026", ANN)


def test_an_outsider_proves_it_with_the_public_key_alone(april: Target, key: str, tmp_path: Path) -> None:
    path, _ = made(april, tmp_path / "april.zip")
    assert (verify(path).flaws, verify(path).proved, bool(verify(path).fingerprint)) == ((), False, True)
    public = load_der_public_key(april.client("kms").get_public_key(KeyId=key)["PublicKey"])
    pem = tmp_path / "key.pem"
    pem.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert verify(path, key=pem).proved
    other = april.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_3072")["KeyMetadata"]["Arn"]
    pem.write_bytes(
        load_der_public_key(april.client("kms").get_public_key(KeyId=other)["PublicKey"]).public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
    )
    assert verify(path, key=pem).flaws == ("It is signed with another key than that of the installation, or the one that was given.",)
    pem.write_text("no key")
    with pytest.raises(ConfigurationError) as refused:
        verify(path, key=pem)
    assert refused.value.code == "EXPORT-KEY"


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_any_tool_checks_the_signature(april: Target, key: str, tmp_path: Path) -> None:
    """As docs/month-end.md has it."""
    files = content(made(april, tmp_path / "april.zip")[0])
    signature = json.loads(files["signature.json"])
    (tmp_path / "manifest.json").write_bytes(files["manifest.json"])
    for name, field in (("key.der", "public_key"), ("signature", "signature")):
        (tmp_path / name).write_bytes(base64.b64decode(signature[field]))
    command = ["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", "key.der", "-signature", "signature", "manifest.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "Verified OK"), done.stderr


def test_without_a_key_nothing_but_the_audit_proves_it(april: Target, tmp_path: Path) -> None:
    path, told = made(april, tmp_path / "april.zip")
    assert (told.signed, "signature.json" in content(path)) == (False, False)
    alone = verify(path)
    assert (alone.flaws, alone.fingerprint, alone.proved) == ((), "", False)
    assert verify(path, april).proved


def changed(path: Path, name: str, body: bytes | None) -> Path:
    """The same zip with a file that has another content, or none."""
    files = content(path)
    with zipfile.ZipFile(path, "w") as again:
        for each, text in {**files, name: body}.items():
            if text is not None:
                again.writestr(each, text)
    return path


def refitted(path: Path) -> Path:
    """A table was changed, and the manifest with it."""
    manifest = money.loads(content(path)["manifest.json"])
    manifest["files"]["records.csv"]["sha256"] = hashlib.sha256(b"other").hexdigest()
    return changed(changed(path, "manifest.json", money.dumps(manifest).encode()), "records.csv", b"other")


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        (lambda p: changed(p, "records.csv", b"other"), "records.csv was changed."),
        (lambda p: changed(p, "history.csv", None), "history.csv is missing."),
        (lambda p: changed(p, "more.csv", b"x"), "more.csv does not belong to it."),
        (refitted, "The signature is not one of this manifest."),
        (lambda p: changed(p, "manifest.json", b"{}"), "april.zip is no whole export"),
        (lambda p: changed(p, "manifest.json", b"[1]"), "april.zip is no whole export"),
        (lambda p: changed(p, "manifest.json", None), "april.zip is no whole export"),
        (lambda p: changed(p, "signature.json", b"{}"), "april.zip is no whole export"),
        (lambda p: p.write_bytes(p.read_bytes()[:-200]) and p, "april.zip is no whole export"),
        (lambda p: p.write_bytes(b"") or p, "april.zip is no whole export"),
        (lambda p: p.unlink() or p, "april.zip is no whole export"),
    ],
)  # fmt: skip
def test_what_was_changed_is_said(april: Target, key: str, tmp_path: Path, change: Callable[[Path], Any], flaw: str) -> None:
    path, _ = made(april, tmp_path / "april.zip")
    change(path)
    known = verify(path, april)
    assert (known.flaws[0][: len(flaw)], known.proved) == (flaw, False)
