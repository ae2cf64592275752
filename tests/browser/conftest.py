"""A real browser for the pages: Debian's chromium, started once, kept off the network. Skipped with a reason where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT_MS = 20_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium found; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS, timeout=TIMEOUT_MS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def page(browser: Any) -> Iterator[Any]:
    """The page that files are opened in one after the other: a new one costs more than what is looked at in it."""
    context = browser.new_context(offline=True)
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


class Opened:
    """A page in the browser with everything it said and asked for while it was open."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked_for: list[str] = []
        self._heard = {
            "console": lambda message: self.said.append(message.text),
            "pageerror": lambda error: self.said.append(str(error)),
            "dialog": self._dismiss,
            "request": lambda request: self.asked_for.append(request.url),
        }
        for event, hear in self._heard.items():
            page.on(event, hear)

    def looks(self, width: int = 1280, scheme: str = "light", media: str = "screen") -> Opened:
        """The window is so wide and so coloured from now on."""
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.emulate_media(media=media, color_scheme=scheme)
        return self

    def close(self) -> None:
        for event, hear in self._heard.items():
            self.page.remove_listener(event, hear)

    def _dismiss(self, dialog: Any) -> None:
        self.said.append(dialog.message)
        dialog.dismiss()

    def ask(self, script: str, argument: object = None) -> Any:
        return self.page.evaluate(script, argument)


Opener = Callable[..., Opened]


@pytest.fixture
def open_html(page: Any, tmp_path: Path) -> Iterator[Opener]:
    """open_html(html, width=1280, scheme="light", media="screen") -> Opened, in the place of what was opened before."""
    opened: list[Opened] = []

    def opener(html: str, width: int = 1280, scheme: str = "light", media: str = "screen") -> Opened:
        file = tmp_path / f"page-{len(opened)}.html"
        file.write_text(html, encoding="utf-8")
        opened.append(Opened(page).looks(width, scheme, media))
        page.goto(file.as_uri())
        return opened[-1]

    yield opener
    for each in opened:
        each.close()
