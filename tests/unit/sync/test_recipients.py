"""Who is mailed about which kind of problem."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.settings import Settings, parse_settings

ADMIN, ONCALL, ACCOUNTANT = "admin@example.com", "oncall@example.com", "accountant@example.com"


def of(**given: Any) -> Settings:
    return parse_settings(json.dumps(given))


def test_a_kind_that_names_nobody_is_told_to_the_usual_recipients() -> None:
    settings = of(notify_recipients=[ADMIN], notify_recipients_by_kind={"run": [ONCALL], "records": [ACCOUNTANT, ONCALL.upper()]})
    assert settings.recipients(["run"]) == [ONCALL]
    assert settings.recipients(["drift"]) == settings.recipients([]) == [ADMIN]
    assert [address.lower() for address in settings.recipients(["run", "records", "drift"])] == [ONCALL, ACCOUNTANT, ADMIN]
    assert [address.lower() for address in settings.notified] == [ONCALL, ACCOUNTANT, ADMIN]


def test_somebody_may_be_told_of_one_kind_alone() -> None:
    settings = of(notify_recipients_by_kind={"drift": [ACCOUNTANT]})
    assert settings.recipients(["drift"]) == settings.notified == [ACCOUNTANT] and settings.recipients(["run"]) == []


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"money": [ADMIN]}, "notify_recipients_by_kind.money"),
        ({"run": []}, "notify_recipients_by_kind.run"),
        ({"run": ["nobody"]}, "notify_recipients_by_kind.run.0"),
        ({"run": [f"a{n}@example.com" for n in range(30)], "drift": [f"b{n}@example.com" for n in range(30)]}, "notify_recipients_by_kind"),
        ([ADMIN], "notify_recipients_by_kind"),
    ],
    ids=["unknown kind", "nobody", "no address", "more than one mail takes", "no kinds"],
)
def test_what_cannot_be_meant_is_refused_with_its_place(given: Any, place: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        of(notify_recipients_by_kind=given)
    assert refused.value.code == "SETTINGS" and place in refused.value.place
