"""What the house has promised about debits, said without the house: what was allowed, what was told, what a bank may be asked.

The oracle of the state machine. It reads the files that the bank gets as the bank does, and knows neither tables nor rules.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Literal
from xml.etree import ElementTree as ET

from bank_files import camt054, credit, pain002, returned
from house import Sent

from debit_service.banks.channels import LeftFile, OutcomeUnknown
from debit_service.core.errors import Unavailable
from debit_service.core.events import Owed

#: A German collecting agency agrees with employers on two days between the letter and the debit.
NOTICE_DAYS = 2
HOLIDAYS = frozenset({date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)})


@dataclass
class Allowed:
    """What an employer allows: its newest mandate."""

    mandate_id: str
    reference: str
    account: str
    limit_minor: int | None
    state: str = "active"


@dataclass
class Employer:
    """An employer, its accounts, what it allows, and whether somebody stopped its debits."""

    accounts: tuple[str, ...]
    allowed: Allowed
    block_id: str | None = None


@dataclass
class Contribution:
    """What is owed, what was paid for it otherwise, and whether it is contested."""

    contribution_id: str
    reference: str
    employer: Employer
    minor: int
    paid: dict[str, int] = field(default_factory=dict)
    dispute_id: str | None = None
    upheld: bool = False

    @property
    def open_minor(self) -> int:
        """What may still be debited, were nothing debited yet."""
        return max(self.minor - sum(self.paid.values()), 0)


@dataclass
class Line:
    """One debit that a file asks for, and what the bank made of it."""

    sent: Sent
    contribution: str
    state: Literal["taken", "rejected", "settled", "returned"] = "taken"

    @property
    def minor(self) -> int:
        """What it asks for."""
        return self.sent.amount_minor

    @property
    def over(self) -> bool:
        """Whether it will bring no money any more."""
        return self.state in ("rejected", "returned")


@dataclass(frozen=True)
class Asked:
    """A file as the bank reads it."""

    message_id: str
    count: int
    sum: str
    lines: list[Line]

    def check_totals(self) -> None:
        """I13: the header counts and adds up what is in the file."""
        minor = sum(line.minor for line in self.lines)
        assert (self.count, self.sum) == (len(self.lines), f"{minor // 100}.{minor % 100:02}")


def read(content: bytes) -> Asked:
    """A pain.008 as the bank reads it."""
    root = ET.fromstring(content)  # noqa: S314 - our own files
    space = {"p": root.tag[1:].partition("}")[0]}

    def said(element: ET.Element, path: str) -> str:
        return element.findtext(f".//p:{path.replace('/', '/p:')}", "", space)

    message_id = said(root, "GrpHdr/MsgId")
    return Asked(
        message_id,
        int(said(root, "GrpHdr/NbOfTxs")),
        said(root, "GrpHdr/CtrlSum"),
        [
            Line(
                Sent(
                    contribution_id="",
                    collection_id=said(line, "DbtrAcct/Id/IBAN"),
                    batch_id=message_id,
                    payment_information_id=said(block, "PmtInfId"),
                    end_to_end_id=said(line, "EndToEndId"),
                    mandate_reference=said(line, "MndtId"),
                    amount_minor=int(said(line, "InstdAmt").replace(".", "")),
                    currency="EUR",
                    account=said(block, "CdtrAcct/Id/IBAN"),
                    collection_date=date.fromisoformat(said(block, "ReqdColltnDt")),
                ),
                said(line, "Ustrd").partition(" ")[0],
            )
            for block in root.iterfind(".//p:PmtInf", space)
            for line in block.iterfind(".//p:DrctDbtTxInf", space)
        ],
    )


@dataclass
class Promises:
    """Everything that was allowed, owed, told and approved so far; and whether a debit keeps to it."""

    employers: list[Employer]
    today: date
    contributions: dict[str, Contribution] = field(default_factory=dict)
    approved: dict[str, str] = field(default_factory=dict)
    letters: set[tuple[str, int, date, date]] = field(default_factory=set)
    post_works: bool = True
    closed: set[date] = field(default_factory=set)

    def carry(self, owed: Owed) -> bool:
        """The post: what the employer is told counts from today."""
        if not self.post_works:
            raise Unavailable("mail.unreachable", "The post does not work.")
        if owed.kind == "notice":
            told = json.loads(owed.body)["fields"]
            amount = int(told["amount"].replace(".", ""))
            self.letters.add((told["reference"], amount, date.fromisoformat(told["day"]), self.today))
        return True

    def print_run(self, name: str, letters: object) -> None:
        """Nothing goes as a letter here."""

    def is_open(self, day: date) -> bool:
        """Whether banks work."""
        return day.weekday() < 5 and day not in HOLIDAYS and day not in self.closed

    def obstacles(self, one: Contribution) -> Iterator[str]:
        """Why nothing may be asked for a contribution now."""
        allowed = one.employer.allowed
        if allowed.state != "active":
            yield f"the mandate is {allowed.state}"
        if allowed.limit_minor is not None and one.open_minor > allowed.limit_minor:
            yield "above the limit of the mandate"
        if one.employer.block_id:
            yield "blocked"
        if one.dispute_id or one.upheld:
            yield "contested"

    def check(self, line: Line, *, exactly: bool) -> None:
        """I17, and the letter before the debit. What is written asks for what is open `exactly`; what leaves later, no more."""
        one = self.contributions[line.contribution]
        allowed = one.employer.allowed
        assert not list(self.obstacles(one)), line
        assert (line.sent.mandate_reference, line.sent.collection_id) == (allowed.reference, allowed.account), line
        assert line.minor == one.open_minor if exactly else line.minor <= one.open_minor, line
        day = line.sent.collection_date
        assert day > self.today, line
        assert self.is_open(day) or not exactly, line
        told = [on for *letter, on in self.letters if letter == [line.contribution, line.minor, day]]
        assert told, f"nobody was told of {line}"
        assert min(told) + timedelta(days=NOTICE_DAYS) <= day, line


class Bank:
    """The bank's door and what is behind it: it executes whatever it is handed, as often as it is handed it."""

    def __init__(self, promises: Promises) -> None:
        self.promises = promises
        self.files: dict[str, bytes] = {}
        self.lines: dict[str, Line] = {}
        self.said: list[bytes] = []
        self.booked: list[int] = []
        self.heard: set[int] = set()
        self.does: tuple[bool, BaseException | None] = (True, None)
        self.answers = True

    def send(self, name: str, content: bytes) -> None:
        """A file comes: I1, I13, I14 and I17 are asked here, where nothing can be mended any more."""
        takes, trouble = self.does
        self.does = (True, None)
        asked = read(content)
        assert name == f"{asked.message_id}.xml"
        assert sha256(content).hexdigest() == self.promises.approved[asked.message_id]
        for line in asked.lines:
            self.promises.check(line, exactly=False)
        if takes:
            assert name not in self.files, "a file was taken twice"
            self.files[name] = content
            for line in asked.lines:
                assert line.sent.end_to_end_id not in self.lines, f"{line} was asked for twice"
                rivals = [one for one in self.of(line.contribution) if not one.over]
                assert not rivals, f"{line} is asked for although {rivals} are under way"
                self.lines[line.sent.end_to_end_id] = line
        if trouble:
            raise trouble

    def has(self, name: str, end_to_end_id: str) -> bool | None:
        """Whether the bank has a file; it may not be able to tell."""
        assert (name in self.files) == (end_to_end_id in self.lines)
        return name in self.files if self.answers else None

    def waiting(self) -> Iterator[LeftFile]:
        """Its messages reach the house by another way here: see `said`."""
        return iter(())

    def taken(self, name: str) -> None:
        """Nothing to forget."""

    def of(self, reference: str) -> list[Line]:
        """What was asked for a contribution."""
        return [line for line in self.lines.values() if line.contribution == reference]

    def settles(self, line: Line) -> None:
        """The debit is booked on its day."""
        line.state = "settled"
        self._say(camt054(line.sent.account, credit(line.sent), message_id=self._name()), line.minor)

    def rejects(self, line: Line) -> None:
        """The debit is not made."""
        line.state = "rejected"
        self._say(pain002(line.sent, day=self.promises.today, message_id=self._name()), 0)

    def returns(self, line: Line) -> None:
        """The money goes back."""
        line.state = "returned"
        back = returned(line.sent, day=self.promises.today)
        self._say(camt054(line.sent.account, back, message_id=self._name()), -line.minor)

    def _name(self) -> str:
        return f"N{len(self.said) + 1}"

    def _say(self, content: bytes, minor: int) -> None:
        self.said.append(content)
        self.booked.append(minor)


def trouble(kind: str) -> tuple[bool, BaseException | None]:
    """What the door does with the next file: (the bank takes it, what the sender sees)."""
    return {
        "takes it": (True, None),
        "is down": (False, Unavailable("bank.unreachable", "down")),
        "takes it, the answer is lost": (True, OutcomeUnknown("bank.broken_off", "no answer")),
        "never gets it, nor does an answer come": (False, OutcomeUnknown("bank.broken_off", "no answer")),
    }[kind]
