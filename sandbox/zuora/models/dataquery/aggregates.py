"""Aggregate functions over decimals and arrays that the embedded engine does not have, or has otherwise."""

from __future__ import annotations

import json
import operator
import statistics
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cmp_to_key
from typing import Any

Row = tuple[Any, ...]


WIDE = Context(prec=80)
"""Holds every digit of a product of two decimals."""


def exact(value: float | int) -> Decimal:
    """The decimal that a stored number stands for: the shortest one that is nearest to it."""
    return Decimal(repr(value))


def half_up(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, WIDE)


class ExactSum:
    """`sum` of amounts without the drift of binary fractions."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.count = 0
        self.whole = True

    def step(self, value: float | int | None) -> None:
        if value is not None:
            self.total += Decimal(repr(value))
            self.count += 1
            self.whole = self.whole and isinstance(value, int)

    def inverse(self, value: float | int | None) -> None:
        if value is not None:
            self.total -= Decimal(repr(value))
            self.count -= 1

    def value(self) -> float | int | None:
        if not self.count:
            return None
        return int(self.total) if self.whole else float(self.total)

    def finalize(self) -> float | int | None:
        return self.value()


def collected(result: Callable[[list[Row]], Any]) -> type:
    """A function over all rows of a group. The first argument of every call says how: `{"distinct": ..., "order": [descending, ...]}`; the
    last ones are what is ordered by."""

    class Collected:
        def __init__(self) -> None:
            self.rows: list[Row] = []
            self.how: dict[str, Any] = {}

        def step(self, how: str, *row: Any) -> None:
            self.how = self.how or json.loads(how)
            self.rows.append(row)

        def inverse(self, how: str, *row: Any) -> None:
            self.rows.remove(row)

        def value(self) -> Any:
            keys: list[bool] = self.how.get("order", [])
            rows = ordered(self.rows, keys)
            rows = [row[: len(row) - len(keys)] for row in rows]
            return result(list(dict.fromkeys(rows)) if self.how.get("distinct") else rows)

        def finalize(self) -> Any:
            return self.value()

    return Collected


def ordered(rows: list[Row], descending: Sequence[bool]) -> list[Row]:
    """By the last values of each row, nulls last."""
    for back, turned in zip(range(1, len(descending) + 1), reversed(descending), strict=True):
        there = [r for r in rows if r[-back] is not None]
        there.sort(key=lambda r, b=back: r[-b], reverse=turned)  # type: ignore[misc]
        rows = there + [r for r in rows if r[-back] is None]
    return rows


def agg_array(rows: list[Row]) -> str | None:
    return json.dumps([r[0] for r in rows], ensure_ascii=False) if rows else None


def known(rows: list[Row]) -> list[Any]:
    return [r[0] for r in rows if r[0] is not None]


def average(rows: list[Row]) -> float | None:
    """Of decimals with their places (second value), of other numbers (-1) as a fraction."""
    values = [exact(r[0]) for r in rows if r[0] is not None]
    if not values:
        return None
    mean = sum(values, Decimal(0)) / len(values)
    return float(mean if rows[0][1] < 0 else half_up(mean, rows[0][1]))


def by(turned: bool) -> Callable[[list[Row]], Any]:
    def chosen(rows: list[Row]) -> Any:
        there = [r for r in rows if r[1] is not None]
        choose: Callable[..., Row] = max if turned else min
        return choose(there, key=cmp_to_key(lambda a, b: (a[1] > b[1]) - (a[1] < b[1])))[0] if there else None

    return chosen


def largest(turned: bool) -> Callable[[list[Row]], str | None]:
    """`max(value, how many)`."""
    return lambda rows: json.dumps(sorted(known(rows), reverse=turned)[: rows[0][1]], ensure_ascii=False) if known(rows) else None


def spread(least: int, result: Callable[[list[float]], float]) -> Callable[[list[Row]], float | None]:
    """A figure of at least so many numbers."""
    return lambda rows: result([float(v) for v in known(rows)]) if len(known(rows)) >= least else None


def paired(least: int, result: Callable[[list[float], list[float]], float]) -> Callable[[list[Row]], float | None]:
    def reckoned(rows: list[Row]) -> float | None:
        there = [(float(a), float(b)) for a, b in rows if a is not None and b is not None]
        return result([a for a, _ in there], [b for _, b in there]) if len(there) >= least else None

    return reckoned


def percentile(rows: list[Row]) -> Any:
    values = sorted(known(rows))
    return values[min(len(values) - 1, int(len(values) * rows[0][1]))] if values else None


SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def quantified(every: bool) -> Callable[[list[Row]], bool | None]:
    """Whether a comparison holds for all rows, or for one of them: null where only a null stands between."""

    def held(rows: list[Row]) -> bool | None:
        answers = [None if None in (left, right) else SIGNS[sign](left, right) for sign, left, right in rows]
        if (not every) in answers:
            return not every
        return None if None in answers else every

    return held


def one_row(rows: list[Row]) -> Any:
    """What a scalar subquery yields. Raises `ValueError` for more than one row."""
    if len(rows) > 1:
        raise ValueError("Scalar sub-query has returned multiple rows")
    return rows[0][0] if rows else None


COLLECTED: dict[str, Callable[[list[Row]], Any]] = {
    "array_agg": agg_array,
    "avg": average,
    "arbitrary": lambda rows: next(iter(known(rows)), None),
    "count_if": lambda rows: sum(map(bool, known(rows))),
    "bool_and": lambda rows: all(known(rows)) if known(rows) else None,
    "every": lambda rows: all(known(rows)) if known(rows) else None,
    "bool_or": lambda rows: any(known(rows)) if known(rows) else None,
    "approx_distinct": lambda rows: len(set(known(rows))),
    "max_by": by(True),
    "min_by": by(False),
    "one_row": one_row,
    "for_all": quantified(True),
    "for_any": quantified(False),
    "max_n": largest(True),
    "min_n": largest(False),
    "stddev": spread(2, statistics.stdev),
    "stddev_samp": spread(2, statistics.stdev),
    "stddev_pop": spread(1, statistics.pstdev),
    "variance": spread(2, statistics.variance),
    "var_samp": spread(2, statistics.variance),
    "var_pop": spread(1, statistics.pvariance),
    "geometric_mean": spread(1, statistics.geometric_mean),
    "corr": paired(2, statistics.correlation),
    "covar_samp": paired(2, statistics.covariance),
    "covar_pop": paired(1, lambda a, b: statistics.covariance(a, b) * (len(a) - 1) / len(a) if len(a) > 1 else 0.0),
    "approx_percentile": percentile,
}
