"""A new certificate for the NetSuite login, without a moment at which no login works.

    begin   key and certificate are made and kept in a folder; NetSuite maps the certificate to the role and entity of the one in use;
            a login with both goes well; the secret takes them, with the id of the one before; the folder loses the key
    finish  once a whole run that began after that has ended well: NetSuite revokes the one before; the secret forgets its id

Everything that was done is seen where it was done, so that each part may be repeated after a lost answer or an end at any point: a key in
the folder is used again, and which certificate is ours is found out by a login with the key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from tallybridge.desk import credentials, key_pair
from tallybridge.desk.doctor.examine import http_of
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError, LoginRefused, OutcomeUnknown
from tallybridge.expiry import CHANGED, EXPIRES, PREVIOUS
from tallybridge.netsuite import oauth2
from tallybridge.netsuite.certificates import Certificate, Certificates
from tallybridge.netsuite.connection import NetSuiteConnection
from tallybridge.sync.runlog import RunOutcome
from tallybridge.sync.runs import NOT_THE_WHOLE
from tallybridge.wiring import netsuite_connection, parse_secret

FOLDER = Path("out/netsuite-certificate")
"""Where key and certificate lie meanwhile."""
GOOD = (RunOutcome.COMPLETED, RunOutcome.WARNINGS)
LEAST = timedelta(days=25)
"""A certificate that is put in force holds at least so long."""
LOOK_BACK = 50
"""Runs looked at for one that proves the new certificate."""
SCREEN = "Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup"


@dataclass(frozen=True)
class Changed:
    """The certificate in force and its last day, and the id of the one before."""

    id: str
    expires_on: str
    previous: str


def begin(target: Target, folder: Path, who: str, reason: str = "", days: int = key_pair.DAYS) -> Changed:
    """Put a new certificate in force. Raises `ConfigurationError` CERTIFICATE-OPEN (a change is under way), CERTIFICATE-RIGHT,
    CERTIFICATE-REFUSED, CREDENTIALS, CREDENTIALS-NEW, KEY-FILE, `LoginRefused`; then the login in use goes on working."""
    connection, known = _in_use(target)
    if known.get(PREVIOUS):
        _forget_key(folder, connection)
        text = f"A change is under way: certificate {known[PREVIOUS]} was replaced at {known.get(CHANGED, '')} and is not revoked yet."
        advice = "Finish it with `tallybridge rotate netsuite --finish` once a run has gone well."
        raise ConfigurationError(text, place="netsuite.certificate_id", code="CERTIFICATE-OPEN", advice=advice)
    _forget_key(folder, connection)  # what the first set-up has left
    pair = key_pair.kept_in(folder, target.clock.now(), days)
    if pair.expires_on < (target.clock.now() + LEAST).date().isoformat():
        text = f"The certificate in {folder}, from an earlier attempt, holds until {pair.expires_on} only."
        raise ConfigurationError(text, place=str(folder), code="KEY-FILE", advice="Move both files away: they are made anew.")
    api = Certificates(connection, http_of(target))
    ours = _ours(target, api, connection, pair.key) or _set_up(target, api, connection, pair)
    new = {"certificate_id": ours, "private_key": pair.key, EXPIRES: pair.expires_on}
    credentials.rotate(target, "netsuite", new, who, reason)
    _forget_key(folder, replace(connection, private_key=pair.key))
    return Changed(ours, pair.expires_on, connection.certificate_id)


def finish(target: Target, who: str, reason: str = "", *, revoked: bool = False) -> str:
    """Revoke the certificate before and forget it; answers its id. `revoked`: somebody has done it by hand. Raises `ConfigurationError`
    CERTIFICATE-NONE (nothing to finish), CERTIFICATE-UNPROVED (no run has gone well since), CERTIFICATE-RIGHT."""
    connection, known = _in_use(target)
    old = known.get(PREVIOUS, "")
    if not old:
        text = "No change of the certificate is under way."
        advice = "`tallybridge rotate netsuite --certificate` begins one."
        raise ConfigurationError(text, place="netsuite.certificate_id", code="CERTIFICATE-NONE", advice=advice)
    if not good_run_since(target, known.get(CHANGED, "")):
        text = (
            f"No whole run has ended well since the certificate was replaced at {known.get(CHANGED, '')}; the one before is kept till then."
        )
        advice = "Start one with `tallybridge run`, or wait for the next; then finish."
        raise ConfigurationError(text, place="netsuite.certificate_id", code="CERTIFICATE-UNPROVED", advice=advice)
    if not revoked:
        _revoke(Certificates(connection, http_of(target)), old)
    credentials.finish(target, who, reason)
    return old


def good_run_since(target: Target, moment: str) -> str:
    """The id of a whole run that began after a moment (ISO 8601) and ended well; "" where there is none."""
    for run in target.runs.recent(LOOK_BACK):
        whole = not any(run.get(name) for name in NOT_THE_WHOLE)
        if whole and run.get("outcome") in GOOD and str(run.get("started", "")) >= moment:
            return str(run["run_id"])
    return ""


def _in_use(target: Target) -> tuple[NetSuiteConnection, dict[str, str]]:
    """The connection of the secret, and what the secret has of NetSuite."""
    text = target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])["SecretString"]
    given = {"netsuite": {}, **parse_secret(text)}
    connection = netsuite_connection(given, credentials.settings_so_far(target))
    if connection.auth_method != "oauth2_m2m":
        told = "Exchange its tokens with `tallybridge rotate netsuite`."
        raise ConfigurationError(
            "A login by tokens has no certificate.", place="netsuite.auth_method", code="CERTIFICATE-NONE", advice=told
        )
    return connection, given["netsuite"]


def _set_up(target: Target, api: Certificates, connection: NetSuiteConnection, pair: key_pair.KeyPair) -> str:
    """The id under which NetSuite has mapped our certificate. A lost answer is looked up; it is never sent a second time blindly."""
    mine = next((each for each in api.all() if each.id == connection.certificate_id), None)
    if mine is None:
        text = f"NetSuite does not list the certificate in use, {connection.certificate_id}, so that its role and entity are not known."
        raise ConfigurationError(text, place="netsuite.certificate_id", code="CERTIFICATE-RIGHT", advice="Do it by hand as told.")
    with suppress(OutcomeUnknown):
        api.set_up(pair.certificate, mine.role, mine.entity)
    if ours := _ours(target, api, connection, pair.key):
        return ours
    text = "NetSuite has not mapped the new certificate, or does not take a login with it; nothing was changed."
    raise ConfigurationError(
        text, place="netsuite.certificate_id", code="CERTIFICATE-REFUSED", advice="Try it once more, or do it by hand."
    )


def _ours(target: Target, api: Certificates, connection: NetSuiteConnection, key: str) -> str:
    """The certificate that takes a login with our key, "" where none does."""
    http = http_of(target)
    for each in _others(api, connection):
        try:
            oauth2.login(replace(connection, certificate_id=each.id, private_key=key), http)
        except LoginRefused:
            continue
        return each.id
    return ""


def _others(api: Certificates, connection: NetSuiteConnection) -> Iterator[Certificate]:
    return (each for each in api.all() if not each.revoked and each.id != connection.certificate_id)


def _revoke(api: Certificates, old: str) -> None:
    """Revoke it unless that is done; a lost answer is looked up."""
    for _ in range(2):
        if not any(each.id == old and not each.revoked for each in api.all()):
            return
        try:
            api.revoke(old)
        except OutcomeUnknown:
            continue
        return
    if any(each.id == old and not each.revoked for each in api.all()):
        text = f"It is not known whether certificate {old} is revoked; it stays noted."
        raise ConfigurationError(text, place="netsuite.certificate_id", code="CERTIFICATE-REFUSED", advice="Finish it once more.")


def _forget_key(folder: Path, connection: NetSuiteConnection) -> None:
    """The key leaves the folder once it is in the secret; another one stays."""
    file = folder / key_pair.KEY
    if file.exists() and file.read_text(encoding="utf-8").strip() == connection.private_key.strip():
        file.unlink()
        (folder / key_pair.CERTIFICATE).unlink(missing_ok=True)
