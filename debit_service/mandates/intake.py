"""Many existing mandates at a time: what the database holds about them is read once, and what they add is written once."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from debit_service.core import audit, events
from debit_service.core.bulk import among, insert_rows
from debit_service.core.clock import SetClock
from debit_service.core.database import Base
from debit_service.core.work import Work
from debit_service.employers import queries as employer_queries
from debit_service.employers.models import Employer
from debit_service.employers.service import Enrolment, is_new_number, take_in
from debit_service.funds.profile import Fund
from debit_service.mandates import admission, queries, rules
from debit_service.mandates.admission import References
from debit_service.mandates.models import Mandate, MandateForm, MandateTransition
from debit_service.mandates.service import SignedForm, Step, check_form, form_values, mandate_values

#: What one line can need: employer, number, form, mandate, and the mandate's way from signed over lodged to active.
_IDS_OF_A_LINE = 7


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a line asks about."""

    fund: Fund
    number: str
    employer_reference: str


@dataclass(slots=True)
class Standing:
    """A live mandate with its newest state, the `sort_key`th of its life. `kept`: it stands in the database already."""

    mandate_id: str
    fund_id: str
    employer_id: str
    reference: str
    account_index: str
    state: str | None = None
    sort_key: int = 0
    kept: Mandate | None = None


@dataclass(slots=True)
class Known:
    """What decides about the lines of a chunk: as the database has it, and as the lines before have changed it."""

    references: dict[str, References]
    employers: dict[str, Employer]
    #: Employers and account indexes of which some block stands, at whatever fund.
    blocked: set[str | None]
    #: (fund, number) -> employer, (fund, employer) -> number, (fund, employer) -> live mandate.
    holders: dict[tuple[str, str], str] = field(default_factory=dict)
    numbers: dict[tuple[str, str], str] = field(default_factory=dict)
    standing: dict[tuple[str, str], Standing] = field(default_factory=dict)
    #: Held, so that whoever asks for the form of a mandate that stands finds it in the session.
    forms: Sequence[MandateForm] = ()

    def check_number(self, fund: Fund, number: str, employer: Employer) -> None:
        """Refuse what `enrol` refuses."""
        holder, own = self.holders.get((fund.id, number)), self.numbers.get((fund.id, employer.id))
        is_new_number(fund.id, number, employer.id, holder=holder, numbers=[own] if own else [])

    def check(self, work: Work, form: SignedForm, fund: Fund, account_index: str, reference: str | None) -> None:
        """Refuse what `sign` refuses of an employer that has its number."""
        check_form(work, form, [fund])
        if self.blocked.isdisjoint((form.employer.id, account_index)):
            admission.check_scheme(fund, form.account)
        else:
            admission.check_account(work, fund, form.employer.id, form.account)
        if standing := self.standing.get((fund.id, form.employer.id)):
            raise admission.live_already(fund, standing.reference)
        if reference is not None:
            self.references[fund.id].check_free(fund, reference)


def look_up(work: Work, wanted: Sequence[Wanted], references: dict[str, References]) -> Known:
    """What the database holds about these lines, in a few statements however many they are.

    `references` are those of the funds; of a fund that is not among them yet they are read.
    """
    employers = employer_queries.by_references(work, {one.employer_reference for one in wanted})
    known = Known(
        references=references,
        employers={one.reference: one for one in employers},
        blocked={subject for one in queries.blocks(work) for subject in (one.employer_id, one.account_index)},
    )
    for fund_id, fund in {one.fund.id: one.fund for one in wanted}.items():
        if fund_id not in references:
            references[fund_id] = admission.references(work, fund)
        numbers = {one.number for one in wanted if one.fund.id == fund_id}
        employer_ids = [one.id for one in employers]
        for number, employer_id in employer_queries.numbers_at(work, fund_id, numbers, employer_ids):
            known.holders[fund_id, number] = employer_id
            known.numbers[fund_id, employer_id] = number
        for one in _standing(work, fund_id, employer_ids):
            known.standing[fund_id, one.employer_id] = one
    waiting = {one.kept.form_id for one in known.standing.values() if one.kept and one.state != "active"}
    known.forms = work.session.scalars(select(MandateForm).where(among(work.session, MandateForm.id, waiting))).all()
    return known


def _standing(work: Work, fund_id: str, employer_ids: Collection[str]) -> Iterator[Standing]:
    """The live mandates of these employers at a fund."""
    query = (
        select(Mandate, MandateTransition.to_state, MandateTransition.sort_key)
        .join(MandateTransition, MandateTransition.subject_id == Mandate.id)
        .where(Mandate.fund_id == fund_id, Mandate.live, MandateTransition.most_recent)
        .where(among(work.session, Mandate.employer_id, employer_ids))
    )
    for one, state, sort_key in work.session.execute(query):
        yield Standing(one.id, fund_id, one.employer_id, one.reference, one.account_index, state, sort_key, kept=one)


