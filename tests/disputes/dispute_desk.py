"""A disputes desk for tests: one house, one contested contribution, and the people on both sides."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from house import APPROVER, CLERK, House

from debit_service import operations
from debit_service.contributions import queries as contributions
from debit_service.core.work import Actor, Role
from debit_service.disputes import queries, service
from debit_service.disputes.models import Dispute
from debit_service.disputes.rules import Answer, Body, Ground, Subject, SubjectKind, Terms
from debit_service.penalties.contestable import matter

OTHER_CLERK = Actor("another clerk", frozenset({Role.FINANCE_CLERK}))
#: A person who may answer and decide appeals: the guard against doing both is not in the roles.
BOTH = Actor("both", frozenset({Role.FINANCE_CLERK, Role.FINANCE_APPROVER}))


class DisputeDesk:
    """What employer and fund do about the disputes of one contribution of CNAS."""

    def __init__(
        self, house: House, fund_id: str = "CNAS", amount: str = "1000.00", *, contribution_id: str | None = None
    ) -> None:
        self.house, self.fund_id = house, fund_id
        self.contribution_id = contribution_id or house.contribution(
            house.employer(fund_id, mandate=False), amount=amount
        )
        with house.reading() as work:
            self.employer = Actor(
                "employer",
                frozenset({Role.EMPLOYER}),
                contributions.get(work, self.contribution_id).employer_id,
            )

    @property
    def terms(self) -> Terms:
        return operations.dispute_terms(self.house.service, self.house.fund(self.fund_id))

    def subject(self, kind: SubjectKind = SubjectKind.DEBIT, subject_id: str | None = None, **more: Any) -> Subject:
        """Something about the contribution; by default its debit."""
        amount = self.house.contribution_row(self.contribution_id).amount_minor
        return Subject(
            kind, subject_id or self.contribution_id, self.contribution_id, **{"amount_minor": amount, **more}
        )

    def contest(self, subject: Subject | None = None, *documents: bytes, actor: Actor | None = None) -> str:
        """The employer contests; returns the dispute's id."""
        objection = service.Objection(
            subject or self.subject(), "we had paid by cheque", Ground.PAID_ALREADY, documents
        )
        with self.house.desk.work(actor or self.employer) as work:
            return service.contest(work, self.terms, objection).id

    def take(self, dispute_id: str, actor: Actor = CLERK) -> None:
        with self.house.desk.work(actor) as work:
            service.take(work, dispute_id)

    def ask(self, dispute_id: str, actor: Actor = CLERK) -> None:
        self._do(actor, lambda work: service.ask(work, self.terms, dispute_id, "When was it paid?"))

    def reply(self, dispute_id: str) -> None:
        self._do(self.employer, lambda work: service.reply(work, self.terms, dispute_id, "On 3 September."))

    def answer(self, dispute_id: str, answer: Answer = Answer.REJECTED, actor: Actor = CLERK) -> None:
        self._do(
            actor,
            lambda work: service.answer(work, self.terms, dispute_id, answer, "we looked", matter(work, dispute_id)),
        )

    def appeal(self, dispute_id: str, actor: Actor | None = None) -> None:
        self._do(actor or self.employer, lambda work: service.appeal(work, self.terms, dispute_id, "look again"))

    def decide(self, dispute_id: str, answer: Answer = Answer.UPHELD, actor: Actor = APPROVER) -> None:
        self._do(
            actor,
            lambda work: service.decide(
                work, self.terms, dispute_id, answer, Body.NATIONAL, "the commission", matter(work, dispute_id)
            ),
        )

    def withdraw(self, dispute_id: str) -> None:
        self._do(self.employer, lambda work: service.withdraw(work, self.terms, dispute_id))

    def attach(self, dispute_id: str, content: bytes, actor: Actor | None = None) -> str:
        with self.house.desk.work(actor or self.employer) as work:
            return service.attach(work, dispute_id, content)

    def keep_time(self) -> service.Kept:
        """The job of a business date."""
        return operations.keep_dispute_deadlines(self.house.service, CLERK, self.house.fund(self.fund_id))

    def row(self, dispute_id: str) -> Dispute:
        """The dispute now."""
        with self.house.reading() as work:
            return queries.get(work, dispute_id)

    def states(self, dispute_id: str) -> list[str]:
        """Its life."""
        with self.house.reading() as work:
            return [one.to_state for one in queries.history(work, dispute_id)]

    def stretches(self) -> list[tuple[date, date | None]]:
        with self.house.reading() as work:
            return queries.stretches(work, self.contribution_id)

    def against_debit(self) -> str | None:
        with self.house.reading() as work:
            return queries.against_debit(work, self.contribution_id)

    def at(self, moment: datetime) -> None:
        self.house.clock.set(moment)

    def _do(self, actor: Actor, act: Callable[[Any], object]) -> None:
        with self.house.desk.work(actor) as work:
            act(work)
