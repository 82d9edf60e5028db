"""What may be said of the circumstances of a contribution: pure checks of values."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Final, Self

from debit_service.core.errors import InvalidInput

#: More than any employer has; a larger number stands in the wrong column.
HEADS_MAX: Final = 10_000_000
#: No claim gives longer to pay; a later day is a slip, and would lower a penalty.
CLAIM_TERM_MAX: Final = timedelta(days=10 * 366)
SOURCE_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the rule of a penalty may ask of a contribution besides its amount and its days; None: not known.

    `heads`: employees that it is for. `demanded_separately`: by a letter that demands nothing else. `formal_notice_on`: the day
    of the formal notice (mise en demeure). `claim_term_ends_on`: the last day on which the claim of the fund may be paid.
    """

    heads: int | None = None
    demanded_separately: bool | None = None
    formal_notice_on: date | None = None
    declared_in_time: bool | None = None
    claim_term_ends_on: date | None = None

    def completed_by(self, known: Self) -> "Circumstances":
        """These, and where they say nothing, what is `known`."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        return Circumstances(**asdict(known) | said)


NOT_KNOWN: Final = Circumstances()
#: The names of all of them: columns of the import, fields of the form.
NAMES: Final = tuple(one.name for one in fields(Circumstances))


def check(said: Circumstances, due_date: date, today: date) -> None:
    """Raises InvalidInput `circumstances.*` for the first thing that cannot be right of a contribution due on `due_date`."""
    for place, trouble, remedy in _troubles(said, due_date, today):
        raise InvalidInput(f"circumstances.{place}", trouble, place=place, remedy=remedy)


def check_source(source: str) -> None:
    """Raises InvalidInput `circumstances.source` for what cannot name a document."""
    if not 0 < len(source.strip()) <= SOURCE_LENGTH_MAX:
        raise InvalidInput(
            "circumstances.source",
            f"Name the fund's document that says so, in at most {SOURCE_LENGTH_MAX} characters.",
            place="source",
        )


def _troubles(said: Circumstances, due_date: date, today: date) -> Iterator[tuple[str, str, str]]:
    due, notice, term = due_date.isoformat(), said.formal_notice_on, said.claim_term_ends_on
    if said.heads is not None and not 0 <= said.heads <= HEADS_MAX:
        yield "heads", f"A number of employees from 0 to {HEADS_MAX}.", "Leave it out where it is not known."
    if notice and not due_date < notice <= today:
        trouble = f"A formal notice comes after the due date ({due}), and not later than today ({today.isoformat()})."
        yield "formal_notice_on", trouble, "Take the day that stands on the notice."
    if term and not due_date < term <= due_date + CLAIM_TERM_MAX:
        trouble = f"The term of a claim ends after the due date ({due}), and within ten years."
        yield "claim_term_ends_on", trouble, "Take the day that stands on the claim."
