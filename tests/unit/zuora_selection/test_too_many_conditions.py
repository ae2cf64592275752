"""A selection with more combinations of conditions than ZOQL takes."""

from __future__ import annotations

from tallybridge.zuora.selection import MAX_PREDICATES, Is, IsNot, SourceQuery


def test_conditions_that_zoql_has_no_room_for_are_left_to_the_second_reading() -> None:
    wide = tuple(IsNot(name, ("x",)) for name in ("A", "B", "C", "D", "E", "F"))
    query = SourceQuery("Refund", ("Id",), ((Is("Status", ("Processed",)), Is("Flag", ("No", None, "Error")), *wide),))
    text = query.zoql()
    assert text.count(" = ") + text.count(" != ") <= MAX_PREDICATES
    assert "Status = 'Processed'" in text
    assert "A = null" in text
    assert "F = null" not in text
    assert not query.qualifies({"Status": "Processed", "Flag": "No", "F": "x"}, {})
