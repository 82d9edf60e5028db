"""Take in contributions from a declaration system: every line is taken, known already, or reported with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import delete, select

from debit_service.contributions.models import BadContributionLine, Contribution, ContributionImport
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
    """One line of a contributions file. `amount` is a plain decimal; without `due_date` the fund's confirmed rule gives it."""

    model_config = ConfigDict(extra="forbid")

    fund: str
    registration_number: str
    reference: str = Field(min_length=1, max_length=35)
    period: str
    amount: str
    currency: str
    due_date: date | None = None

    @field_validator("period")
    @classmethod
    def _a_period(cls, period: str) -> str:
        parse_period(period)
        return period


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of each line."""

    import_id: str | None
    taken: int
    unchanged: int
    bad: list[BadLine]


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
    lines = list(read_rows(content, ContributionRow))
    with work.session.begin_nested() as savepoint:
        record = before or _new_import(work, digest, file_name)
        report = _take_lines(work, funds, calendars, lines, record)
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
) -> ImportReport:
    taken = unchanged = 0
    bad: list[BadLine] = []
    for line in lines:
        if isinstance(line, BadLine):
            bad.append(line)
            continue
        try:
            fund = funds.get(line.row.fund)
            if _take(work, fund, calendars[fund.calendar], line.row, record.id):
                taken += 1
            else:
                unchanged += 1
        except DebitError as error:
            bad.append(BadLine(line.line, error.code, error.told(), line.text))
    _note(work, record, taken, unchanged, bad)
    return ImportReport(record.id, taken, unchanged, bad)


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


def _take(work: Work, fund: Fund, calendar: BusinessCalendar, row: ContributionRow, import_id: str) -> bool:
    """Take one line; False when it is known already. Raises what is wrong with it; it has then changed nothing."""
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
    query = select(Contribution).where(Contribution.fund_id == fund.id, Contribution.reference == row.reference)
    known = work.session.scalars(query).one_or_none()
    if known:
        if (known.employer_id, known.period, known.amount_minor, known.due_date) == (
            employer.id,
            row.period,
            amount,
            due,
        ):
            return False
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
    return True


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
