"""A running Revenue stand-in with a client that is logged in, and short cuts to files."""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from sandbox.revenue import RevenueStandIn
from sandbox.revenue.options import API_ROLE, DEFAULT_CLIENT, SANDBOX_PASSWORD, SANDBOX_USER

START = datetime(2026, 2, 15, 10, 0, 0, tzinfo=UTC)
PREFIX = "/api/integration/v1"
TEMPLATE = "Transactions"

DATES = ("doc_date", "inv_date", "start_date", "end_date", "ct_mod_date")
NUMBERS = ("ord_qty", "inv_qty", "ext_lst_prc", "ext_sll_prc", "f_ex_rate", "g_ex_rate", "sob_id", "duration", "term")
TEXTS = (
    *("type", "doc_num", "doc_line_num", "doc_line_id", "cust_num", "cstmr_nm", "item_num", "curr", "f_cur", "inv_num", "inv_line_num"),
    *("inv_line_id", "orig_inv_line_id", "orig_so_line_id", "credit_rule", "cv_eligible_flag", "unbill_flag", "fv_eligible_flag"),
    *("def_segments", "rev_segments", "comments", "quote_num", "po_num", "sec_atr_val"),
)
COLUMNS = (*TEXTS, *NUMBERS, *DATES)

ORDER = {
    "type": "SO",
    "doc_num": "SO1",
    "doc_line_num": "1",
    "doc_line_id": "SO1-1",
    "doc_date": "05-JAN-2026",
    "cust_num": "C-77",
    "cstmr_nm": "Acme",
    "item_num": "ITEM-A",
    "ord_qty": "2",
    "ext_lst_prc": "200.00",
    "ext_sll_prc": "180.00",
    "curr": "USD",
    "f_cur": "USD",
    "f_ex_rate": "1",
    "g_ex_rate": "1",
    "start_date": "05-JAN-2026",
    "end_date": "04-JAN-2027",
    "def_segments": "01.2200.000",
    "rev_segments": "01.4000.000",
}
INVOICE = {
    **{k: v for k, v in ORDER.items() if not k.startswith("doc_")},
    "type": "INV",
    "doc_line_id": "SO1-1",
    "inv_num": "INV1",
    "inv_line_num": "1",
    "inv_line_id": "INV1-1",
    "inv_date": "31-JAN-2026",
    "inv_qty": "1",
    "ord_qty": "1",
    "ext_sll_prc": "90.00",
}
CREDIT = {
    **{k: v for k, v in INVOICE.items() if k != "doc_line_id"},
    "type": "CM",
    "inv_num": "CM1",
    "inv_line_id": "CM1-1",
    "ext_sll_prc": "-40.00",
}


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


def data_type(column: str) -> str:
    return "Date" if column in DATES else "Number" if column in NUMBERS else "Character"


def label(column: str) -> str:
    return column.replace("_", " ").title()


def template(name: str = TEMPLATE, columns: tuple[str, ...] = COLUMNS, **more: Any) -> dict[str, Any]:
    mapping = [{"col_name": c, "label": label(c), "data_type": data_type(c)} for c in columns]
    return {"name": name, "mapping": mapping, **more}


def text(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS, header: bool = True, separator: str = ",") -> bytes:
    """A file of these rows."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL)
    if header:
        writer.writerow([label(c) for c in columns])
    writer.writerows([row.get(c, "") for c in columns] for row in rows)
    return out.getvalue().encode()


@dataclass
class Revenue:
    """The stand-in, its address, and a client that is logged in."""

    stand_in: RevenueStandIn
    url: str
    clock: Clock
    token: str = ""
    session: requests.Session = field(default_factory=requests.Session)
    outside: requests.Session = field(default_factory=requests.Session)
    """The same for who is not logged in."""

    def ask_token(
        self, user: str = SANDBOX_USER, password: str = SANDBOX_PASSWORD, role: str = API_ROLE, client: str = DEFAULT_CLIENT
    ) -> requests.Response:
        basic = b64encode(f"{user}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "role": role, "clientname": client}
        return self.outside.post(f"{self.url}{PREFIX}/authenticate", headers={k: v for k, v in headers.items() if v}, timeout=10)

    def log_in(self, **who: str) -> None:
        answer = self.ask_token(**who)
        assert answer.status_code == 200, answer.text
        self.token = answer.headers["revpro-token"]

    def call(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        """A call below the prefix, with the token."""
        sent = {"token": self.token, **(headers or {})}
        return self.session.request(method, f"{self.url}{PREFIX}/{path}", headers=sent, timeout=30, **more)

    def control(self, action: str, body: Any = None) -> Any:
        send = self.outside.get if body is None else self.outside.post
        more = {} if body is None else {"json": body}
        return send(f"{self.url}/_sandbox/{action}", timeout=60, **more)

    def load(self, **objects: Any) -> None:
        answer = self.control("load", objects)
        assert answer.status_code == 200, answer.text

    def dump(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("dump").json()
        return found

    def upload(self, content: bytes, name: str = "lines.csv", template: str = TEMPLATE) -> requests.Response:
        return self.call("POST", "upload/file", {"templatename": template}, files={"file": (name, content, "text/csv")})

    def send(self, *rows: dict[str, str], name: str = "lines.csv") -> int:
        """Upload these rows; the file request id."""
        answer = self.upload(text(*rows), name)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["Result"]["file_request_id"])

    def status(self, number: int | str) -> requests.Response:
        return self.call("GET", f"fileupload/status/{number}")

    def finished(self, number: int) -> dict[str, Any]:
        """The status after the polls that say nothing yet."""
        for _ in range(self.stand_in.options.staging_polls):
            self.status(number)
        found: dict[str, Any] = self.status(number).json()
        return found

    def log_of(self, *rows: dict[str, str]) -> list[str]:
        """Lines of the log of a file that fails."""
        state = self.finished(self.send(*rows))
        assert (state["status"], state["message"]) == ("Error", "Failed"), state
        log: str = state["Result"][0]["file_log"]
        return log.split("\n")

    def errors(self) -> list[dict[str, Any]]:
        """All stage errors."""
        answer = self.call("GET", "stage/error/transaction")
        if answer.status_code == 204:
            return []
        found: list[dict[str, Any]] = answer.json()["Result"]
        return found

    def codes_of(self, *rows: dict[str, str]) -> list[str]:
        """Codes of the stage errors that these rows cause, in the order of the lines."""
        before = {e["id"] for e in self.errors()}
        state = self.finished(self.send(*rows))
        assert state["message"] == "Data Staged Successfully", state
        return [e["err_msg"].split(" - ")[0] for e in self.errors() if e["id"] not in before]
