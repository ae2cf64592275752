"""Every page as a reader sees it: code fences end where they should, tables stay whole, links lead somewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
MARKDOWN = MarkdownIt("commonmark").enable("table")
PIPE = re.compile(r"(?<!\\)\|")
ROW = re.compile(r"^\s*\|.*\|\s*$", re.MULTILINE)
HEADING_IN_CODE = re.compile(r"^#{1,3} \w", re.MULTILINE)
WEB = ("http://", "https://", "mailto:")


def tokens_of(page: Path) -> list[Token]:
    return MARKDOWN.parse(page.read_text(encoding="utf-8"))


def faults_of(text: str) -> list[str]:
    """What a reader would stumble over, with the line at which its block begins."""
    found, lines = [], text.splitlines()
    for token in MARKDOWN.parse(text):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "fence" and not token.info and HEADING_IN_CODE.search(token.content) and "```" not in token.content:
            found.append(f"line {line}: a heading stands inside a code block")
        if token.type == "table_open" and token.map:
            columns = [len(PIPE.findall(row)) for row in lines[token.map[0] : token.map[1]]]
            found += [f"line {n}: a row with another number of columns" for n, c in enumerate(columns, line) if c != columns[0]]
        if token.type == "inline" and (ROW.search(token.content) or token.content.rstrip().endswith(" |")):
            found.append(f"line {line}: a row of a table stands outside of it")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_no_open_code_block_and_no_broken_table(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r"^```", text, re.MULTILINE)) % 2 == 0, "a code block is never closed"
    assert not faults_of(text)


def links_of(page: Path) -> list[tuple[Path, str]]:
    """The file and the heading ("" for none) that each link of a page leads to; links into the web are left out."""
    found = []
    for token in tokens_of(page):
        for child in token.children or ():
            link = str(child.attrs.get("href") or child.attrs.get("src") or "")
            if child.type in ("link_open", "image") and not link.startswith(WEB):
                name, _, heading = link.partition("#")
                found.append((page.parent / name if name else page, heading))
    return found


@cache
def headings_of(page: Path) -> frozenset[str]:
    """The anchors that a page's headings have where Markdown is shown in the web."""
    tokens = tokens_of(page)
    titles = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_other_files_lead_to_one(page: Path) -> None:
    assert [str(file) for file, _ in links_of(page) if not file.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_a_heading_lead_to_one(page: Path) -> None:
    wrong = [f"{file.name}#{heading}" for file, heading in links_of(page) if heading and heading not in headings_of(file.resolve())]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("| a | b |\n| --- | --- |\n| one | two\nand more |\n", "another number of columns"),
        ("# Page\n\n```\n$ make demo\n\n## Next\n\ntext\n", "inside a code block"),
    ],
)
def test_what_was_wrong_once_is_seen(text: str, says: str) -> None:
    faults = faults_of(text)
    assert faults and all(says in fault for fault in faults)
