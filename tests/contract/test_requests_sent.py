"""Every request that the connector sends in a run of the demo tenant, against the published contracts where copies are at hand.

`CONTRACTS_DIR` names the folder that holds them; without it a folder `shared/contracts` beside the checkout is tried. Checked for Zuora:
types, enumerations, lengths, required fields, and that every key is published or a custom field; for NetSuite: the JSON Schema of the
record type, with line numbers and custom fields allowed. SuiteQL, ZOQL and SQL texts are checked by the stand-ins' own parsers.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from sandbox.demo import load_tenant
from tallybridge.settings import DEFAULTS
from tests.standins.netsuite.test_netsuite_contracts import FILE, FOLDER
from tests.standins.zuora.test_published_contract import description, description_file, problems, resolved
from tests.sync.world import World, start_world

WRITES = ("POST", "PUT", "PATCH")
CUSTOM = ("custbody", "custcol", "custentity", "custitem")
SCHEMA_OF = {"serviceSaleItem": "nonInventorySaleItem"}
FORM_CALLS = ("/oauth/token", "/auth/oauth2")


class Recorder:
    """Keeps method, path and JSON body of every write that reaches a stand-in."""

    def __init__(self, stand_in: Any) -> None:
        self._stand_in = stand_in
        self.requests: list[tuple[str, str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stand_in, name)

    def wsgi(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if method in WRITES and not any(part in path for part in FORM_CALLS):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            self.requests.append((method, path, json.loads(body) if body else None))
        answer: Iterable[bytes] = self._stand_in.wsgi(environ, start_response)
        return answer


@pytest.fixture(scope="module")
def sent() -> Iterator[dict[str, list[tuple[str, str, Any]]]]:
    """What two runs of the demo tenant sent, by system."""
    for world in start_world():
        tenant = load_tenant()
        world.reset(**tenant.settings)
        world.load(tenant.zuora, tenant.netsuite)
        zuora, netsuite = Recorder(world.zuora), Recorder(world.netsuite)
        world.zuora_control.stand_in, world.netsuite_control.stand_in = zuora, netsuite
        _two_runs(world)
        yield {"zuora": zuora.requests, "netsuite": netsuite.requests}


def _two_runs(world: World) -> None:
    world.run()
    zuora = world.wiring().zuora(DEFAULTS)
    for payment in world.zuora.dump()["Payment"]:
        if payment.get("IntegrationId__NS"):  # as a person does to send changed applications
            zuora.update_payment(payment["Id"], {"financeInformation": {"transferredToAccounting": "No"}})
    world.clock.advance(minutes=30)
    world.run()


@pytest.mark.skipif(not description_file().is_file(), reason="no copy of zuora-openapi.yaml; set CONTRACTS_DIR to its folder")
def test_requests_to_zuora_hold(sent: dict[str, list[tuple[str, str, Any]]]) -> None:
    checked, faults = 0, []
    for method, path, body in sent["zuora"]:
        schema = _request_schema(method, path)
        if schema is None:
            continue
        checked += 1
        faults += [f"{method} {path}: {p}" for p in (*problems(body, schema), *_missing(body, schema))]
    assert checked > 20
    assert sorted(set(faults)) == []


def _request_schema(method: str, path: str) -> dict[str, Any] | None:
    """The schema of a request body; None for paths that the document does not describe (Actions are, with open objects)."""
    for template, operations in description()["paths"].items():
        if method.lower() in operations and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            content = resolved(operations[method.lower()].get("requestBody", {})).get("content", {})
            return dict(content["application/json"]["schema"]) if "application/json" in content else None
    return None


def _missing(body: Any, schema: dict[str, Any]) -> list[str]:
    return [f"{name} is required" for name in resolved(schema).get("required", []) if name not in (body or {})]


@pytest.mark.skipif(not (FOLDER / FILE).exists(), reason=f"{FILE} is not here; set CONTRACTS_DIR to its folder")
def test_requests_to_netsuite_hold(sent: dict[str, list[tuple[str, str, Any]]]) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    definitions = json.loads((FOLDER / FILE).read_text())["definitions"]
    checked, faults = 0, []
    for method, path, body in sent["netsuite"]:
        found = re.search(r"/record/v1/(\w+)", path)
        if found is None:
            continue
        kind = SCHEMA_OF.get(found[1], found[1])
        document = _standard_fields(body)
        schema = {**definitions[kind], "definitions": definitions, "additionalProperties": False}
        if method == "PATCH":
            schema = {k: v for k, v in schema.items() if k != "required"}
        checked += 1
        errors = jsonschema.Draft7Validator(schema).iter_errors(document)
        faults += [f"{method} {kind}: {'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in errors]
    assert checked > 50
    assert sorted(set(faults)) == []


def _standard_fields(value: Any) -> Any:
    """A body without custom fields, which the schemas cannot know."""
    if isinstance(value, list):
        return [_standard_fields(v) for v in value]
    if not isinstance(value, dict):
        return value
    return {k: _standard_fields(v) for k, v in value.items() if not k.startswith(CUSTOM)}
