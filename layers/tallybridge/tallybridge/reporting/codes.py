"""Every code with what it means and what to do about it, in the words of docs/errors.md, of which codes.json beside this module is made.

A refusal of a vendor carries the vendor's own code behind a prefix (NS-, ZUORA-). One that the list does not name is explained by the entry
of its prefix.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tallybridge.errors import ConfigurationError

LIST = Path(__file__).parent / "codes.json"
ANY = "<code>"
"""Stands for the vendor's own code in the entry of a prefix."""
LONGEST = 80
"""Characters of a code."""
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_STRONG = re.compile(r"\*+(\w[^*`]*)\*+")


@dataclass(frozen=True)
class CodePage:
    """A code: the heading it stands under, what it means, what to do, and the codes that share its words. The texts are Markdown of the
    page, with names of keys and commands between backticks."""

    code: str
    group: str
    meaning: str
    advice: str
    alike: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        texts = {"meaning": sentence(self.meaning), "advice": sentence(self.advice)}
        return {"code": self.code, "group": self.group, **texts, "alike": list(self.alike)}


def known_code(code: str) -> CodePage | None:
    """The page of a code, None where there is none."""
    code = code.strip()[:LONGEST]
    found = _pages().get(code)
    if found is None and "-" in code:
        found = _pages().get(f"{code.partition('-')[0]}-{ANY}")
    return found and CodePage(code, found.group, found.meaning, found.advice, found.alike)


def page_of(code: str) -> CodePage:
    """The page of a code, however it is written. Raises `ConfigurationError` CODE-UNKNOWN."""
    found = known_code(code) or known_code(code.upper())
    if found is None:
        text = f'There is no code "{code.strip()[:LONGEST]}".'
        advice = "Take it as it stands in the report, the mail or `tallybridge status`; docs/errors.md lists all of them."
        raise ConfigurationError(text, place="code", code="CODE-UNKNOWN", advice=advice)
    return found


def all_codes() -> list[CodePage]:
    """Every page, in the order of the list."""
    return list(_pages().values())


def sentence(text: str) -> str:
    """A text of the list as a sentence, without the addresses of its links, which lead to other pages of the documentation, and without
    stress."""
    plain = _STRONG.sub(r"\1", _LINK.sub(r"\1", text)).rstrip(".")
    return f"{plain[:1].upper()}{plain[1:]}."


@cache
def _pages() -> dict[str, CodePage]:
    rows = json.loads(LIST.read_text(encoding="utf-8"))
    return {
        code: CodePage(code, row["group"], row["meaning"], row["advice"], tuple(each for each in row["codes"] if each != code))
        for row in rows
        for code in row["codes"]
    }
