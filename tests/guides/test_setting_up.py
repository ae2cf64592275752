"""docs/setup.md: a scripted admin who has two empty tenants, a stack that was just deployed, and nothing but the guide, reaches the first
invoice that ties out. Every command of the way is taken from the page, in its order; what the page says is done by hand is done on the
screens that it names."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from sandbox.by_hand.__main__ import app as hands
from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.desk.target import Target
from tallybridge_cli import main as commands
from tallybridge_cli import options, watch
from tallybridge_cli.main import main
from tallybridge_cli.setup import zuora as zuora_command

GUIDE = (Path(__file__).parents[2] / "docs" / "setup.md").read_text(encoding="utf-8")
MOST_COMMANDS = 12
LONGEST = 600.0
A_MINUTE = 60.0
STEP = re.compile(r"^### (\d+)\. (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Chapter:
    """One step of the way: its text, its commands, and the file that it shows."""

    title: str
    text: str

    @property
    def commands(self) -> list[str]:
        return [line for kind, body in FENCE.findall(self.text) if not kind for line in body.splitlines() if line.strip()]

    @property
    def file(self) -> str:
        return next((body for kind, body in FENCE.findall(self.text) if kind == "json"), "")


def the_way() -> list[Chapter]:
    """The numbered steps of the guide."""
    way = GUIDE[GUIDE.index("\n## The way\n") : GUIDE.index("\n## The first day\n")]
    starts = list(STEP.finditer(way))
    ends = [match.start() for match in starts[1:]] + [len(way)]
    return [Chapter(match[2], way[match.start() : end]) for match, end in zip(starts, ends, strict=True)]


@dataclass
class Admin:
    """Works in a folder of their own. `seen` is what screens and commands have shown, by name."""

    sandbox: Sandbox
    folder: Path
    say: Callable[[], str]
    seen: dict[str, str] = field(default_factory=dict)

    def by_hand(self, *arguments: str) -> str:
        done = CliRunner().invoke(hands, [*arguments, "--env", str(self.sandbox.env_file)])
        assert done.exit_code == 0, (arguments, done.output)
        return done.output

    def types(self, command: str, *more: str) -> tuple[int, str]:
        """A command as the guide has it, with what the screens have shown in the place of ID."""
        for name in ("client-id", "certificate-id"):
            command = command.replace(f"--{name} ID", f"--{name} {self.seen.get(name, 'ID')}")
        words = shlex.split(command)[1:]
        with pytest.raises(SystemExit) as ended:
            main([*words, *more])
        return int(ended.value.code or 0), self.say()


@pytest.fixture(params=["B", "A"])
def admin(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Admin]:
    clock = VirtualClock(datetime.now(UTC))
    started = SandboxOptions(data="bare", settlement=request.param == "B", out=tmp_path / "out", child=False, clock=clock, console=False)
    with Sandbox(started) as running:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(zuora_command, "clock_of", lambda target: clock)
        monkeypatch.setattr(commands, "follow", lambda target, execution, quiet: _to_its_end(target, execution))

        paper = io.StringIO()
        for module in [m for name, m in sys.modules.items() if name.startswith("tallybridge_cli")]:
            if isinstance(getattr(module, "out", None), Console):
                monkeypatch.setattr(module, "out", options.console_for(paper))

        def say() -> str:
            said = paper.getvalue() + capsys.readouterr().out
            paper.seek(0)
            paper.truncate()
            return "\n".join(line for line in said.splitlines() if not line.startswith('{"level"'))

        yield Admin(running, tmp_path, say)


def _to_its_end(target: Target, execution: str) -> None:
    for _ in watch.follow(target, execution, longest=LONGEST):
        pass


# -- what the page says is done by hand, and on which screens --------------------------------------------------------------


def dns(admin: Admin, said: str) -> None:
    (admin.folder / "rows.txt").write_text(said)
    admin.by_hand("aws", "dns-records", "rows.txt")


def features(admin: Admin, said: str) -> None:
    admin.by_hand("netsuite", "features")


def deploys(admin: Admin, said: str) -> None:
    assert "88 objects created" in admin.by_hand("netsuite", "deploy", "out/netsuite")


def login(admin: Admin, said: str) -> None:
    admin.by_hand("netsuite", "role-to-user")
    admin.seen["client-id"] = _shown(admin.by_hand("netsuite", "integration"), "client_id")
    certificate = admin.by_hand("netsuite", "certificate", "out/netsuite-certificate/netsuite-certificate.pem")
    admin.seen["certificate-id"] = _shown(certificate, "certificate_id")


def administrator(admin: Admin, said: str) -> None:
    admin.by_hand("zuora", "client", "--user", "administrator", "--into", "zuora-admin.json")


def role_and_user(admin: Admin, said: str) -> None:
    chapter = next(c for c in the_way() if c.title.startswith("Zuora"))
    code, document = admin.types(chapter.commands[0], "--json")
    assert code == 1, "a person has something to do yet"
    (admin.folder / "zuora.json").write_text(document)
    if not admin.sandbox.options.settlement:
        admin.by_hand("zuora", "legacy-fields", "zuora.json")
        admin.sandbox.aws.clock.sleep(A_MINUTE)  # new fields are known everywhere after some seconds
    admin.by_hand("zuora", "role", "Tallybridge", "zuora.json")
    admin.by_hand("zuora", "user", "tallybridge", "--role", "Tallybridge")
    admin.by_hand("zuora", "client", "--user", "tallybridge", "--into", "zuora-user.json")


def writes_the_file(admin: Admin, said: str) -> None:
    chapter = next(c for c in the_way() if c.title == "Save the settings")
    (admin.folder / "settings.json").write_text(chapter.file)


def first_invoice(admin: Admin, said: str) -> None:
    admin.by_hand("zuora", "first-invoice", "--day", f"{admin.sandbox.aws.clock.now():%Y-%m-%d}")


Hand = Callable[[Admin, str], None]
BEFORE: dict[str, tuple[Hand, tuple[str, ...]]] = {
    "tallybridge setup netsuite": (features, ("Setup > Company > Enable Features",)),
    "tallybridge setup zuora": (administrator, ("the administrator's own client",)),
    "tallybridge settings save": (writes_the_file, ("settings.json",)),
    "tallybridge run --dry-run": (first_invoice, ("one posted invoice",)),
}
AFTER: dict[str, tuple[Hand, tuple[str, ...]]] = {
    "tallybridge setup aws": (dns, ("CNAME records",)),
    "suitecloud project:deploy": (deploys, ("out/netsuite",)),
    "tallybridge setup certificate": (
        login,
        ("Lists > Employees > Employees", "Manage Integrations > New", "OAuth 2.0 Client Credentials (M2M) Setup > Create New"),
    ),
    "tallybridge setup zuora": (role_and_user, ("Manage User Roles", "Manage Users", "Manage Custom Fields")),
}
"""What a person does before and after a command, and the words by which the guide sends them there."""
VENDORS_TOOLS = ("sam ", "suitecloud ")
UNFINISHED = ("tallybridge setup aws", "tallybridge setup zuora")
"""Commands that end with 1, since a person has something to do now."""


def hand_of(table: dict[str, tuple[Hand, tuple[str, ...]]], command: str, chapter: Chapter) -> Hand | None:
    found = next((value for begin, value in table.items() if command.startswith(begin)), None)
    if found is None:
        return None
    text = " ".join(chapter.text.split())
    assert [words for words in found[1] if words not in text] == [], f"the guide does not say it: {chapter.title}"
    return found[0]


def test_the_guide_leads_from_empty_tenants_to_the_first_invoice_that_ties_out(admin: Admin) -> None:
    typed: list[str] = []
    for chapter in the_way():
        for command in chapter.commands:
            typed.append(command)
            if before := hand_of(BEFORE, command, chapter):
                before(admin, "")
            said = ""
            if not command.startswith(VENDORS_TOOLS):  # the sandbox's stack is deployed; the vendor's tool is played by a hand
                code, said = admin.types(command)
                assert code in ((0, 1) if command.startswith(UNFINISHED) else (0,)), (command, said)
            if after := hand_of(AFTER, command, chapter):
                after(admin, said)
    assert len(typed) <= MOST_COMMANDS, typed
    (invoice,) = admin.sandbox.dump("netsuite")["invoice"]
    assert (invoice["tranDate"], Decimal(str(invoice["total"]))) == (f"{admin.sandbox.aws.clock.now():%Y-%m-%d}", Decimal(100))
    code, said = admin.types("tallybridge setup")
    assert (code, said.splitlines()[-1].startswith("All of it is done.")) == (0, True), said
    code, said = admin.types("tallybridge status --json")
    assert (code, json.loads(said)["tied_out"]) == (0, True)


def test_the_way_has_the_steps_that_the_guide_promises() -> None:
    way = the_way()
    assert way[0].title == "Deploy the stack"
    assert "Twelve commands" in GUIDE
    assert sum(len(chapter.commands) for chapter in way) == MOST_COMMANDS
    assert json.loads(next(c.file for c in way if c.file))["zuora.field_suffix"] == "__c"


def _shown(text: str, name: str) -> str:
    return next(line.split()[1] for line in text.splitlines() if line.startswith(name))
