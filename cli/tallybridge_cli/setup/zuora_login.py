"""As whom the set-up calls Zuora: an administrator's client from a file or from hidden prompts, or the installation's own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import typer

from tallybridge.desk.connection import PRODUCTION, PRODUCTION_HOSTS, SANDBOX
from tallybridge.desk.target import Target
from tallybridge.documents import Unusable, read_object
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.wiring import zuora_connection
from tallybridge.zuora import ZuoraConnection
from tallybridge_cli.options import target_of
from tallybridge_cli.target import SANDBOX_ENV

KEYS = ("base_url", "client_id", "client_secret")
FILE_ADVICE = 'Write {"base_url": "https://...", "client_id": "...", "client_secret": "..."} into a file that only you may read.'


@dataclass(frozen=True)
class Login:
    """`who`: whose client it is, in words; `connection` is never shown."""

    who: str
    connection: ZuoraConnection

    @property
    def host(self) -> str:
        return urlsplit(self.connection.base_url).netloc

    @property
    def environment(self) -> str:
        """PRODUCTION or SANDBOX, by the host."""
        return PRODUCTION if self.host in PRODUCTION_HOSTS else SANDBOX


def target_if_any(env: Path | None, stack: str | None) -> Target | None:
    """The installation that is meant; None where there is none yet."""
    named = env is not None or stack is not None or os.environ.get("BILLING_SYNC_ARN") or SANDBOX_ENV.is_file()
    return target_of(env, stack) if named else None


def login_for(target: Target | None, file: Path | None, base_url: str, *, as_installed: bool) -> Login:
    """Whom to log in as. Nothing that is typed is shown. Raises `ConfigurationError` INPUT, CREDENTIALS or ADDRESS."""
    if as_installed:
        if target is None:
            text = "There is no installation whose credentials could be used."
            raise ConfigurationError(text, place="--as-installed", code="INPUT", advice="Name it with --stack or --env.")
        return Login("the installation's client", zuora_connection(target.credentials(), target.settings()))
    given = _of_file(file) if file else {}
    known = base_url or given.get("base_url", "") or _known_address(target)
    if not file:
        given = _asked_for(known)
    return Login(
        "an administrator's client", ZuoraConnection(base_url or given.get("base_url") or known, given["client_id"], given["client_secret"])
    )


def _known_address(target: Target | None) -> str:
    """The tenant's address as far as the installation knows it."""
    if target is None:
        return ""
    if address := target.variables.get("ZUORA_BASE_URL"):
        return address
    try:
        return target.settings().zuora_base_url or target.credentials().get("zuora", {}).get("base_url", "")
    except TallybridgeError:
        return ""


def _of_file(file: Path) -> dict[str, str]:
    try:
        content = read_object(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Unusable) as wrong:
        text = f"{file} is no readable JSON object with the keys {', '.join(KEYS)}."
        raise ConfigurationError(text, place=str(file), code="INPUT", advice=FILE_ADVICE) from wrong
    for key in KEYS[1:]:
        if not isinstance(content.get(key), str) or not content[key]:
            raise ConfigurationError(f"{file} lacks {key}.", place=f"{file}: {key}", code="INPUT", advice=FILE_ADVICE)
    return {key: str(content[key]).strip() for key in KEYS if content.get(key)}


def _asked_for(known: str) -> dict[str, str]:
    """What a person types; nothing but the address is shown."""
    address = typer.prompt("Zuora base URL", default=known or None, err=True)
    return {
        "base_url": address.strip(),
        "client_id": typer.prompt("Client id of an administrator's OAuth client", hide_input=True, err=True).strip(),
        "client_secret": typer.prompt("Client secret", hide_input=True, err=True).strip(),
    }
