"""Take in contributions from a declaration system: every line is taken, known already, or reported with its reason."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from sqlalchemy import delete, select

from debit_service.contributions import queries
from debit_service.contributions.circumstances import add_circumstances
from debit_service.contributions.models import BadContributionLine, Contribution, ContributionImport
from debit_service.contributions.rules import NAMES, NOT_KNOWN, SOURCE_LENGTH_MAX, Circumstances, check
from debit_service.core import audit, events
from debit_service.core.calendar import BusinessCalendar
from debit_service.core.clock import business_date
from debit_service.core.errors import DebitError, InvalidInput, Refused
from debit_service.core.money import parse_minor
from debit_service.core.rows import BadLine, GoodLine, read_rows
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employer_queries
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.funds.rules import due_date_for, parse_period
from debit_service.ledger import service as ledger
from debit_service.ledger.rules import Account, account

#: The most that a direct debit can carry; larger debts are paid by other means.
AMOUNT_MINOR_MAX = 99_999_999_999


class ContributionRow(BaseModel):
    """One line of a contributions file. `amount` is a plain decimal; without `due_date` the fund's confirmed rule gives it.

    The rest are the contribution's `rules.Circumstances`, and the document that says so (else the file itself): what the line
    leaves out stays as it is known.
    """

    model_config = ConfigDict(extra="forbid")

    fund: str
    registration_number: str
    reference: str = Field(min_length=1, max_length=35)
    period: str
    amount: str
    currency: str
    due_date: date | None = None
    heads: int | None = None
    demanded_separately: bool | None = None
    formal_notice_on: date | None = None
    declared_in_time: bool | None = None
    claim_term_ends_on: date | None = None
    circumstances_source: Annotated[str, StringConstraints(strip_whitespace=True, max_length=SOURCE_LENGTH_MAX)] = ""

    @field_validator("period")
    @classmethod
    def _a_period(cls, period: str) -> str:
        parse_period(period)
        return period

    @property
    def circumstances(self) -> Circumstances:
        """What the line says of them."""
        return Circumstances(**{name: getattr(self, name) for name in NAMES})


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of each line. `stated` counts the contributions, new or known, of which other circumstances are known now."""

    import_id: str | None
    taken: int
    unchanged: int
    bad: list[BadLine]
    stated: int = 0


def import_rows(
    work: Work,
    funds: Funds,
    calendars: Mapping[str, BusinessCalendar],
    content: bytes,
    file_name: str,
    *,
    partial: bool = False,
) -> ImportReport:
    """Take in a CSV or NDJSON file of contributions.

    All or nothing, unless `partial`: then the good lines are taken and the bad ones are kept with their reasons. The same bytes
    again change nothing, but that lines which were bad before are looked at again. With bad lines and not `partial` the report
    has no import id: nothing was changed.
    """
    work.actor.require(Role.FINANCE_CLERK)
    digest = sha256(content).hexdigest()
    before = work.session.scalars(select(ContributionImport).where(ContributionImport.sha256 == digest)).one_or_none()
    if before and not before.bad:
        return ImportReport(before.id, 0, before.taken + before.unchanged, [])
    lines, bad_before = list(read_rows(content, ContributionRow)), _bad_lines(work, before) if before else None
    with work.session.begin_nested() as savepoint:
        record = before or _new_import(work, digest, file_name)
        report = _take_lines(work, funds, calendars, lines, record, bad_before)
        if report.bad and not partial:
            savepoint.rollback()
            return ImportReport(None, 0, 0, report.bad)
    audit.record(
        work, "contributions.imported", digest, taken=report.taken, unchanged=report.unchanged, bad=len(report.bad)
    )
    return report


def _new_import(work: Work, digest: str, file_name: str) -> ContributionImport:
    record = ContributionImport(
        id=work.new_id(),
        file_name=file_name,
        sha256=digest,
        taken=0,
        unchanged=0,
        bad=0,
        imported_by=work.actor.name,
        imported_at=work.now(),
    )
    work.session.add(record)
    work.session.flush()
    return record


def _take_lines(
    work: Work,
    funds: Funds,
    calendars: Mapping[str, BusinessCalendar],
    lines: list[GoodLine[ContributionRow] | BadLine],
    record: ContributionImport,
    bad_before: AbstractSet[int] | None,
) -> ImportReport:
    """Take in what is good. Of a file that comes again, circumstances count only where the line was `bad_before`: what was said
    since stays.
    """
    taken = unchanged = stated = 0
    bad: list[BadLine] = []
    for line in lines:
        if isinstance(line, BadLine):
            bad.append(line)
            continue
        try:
            fund = funds.get(line.row.fund)
            contribution, new = _take(work, fund, calendars[fund.calendar], line.row, record.id)
            taken, unchanged = taken + new, unchanged + (not new)
            if bad_before is None or line.line in bad_before:
                stated += _state(work, fund, contribution, line.row, record.file_name)
        except DebitError as error:
            bad.append(BadLine(line.line, error.code, error.told(), line.text))
    _note(work, record, taken, unchanged, bad)
    return ImportReport(record.id, taken, unchanged, bad, stated)


