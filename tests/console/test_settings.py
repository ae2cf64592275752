"""Settings in the console: every key, edited, checked, compared, and saved once, with a reason, over what the person has seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape

import pytest

from tallybridge.console.roles import Role
from tallybridge.desk import settings_checks
from tallybridge.desk.doctor.examine import Systems
from tallybridge.desk.settings import as_text, catalogue, edited, from_text
from tallybridge.settings import DEFAULTS, parse_settings
from tallybridge_cli.target import Target
from tests.cli.test_doctor import FakeNetSuite, FakeZuora
from tests.console.world import Browser, Page


@pytest.fixture(autouse=True)
def netsuite(monkeypatch: pytest.MonkeyPatch) -> None:
    """What names are looked up in."""
    made = FakeNetSuite({"class": [{"id": "1", "name": "Web"}]})
    monkeypatch.setattr(settings_checks, "connected", lambda target, settings: Systems(settings, FakeZuora(), made))  # type: ignore[arg-type]


def save(target: Target, document: dict[str, object], reason: str = "first", who: str = "otto@example.com") -> None:
    target.configuration().save_version(json.dumps(document), who, reason)


def entered(browser: Browser) -> dict[str, str]:
    """What the form holds when it is opened."""
    groups = browser.get("/settings/edit?format=json").data["groups"]
    return {f"key.{row['key']}": row["text"] for group in groups for row in group["rows"]}


def check(browser: Browser, **changes: str) -> Page:
    fields = browser.get("/settings/edit").fields("/settings/edit/check")
    return browser.post("/settings/edit/check", {**fields, **entered(browser), **{f"key.{k}": v for k, v in changes.items()}})


def sent(page: Page, **given: str) -> dict[str, str]:
    """The fields of the form that saves what was checked."""
    document = unescape(page.text.partition('name="document" hidden readonly>')[2].partition("</textarea>")[0])
    return {**page.fields("/settings/edit/save"), "document": document.removeprefix("\n"), **given}


def test_every_key_has_a_label_a_value_its_default_and_who_changed_it(browser: Browser, target: Target) -> None:
    save(target, {"run_hours": 12}, "shorter nights")
    save(target, {"run_hours": 12, "default_class": "<i>Web</i>"}, "web shop", "ann@example.com")
    data = browser.get("/settings?format=json").data
    rows = {row["key"]: row for group in data["groups"] for row in group["rows"]}
    assert list(rows) == list(DEFAULTS.model_dump(by_alias=True))
    assert (rows["run_hours"]["value"], rows["run_hours"]["default"], rows["run_hours"]["is_default"]) == (12, 24, False)
    changed = rows["run_hours"]["changed"]
    assert (changed["author"], changed["reason"], changed["number"]) == ("otto@example.com", "shorter nights", 1)
    assert rows["netsuite_max_concurrency"]["label"] == "NetSuite max concurrency"
    page = browser.get("/settings")
    assert "web shop" in page.seen and "<i>Web</i>" not in page.text and "never" in page.seen


def test_only_what_differs_from_its_default(browser: Browser, target: Target) -> None:
    assert "Every setting has its default." in browser.get("/settings?only=changed").seen
    save(target, {"run_hours": 12, "default_class": ""})
    data = browser.get("/settings?only=changed&format=json").data
    assert [row["key"] for group in data["groups"] for row in group["rows"]] == ["run_hours"]


def test_a_value_goes_through_its_field_and_back() -> None:
    known = DEFAULTS.model_dump(mode="json", by_alias=True)
    for setting in catalogue():
        for value in (known[setting.key], EXAMPLES.get(setting.kind, known[setting.key])):
            assert from_text(setting, as_text(setting, value)) == value, setting.key


EXAMPLES = {"lines": ["a@example.com", "b@example.com"], "number": 7, "day": "2026-01-01", "json": {"a": "b"}}


def test_what_nobody_touched_stays_as_it_is_written() -> None:
    document = '{"run_hours": 12, "notify_recipients": ["a@example.com"], "payment_method_translation": {"ACH": "ACH Debit"}}'
    values = parse_settings(document).model_dump(mode="json", by_alias=True)
    texts = {setting.key: as_text(setting, values[setting.key]) for setting in catalogue()}
    assert json.loads(edited(document, texts)) == json.loads(document)
    assert json.loads(edited(document, {**texts, "run_hours": "24"}))["run_hours"] == 24
    assert json.loads(edited(document, {"notify_recipients": "a@example.com\r\n\r\nb@example.com\r\n"}))["notify_recipients"] == [
        *("a@example.com", "b@example.com")
    ]


def test_a_change_is_checked_compared_and_saved_with_its_reason(browser: Browser, target: Target) -> None:
    save(target, {"run_hours": 12})
    page = check(browser, run_hours="6", default_class="Web")
    assert page.status == 200 and "run_hours 12 6" in page.seen and "default_class empty Web" in page.seen
    assert target.configuration().current().number == 1
    answer = browser.post("/settings/edit/save", sent(page, reason="night runs are short"))
    assert (answer.status, answer.where) == (303, "/settings?done=saved")
    version = target.configuration().current()
    assert (version.number, version.author, version.reason) == (2, "ann@example.com", "night runs are short")
    assert json.loads(version.document) == {"run_hours": 6, "default_class": "Web"}


WRONG = [
    *[("run_hours", "never"), ("run_hours", "0"), ("notify_recipients", "not a mail"), ("field_map", "{")],
    *[("notify_recipients_by_kind", '{"money": ["a@example.com"]}'), ("notify_recipients_by_kind", '{"run": []}')],
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_what_the_connector_would_refuse_cannot_be_saved(browser: Browser, target: Target, key: str, value: str) -> None:
    save(target, {})
    page = check(browser, **{key: value})
    assert "These settings cannot be saved" in page.seen and key in page.seen and "/settings/edit/save" not in page.text
    assert value in unescape(page.text.partition(f'name="key.{key}"')[2][:300]), "what was entered is still there"
    tokens = browser.get("/settings/edit").fields("/settings/edit/check")
    forced = {**tokens, "version": "1", "reason": "x", "document": json.dumps({key: value})}
    assert browser.post("/settings/edit/save", forced).status == 400
    assert target.configuration().current().number == 1


def test_a_name_that_netsuite_does_not_have_is_found_before_it_is_saved(browser: Browser, target: Target) -> None:
    save(target, {})
    page = check(browser, default_class="Wbe")
    assert "These settings cannot be saved" in page.seen and "Wbe" in page.seen


def test_what_one_should_think_about_is_said_before(browser: Browser, target: Target) -> None:
    save(target, {})
    assert "Records that depend on it will not sync" in check(browser, disable_customer_account_sync="Yes").seen


def test_without_a_reason_nothing_is_saved_and_nothing_is_lost(browser: Browser, target: Target) -> None:
    save(target, {})
    answer = browser.post("/settings/edit/save", sent(check(browser, run_hours="6"), reason=""))
    assert (answer.status, "The reason is missing" in answer.seen, "run_hours" in answer.seen) == (400, True, True)
    assert target.configuration().current().number == 1


def test_what_was_checked_can_be_changed_further(browser: Browser, target: Target) -> None:
    save(target, {"run_hours": 12})
    page = check(browser, run_hours="6")
    more = browser.post("/settings/edit/again", {**page.fields("/settings/edit/again"), "document": sent(page)["document"]})
    assert (more.status, 'name="key.run_hours" value="6"' in more.text) == (200, True)


def test_two_people_who_save_at_once_do_not_overwrite_each_other(browser: Browser, target: Target) -> None:
    save(target, {"run_hours": 12})
    page = check(browser, run_hours="6")
    save(target, {"run_hours": 12, "default_class": "Web"}, "meanwhile")
    answer = browser.post("/settings/edit/save", sent(page, reason="shorter"))
    assert (answer.status, "CONFIGURATION-SAVED-MEANWHILE" in answer.seen) == (409, True)
    assert json.loads(target.configuration().current().document) == {"run_hours": 12, "default_class": "Web"}


def test_saving_twice_saves_once(browser: Browser, target: Target) -> None:
    save(target, {})
    fields = sent(check(browser, run_hours="6"), reason="x")
    assert [browser.post("/settings/edit/save", fields).status for _ in range(2)] == [303, 303]
    assert target.configuration().versions.numbers() == [1, 2]


def test_nothing_is_saved_where_nothing_differs(browser: Browser, target: Target) -> None:
    save(target, {"run_hours": 12})
    page = check(browser)
    assert "Nothing differs" in page.seen and "/settings/edit/save" not in page.text


def test_an_earlier_version_is_shown_and_brought_back(browser: Browser, target: Target) -> None:
    save(target, {"run_hours": 12})
    save(target, {"run_hours": 6}, "too short")
    assert "run_hours 12 6" in browser.get("/settings/versions/2").seen
    assert browser.send("/settings/versions/1", "/settings/restore", reason="back").where == "/settings?done=saved"
    version = target.configuration().current()
    assert (version.number, version.author, json.loads(version.document)) == (3, "ann@example.com", {"run_hours": 12})
    for unknown in ("9", "abc"):
        assert browser.get(f"/settings/versions/{unknown}").status == 400


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_an_approver_changes_settings(signed_in: Callable[..., Browser], target: Target, role: Role) -> None:
    save(target, {})
    browser = signed_in(role)
    assert "Change settings" not in browser.get("/settings").seen
    forced = {**browser.get("/").fields("/signout"), "version": "1", "reason": "x", "document": '{"run_hours": 6}'}
    answer = browser.post("/settings/edit/save", forced)
    assert (answer.status, "CONSOLE-ROLE" in answer.seen) == (403, True)
    assert target.configuration().current().number == 1


def test_credentials_are_told_as_set_and_never_shown(browser: Browser, target: Target) -> None:
    document = {"zuora": {"client_id": "the-id", "client_secret": "the-secret"}, "netsuite": {"account_id": "1", "private_key": "the-key"}}
    target.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString=json.dumps(document))
    for path in ("/settings", "/settings?format=json", "/", "/?format=json"):
        text = browser.get(path).text
        assert not [secret for secret in ("the-id", "the-secret", "the-key") if secret in text]
    assert "set: client_id, client_secret" in browser.get("/settings").seen


def test_the_catalogue_has_every_setting_once() -> None:
    assert [each.key for each in catalogue()] == list(DEFAULTS.model_dump(by_alias=True))
    assert all(each.group and each.effect for each in catalogue())
