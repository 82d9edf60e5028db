"""Whether a database may count after the bank's files were read: held by plain SQL against what arithmetic says must be there."""

from collections import Counter
from collections.abc import Callable

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from benchmarks.checks import Wrong
from benchmarks.data import total_minor
from benchmarks.fund import FUND
from benchmarks.reconcile_files import SOME_MAX, reason

#: What is asked, and what it is asked for: each gives rows of a name and a number.
_QUESTIONS = {
    "balances": "select account, sum(amount_minor) from journal_lines group by account having sum(amount_minor) <> 0",
    "dispositions": "select kind, count(*) from dispositions where most_recent group by kind",
    "allocations": "select effect, count(*) from allocations group by effect",
    "failed collections": "select failure_code, count(*) from collections where failed_on is not null and not live"
    " group by failure_code",
    "feed": "select kind, count(*) from events where kind like 'collection.%' group by kind",
    "audit": "select action, count(*) from audit_entries where action like 'collection.%' group by action",
    # Of these there must be none.
    "unbalanced": "select 'entries', count(*) from (select entry_id from journal_lines group by entry_id"
    " having sum(amount_minor) <> 0) as found group by 1 having count(*) > 0",
    "in transit": "select 'collections', count(*) from (select subject from journal_lines where account like 'in-transit/%'"
    " group by subject having sum(amount_minor) <> 0) as found group by 1 having count(*) > 0",
    "changed": "select 'dispositions', count(*) from dispositions where not most_recent group by 1 having count(*) > 0",
}
#: What came last: credits of everything; then its returns, the same once more, or returns of some.
CREDITED, RETURNED, TOLD_AGAIN, SOME_RETURNED = "credited", "returned", "told again", "some returned"
#: How many were returned, and how many were told again.
_STATES: dict[str, Callable[[int], tuple[int, int]]] = {
    CREDITED: lambda _: (0, 0),
    RETURNED: lambda size: (size, 0),
    TOLD_AGAIN: lambda size: (0, size),
    SOME_RETURNED: lambda size: (min(size, SOME_MAX), 0),
}


def check_books(url: str, size: int, state: str) -> str:
    """Hold the database at `url`, of `size` collections, against what must be there; says what was looked at. Raises Wrong."""
    wanted = _wanted(size, *_STATES[state](size))
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            for what, question in _QUESTIONS.items():
                found = _answer(connection, question)
                if found != wanted.get(what, {}):
                    raise Wrong(f"{what}: {found} and not {wanted.get(what, {})}")
    finally:
        engine.dispose()
    return ", ".join(wanted)


def _answer(connection: Connection, question: str) -> dict[str, int]:
    return {name: int(number) for name, number in connection.execute(text(question))}


def _wanted(size: int, returned: int, folded: int) -> dict[str, dict[str, int]]:
    total, back = total_minor(size), total_minor(returned)
    wanted: dict[str, dict[str, int]] = {
        "balances": {f"receivable/{FUND}": back, f"declared/{FUND}": -total, f"bank/{FUND}": total - back},
        "dispositions": {"matched": size + returned, "folded": folded},
        "allocations": {"settled": size, "returned": returned},
        "failed collections": Counter(map(reason, range(returned))),
        "feed": {"collection.settled": size, "collection.failed": returned},
        "audit": {"collection.failed": returned},
    }
    return {what: {name: number for name, number in some.items() if number} for what, some in wanted.items()}