@dataclass(slots=True)
class Additions:
    """What the lines of a chunk add. A line is decided before it adds anything, so that a bad one leaves no trace."""

    work: Work
    known: Known
    ids: Iterator[str]
    newcomers: list[Employer] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)
    forms: list[dict[str, Any]] = field(default_factory=list)
    mandates: list[dict[str, Any]] = field(default_factory=list)
    #: With fund and reference of the mandate.
    transitions: list[tuple[dict[str, Any], Standing]] = field(default_factory=list)
    #: Mandates in the database that get a newer state than the one they have there.
    moved: set[str] = field(default_factory=set)

    def employer(self, fund: Fund, number: str, employer: Employer) -> None:
        """An employer and its number at a fund, what is new of them."""
        known = self.known
        if employer.reference not in known.employers:
            self.newcomers.append(employer)
            known.employers[employer.reference] = employer
        if (fund.id, number) not in known.holders:
            self.enrolments.append(Enrolment(next(self.ids), fund.id, number, employer.id))
            known.holders[fund.id, number] = employer.id
            known.numbers[fund.id, employer.id] = number

    def mandate(self, form_id: str, form: SignedForm, fund: Fund, reference: str | None) -> Standing:
        """A form, and its mandate, which has no state yet; without `reference` it gets a fresh one."""
        known, employer_id = self.known, form.employer.id
        taken = known.references[fund.id]
        reference = reference or taken.fresh(fund, known.numbers[fund.id, employer_id])
        taken.add(reference)
        values = mandate_values(self.work, next(self.ids), form, form_id, fund, reference)
        self.forms.append(form_values(self.work, form_id, form, [fund]))
        self.mandates.append(values)
        standing = Standing(values["id"], fund.id, employer_id, reference, values["account_index"])
        known.standing[fund.id, employer_id] = standing
        return standing

    def steps(self, standing: Standing, steps: Sequence[Step]) -> None:
        """Moves of a live mandate to states in which it is live."""
        if steps and standing.kept:
            self.moved.add(standing.mandate_id)
        for step in steps:
            rules.MACHINE.check(standing.state, step.to_state, standing.mandate_id)
            row = {
                "id": next(self.ids),
                "subject_id": standing.mandate_id,
                "sort_key": standing.sort_key + 1,
                "from_state": standing.state,
                "to_state": step.to_state,
                "most_recent": False,
                "who": self.work.actor.name,
                "why": step.why,
                "evidence": step.evidence,
                "at": self.work.now(),
            }
            self.transitions.append((row, standing))
            standing.state, standing.sort_key = step.to_state, standing.sort_key + 1

    def write(self) -> None:
        """Write it all, with what the audit log and the feed of events say of each."""
        session = self.work.session
        take_in(self.work, self.newcomers, self.enrolments)
        _insert(session, MandateForm, self.forms)
        _insert(session, Mandate, self.mandates)
        if self.moved:
            # The old rows must give up their place in the unique index before the new ones take it.
            old = among(session, MandateTransition.subject_id, self.moved), MandateTransition.most_recent
            session.execute(update(MandateTransition).where(*old).values(most_recent=False))
        for row, standing in self.transitions:
            row["most_recent"] = row["sort_key"] == standing.sort_key
        _insert(session, MandateTransition, [row for row, _ in self.transitions])
        self._tell()

    def _tell(self) -> None:
        """State by state; of each mandate in the order of its life."""
        for (_, state), group in groupby(sorted(self.transitions, key=_place), key=_place):
            rows = list(group)
            audit.record_all(
                self.work,
                f"mandate.{state}",
                [(row["subject_id"], {"why": row["why"], "evidence": row["evidence"]}) for row, _ in rows],
            )
            events.publish_all(
                self.work,
                f"mandate.{state}",
                [(one.mandate_id, {"fund": one.fund_id, "reference": one.reference}) for _, one in rows],
            )


def _place(moved: tuple[dict[str, Any], Standing]) -> tuple[int, str]:
    row, _ = moved
    return row["sort_key"], row["to_state"]


def _insert(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        insert_rows(session, model, tuple(rows[0]), [tuple(row.values()) for row in rows])


def additions(work: Work, known: Known, lines: int) -> Additions:
    """Nothing yet, with room for what this many lines add. All of it will have happened at one moment."""
    at_once = replace(work, clock=SetClock(work.now()))
    return Additions(at_once, known, iter(work.new_ids(_IDS_OF_A_LINE * lines)))
