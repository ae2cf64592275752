"""Where things are in the console: the paths of its pages, which mails and reports link to as well."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from tallybridge.reporting.codes import known_code
from tallybridge.reporting.words import clean
from tallybridge.sync.runlog import RunSummary

RUNS = {"billing": "/runs", "revenue": "/revenue"}
"""Where the console has the runs of a job."""
_WEB_ADDRESS = re.compile(r"(https://|http://(127\.0\.0\.1|localhost):)\S+")


def web_address(url: str) -> str:
    """The address if a page may link to it: https, or http on the machine itself. Everything else is left out."""
    return url if _WEB_ADDRESS.fullmatch(url) and clean(url) == url else ""


def run_url(summary: RunSummary) -> str:
    """The address of a run's page, "" where there is no console or it has no page of such runs."""
    console, folder = web_address(summary.console_url), RUNS.get(summary.job)
    return f"{console}{folder}/{quote(summary.run_id, safe='', errors='replace')}" if console and folder else ""


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
