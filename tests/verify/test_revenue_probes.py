"""Every probe of Zuora Revenue against the stand-in: as assumed with its defaults, different in a tenant that answers otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.control import Control
from sandbox.profile import applied
from sandbox.revenue import RevenueOptions, RevenueStandIn
from sandbox.revenue.options import SANDBOX_PASSWORD, SANDBOX_USER
from sandbox.server import LoopbackServer
from tallybridge.http import Http
from tallybridge.settings import parse_settings
from tallybridge.tokens import ProcessTokens
from tallybridge.zuora_revenue import RevenueConnection
from tallybridge_cli.verify.building import revenue_rest
from tallybridge_cli.verify.journal import Journal
from tallybridge_cli.verify.probe import Finding, Probe, System, Verdict
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.profile import profile
from tallybridge_cli.verify.rest import Trace
from tallybridge_cli.verify.revenue.reads import RevenueSystem
from tallybridge_cli.verify.running import findings
from tallybridge_cli.verify.world import World
from tests.standins.revenue.tenant import INVOICE, TEMPLATE, Revenue, template, text
from tests.standins.revenue.tenant import Clock as StillClock
from tests.straight import straight_into
from tests.verify.bends import Bend, answered, replaced
from tests.verify.tenant import MovingClock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OURS: dict[str, Probe] = {probe.name: probe for probe in PROBES if probe.system is System.REVENUE}
ODD = {**INVOICE, "inv_line_id": "INV1-1", "ord_qty": "", "ext_lst_prc": ""}
"""A line that staging refuses."""


class Server:
    """One address; the tenant behind it can be exchanged. What is asked here goes straight in, without connections."""

    def __init__(self) -> None:
        self.clock = MovingClock()
        self.opened()
        self.server = LoopbackServer(self._answer).start()
        straight = straight_into({self.server.url: self._answer})
        self.http = Http(clock=lambda: self.clock.now().timestamp(), sleep=self.clock.sleep, session=straight)

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start)

    def opened(self, bend: Bend | None = None, **options: Any) -> Server:
        """A new tenant with one template."""
        self.stand_in = RevenueStandIn(RevenueOptions(clock=self.clock.now, **options))
        self.stand_in.load({"template": [template()]})
        app: WSGIApplication = Control(self.stand_in)
        self.app = bend(app) if bend else app
        return self

    def opened_again(self, bend: Bend) -> Server:
        """The same tenant, which now answers otherwise."""
        self.app = bend(self.app)
        return self

    def with_an_error(self) -> Server:
        """A line stands in staging with an error."""
        client = Revenue(self.stand_in, self.server.url, StillClock(self.clock.now()))
        client.log_in()
        client.call("POST", "upload/file", {"templatename": TEMPLATE}, files={"file": ("a.csv", text(ODD))})
        self.clock.sleep(60)
        return self

    def found(self, folder: Path, name: str, templates: tuple[str, ...] = (TEMPLATE,)) -> Finding:
        connection = RevenueConnection(self.server.url, user=SANDBOX_USER, password=SANDBOX_PASSWORD)
        trace = Trace()
        systems = {System.REVENUE: revenue_rest(connection, self.http, trace, ProcessTokens())}
        connections = {System.REVENUE: RevenueSystem(connection, templates)}
        world = World("1", self.clock, Journal(folder), parse_settings("{}"), systems, trace, {}, connections)
        (finding,) = findings(world, [OURS[name]])
        return finding


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.session.close()
    server.server.close()


OTHERS: dict[str, tuple[Any, Bend | None, dict[str, Any]]] = {
    "revenue.login": (["end"], None, {"token_life_s": 600}),
    "revenue.mapping-verb": (["POST"], None, {"mapping_methods": ("POST",)}),
    "revenue.mapping-shape": ("object", None, {"mapping_shape": "object"}),
    "revenue.key-case": ("upper", None, {"key_case": "upper"}),
    "revenue.mapping": (["types"], replaced("/upload/mapping", '"data_type": ?"Number"', '"data_type":"Blob"'), {}),
    "revenue.stage-errors": (["codes"], replaced("/stage/error/", r"RPRO-\d+", "oops"), {}),
    "revenue.error-upload-id": ("request", None, {"error_upload_id": "request"}),
    "revenue.upload-refused": (["unknown"], answered("GET", "/fileupload/status/9", {"Status": "Success", "Message": "Fine"}), {}),
}


MANY = '"Mapping": [' + '{"data_type": "Number"}, ' * 260
MORE: tuple[tuple[str, list[str], Bend], ...] = (
    ("revenue.login", ["in", "wrong"], answered("GET", "/stage/error/", {"message": "No."}, "403 Forbidden")),
    ("revenue.mapping", ["unknown"], answered("GET", "/upload/mapping.*TB-VERIFY", {"Mapping": []})),
    ("revenue.mapping", ["columns"], replaced("/upload/mapping", r'"Mapping": ?\[', MANY)),
    ("revenue.upload-refused", ["whole", "state"], answered("POST", "/upload/file", {"Result": {"file_request_id": 7}})),
)
"""Further tenants, so that each fact of a probe is seen not to hold in one of them."""


@pytest.mark.parametrize(("name", "sees", "bend"), MORE)
def test_every_fact_can_be_different(name: str, sees: list[str], bend: Bend, server: Server, tmp_path: Path) -> None:
    found = server.opened().with_an_error().opened_again(bend).found(tmp_path, name)
    assert (found.verdict, found.seen) == (Verdict.DIFFERENT, sees), (found.saw, found.evidence)


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_stand_in_behaves_as_assumed(name: str, server: Server, tmp_path: Path) -> None:
    found = server.opened().with_an_error().found(tmp_path, name)
    assert found.verdict is Verdict.AS_ASSUMED, (found.saw, found.evidence)
    assert not [line for line in found.evidence if SANDBOX_PASSWORD in line]


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_tenant_that_answers_otherwise_is_seen(name: str, server: Server, tmp_path: Path) -> None:
    sees, bend, options = OTHERS[name]
    found = server.opened(bend, **options).with_an_error().found(tmp_path, name)
    assert (found.verdict, found.seen) == (Verdict.DIFFERENT, sees), (found.saw, found.evidence)
    assert found.means
    if option := found.probe.option:
        behaving = applied(RevenueOptions(), profile("1", [found], [found.probe])["options"]["revenue"])
        assert getattr(behaving, option) == getattr(server.stand_in.options, option) != getattr(RevenueOptions(), option)


def test_nothing_is_ever_staged(server: Server, tmp_path: Path) -> None:
    server.opened()
    for name in OURS:
        server.found(tmp_path / name, name)
    assert not any(upload.staged for upload in server.stand_in.tenant.uploads.values())


UNASKED = {
    **dict.fromkeys(("users", "roles", "oauth_user", "oauth_role", "oauth_client_id", "oauth_client_secret", "api_prefix"), "credentials"),
    **dict.fromkeys(("account_segments", "segment_delimiter", "sob_ids"), "the tenant's own, told by its errors"),
    **dict.fromkeys(("response_style", "staging_delay_s", "staging_polls"), "takes a file that is staged"),
    **dict.fromkeys(("third_upload", "file_lines", "csv_lines", "file_bytes", "calls_per_minute"), "takes a load"),
    "chunked_upload": "the connector names the length of every upload",
    "api_enabled": "without it no login works",
    "token_life_s": "told with every token",
    "clock": "the sandbox's own",
}
"""Options that no probe tells, and why."""


def test_every_option_of_the_stand_in_is_told_by_a_probe_or_excused() -> None:
    asked = {probe.option for probe in OURS.values() if probe.option}
    assert asked | set(UNASKED) == {each.name for each in fields(RevenueOptions)}
    assert not asked & set(UNASKED)


def test_without_a_template_its_questions_stay_open(server: Server, tmp_path: Path) -> None:
    found = server.opened().found(tmp_path, "revenue.mapping-shape", templates=())
    assert (found.verdict, "names no upload template" in found.saw) == (Verdict.NOT_TESTABLE, True)
