"""`debit ledger statements` and what goes with it: the bank's statements, and which one counts where it wrote one anew."""

from datetime import datetime
from typing import Any

import click

from debit_service import operations
from debit_service.cli.common import AS, WHY, command, emit, operator, person, service
from debit_service.core.money import format_minor
from debit_service.core.text import aligned
from debit_service.reconcile.service.replace import replace_statement, undo_replacement
from debit_service.reconcile.tie_out import replaced
from debit_service.reconcile.tie_out.replaced import Beside
from debit_service.wiring import Service

_DAY = click.DateTime(["%Y-%m-%d"])
_TITLES = ("statement", "fund", "closes_on", "number", "name", "entries", "opening", "closing", "currency", "counts")


@click.command("statements")
@click.option("--fund", "fund_id", help="Only this fund's; `unknown` is accounts of no fund.")
@click.option("--from", "first", type=_DAY, help="First closing day; default: from the beginning.")
@click.option("--to", "last", type=_DAY, help="Last closing day; default: the last statement's.")
@command
def statements(fund_id: str | None, first: datetime | None, last: datetime | None, as_json: bool) -> None:
    """List the bank's statements, and which of them do not count because another one does instead."""
    opened = service()
    with opened.desk.reading(operator()) as work:
        found = replaced.listed(work, fund_id, first.date() if first else None, last.date() if last else None)
        values = [_values(one) for one in found]
    rows = [[str(one[title] if one[title] is not None else "") for title in _TITLES] for one in values]
    emit(as_json, values, aligned(_TITLES, rows, right={5, 6, 7}))


def _values(one: Beside) -> dict[str, Any]:
    document, currency = one.document, one.document.currency or "XXX"
    opening, closing = document.opening_minor, document.closing_minor
    return {
        "statement": document.id,
        "fund": document.fund_id,
        "closes_on": one.closes_on.isoformat() if one.closes_on else None,
        "number": document.sequence_number,
        "legal_number": document.legal_number,
        "name": document.container_id,
        "entries": document.entry_count,
        "opening": None if opening is None else format_minor(opening, currency),
        "closing": None if closing is None else format_minor(closing, currency),
        "currency": currency,
        "counts": "no" if one.replacement else "yes",
        "replacement": one.replacement.id if one.replacement else None,
        "replaced_by": one.replacement.replacing_id if one.replacement else None,
    }


@click.command("replace-statement")
@click.argument("replaced_id", metavar="STATEMENT")
@click.argument("replacing_id", metavar="BY")
@WHY
@AS
@command
def replace_(replaced_id: str, replacing_id: str, why: str, login: str, as_json: bool) -> None:
    """Say that the statement BY counts instead of STATEMENT, of the same account and days (see `debit ledger statements`).

    Refused where STATEMENT tells of a booking that no other statement which counts tells of.
    """
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        replacement_id = replace_statement(work, replaced_id, replacing_id, why)
    _done(opened, replacement_id, "replaced", as_json=as_json)


@click.command("undo-statement")
@click.argument("replacement_id", metavar="REPLACEMENT")
@WHY
@AS
@command
def undo_(replacement_id: str, why: str, login: str, as_json: bool) -> None:
    """Let the statement count again that a REPLACEMENT took away."""
    opened = service()
    actor = person(opened, login)
    with opened.desk.work(actor) as work:
        undo_replacement(work, replacement_id, why)
    _done(opened, replacement_id, "undone", as_json=as_json)


def _done(opened: Service, replacement_id: str, state: str, *, as_json: bool) -> None:
    operations.anchor_audit(opened)
    emit(as_json, {"replacement": replacement_id, "state": state}, [f"{replacement_id}: {state}"])


#: What `debit ledger` has besides.
COMMANDS = (statements, replace_, undo_)
