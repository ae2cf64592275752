"""Where things are in the console: the paths of its pages, which mails and reports link to as well."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from tallybridge.reporting.codes import known_code


def run_path(run_id: str) -> str:
    """The page of a run."""
    return f"/runs/{quote(run_id, safe='', errors='replace')}"


def problem_path(step: str, code: str) -> str:
    """The page of the records of one step that are held or refused with one code."""
    return f"/problems/alike?{urlencode({'step': step, 'code': code}, errors='replace')}"


def code_path(code: str) -> str:
    """The page of a code, "" for one that has none."""
    return f"/codes/{quote(code, safe='', errors='replace')}" if code and known_code(code) else ""


def code_url(console: str, code: str) -> str:
    """The address of that page in a console, "" where there is no console."""
    path = code_path(code)
    return console + path if console and path else ""
