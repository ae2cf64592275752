"""What a person may write into the settings: contradictions and slips are refused with their place, and nothing ends in a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.field_names import LOGICAL_NAMES, OWN_IDS
from tallybridge.fields import wanted
from tallybridge.fields.netsuite import NETSUITE, NETSUITE_LINES, prefix_of
from tallybridge.revenue.config import parse_config
from tallybridge.settings import DEFAULTS, Settings, parse_settings
from tallybridge.wiring import parse_credentials, zuora_connection

KEYS = [info.alias or name for name, info in Settings.model_fields.items()]
DATES = [key for key in KEYS if key.startswith("cutover_")]
NUMBERS = [key for key in KEYS if key.startswith("large_invoice_")] + ["credit_memos_per_run", "netsuite_max_concurrency"]
ROW = {"zuora_object": "Invoice", "zuora_field": "Region__c", "netsuite_field": "custbody_region"}
ON = {"custom_field_sync_enabled": "Yes"}


def places(document: Any) -> list[str]:
    """Where the document is refused."""
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(ConfigurationError) as refused:
        parse_settings(text)
    assert refused.value.code == "SETTINGS" and refused.value.advice
    found = refused.value.place.split(", ")
    assert all(place in refused.value.message for place in found)
    return found


def mapped(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**ON, "custom_field_mappings": [{**ROW, **row} for row in rows], **more}


REFUSED: dict[str, tuple[Any, list[str]]] = {
    "a piece larger than the limit": ({"large_invoice_piece": 500, "large_invoice_lines": 100}, ["large_invoice_piece"]),
    "the usual piece above a small limit": ({"large_invoice_lines": 50}, ["large_invoice_piece"]),
    "a rounding line without its item": ({"rounding_difference": "line"}, ["rounding_item_id"]),
    "a piece above the usual limit, and something else": (
        {"large_invoice_lines": 2, "field_map": {"x": "y"}},
        ["large_invoice_piece", "field_map.x"],
    ),
    "onto the connector's own key": (mapped({"netsuite_field": "custbodyzuoraid"}), ["custom_field_mappings.0.netsuite_field"]),
    "onto it in capitals": (mapped({"netsuite_field": "CustBodyZuoraID"}), ["custom_field_mappings.0.netsuite_field"]),
    "onto another field of the connector": (
        mapped({}, {"zuora_object": "Account", "netsuite_field": "custentityzuoraintegrationstatus"}),
        ["custom_field_mappings.1.netsuite_field"],
    ),
    "onto a field that field_map names": (
        mapped({"netsuite_field": "custbody_key"}, field_map={"custbody.Zuora ID": "custbody_key"}),
        ["custom_field_mappings.0.netsuite_field"],
    ),
    "onto NetSuite's own key": (mapped({"netsuite_field": "externalId"}), ["custom_field_mappings.0.netsuite_field"]),
    "onto a standard field": (mapped({"netsuite_field": "entity"}), ["custom_field_mappings.0.netsuite_field"]),
    "onto a field of another kind of record": (mapped({"netsuite_field": "custentity_region"}), ["custom_field_mappings.0.netsuite_field"]),
    "one field twice": (mapped({}, {"zuora_field": "Other__c"}), ["custom_field_mappings.1.netsuite_field"]),
    "one field twice in other letters": (
        mapped({}, {"zuora_field": "Other__c", "netsuite_field": "CUSTBODY_REGION"}),
        ["custom_field_mappings.1.netsuite_field"],
    ),
    "a field name that would break a query": (mapped({"zuora_field": "Id from Account"}), ["custom_field_mappings.0.zuora_field"]),
    "an empty field": (mapped({"zuora_field": " "}), ["custom_field_mappings.0.zuora_field"]),
    "an internal id that is none": (mapped({"netsuite_internal_id": "90l"}), ["custom_field_mappings.0.netsuite_internal_id"]),
    "a row that is a list": ({**ON, "custom_field_mappings": [["Invoice", "a", "b"]]}, ["custom_field_mappings.0"]),
    "rows that are an object": ({**ON, "custom_field_mappings": ROW}, ["custom_field_mappings"]),
    "an unknown object": (mapped({"zuora_object": "Refund"}), ["custom_field_mappings.0.zuora_object"]),
    "a currency's name": ({"zuora_default_currency": "US Dollar"}, ["zuora_default_currency"]),
    "a currency in small letters": ({"zuora_default_currency": "usd"}, ["zuora_default_currency"]),
    "a currency's sign": ({"zuora_default_currency": "€"}, ["zuora_default_currency"]),
    "a currency and more": ({"zuora_default_currency": "USD\nEUR"}, ["zuora_default_currency"]),
    "an unknown logical name": ({"field_map": {"custbody.Zuora Id": "custbody_z"}}, ["field_map.custbody.Zuora Id"]),
    "a logical name without its prefix": ({"field_map": {"Zuora ID": "custbody_z"}}, ["field_map.Zuora ID"]),
    "no script id": ({"field_map": {"custbody.Zuora ID": "Zuora ID"}}, ["field_map.custbody.Zuora ID"]),
    "a script id of another kind": ({"field_map": {"custbody.Zuora ID": "custentity_z"}}, ["field_map.custbody.Zuora ID"]),
    "one script id for two names": (
        {"field_map": {"custbody.Zuora ID": "custbody_z", "custbody.Zuora Type": "custbody_z"}},
        ["field_map.custbody.Zuora Type"],
    ),
    "a list for an object": ({"field_map": [["custbody.Zuora ID", "custbody_z"]]}, ["field_map"]),
    "an object for a script id": ({"field_map": {"custbody.Zuora ID": {}}}, ["field_map.custbody.Zuora ID"]),
    "a key twice": ('{"debug_logging": "Yes", "debug_logging": "No"}', ["debug_logging"]),
    "a key twice with one value": ('{"debug_logging": "Yes", "debug_logging": "Yes"}', ["debug_logging"]),
    "a key twice inside": (
        '{"closed_period": {"invoice": "Refuse", "invoice": "Hold Until Opened"}}',
        ["closed_period.invoice"],
    ),
    "a key twice in a row": (
        '{"custom_field_mappings": [{}, {"zuora_field": "a", "zuora_field": "b"}]}',
        ["custom_field_mappings.1.zuora_field"],
    ),
    "a key that is not one, twice": ('{"x": 1, "x": 2}', ["x"]),
    "a method for two types": ({"payment_method_translation": {"Check": "Wire", "ACH": "Wire"}}, ["payment_method_translation"]),
    "a method without a name": ({"payment_method_translation": {"Check": ""}}, ["payment_method_translation"]),
    "a type without a name": ({"payment_method_translation": {"": "Check"}}, ["payment_method_translation"]),
    "a method with blanks": ({"payment_method_translation": {"Check": "Cheque "}}, ["payment_method_translation.Check"]),
    "a type with blanks": ({"payment_method_translation": {"Check ": "Cheque"}}, ["payment_method_translation.Check .[key]"]),
    "entities with blanks": ({"zuora.entity_ids": "a, b"}, ["zuora.entity_ids"]),
    "entities with a line break": ({"zuora.entity_ids": "a\r\nX: y"}, ["zuora.entity_ids"]),
    "a name with a line break": ({"default_class": "Soft\nware"}, ["default_class"]),
    "a name with what nobody sees": ({"default_class": "Soft\u200bware"}, ["default_class"]),
    "half a character": ('{"default_class": "\\ud800"}', ["document"]),
    "no number": ('{"large_invoice_lines": NaN}', ["document"]),
    "no end": ('{"large_invoice_lines": Infinity}', ["document"]),
    "a huge number": ('{"large_invoice_lines": ' + "9" * 5_000 + "}", ["document"]),
    "a large number": ('{"large_invoice_lines": ' + "9" * 300 + "}", ["large_invoice_lines"]),
    "a deep list": ("[" * 100_000, ["document"]),
    "a deep object": ('{"a":' * 100_000, ["document"]),
    "a list": ([], ["document"]),
    "a text": ('"Yes"', ["document"]),
    "nothing": ("null", ["document"]),
    "a document twice": ("{}{}", ["document"]),
    "a comment": ('{"debug_logging": "Yes" /* for now */}', ["document"]),
    "an unknown record": ({"closed_period": {"bill": "Refuse"}}, ["closed_period.bill.[key]"]),
    "a step that is no switch": ({"disable_zuora_invoice_sync": "perhaps"}, ["disable_zuora_invoice_sync"]),
    "a number for a switch": ({"disable_zuora_invoice_sync": 1}, ["disable_zuora_invoice_sync"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_contradictions_and_slips_are_refused_with_their_place(case: str) -> None:
    document, expected = REFUSED[case]
    assert places(document) == expected


NO_DATES: list[Any] = [0, 1, -1, 1767225600, 20260101, 2026, 1.5, True, [], {}, ["2026-01-01"]]
NO_DATES += ["0", "1767225600", "2026-01-01T00:00:00", "01.01.2026", "2026-1-1", "2026-02-30", "2026-13-01", "now"]
NO_DATES += ["٢٠٢٦-٠١-٠١", " 2026-01-01", "2026-01-01 "]


@pytest.mark.parametrize("key", DATES)
@pytest.mark.parametrize("value", NO_DATES)
def test_only_dates_in_quotes_are_dates(key: str, value: Any) -> None:
    assert places({key: value}) == [key]


@pytest.mark.parametrize("key", DATES)
@pytest.mark.parametrize(("value", "expected"), [("2026-01-31", "2026-01-31"), ("", "None"), (None, "None")])
def test_dates_are_dates(key: str, value: Any, expected: str) -> None:
    assert str(getattr(parse_settings(json.dumps({key: value})), key)) == expected


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("value", [0, -1, -100, 1_000_000, True, False, "5", "", "5_0", "٥", 5.5, 5.0, None, [], [5], {"a": 5}])
def test_only_whole_numbers_within_their_bounds_are_numbers(key: str, value: Any) -> None:
    assert places({key: value}) == [key]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [[[]], [[1]], {"a": {"b": [{}]}}, [{"a": 1}], {"": None}, [None]])
def test_lists_and_nested_values_are_refused_below_their_key(key: str, value: Any) -> None:
    assert all(place == key or place.startswith(f"{key}.") for place in places({key: value}))


@pytest.mark.parametrize("depth", [10, 100, 200, 300, 500, 700, 900, 990, 1_000, 1_100, 2_000, 10_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}"), ('[{"field_map":', "}]")])
def test_a_document_of_any_depth_is_refused_without_a_traceback(depth: int, start: str, end: str) -> None:
    for key in ("field_map", "custom_field_mappings", "item_id_mapping", "debug_logging", "no_such_key", "cutover_zuora_invoice"):
        document = f'{{"{key}": {start * depth}1{end * depth}}}'
        assert places(document)
        with pytest.raises(ConfigurationError):
            parse_config(document)
        with pytest.raises(ConfigurationError):
            parse_credentials(document)


def test_names_are_trimmed() -> None:
    assert parse_settings('{"default_class": "  Software : Cloud "}').default_class == "Software : Cloud"


def test_what_the_settings_show_can_be_stored_again() -> None:
    whole = parse_settings(json.dumps(mapped({}, field_map={"custbody.Zuora ID": "custbody_z"}, cutover_zuora_invoice="2026-01-01")))
    assert parse_settings(whole.model_dump_json(by_alias=True)) == whole
    assert parse_settings(DEFAULTS.model_dump_json(by_alias=True)) == DEFAULTS


def test_the_field_map_may_name_every_field_that_the_doctor_looks_for() -> None:
    body = {f"{prefix_of(kind)}.{w.label}" for kind, needs in NETSUITE.items() for w in wanted(needs, ())}
    lines = {f"custcol.{w.label}" for needs in NETSUITE_LINES.values() for w in wanted(needs, ())}
    assert body | lines <= LOGICAL_NAMES
    assert LOGICAL_NAMES - body - lines == {"custitem.Avalara Tax Code"}, "another product's field"
    assert "custbodyzuoraid" in OWN_IDS and "custcolzuoraservicestartdate2" in OWN_IDS


# -- the secret -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "", 1.5, True, ["a"], {"a": "b"}])
def test_a_secret_that_is_no_text_is_missing_or_refused(value: Any) -> None:
    keys = {"base_url": "https://rest.zuora.com", "client_id": "c", "client_secret": value}
    with pytest.raises(ConfigurationError) as refused:
        zuora_connection(parse_credentials(json.dumps({"zuora": keys, "netsuite": {}})), DEFAULTS)
    assert (refused.value.code, refused.value.place) == ("CREDENTIALS", "zuora.client_secret")


def test_a_key_that_stands_twice_in_the_secret_is_refused_without_its_value() -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_credentials('{"zuora": {"client_secret": "first", "client_secret": "second"}, "netsuite": {}}')
    assert "zuora.client_secret" in refused.value.message
    assert not any(word in f"{refused.value.message} {refused.value.__context__}" for word in ("first", "second"))
