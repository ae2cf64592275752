"""What to do about a file that Revenue rejected as a whole, by the reason that it gives (api-zuora-revenue.md section 12)."""

from __future__ import annotations

from tallybridge.zuora_revenue.client import REVENUE_CODE

REMEDIES = {
    "RPRO-00603": "Correct the values that begin with = + or @, or switch on sanitize_leading_chars.",
    "RPRO-00707": "Shorten the values in the dataset.",
    "RPRO-00708": "Shorten the comments in the dataset.",
    "RPRO-00709": "Correct the characters, or allow them in Revenue (profile UPLOAD_NON_ENGLISH_CHARS); ascii_only finds them beforehand.",
    "RPRO-00712": "Correct the numbers in the dataset.",
    "RPRO-00713": "Correct the dates, or the date format of the upload template.",
    "RPRO-00714": "Give the API user of Revenue access to the organisation, or correct the organisation in the dataset.",
    "RPRO-00715": "Correct the invoice line ids in the dataset.",
    "RPRO-00736": "Set the currency up in Revenue, or correct it in the dataset.",
    "RPRO-00737": "Round the amounts in the dataset; currency_decimals tells the connector what Revenue's currency setup allows.",
    "RPRO-00744": "Make one dataset for each organisation.",
    "RPRO-00761": "Set the functional currency up in Revenue, or correct it in the dataset.",
}
OTHERS = "Correct what Revenue names."


def reasons(answer: str, file_name: str = "") -> list[str]:
    """The codes of Revenue in an answer, each once, in their order. The name of the file, which may look like one, is left out."""
    return list(dict.fromkeys(REVENUE_CODE.findall(answer.replace(file_name, "").upper() if file_name else answer.upper())))


def after_rejection(answer: str, anything_staged: bool) -> str:
    """The advice after a rejection; `anything_staged` says whether other files of the run are in staging, or may be. A rejected file is
    never resumed: it would be rejected again."""
    remedies = dict.fromkeys(REMEDIES.get(code, OTHERS) for code in reasons(answer))
    first = "delete what is staged of the run in Revenue, Manage Inbound, then " if anything_staged else ""
    return f"{' '.join(remedies or [OTHERS])} The file cannot be resumed: {first}run the instance anew."
