"""Oracle's functions of texts, each called with a text that is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

CODES = {sign: code for code, signs in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1) for sign in signs}
FLAGS = {"i": re.IGNORECASE, "c": re.NOFLAG, "n": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}


def part_of(text: str, start: Any, size: Any = None) -> str | None:
    """`SUBSTR`: from behind for a negative start; 0 is the first sign too."""
    if start is None or (size is not None and int(size) < 1):
        return None
    begin = int(start) - 1 if start > 0 else int(start)
    begin = begin + len(text) if begin < 0 else begin
    return None if begin < 0 else text[begin:] if size is None else text[begin : begin + int(size)]


def place_of(text: str, part: str | None, start: Any = 1, nth: Any = 1) -> int | None:
    """`INSTR`: the nth place from a start, backwards for a negative one; 0 for none."""
    if part is None or start is None or nth is None:
        return None
    if int(nth) < 1:
        raise ValueError("argument is out of range")
    places = [m.start() + 1 for m in re.finditer(f"(?={re.escape(part)})", text)]
    found = [p for p in places if p >= start] if start > 0 else [p for p in reversed(places) if p <= len(text) + start + 1]
    return found[int(nth) - 1] if start and int(nth) <= len(found) else 0


def translated(text: str, old: str | None, new: str | None) -> str | None:
    if old is None or new is None:
        return None
    signs: dict[int, str] = {}
    for place, sign in enumerate(old):
        signs.setdefault(ord(sign), new[place] if place < len(new) else "")
    return text.translate(signs)


def compiled(pattern: str, how: str | None) -> re.Pattern[str]:
    """Raises `ValueError`."""
    found = re.NOFLAG
    for sign in how or "":
        if sign not in FLAGS:
            raise ValueError("illegal argument for function")
        found |= FLAGS[sign]
    try:
        return re.compile(pattern, found)
    except re.error as wrong:
        raise ValueError(f"invalid regular expression: {wrong}") from None


def match_of(text: str, pattern: str, start: Any, nth: Any, how: str | None) -> re.Match[str] | None:
    found = list(compiled(pattern, how).finditer(text, int(start) - 1))
    return found[int(nth) - 1] if int(nth) <= len(found) else None


def piece(text: str, pattern: str | None, start: Any = 1, nth: Any = 1, how: str | None = None, group: Any = 0) -> str | None:
    match = match_of(text, pattern, start, nth, how) if pattern is not None else None
    return match[int(group)] if match and int(group) <= match.re.groups else None


def place_of_match(text: str, pattern: str | None, start: Any = 1, nth: Any = 1, end: Any = 0, how: str | None = None) -> int | None:
    if pattern is None:
        return None
    match = match_of(text, pattern, start, nth, how)
    return 0 if match is None else (match.end() if end else match.start()) + 1


def replaced(text: str, pattern: str | None, new: str | None = None, start: Any = 1, nth: Any = 0, how: str | None = None) -> str:
    """`REGEXP_REPLACE`: the nth match, or all of them for 0."""
    if pattern is None:
        return text
    head, rest = text[: int(start) - 1], text[int(start) - 1 :]
    by = re.sub(r"\\(\d)", r"\\g<\1>", new or "")
    found = compiled(pattern, how)
    if not nth:
        return head + found.sub(by, rest)
    match = next((m for n, m in enumerate(found.finditer(rest), 1) if n == int(nth)), None)
    return text if match is None else head + rest[: match.start()] + match.expand(by) + rest[match.end() :]


def is_like(text: str, pattern: str | None, how: str | None = None) -> int | None:
    return None if pattern is None else int(compiled(pattern, how).search(text) is not None)


def sound(text: str) -> str | None:
    letters = [sign for sign in text.upper() if "A" <= sign <= "Z"]
    if not letters:
        return None
    codes, last = letters[0], CODES.get(letters[0])
    for sign in letters[1:]:
        code = CODES.get(sign)
        if code and code != last:
            codes += str(code)
        last = last if sign in "HW" else code
    return codes[:4].ljust(4, "0")


TEXTS: dict[str, Callable[..., Any]] = {
    "ns_substr": part_of,
    "ns_instr": place_of,
    "ns_translate": translated,
    "ns_ascii": lambda text: ord(text[0]),
    "ns_soundex": sound,
    "ns_regexp_substr": piece,
    "ns_regexp_instr": place_of_match,
    "ns_regexp_replace": replaced,
    "ns_regexp_like": is_like,
}
