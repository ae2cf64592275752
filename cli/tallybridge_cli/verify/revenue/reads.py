"""How the Revenue tenant logs in, describes templates, tells staging errors and refuses a file.

Lines that reach staging cannot be taken back. So the one file that is sent names an upload template that does not exist: it is refused as
a whole, and at most the list of uploaded files names it."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tallybridge.zuora_revenue import RevenueConnection
from tallybridge.zuora_revenue.client import REVENUE_CODE, UploadState, state_in
from tallybridge.zuora_revenue.login import authenticate
from tallybridge_cli.verify.facts import Fact, facts_probe
from tallybridge_cli.verify.probe import NotTestable, Probe, System, sentence, words
from tallybridge_cli.verify.rest import Reply, Rest
from tallybridge_cli.verify.world import PREFIX, World

TOKEN_SECONDS = 1_800
MOST_COLUMNS = 250
TYPES = {"character", "number", "date"}
MAPPING, ERRORS, UPLOAD, STATUS = "/upload/mapping", "/stage/error/transaction", "/upload/file", "/fileupload/status"
NOTHING = 204
NOT_OFFERED = (404, 405)
NO_NUMBER = "999999999"
"""A file request that is very likely none."""
TEST_WORDS = frozenset({"127", "localhost", "dev", "sandbox", "sbx", "stage", "staging", "test", "uat"})
"""Parts of host names by which a tenant is known as one for tests; every other counts as production."""
TELL = "Send the evidence to the maintainers."


@dataclass(frozen=True)
class RevenueSystem:
    """The connection, and the upload templates that the configuration names."""

    connection: RevenueConnection
    templates: tuple[str, ...]


def _system(world: World) -> RevenueSystem:
    found = world.connections.get(System.REVENUE)
    if not isinstance(found, RevenueSystem):
        raise NotTestable("No connection to Zuora Revenue is set up.")
    return found


def _template(world: World) -> str:
    known = _system(world).templates
    if not known:
        raise NotTestable("The revenue configuration names no upload template.")
    return known[0]


def _folded(value: Any) -> Any:
    """With keys in lower case, as the product reads answers."""
    if isinstance(value, Mapping):
        return {str(name).lower(): _folded(each) for name, each in value.items()}
    return [_folded(each) for each in value] if isinstance(value, list) else value


# Login


def _token(world: World) -> str:
    """A token of its own, outside the evidence."""
    connection = _system(world).connection
    if connection.auth_method != "token":
        raise NotTestable("The installation logs in by OneID.")
    return authenticate(connection, world.revenue.http)[0]


def _tells_its_end(world: World) -> bool:
    body = _token(world).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return bool(float(claims["exp"]) - float(claims.get("iat", claims.get("nbf", 0))) == TOKEN_SECONDS)


def _wrong_token(world: World) -> bool:
    plain = Rest("Zuora Revenue", world.revenue.url, world.revenue.http, None, world.trace, {})
    return plain.ask("GET", ERRORS, headers={"token": "no.token.of-ours"}).status == 401


def _logged_in(world: World) -> bool:
    return world.revenue.ask("GET", ERRORS, quiet=True).status in (200, NOTHING)


# Templates


def _described(world: World, method: str = "GET") -> Reply:
    return world.revenue.ask(method, MAPPING, params={"templatename": _template(world)}, reads=True, quiet=True)


def _mapping(world: World) -> Mapping[str, Any]:
    """The description of a template, by the first verb that gives it. Raises `NotTestable`."""

    def ask() -> Mapping[str, Any]:
        for method in ("GET", "POST"):
            reply = _described(world, method)
            if reply.ok and isinstance(reply.body, Mapping):
                return reply.body
        raise NotTestable(f"The template {_template(world)} is not described: HTTP {reply.status}.")

    return world.once("revenue mapping", ask)


def _columns(world: World) -> list[Mapping[str, Any]]:
    given = _folded(_mapping(world))["mapping"]
    return list(given.values()) if isinstance(given, Mapping) else given


def _verbs(world: World) -> list[str]:
    found = [method for method in ("GET", "POST") if _described(world, method).status not in NOT_OFFERED]
    if not found:
        raise NotTestable("Neither GET nor POST describes a template.")
    return found


def _shape(world: World) -> str:
    return "object" if isinstance(_folded(_mapping(world))["mapping"], Mapping) else "array"


def _key_case(world: World) -> str:
    names = {name for name in _mapping(world) if name.lower() == "mapping"}
    return {"mapping": "lower", "MAPPING": "upper"}.get(next(iter(names), ""), "published")


def _unknown_template(world: World) -> bool:
    return any(
        world.revenue.ask(method, MAPPING, params={"templatename": f"{PREFIX} {world.run}"}, reads=True).status == 400
        for method in _verbs(world)
    )


# Staging errors


def _errors(world: World) -> list[Mapping[str, Any]]:
    reply = world.revenue.ask("GET", ERRORS, quiet=True)
    if reply.status != NOTHING and not reply.ok:
        raise NotTestable(f"Staging errors are not told: HTTP {reply.status}.")
    rows = [] if reply.status == NOTHING else _folded(reply.body).get("result") or []
    if not rows:
        raise NotTestable("The tenant has no line with a staging error.")
    return list(rows)


def _coded(world: World) -> bool:
    return any(REVENUE_CODE.search(str(row.get("err_msg") or "")) for row in _errors(world))


def _upload_id(world: World) -> str:
    """What the upload id of staging errors names, as far as the ids of the configured template tell."""
    ids = {str(row["upload_id"]) for row in _errors(world) if row.get("upload_id")}
    templates = {str(row["upload_id"]) for row in _columns(world) if row.get("upload_id")}
    if not ids or not templates:
        raise NotTestable("Neither errors nor templates tell an upload id.")
    return "template" if ids & templates else "request"


# A file that is refused


def _test_tenant(world: World) -> None:
    """Raises `NotTestable` for a tenant that is not known as one for tests."""
    host = urlsplit(world.revenue.url).hostname or ""
    if not TEST_WORDS & set(host.lower().replace("-", ".").split(".")):
        raise NotTestable(f"The Revenue tenant {host} is not known as one for tests.")


def _refused(world: World) -> Reply:
    """The answer to a file for a template that does not exist."""

    def send() -> Reply:
        _test_tenant(world)
        edge = f"verify-{secrets.token_hex(8)}"
        lines = (
            f"--{edge}",
            f'Content-Disposition: form-data; name="file"; filename="{world.name("refused")}.csv"',
            "Content-Type: text/csv",
            "",
        )
        body = "\r\n".join((*lines, f'"{PREFIX}"', f"--{edge}--", ""))
        headers = {"templatename": f"{PREFIX} {world.run}", "Content-Type": f"multipart/form-data; boundary={edge}"}
        return world.revenue.ask("POST", UPLOAD, body, headers=headers)

    return world.once("revenue refused", send)


def _whole_file(world: World) -> bool:
    reply = _refused(world)
    return not reply.ok or state_in(_folded(reply.body)) is UploadState.FAILED


def _reads_as_failed(world: World) -> bool:
    """The state of the refused file, where its answer names it."""
    answer = _folded(_refused(world).body)
    result = answer.get("result") if isinstance(answer, Mapping) else None
    number = (result or {}).get("file_request_id") if isinstance(result, Mapping) else None
    if not number:
        raise NotTestable("The answer to a refused file names no file request.")
    reply = world.revenue.ask("GET", f"{STATUS}/{number}")
    if reply.status == NOTHING:
        return False
    return not reply.ok or state_in(_folded(reply.body)) is UploadState.FAILED


def _unknown_file(world: World) -> bool:
    return world.revenue.ask("GET", f"{STATUS}/{NO_NUMBER}").status == NOTHING


PROBES = (
    facts_probe(
        "revenue.login",
        System.REVENUE,
        "Does the login answer as published?",
        Fact("in", _logged_in, "The token is not taken in the header that the product uses.", f"Nothing can be sent. {TELL}"),
        Fact("end", _tells_its_end, "A token does not live 30 minutes.", "Nothing: the product reads its end from it."),
        Fact("wrong", _wrong_token, "A wrong token is not answered with 401.", f"An expired token is not renewed by itself. {TELL}"),
    ),
    Probe(
        "revenue.mapping-verb",
        System.REVENUE,
        "By which verbs is a template described?",
        _verbs,
        ["GET"],
        lambda seen: f"By {' and '.join(seen)}.",
        lambda seen: "Nothing: the product tries GET first, then POST.",
        option="mapping_methods",
    ),
    Probe(
        "revenue.mapping-shape",
        System.REVENUE,
        "Is the description of a template an array or an object?",
        _shape,
        "array",
        sentence("It is an {}."),
        lambda seen: "Nothing: the product reads both.",
        option="mapping_shape",
    ),
    Probe(
        "revenue.key-case",
        System.REVENUE,
        "How are the keys of answers written?",
        _key_case,
        "published",
        words(published="As published.", lower="In lower case.", upper="In upper case."),
        lambda seen: "Nothing: the product reads keys without regard to case.",
        option="key_case",
    ),
    facts_probe(
        "revenue.mapping",
        System.REVENUE,
        "Are templates described as the product reads them?",
        Fact("unknown", _unknown_template, "An unknown template is not refused with 400.", f"A misspelt template is found late. {TELL}"),
        Fact("columns", lambda w: len(_columns(w)) <= MOST_COLUMNS, "A template has more than 250 columns.", f"It is not used. {TELL}"),
        Fact(
            "types",
            lambda w: {str(c.get("data_type", "")).lower() for c in _columns(w)} <= TYPES,
            "Columns have other types than text, number and date.",
            "They are written as text; check the values of such columns.",
        ),
    ),
    facts_probe(
        "revenue.stage-errors",
        System.REVENUE,
        "Do staging errors tell a code of Revenue?",
        Fact("codes", _coded, "No error has a code.", "Their text is told instead of advice."),
    ),
    Probe(
        "revenue.error-upload-id",
        System.REVENUE,
        "What does the upload id of a staging error name?",
        _upload_id,
        "template",
        words(template="The upload template.", request="The upload."),
        lambda seen: "Nothing: errors are matched by their lines.",
        option="error_upload_id",
    ),
    facts_probe(
        "revenue.upload-refused",
        System.REVENUE,
        "Is a file for an unknown template refused as a whole, and is its state told so?",
        Fact("whole", _whole_file, "It is taken.", f"A misspelt template is found late. {TELL}"),
        Fact("state", _reads_as_failed, "Its state does not say that it failed.", f"A failed file may be waited for in vain. {TELL}"),
        Fact("unknown", _unknown_file, "An unknown file is not answered with 204.", f"A lost upload may be misread. {TELL}"),
        writes=True,
    ),
)