def _bad_lines(work: Work, record: ContributionImport) -> set[int]:
    """The lines of a file that were bad when it came last."""
    query = select(BadContributionLine.line).where(BadContributionLine.import_id == record.id)
    return set(work.session.scalars(query))


def _note(work: Work, record: ContributionImport, taken: int, unchanged: int, bad: list[BadLine]) -> None:
    """Keep the counts, and every bad line as it is now."""
    record.taken, record.unchanged, record.bad = record.taken + taken, max(unchanged - record.taken, 0), len(bad)
    work.session.execute(delete(BadContributionLine).where(BadContributionLine.import_id == record.id))
    for one in bad:
        sealed = work.keys.seal(one.text, f"bad_contribution_lines.text:{record.id}/{one.line}")
        work.session.add(
            BadContributionLine(
                import_id=record.id, line=one.line, code=one.code, message=one.message, text_sealed=sealed
            )
        )
    work.session.flush()


def _take(
    work: Work, fund: Fund, calendar: BusinessCalendar, row: ContributionRow, import_id: str
) -> tuple[Contribution, bool]:
    """Take one line; returns its contribution, and whether it is new. Raises what is wrong; the line has then changed nothing."""
    if row.currency != fund.currency:
        raise InvalidInput("contribution.currency", f"{fund.id} collects in {fund.currency}.", place="currency")
    amount = parse_minor(row.amount, row.currency)
    if not 0 < amount <= AMOUNT_MINOR_MAX:
        raise InvalidInput(
            "contribution.amount", "A debit takes 0.01 to 999999999.99 (EPC guidelines, AT-T002).", place="amount"
        )
    employer = employer_queries.find(work, fund.id, row.registration_number)
    if employer is None:
        raise InvalidInput(
            "contribution.unknown_employer",
            f"{fund.id} knows no employer with this number.",
            place="registration_number",
            remedy="Import or enrol the employer first.",
        )
    due, source = _due_date(fund, calendar, row)
    check(row.circumstances, due, business_date(work.clock, fund.time_zone))
    before = queries.by_reference(work, fund.id, row.reference)
    if before:
        stated = (before.employer_id, before.period, before.amount_minor, before.due_date)
        if stated == (employer.id, row.period, amount, due):
            return before, False
        raise Refused(
            "contribution.changed",
            "This reference is known with other content; a contribution never changes.",
            place="reference",
            remedy="Hand the correction over under a reference of its own.",
        )
    contribution = Contribution(
        id=work.new_id(),
        fund_id=fund.id,
        employer_id=employer.id,
        reference=row.reference,
        period=row.period,
        due_date=due,
        due_date_source=source,
        amount_minor=amount,
        currency=row.currency,
        received_at=work.now(),
        import_id=import_id,
    )
    work.session.add(contribution)
    work.session.flush()
    _recognise(work, fund, contribution)
    return contribution, True


def _state(work: Work, fund: Fund, contribution: Contribution, row: ContributionRow, file_name: str) -> bool:
    """Record the circumstances that a line states; whether other ones are known now. What it leaves out stays as it is known."""
    if row.circumstances == NOT_KNOWN:
        return False
    source = row.circumstances_source or file_name[:SOURCE_LENGTH_MAX]
    return add_circumstances(work, fund, contribution, row.circumstances, source) is not None


def _due_date(fund: Fund, calendar: BusinessCalendar, row: ContributionRow) -> tuple[date, str]:
    if row.due_date:
        return row.due_date, "stated by the declaration"
    rule = fund.due_date.require()
    if rule.kind == "given":
        raise InvalidInput(
            "contribution.no_due_date", f"{fund.id} states the due date in each declaration.", place="due_date"
        )
    return due_date_for(parse_period(row.period), rule, calendar), f"computed: {rule.kind}"


def _recognise(work: Work, fund: Fund, contribution: Contribution) -> None:
    """From here on it is owed: the journal says so, and so does the feed."""
    ledger.post(
        work,
        {
            account(Account.RECEIVABLE, fund.id): contribution.amount_minor,
            account(Account.DECLARED, fund.id): -contribution.amount_minor,
        },
        currency=contribution.currency,
        business_date=business_date(work.clock, fund.time_zone),
        cause="contribution.declared",
        subject=contribution.id,
        evidence={"import": contribution.import_id, "reference": contribution.reference},
    )
    events.publish(work, "contribution.declared", contribution.id, fund=fund.id, amount_minor=contribution.amount_minor)
