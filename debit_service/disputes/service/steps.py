"""What every step of a dispute shares: finding it locked, checking what was written, moving it on, telling the employer."""

import json
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select

from debit_service.contributions.models import Contribution
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.state import move
from debit_service.core.work import Work
from debit_service.disputes import letters
from debit_service.disputes.models import Dispute, DisputeMessage, DisputeTransition
from debit_service.disputes.rules import MACHINE, Matter, Terms
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer

OUTBOX_KIND: Final = "dispute_message"
TEXT_LENGTH_MAX: Final = 4000


def today(work: Work, terms: Terms) -> date:
    """The business date of the fund."""
    return business_date(work.clock, terms.fund.time_zone)


def locked(work: Work, dispute_id: str) -> Dispute:
    """A dispute that nobody else changes until the transaction ends. Raises NotFound; an employer reaches its own only."""
    found = work.session.get(Dispute, dispute_id, with_for_update=True)
    if found is None:
        raise NotFound("dispute.unknown", f"There is no dispute {dispute_id}.", place=dispute_id)
    work.actor.require_employer(work.session.get_one(Contribution, found.contribution_id).employer_id)
    return found


def written(text: str, what: str) -> str:
    """What somebody wrote, if it is there and not too long. Raises InvalidInput `dispute.text`."""
    if not text.strip() or len(text) > TEXT_LENGTH_MAX:
        raise InvalidInput("dispute.text", f"Say {what}, in at most {TEXT_LENGTH_MAX} characters.", place="text")
    return text.strip()


def check_own_work(work: Work, dispute: Dispute, matter: Matter) -> None:
    """Nobody, in whatever role, answers or decides what they opened for an employer, or what contests their own work.

    Raises Refused `dispute.own_work`.
    """
    if work.actor.name in {dispute.opened_by, *matter.people}:
        raise Refused(
            "dispute.own_work",
            "Who opened a dispute, or did what it contests, neither answers it nor decides the appeal.",
            place=dispute.id,
            remedy="Have another person do it.",
        )


def step(work: Work, dispute: Dispute, to_state: str, why: str, **evidence: Any) -> None:
    """Move a dispute on, on record and in the feed. `why` and `evidence` hold nothing that people wrote."""
    move(work, DisputeTransition, MACHINE, dispute.id, to_state, why, evidence)
    audit.record(work, f"dispute.{to_state}", dispute.id, reference=dispute.reference, **evidence)
    events.publish(work, f"dispute.{to_state}", dispute.id, contribution=dispute.contribution_id, **evidence)


def tell(work: Work, terms: Terms, dispute: Dispute, kind: letters.Kind, text: str = "") -> None:
    """Owe the employer a message about its dispute, in its language; it goes out by e-mail, or as a letter."""
    contribution = work.session.get_one(Contribution, dispute.contribution_id)
    employer = work.session.get_one(Employer, contribution.employer_id)
    told = letters.Told(
        name=employers.name(work, employer),
        fund=terms.fund.names.best(employer.language),
        subject_kind=dispute.subject_kind,
        contribution=f"{contribution.period} ({contribution.reference})",
        reference=dispute.reference,
        answer=dispute.appeal_answer or dispute.first_answer or "",
        standing=dispute.answer or "",
        body=dispute.deciding_body or dispute.body,
        text=text,
        due=dispute.decide_by or dispute.answer_by,
        reply_by=dispute.reply_by,
        appeal_by=dispute.appeal_by,
    )
    subject, body = letters.written(kind, employer.language, told)
    message = {
        "to": employers.email(work, employer),
        "subject": subject,
        "text": body,
        "language": employer.language,
    }
    events.owe(work, OUTBOX_KIND, dispute.id, json.dumps(message, ensure_ascii=False))


def keep_message(work: Work, dispute: Dispute, kind: str, text: str) -> None:
    """Keep what was asked, replied, or said of a withdrawal, sealed, under the next number of the dispute."""
    message_id = work.new_id()
    before = select(func.count()).where(DisputeMessage.dispute_id == dispute.id)
    work.session.add(
        DisputeMessage(
            id=message_id,
            dispute_id=dispute.id,
            number=(work.session.scalar(before) or 0) + 1,
            kind=kind,
            at=work.now(),
            who=work.actor.name,
            text_sealed=work.keys.seal(text, f"dispute_messages.text:{message_id}"),
        )
    )
