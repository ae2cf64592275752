"""The types of Trino that Data Query has, what may stand for what, and how they are named in refusals."""

from __future__ import annotations

from dataclasses import dataclass, replace

WHOLES = ("tinyint", "smallint", "integer", "bigint")
NUMBERS = (*WHOLES, "decimal", "real", "double")
MAX_PRECISION = 38
WHOLE_PRECISION = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}


@dataclass(frozen=True)
class Type:
    """A type. `size` is the length of a text (None: without bound) or the digits of a decimal, `scale` its places, `of` the type of an
    array's items."""

    kind: str
    size: int | None = None
    scale: int = 0
    of: Type | None = None

    def __str__(self) -> str:
        if self.kind == "decimal":
            return f"decimal({self.size},{self.scale})"
        if self.kind == "varchar" and self.size is not None:
            return f"varchar({self.size})"
        if self.kind == "array":
            return f"array({self.of})"
        return SHOWN.get(self.kind, self.kind)


SHOWN = {"timestamp": "timestamp(3) with time zone", "days": "interval day to second", "months": "interval year to month"}
VARCHAR, INTEGER, BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, DAYS, MONTHS, UNKNOWN, REAL = (
    Type(k) for k in ("varchar", "integer", "bigint", "double", "boolean", "date", "timestamp", "days", "months", "unknown", "real")
)
AMOUNT = Type("decimal", 18, 6)
OF_FIELDS = {"dec": AMOUNT, "int": BIGINT, "bool": BOOLEAN, "date": DATE, "dt": TIMESTAMP}


def array(of: Type) -> Type:
    return Type("array", of=of)


def as_decimal(kind: Type) -> Type:
    """A whole number as the decimal that it becomes beside one."""
    return Type("decimal", WHOLE_PRECISION[kind.kind]) if kind.kind in WHOLE_PRECISION else kind


def common(one: Type, other: Type) -> Type | None:
    """The type that both become without a cast, or None: numbers widen, a date becomes a moment, a text never becomes anything else."""
    if UNKNOWN in (one, other):
        return other if one == UNKNOWN else one
    if one.kind == other.kind == "array" and one.of and other.of:
        of = common(one.of, other.of)
        return array(of) if of else None
    if one.kind in NUMBERS and other.kind in NUMBERS:
        return wider(one, other)
    if {one.kind, other.kind} == {"date", "timestamp"}:
        return TIMESTAMP
    if one.kind != other.kind:
        return None
    if one.kind == "varchar":
        return VARCHAR if None in (one.size, other.size) else replace(one, size=max(one.size or 0, other.size or 0))
    return one


def wider(one: Type, other: Type) -> Type:
    for kind in (DOUBLE, REAL):
        if kind in (one, other):
            return kind
    if "decimal" not in (one.kind, other.kind):
        return max(one, other, key=lambda kind: WHOLES.index(kind.kind))
    left, right = as_decimal(one), as_decimal(other)
    scale = max(left.scale, right.scale)
    whole = max((left.size or 0) - left.scale, (right.size or 0) - right.scale)
    return Type("decimal", min(MAX_PRECISION, whole + scale), scale)


def calculated(op: str, one: Type, other: Type) -> Type | None:
    """The type of `+ - * / %` over two numbers, or None. Scales are those of Trino's decimal operators."""
    if UNKNOWN in (one, other):
        return other if one == UNKNOWN else one
    if one.kind not in NUMBERS or other.kind not in NUMBERS:
        return None
    if "decimal" not in (one.kind, other.kind) or {"double", "real"} & {one.kind, other.kind}:
        return wider(one, other)
    left, right = as_decimal(one), as_decimal(other)
    digits, more = left.size or 0, right.size or 0
    scale = {"*": left.scale + right.scale}.get(op, max(left.scale, right.scale))
    if op == "*":
        size = digits + more
    elif op == "/":
        size = digits + right.scale + max(0, right.scale - left.scale)
    elif op == "%":
        size = min(digits - left.scale, more - right.scale) + scale
    else:
        size = max(digits - left.scale, more - right.scale) + scale + 1
    return Type("decimal", min(MAX_PRECISION, size), scale)


def named(name: str, sizes: list[int]) -> Type | None:
    """The type of a cast, or None for one that Data Query's tables do not know. Raises `ValueError`
    for a decimal that there cannot be."""
    if name == "decimal":
        size, scale = [*(sizes or [MAX_PRECISION]), 0][:2]
        if not 1 <= size <= MAX_PRECISION:
            raise ValueError(f"DECIMAL precision must be in range [1, {MAX_PRECISION}]: {size}")
        if not 0 <= scale <= size:
            raise ValueError(f"DECIMAL scale must be in range [0, precision ({size})]: {scale}")
        return Type("decimal", size, scale)
    if name == "varchar":
        return Type("varchar", sizes[0] if sizes else None)
    return BY_NAME.get(name)


BY_NAME = {
    "tinyint": Type("tinyint"),
    "smallint": Type("smallint"),
    "real": REAL,
    "int": INTEGER,
    "integer": INTEGER,
    "bigint": BIGINT,
    "double": DOUBLE,
    "boolean": BOOLEAN,
    "date": DATE,
    "timestamp": TIMESTAMP,
    "timestamptz": TIMESTAMP,
}
