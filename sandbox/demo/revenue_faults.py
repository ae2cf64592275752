"""What is planted for the revenue connector: instances whose datasets have something wrong, and what a run of each must say.

Order lines for the demo's template of orders. The first three runs send nothing, since what is wrong is found before; what is wrong with
the fourth only the tenant can know, and Zuora Revenue rejects its file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.demo.revenue import FIELDS, TEMPLATES, Row, large_dataset

OBJECT = "Orders"
MORE_THAN_A_PAGE = 1_500
NO_SETUP = "SEK"
"""A currency that exists, and that the tenant of Zuora Revenue has not set up."""


@dataclass(frozen=True)
class Fault:
    """One planted case: what is wrong, the code with which the run must say so, and what its message must name."""

    wrong: str
    code: str
    names: str


@dataclass(frozen=True)
class FaultyInstance:
    """An instance of one object, its dataset in the form that the stand-in for NetSuite loads, and the cases planted in it. `left_out` are
    the columns of the dataset that are not mapped. Where the cause lies in Zuora Revenue, `mend` is what its stand-in loads to mend it:
    then a new run of the instance must stage every row."""

    name: str
    dataset: Row
    faults: tuple[Fault, ...]
    left_out: frozenset[str] = frozenset()
    mend: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    def configured(self) -> dict[str, Any]:
        """The instance as the connector's configuration has it."""
        aliases = {column["name"] for column in self.dataset["columns"]} - self.left_out
        mapping = [{"source": f.alias, "target": f.column} for f in FIELDS[OBJECT] if f.alias in aliases]
        described = {"object": OBJECT, "dataset": self.dataset["id"], "dataset_name": self.dataset["name"], "template": TEMPLATES[OBJECT]}
        return {"name": self.name, "objects": [{**described, "mapping": mapping}]}


@dataclass(frozen=True)
class Said:
    """A message of a run."""

    code: str
    message: str
    advice: str


@dataclass(frozen=True)
class Verdict:
    """A planted case, what was expected of it, and what came: a code or another short word, "" for nothing."""

    case: str
    expected: str
    came: str

    @property
    def as_planned(self) -> bool:
        return self.came == self.expected


def faulty_instances() -> tuple[FaultyInstance, ...]:
    """The instances, in the order in which they are run."""
    return (
        FaultyInstance(
            "Rows with faults",
            _rows_with_faults(),
            (
                Fault("An amount of USD 1,190.755: a third decimal", "RPRO-00737", '"1190.755"'),
                Fault("A currency in small letters", "RPRO-00736", '"usd"'),
                Fault("A currency that does not exist", "RPRO-00736", '"UST"'),
                Fault("A functional currency that does not exist", "RPRO-00761", '"EUX"'),
            ),
        ),
        FaultyInstance(
            "Pages that overlap",
            _order_lines("custdataset_zr_overlap", "ZR Orders, Overlapping", SO_LINE_ID="V{n%1499:07}-1"),
            (Fault("A line that stands on two pages, in the place of another", "DATASET_INCONSISTENT", "V0000001-1"),),
        ),
        FaultyInstance(
            "Lines without a key",
            _order_lines("custdataset_zr_keyless", "ZR Orders, No Key"),
            (Fault("Two pages of rows that nothing tells apart", "KEY_MISSING", f"{MORE_THAN_A_PAGE} rows"),),
            left_out=frozenset({"SO_LINE_ID"}),
        ),
        FaultyInstance(
            "Rejected by Revenue",
            _order_lines(
                "custdataset_zr_sek",
                "ZR Orders, SEK",
                3,
                SO_LINE_ID="S{n:07}-1",
                TransactionCurrency=NO_SETUP,
                FunctionalCurrency=NO_SETUP,
            ),
            (Fault("A currency that Zuora Revenue has not set up", "STAGING_FAILED", "RPRO-00736"),),
            mend={"currency": [{"code": NO_SETUP, "decimals": 2}]},
        ),
    )


def _order_lines(identifier: str, name: str, rows: int = MORE_THAN_A_PAGE, **values: str) -> Row:
    """A computed dataset with other values in some columns."""
    made = large_dataset(rows, identifier)
    columns = [{**column, "value": values.get(column["name"], column["value"])} for column in made["columns"]]
    return {**made, "name": name, "columns": columns}


def _rows_with_faults() -> Row:
    """Six order lines, of which four have one fault each."""
    faults: dict[int, Row] = {
        2: {"NetAmount": "1190.755"},
        3: {"TransactionCurrency": "usd"},
        4: {"TransactionCurrency": "UST"},
        5: {"FunctionalCurrency": "EUX"},
    }
    columns = [{"name": f.alias, "type": f.kind} for f in FIELDS[OBJECT] if f.alias != "Memo"]
    rows = [{**_order_line(n), **faults.get(n, {})} for n in range(1, 7)]
    return {"id": "custdataset_zr_faults", "name": "ZR Orders, Faults", "columns": columns, "rows": rows}


def _order_line(n: int) -> Row:
    return {
        "RevenueType": "SO",
        "SO_LINE_ID": f"F{n:07}-1",
        "CustomerNumber": "A00001002",
        "altname": "Customer 2",
        "ItemID": "ITEM-001",
        "ListAmount": "1200.00",
        "NetAmount": "1190.75",
        "TransactionCurrency": "USD",
        "FunctionalCurrency": "USD",
        "ExchangeRate": "1",
        "GlobalRate": "1",
        "StartDate": "2026-01-01",
        "EndDate": "2026-12-31",
        "DEF_SEGMENTS": "01.2200.000",
        "REV_SEGMENTS": "01.4000.000",
        "TransactionNumber": "F000001",
        "LineSequenceNumber": str(n),
        "TransactionDate": "2026-01-01",
        "Quantity": "1",
    }


def judge(faults: Iterable[Fault], said: Iterable[Said]) -> list[Verdict]:
    """Each planted case with the code of the message that names it; that of another message that names it where the code is another."""
    told = list(said)
    found = []
    for fault in faults:
        naming = [each.code for each in told if fault.names in each.message]
        found.append(Verdict(fault.wrong, fault.code, fault.code if fault.code in naming else next(iter(naming), "")))
    return found
