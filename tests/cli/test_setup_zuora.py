"""`tallybridge setup zuora` on stand-ins in which nobody has set anything up: dry first, then made, then nothing left to do."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests

from tallybridge.fields.zuora import FIELDS, LEGACY, MODE_OF, OBJECTS
from tallybridge.settings import parse_settings
from tallybridge_cli import main as commands
from tallybridge_cli.main import main
from tallybridge_cli.options import console_for
from tallybridge_cli.setup import zuora as command
from tests.standins.zuora.tenant import Tenant, running

ADVANCED_FIELDS = 66
PERMISSIONS_OF_AN_ADMINISTRATOR = {
    "Platform": ["API Write Access", "Edit Custom Objects", "Manage User Roles"],
    "Billing": ["Manage Billing Settings"],
    "Payments": ["Manage Payments Settings"],
    "Finance": ["Configure Accounting Codes"],
}


class ClockOf:
    """The stand-in's clock, moved by whoever waits."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def now(self) -> datetime:
        return self.tenant.clock.now

    def sleep(self, seconds: float) -> None:
        self.tenant.clock.move(seconds)


class Admin:
    """An administrator at a terminal."""

    def __init__(self, tenant: Tenant, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.tenant, self.folder, self.capsys = tenant, folder, capsys
        options = tenant.stand_in.options
        self.logs_in_with(options.admin_client_id, options.admin_client_secret)
        self.code = -1

    def logs_in_with(self, client_id: str, client_secret: str) -> None:
        self.file = self.folder / f"admin-{self.tenant.server.port}.json"
        self.file.write_text(json.dumps({"base_url": self.tenant.url, "client_id": client_id, "client_secret": client_secret}))

    def text(self, *options: str) -> str:
        """What the command prints, errors included."""
        return "".join(self.printed(*options))

    def printed(self, *options: str) -> tuple[str, str]:
        vars(command)["out"], vars(commands)["err"] = console_for(sys.stdout), console_for(sys.stderr)
        with pytest.raises(SystemExit) as ended:
            main(["setup", "zuora", "--credentials", str(self.file), *options])
        self.code = int(ended.value.code or 0)
        out, err = self.capsys.readouterr()
        return out, err

    def json(self, *options: str) -> dict[str, Any]:
        return dict(json.loads(self.printed("--json", *options)[0]))

    def by_hand(self, action: str, **given: Any) -> Any:
        answer = requests.post(f"{self.tenant.url}/_sandbox/by-hand", json={"action": action, **given}, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def writes(self) -> dict[str, int]:
        """Calls by operation that change something, since the last look."""
        calls = requests.get(f"{self.tenant.url}/_sandbox/stats", timeout=10).json()["calls"]
        requests.post(f"{self.tenant.url}/_sandbox/stats", timeout=10)
        return {name: n for name, n in calls.items() if not name.startswith("GET") and "oauth" not in name and "query" not in name}


Start = Callable[..., Admin]


@pytest.fixture
def start(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a bare tenant, without an installation anywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BILLING_SYNC_ARN", raising=False)
    monkeypatch.setattr(command, "out", None)
    monkeypatch.setattr(commands, "err", None)
    with contextlib.ExitStack() as tenants:

        def started(**options: Any) -> Admin:
            tenant = tenants.enter_context(running(**{"bare": True, **options}))
            monkeypatch.setattr(command, "clock_of", lambda target: ClockOf(tenant))
            return Admin(tenant, tmp_path, capsys)

        yield started


def names(fields: Any, suffix: str = "__c") -> set[str]:
    return {f"{f.object}.{f.api}{suffix}" for f in fields}


def of_mode(mode: str) -> set[str]:
    return names(f for f in FIELDS if MODE_OF.get(f.object, mode) == mode)


def test_at_first_it_only_says_what_it_would_do(start: Start) -> None:
    admin = start()
    said = admin.json()
    assert admin.code == 1
    assert (said["environment"], said["mode"], said["dry"], said["complete"]) == ("SANDBOX", "B", True, False)
    assert set(said["fields"]["to_make"]) == of_mode("B") and len(said["fields"]["to_make"]) == ADVANCED_FIELDS
    assert said["by_hand"]["legacy_fields"] == []
    assert said["setting"] == {"zuora.field_suffix": "__c"}
    assert admin.writes() == {}


def test_create_makes_every_field_waits_until_all_apis_know_it_and_makes_nothing_twice(start: Start) -> None:
    admin = start()
    said = admin.json("--create")
    assert set(said["fields"]["made"]) == set(said["fields"]["there"]) == of_mode("B")
    assert said["fields"]["not_known_everywhere_yet"] == [] and said["fields"]["limits"] == {}
    assert admin.writes() == {"POST /objects/migrations": ADVANCED_FIELDS}
    defined = admin.tenant.get("/objects/definitions/com_zuora/account")["schema"]
    assert sorted(defined["filterable"]) == ["IntegrationId__c", "IntegrationStatus__c", "SynctoNetSuite__c"]
    assert defined["properties"]["Subsidiary__c"]["maxLength"] == 255
    again = admin.json("--create")
    assert again["fields"]["made"] == [] and len(again["fields"]["there"]) == ADVANCED_FIELDS
    assert admin.writes() == {}


def test_what_is_made_but_not_known_everywhere_is_said(start: Start) -> None:
    admin = start(new_field_delay_s=600)
    said = admin.json("--create", "--wait", "60")
    assert len(said["fields"]["not_known_everywhere_yet"]) == ADVANCED_FIELDS and admin.code == 1
    assert "made, but not known to every API of the tenant yet: repeat this in some minutes" in admin.text()
    assert admin.writes() == {"POST /objects/migrations": ADVANCED_FIELDS}
    admin.tenant.clock.move(600)
    assert admin.json()["fields"]["not_known_everywhere_yet"] == []


def test_in_mode_a_nine_fields_are_entered_by_hand_as_it_prints_them(start: Start) -> None:
    admin = start(settlement=False)
    said = admin.json("--create")
    rows = said["by_hand"]["legacy_fields"]
    assert len(rows) == 9 and {r["object"] for r in rows} == {n for n, o in OBJECTS.items() if o.kind == LEGACY}
    assert {
        "object": "InvoiceItem",
        "name": "IntegrationId__c",
        "label": "Integration ID",
        "type": "text",
        "length": 255,
        "indexed": False,
    } in rows
    assert "Settings > Billing > Manage Custom Fields" in admin.text()
    assert admin.by_hand("fields", rows=rows, legacy=True)["there"] == []
    admin.tenant.clock.move(5)
    after = admin.json()
    assert after["by_hand"]["legacy_fields"] == [] and set(after["fields"]["there"]) == of_mode("A")


def test_a_tenant_that_takes_no_fields_of_standard_objects_gets_rows_for_the_object_manager(start: Start) -> None:
    admin = start(migrates_standard_objects=False)
    said = admin.json("--create")
    assert admin.writes() == {"POST /objects/migrations": 5}
    assert set(said["fields"]["refused"].values()) == {"Standard objects cannot be changed by this operation."}
    rows = said["by_hand"]["object_manager"]
    assert {f"{r['object']}.{r['name']}" for r in rows} == of_mode("B")
    assert "Extension Studio > Object Manager" in admin.text("--create")
    admin.by_hand("fields", rows=rows, legacy=False)
    admin.tenant.clock.move(5)
    assert set(admin.json()["fields"]["there"]) == of_mode("B")


def test_rights_that_are_missing_are_named_and_nothing_is_tried_in_vain(start: Start) -> None:
    admin = start()
    admin.by_hand("role", name="Admins", permissions={**PERMISSIONS_OF_AN_ADMINISTRATOR, "Billing": []})
    admin.by_hand("user", name="ann", role="Admins")
    admin.logs_in_with(**admin.by_hand("client", user="ann"))
    said = admin.json("--create")
    assert said["fields"]["rights_missing"] == ["API Write Access", "Edit Custom Objects", "Manage Billing Settings"]
    assert {n.partition(".")[0] for n in said["fields"]["made"]} == {"Payment", "Refund"}
    assert len(said["fields"]["refused"]) == 1
    admin.by_hand("role", name="Admins", permissions=PERMISSIONS_OF_AN_ADMINISTRATOR)
    assert len(admin.json("--create")["fields"]["there"]) == ADVANCED_FIELDS


def own_field(name: str, target: str = "Account", **more: Any) -> dict[str, Any]:
    return {"object": target, "name": name, "label": "Own", "type": "text", "length": 255, "indexed": False, **more}


def test_the_tenants_own_fields_count_for_the_limits_of_its_edition(start: Start) -> None:
    admin = start()
    admin.by_hand("fields", rows=[own_field(f"Own{n}__c") for n in range(45)], legacy=False)
    admin.by_hand("fields", rows=[own_field(f"Key{n}__c", "Invoice", indexed=True) for n in range(9)], legacy=False)
    admin.tenant.clock.move(5)
    said = admin.json()
    assert said["fields"]["limits"]["Account"] == (
        "55 fields of its own, 3 of them filterable: needs an edition that allows 75 fields, 15 of them filterable"
    )
    assert "11 of them filterable" in said["fields"]["limits"]["Invoice"]
    made = admin.json("--create")
    assert "maximum number of 50 custom fields" in " ".join(made["fields"]["refused"].values())
    assert {r["object"] for r in made["by_hand"]["object_manager"]} == {"Account", "Invoice"}
    assert len(made["fields"]["made"]) > 50, "other objects are made all the same"


def test_wrong_types_and_unfilterable_fields_are_told_and_left_alone(start: Start) -> None:
    admin = start()
    definition = {"type": "number", "label": "Integration ID"}
    for name, given in (("SyncDate__c", definition), ("IntegrationId__c", {"type": "string", "label": "Integration ID", "maxLength": 40})):
        field = {"name": name, "definition": given}
        body = {"actions": [{"type": "addField", "namespace": "com_zuora", "object": "refund", "field": field}]}
        assert "actions" in admin.tenant.post("/objects/migrations", body)
    admin.tenant.clock.move(5)
    admin.writes()
    said = admin.json("--create")
    assert said["fields"]["wrong_type"] == {"Refund.IntegrationId__c": "text of 40 characters", "Refund.SyncDate__c": "number"}
    assert said["fields"]["not_filterable"] == ["Refund.IntegrationId__c"]
    assert admin.writes() == {"POST /objects/migrations": ADVANCED_FIELDS - 2}
    text = admin.text()
    assert "Refund.SyncDate__c is number, not text of 255 characters" in text and "takes 12 to 24 hours" in text


def test_zuoras_own_fields_are_taken_and_what_lacks_of_them_is_zuoras(start: Start) -> None:
    admin = start(bare=False)
    said = admin.json()
    assert said["fields"]["suffix"] == "__NS" and said["setting"] == {} and said["fields"]["to_make"] == []
    assert said["fields"]["only_zuora_can_add"] == []
    mode_a = start(bare=False, settlement=False).json()
    assert mode_a["fields"]["only_zuora_can_add"] == ["InvoiceItemAdjustment.Origin__NS", "InvoiceItemAdjustment.Transaction__NS"]
    assert start(bare=False, settlement=False).text().count("runs work without them") == 1
    own = admin.json("--suffix", "__c")
    assert len(own["fields"]["to_make"]) == ADVANCED_FIELDS


@contextmanager
def faults(admin: Admin, *rules: dict[str, Any]) -> Iterator[None]:
    requests.post(f"{admin.tenant.url}/_sandbox/faults", json=list(rules), timeout=10)
    yield
    requests.post(f"{admin.tenant.url}/_sandbox/faults", json=[], timeout=10)


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_lost_answer_is_looked_up_and_no_field_is_made_twice(start: Start, drop: str) -> None:
    admin = start()
    with faults(admin, {"method": "POST", "path": "/objects/migrations", "nth": 3, "drop": drop}):
        said = admin.json("--create")
    assert len(said["fields"]["made"]) == ADVANCED_FIELDS and said["fields"]["refused"] == {}
    assert admin.writes()["POST /objects/migrations"] == ADVANCED_FIELDS + (drop == "before")


def test_where_no_definitions_are_shown_descriptions_do(start: Start) -> None:
    admin = start()
    hidden = {"method": "GET", "path": "/objects/definitions", "status": 404, "body": {"message": "no such endpoint"}}
    with faults(admin, hidden, {"method": "POST", "path": "/objects/migrations", "nth": 3, "drop": "after"}):
        said = admin.json("--create")
        assert len(said["fields"]["made"]) == ADVANCED_FIELDS - 1
        admin.tenant.clock.move(60)
        assert len(admin.json("--create")["fields"]["there"]) == ADVANCED_FIELDS


def test_when_every_answer_is_lost_it_is_said_that_it_is_not_known(start: Start) -> None:
    admin = start()
    with faults(admin, {"method": "POST", "path": "/objects/migrations", "drop": "before", "times": 2}):
        said = admin.json("--create")
    assert said["fields"]["unknown"] == ["Account.IntegrationId__c"]
    assert admin.json("--create")["fields"]["made"] == ["Account.IntegrationId__c"]


def test_a_field_that_was_refused_once_is_made_the_next_time(start: Start) -> None:
    admin = start()
    with faults(admin, {"method": "POST", "path": "/objects/migrations", "nth": 20, "status": 400, "body": {"message": "no"}}):
        first = admin.json("--create")
    assert len(first["fields"]["made"]) == ADVANCED_FIELDS - 1
    assert len(admin.json("--create")["fields"]["made"]) == 1


# -- what is not a field -------------------------------------------------------------------------------------------------


def test_accounting_codes_are_made_for_tax_items_and_set_by_a_person(start: Start) -> None:
    admin = start()
    admin.by_hand("tax-code", name="WORLD")
    assert 'Give each: --tax-item "TAXCODE=internal id"' in admin.text()
    dry = admin.json("--tax-item", "WORLD=900")
    assert dry["tax"]["missing"] == ["900"] and admin.writes() == {}
    said = admin.json("--tax-item", "WORLD=900", "--create")
    assert said["tax"]["made"] == ["900"]
    assert said["by_hand"]["tax_codes"] == [{"tax_code": "WORLD", "accounting_code": "900"}]
    assert "Manage Tax Codes" in said["by_hand"]["screens"]["tax_codes"]
    again = admin.json("--tax-item", "WORLD=900", "--create")
    assert (again["tax"]["made"], again["tax"]["there"]) == ([], ["900"])
    assert admin.by_hand("tax-code", name="WORLD", accounting_code="900")["accounting_code"] == "900"


def test_an_accounting_code_of_another_type_or_without_finance_is_told(start: Start) -> None:
    admin = start()
    admin.tenant.post("/v1/accounting-codes", {"name": "900", "type": "Cash"})
    assert admin.json("--tax-item", "WORLD=900", "--create")["tax"]["refused"] == {"900": "there is an accounting code 900 of type Cash"}
    without = start(finance=False)
    said = without.text("--tax-item", "WORLD=900", "--create")
    assert "Zuora Finance is not enabled" in said and "Configure Accounting Codes" in said


@pytest.mark.parametrize("text", ["WORLD", "WORLD=", "=900", "WORLD=09", "WORLD=Item"])
def test_a_tax_item_is_a_code_and_an_internal_id(start: Start, text: str) -> None:
    admin = start()
    assert admin.json("--tax-item", text)["error"]["code"] == "INPUT" and admin.code == 3


def test_payment_method_types_are_added_to_those_that_are_on(start: Start) -> None:
    admin = start(payment_types_give_methods=True)
    admin.tenant.put("/settings/payment-methods", {"paymentMethodTypes": ["CreditCard"]})
    assert "Check would be switched on by --create" in admin.text("--payment-type", "Check")
    said = admin.json("--payment-type", "Check", "--create")
    assert said["payment_types"]["switched"] == ["Check"]
    assert admin.tenant.get("/settings/payment-methods")["paymentMethodTypes"] == ["CreditCard", "Check"]
    admin.tenant.clock.move(5)
    assert admin.json("--payment-type", "Check")["payment_types"]["methods"] == ["Check"]


def test_types_that_give_no_method_without_account_are_told(start: Start) -> None:
    admin = start()
    assert "no payment method without account of type Check" in admin.text("--payment-type", "Check", "--create")


def test_the_role_is_compared_with_what_the_runs_need(start: Start) -> None:
    admin = start()
    said = admin.json()["role"]
    assert said["found"] is False and "Run Data Queries (In UI Or API)" in said["permissions"]["Platform"]
    assert "Refund Credit Memo" in said["permissions"]["Billing"], "without an installation nobody knows whether records go to Zuora"
    assert "UI Access" not in said["permissions"]["Platform"]
    less = {**said["permissions"], "Reporting": ["Enable Exports"]}
    admin.by_hand("role", name="Tallybridge", permissions=less)
    assert admin.json()["role"]["missing"] == {"Reporting": ["Enable DataSource Exports"]}
    assert 'The role "Tallybridge" lacks' in admin.text()
    admin.by_hand("role", name="Tallybridge", permissions=said["permissions"])
    assert admin.json()["role"]["missing"] == {} and 'The role "Tallybridge" has every permission' in admin.text()


def test_roles_with_which_people_undo_what_was_synced_are_named(start: Start) -> None:
    admin = start()
    admin.by_hand("role", name="Clerks", permissions={"Billing": ["Delete Accounts", "Modify Account"]})
    assert admin.json()["role"]["others"] == {"Clerks": ["Delete Accounts"]}
    assert 'The role "Clerks" holds Delete Accounts: take it away' in admin.text()


def test_roles_that_may_not_be_read_are_listed_to_be_looked_at(start: Start) -> None:
    admin = start()
    admin.by_hand("role", name="Admins", permissions={**PERMISSIONS_OF_AN_ADMINISTRATOR, "Platform": ["API Write Access"]})
    admin.by_hand("user", name="ann", role="Admins")
    admin.logs_in_with(**admin.by_hand("client", user="ann"))
    assert admin.json()["role"]["found"] is None
    assert "Roles cannot be read with these rights" in admin.text()


def test_when_all_is_done_it_says_so_and_ends_with_zero(start: Start) -> None:
    admin = start()
    said = admin.json("--create")
    admin.by_hand("role", name="Tallybridge", permissions=said["role"]["permissions"])
    assert admin.json()["complete"] and admin.code == 0
    assert "Zuora has everything that the connector needs" in admin.text()


# -- the login -----------------------------------------------------------------------------------------------------------


def test_the_secret_is_asked_for_without_being_shown(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = start()
    options = admin.tenant.stand_in.options
    answers = iter([admin.tenant.url, options.admin_client_id, options.admin_client_secret])
    hidden: list[bool] = []

    def prompt(text: str, *, hide_input: bool = False, **more: Any) -> str:
        hidden.append(hide_input)
        return next(answers)

    monkeypatch.setattr("tallybridge_cli.setup.zuora_login.typer.prompt", prompt)
    with pytest.raises(SystemExit):
        main(["setup", "zuora", "--json"])
    printed = capsys.readouterr()
    assert hidden == [False, True, True]
    assert json.loads(printed.out)["mode"] == "B"
    assert options.admin_client_secret not in printed.out + printed.err


def test_a_wrong_secret_is_told_and_never_shown(start: Start) -> None:
    admin = start()
    admin.logs_in_with(admin.tenant.stand_in.options.admin_client_id, "not-the-secret")
    said = admin.text()
    assert "the client secret is wrong" in said and "not-the-secret" not in said and admin.code == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "is no readable JSON object"),
        ('{"base_url": "https://rest.zuora.com", "client_id": "a"}', "lacks client_secret"),
    ],
)
def test_a_file_without_the_keys_is_refused_with_what_belongs_in_it(start: Start, content: str, says: str) -> None:
    admin = start()
    admin.file.write_text(content)
    said = admin.json()["error"]
    assert said["code"] == "INPUT" and says in said["message"] and '"client_secret"' in said["advice"]


def test_nothing_is_sent_to_other_hosts_than_zuoras(start: Start) -> None:
    admin = start()
    admin.file.write_text('{"base_url": "https://zuora.com.example.com", "client_id": "a", "client_secret": "b"}')
    assert admin.json()["error"]["code"] == "ADDRESS"


def installed(admin: Admin, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """There is an installation whose client may do what runs do."""
    permissions = admin.json()["role"]["permissions"]
    admin.by_hand("role", name="Tallybridge", permissions=permissions)
    admin.by_hand("user", name="tallybridge", role="Tallybridge")
    given = {"zuora": {"base_url": admin.tenant.url, **admin.by_hand("client", user="tallybridge")}, "netsuite": {}}

    class Installation:
        variables: ClassVar[dict[str, str]] = {}

        def credentials(self) -> dict[str, Any]:
            return given

        def settings(self) -> Any:
            return parse_settings(json.dumps(settings))

    monkeypatch.setattr(command, "target_if_any", lambda env, stack: Installation())


def without_file(admin: Admin, *options: str) -> dict[str, Any]:
    with pytest.raises(SystemExit) as ended:
        main(["setup", "zuora", "--json", *options])
    admin.code = int(ended.value.code or 0)
    return dict(json.loads(admin.capsys.readouterr().out))


def test_the_installations_own_client_sees_the_fields_and_may_not_make_any(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = start()
    installed(admin, tmp_path, monkeypatch)
    seen = without_file(admin, "--as-installed")
    assert len(seen["fields"]["to_make"]) == ADVANCED_FIELDS and seen["role"]["found"] is None and seen["tax"]["codes"] is None
    made = without_file(admin, "--as-installed", "--create")
    assert made["fields"]["rights_missing"][:2] == ["API Write Access", "Edit Custom Objects"] and made["fields"]["made"] == []


@pytest.mark.parametrize("said", ["__NS", "__c"])
def test_the_setting_is_told_until_it_is_saved(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    admin = start()
    admin.json("--create")
    installed(admin, tmp_path, monkeypatch, **{"zuora.field_suffix": said})
    found = admin.json()
    assert found["setting"] == ({"zuora.field_suffix": "__c"} if said == "__NS" else {})
    assert (found["complete"], admin.code) == (said == "__c", int(said == "__NS"))
    assert ("tallybridge settings save settings.json" in admin.text()) == (said == "__NS")


def test_what_only_records_from_netsuite_need_is_asked_for_when_they_are_sent(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = start()
    installed(admin, tmp_path, monkeypatch)
    quiet = admin.json()["role"]
    assert "Create Account" in quiet["more"]["Billing"] and "Payments" not in quiet["permissions"]
    admin.by_hand("role", name="Tallybridge", permissions={"Platform": ["API Write Access"]})
    assert "If records are to go from NetSuite to Zuora, besides:" in admin.text()


def test_without_an_installation_there_is_no_client_of_it(start: Start) -> None:
    admin = start()
    assert admin.json("--as-installed")["error"]["code"] == "INPUT" and admin.code == 3
    assert admin.json("--suffix", "__x")["error"]["message"] == '"__x" is no suffix.'
