"""The functions that Data Query has here: names, arguments and results, as `SHOW FUNCTIONS` lists them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.zuora.models.dataquery.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAYS,
    DOUBLE,
    MONTHS,
    NUMBERS,
    REAL,
    TIMESTAMP,
    UNKNOWN,
    VARCHAR,
    WHOLES,
    Type,
    array,
    common,
)

SCALARS = """
upper(varchar) varchar; lower(varchar) varchar; length(varchar) bigint; reverse(varchar) varchar; ltrim(varchar) varchar
rtrim(varchar) varchar; trim(varchar) varchar; lpad(varchar, bigint, varchar) varchar; rpad(varchar, bigint, varchar) varchar
substr(varchar, bigint) varchar; substr(varchar, bigint, bigint) varchar; substring(varchar, bigint) varchar
substring(varchar, bigint, bigint) varchar; strpos(varchar, varchar) bigint; starts_with(varchar, varchar) boolean
replace(varchar, varchar) varchar; replace(varchar, varchar, varchar) varchar; split_part(varchar, varchar, bigint) varchar
split(varchar, varchar) array(varchar); concat(varchar, varchar...) varchar; concat(array(T), array(T)...) array(T)
concat_ws(varchar, varchar...) varchar; chr(bigint) varchar; codepoint(varchar) bigint
regexp_like(varchar, varchar) boolean; regexp_replace(varchar, varchar) varchar; regexp_replace(varchar, varchar, varchar) varchar
regexp_extract(varchar, varchar) varchar; regexp_extract(varchar, varchar, bigint) varchar
abs(N) N; sign(N) N; round(N) N; round(N, bigint) N; floor(N) N; ceil(N) N; ceiling(N) N; truncate(N) N; mod(N, N) N
power(N, N) double; sqrt(N) double; greatest(T, T...) T; least(T, T...) T; coalesce(T, T...) T; nullif(T, T) T
year(X) bigint; quarter(X) bigint; month(X) bigint; week(X) bigint; day(X) bigint; day_of_month(X) bigint; day_of_week(X) bigint
dow(X) bigint; day_of_year(X) bigint; doy(X) bigint; hour(timestamp) bigint; minute(timestamp) bigint; second(timestamp) bigint
date(X) date; date(varchar) date; last_day_of_month(X) date; date_trunc(varchar, X) X; date_add(varchar, bigint, X) X
date_diff(varchar, X, X) bigint; date_format(timestamp, varchar) varchar; date_parse(varchar, varchar) timestamp
format_datetime(timestamp, varchar) varchar; from_iso8601_date(varchar) date; from_iso8601_timestamp(varchar) timestamp
to_iso8601(X) varchar; from_unixtime(N) timestamp; to_unixtime(timestamp) double; at_timezone(timestamp, varchar) timestamp
now() timestamp; array_join(array(T), varchar) varchar; array_join(array(T), varchar, varchar) varchar; cardinality(array(T)) bigint
contains(array(T), T) boolean; element_at(array(T), bigint) T; array_distinct(array(T)) array(T); array_sort(array(T)) array(T)
array_max(array(T)) T; array_min(array(T)) T; array_position(array(T), T) bigint; array_remove(array(T), T) array(T)
json_extract_scalar(varchar, varchar) varchar; json_array_length(varchar) bigint; strpos(varchar, varchar, bigint) bigint
split(varchar, varchar, bigint) array(varchar); translate(varchar, varchar, varchar) varchar; levenshtein_distance(varchar, varchar) bigint
hamming_distance(varchar, varchar) bigint; normalize(varchar) varchar; to_base(bigint, bigint) varchar; from_base(varchar, bigint) bigint
url_encode(varchar) varchar; url_decode(varchar) varchar; url_extract_parameter(varchar, varchar) varchar; url_extract_host(varchar) varchar
url_extract_path(varchar) varchar; url_extract_protocol(varchar) varchar; url_extract_query(varchar) varchar
url_extract_fragment(varchar) varchar; url_extract_port(varchar) bigint; regexp_split(varchar, varchar) array(varchar)
regexp_extract_all(varchar, varchar) array(varchar); regexp_extract_all(varchar, varchar, bigint) array(varchar)
regexp_count(varchar, varchar) bigint; regexp_position(varchar, varchar) bigint; truncate(N, bigint) N; pow(N, N) double; cbrt(N) double
exp(N) double; ln(N) double; log2(N) double; log10(N) double; log(N, N) double; sin(N) double; cos(N) double; tan(N) double; asin(N) double
acos(N) double; atan(N) double; atan2(N, N) double; degrees(N) double; radians(N) double; pi() double; e() double;
is_finite(double) boolean; is_infinite(double) boolean; infinity() double; rand() double; rand(bigint) bigint
rand(bigint, bigint) bigint; random() double; random(bigint) bigint; random(bigint, bigint) bigint; bitwise_and(bigint, bigint) bigint
bitwise_or(bigint, bigint) bigint; bitwise_xor(bigint, bigint) bigint; bitwise_not(bigint) bigint; width_bucket(N, N, N, bigint) bigint
sequence(bigint, bigint) array(bigint); sequence(bigint, bigint, bigint) array(bigint); repeat(T, bigint) array(T)
slice(array(T), bigint, bigint) array(T); array_union(array(T), array(T)) array(T); array_intersect(array(T), array(T)) array(T)
array_except(array(T), array(T)) array(T); arrays_overlap(array(T), array(T)) boolean; week_of_year(X) bigint; year_of_week(X) bigint
yow(X) bigint; millisecond(timestamp) bigint; timezone_hour(timestamp) bigint; timezone_minute(timestamp) bigint
from_unixtime(N, varchar) timestamp; with_timezone(timestamp, varchar) timestamp; parse_datetime(varchar, varchar) timestamp
current_timezone() varchar; to_milliseconds(days) bigint; typeof(T) varchar
"""
AGGREGATES = """
count() bigint; count(T) bigint; sum(N) sum; avg(N) avg; min(T) T; max(T) T; array_agg(T) array(T); arbitrary(T) T; count_if(boolean) bigint
bool_and(boolean) boolean; bool_or(boolean) boolean; every(boolean) boolean; max_by(T, U) T; min_by(T, U) T; approx_distinct(T) bigint
sum(days) days; sum(months) months; max(T, bigint) array(T); min(T, bigint) array(T); stddev(N) double; stddev_samp(N) double
stddev_pop(N) double; variance(N) double; var_samp(N) double; var_pop(N) double; geometric_mean(N) double; corr(N, N) double
covar_samp(N, N) double; covar_pop(N, N) double; approx_percentile(N, double) N
"""
WINDOWS = """
row_number() bigint; rank() bigint; dense_rank() bigint; percent_rank() double; cume_dist() double; ntile(bigint) bigint
lag(T) T; lag(T, bigint) T; lag(T, bigint, T) T; lead(T) T; lead(T, bigint) T; lead(T, bigint, T) T; first_value(T) T; last_value(T) T
nth_value(T, bigint) T
"""
FORM = re.compile(r"(?P<name>\w+)\((?P<given>.*?)\) (?P<answer>\w+(?:\((?:\w|varchar|bigint)\))?)\Z")
PLAIN = {
    "varchar": VARCHAR,
    "bigint": BIGINT,
    "double": DOUBLE,
    "boolean": BOOLEAN,
    "date": DATE,
    "timestamp": TIMESTAMP,
    "array(varchar)": array(VARCHAR),
    "array(bigint)": array(BIGINT),
    "days": DAYS,
    "months": MONTHS,
}
TAKEN = {"bigint": WHOLES, "timestamp": ("timestamp", "date"), "double": NUMBERS}
"""What stands for a type without a cast, where it is not that alone."""
SHOWN = {
    "days": "interval day to second",
    "months": "interval year to month",
    "N": "number",
    "X": "date or timestamp",
    "sum": "bigint, double or decimal(38,s)",
    "avg": "double or decimal(p,s)",
}


@dataclass(frozen=True)
class Signature:
    """One form of a function. Arguments are names of types or `T` (any), `N` (a number), `X` (a date or a moment). With `more` the last
    one may come again."""

    name: str
    kind: str
    given: tuple[str, ...]
    more: bool
    answer: str

    def shown(self) -> str:
        return f"{self.name}({self.arguments()})"

    def arguments(self) -> str:
        return ", ".join(SHOWN.get(g, g) for g in self.given) + ("..." if self.more else "")

    def fits(self, types: Sequence[Type]) -> Type | None:
        """The type of the answer for arguments of such types, or None."""
        given = list(self.given)
        if self.more:
            given += given[-1:] * (len(types) - len(given))
        if len(given) != len(types):
            return None
        bound: dict[str, Type] = {}
        if not all(taken(wanted, kind, bound) for wanted, kind in zip(given, types, strict=True)):
            return None
        return answer(self.answer, bound)


def taken(wanted: str, kind: Type, bound: dict[str, Type]) -> bool:
    """Whether an argument may be of a type; what `T`, `N` and `X` stand for is kept in `bound`."""
    if kind == UNKNOWN:
        bound.setdefault(wanted, UNKNOWN)
        return True
    if wanted == "array(T)":
        return kind.kind == "array" and kind.of is not None and taken("T", kind.of, bound)
    if wanted in PLAIN:
        return kind.kind in TAKEN.get(wanted, (PLAIN[wanted].kind,))
    if (wanted == "N" and kind.kind not in NUMBERS) or (wanted == "X" and kind.kind not in ("date", "timestamp")):
        return False
    both = common(bound.get(wanted, UNKNOWN), kind)
    if both is None:
        return False
    bound[wanted] = both
    return True


def answer(name: str, bound: dict[str, Type]) -> Type:
    if name == "array(T)":
        return array(bound.get("T", UNKNOWN))
    number = bound.get("N", UNKNOWN)
    if name == "sum":
        return Type("decimal", 38, number.scale) if number.kind == "decimal" else number if number in (DOUBLE, REAL) else BIGINT
    if name == "avg":
        return number if number.kind == "decimal" or number == REAL else DOUBLE
    return PLAIN.get(name) or bound.get(name, UNKNOWN)


def listed() -> dict[str, list[Signature]]:
    found: dict[str, list[Signature]] = defaultdict(list)
    for kind, text in (("scalar", SCALARS), ("aggregate", AGGREGATES), ("window", WINDOWS)):
        for line in re.split(r"[;\n]\s*", text.strip()):
            match = FORM.match(line)
            assert match is not None, line
            given = tuple(g for g in match["given"].removesuffix("...").split(", ") if g)
            found[match["name"]].append(Signature(match["name"], kind, given, match["given"].endswith("..."), match["answer"]))
    return dict(found)


FUNCTIONS = listed()


def kind_of(name: str) -> str:
    """`scalar`, `aggregate`, `window`, or empty for a function that is not there."""
    forms = FUNCTIONS.get(name.lower())
    return forms[0].kind if forms else ""
