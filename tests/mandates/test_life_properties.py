"""Whatever is done to an employer's mandates, in whatever order: one is live at a fund, every version is accounted for, and what
banks are told of is what an oracle that remembers every version says.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from house import APPROVER, CLERK, House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mandates.test_amendments import rib
from mandates.test_mandates import signed_form
from sqlalchemy import func, select

from debit_service.core.accounts import AccountNumber
from debit_service.core.errors import DebitError
from debit_service.core.work import Actor, Work
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers
from debit_service.employers.service import enrol
from debit_service.funds.profile import Fund
from debit_service.mandates import life, queries, service
from debit_service.mandates.amend import Change, amend
from debit_service.mandates.models import Mandate
from debit_service.mandates.queries import Changed
from debit_service.mandates.transfer import transfer
from debit_service.verify import CHECKS

FUNDS = ("CNAS", "CASNOS")
ACCOUNTS = tuple(rib(bank, number) for bank in ("002", "005") for number in (1, 2))


@dataclass(frozen=True, slots=True)
class Version:
    """What a mandate said, and was signed for, at one of its versions."""

    reference: str
    creditor_identifier: str
    account: AccountNumber


@dataclass(slots=True)
class Oracle:
    """Remembers every version of every mandate."""

    versions: dict[str, list[Version]] = field(default_factory=dict)

    def changes(self, mandate_id: str, since: int) -> Changed | None:
        """What a bank that knows version `since` must be told."""
        known = self.versions[mandate_id][since - 1 :]
        then, now = known[0], known[-1]
        moved = then.account != now.account
        new_bank = moved and any(one.account.value[:3] != other.account.value[:3] for one, other in pairwise(known))
        told = Changed(
            then.reference if then.reference != now.reference else None,
            then.creditor_identifier if then.creditor_identifier != now.creditor_identifier else None,
            then.account if moved and not new_bank else None,
            new_bank,
        )
        return None if told == Changed(None, None, None, new_bank=False) else told


Do = Callable[[House, Work, Somebody, Fund, Mandate | None], None]


def sign(house: House, work: Work, one: Somebody, fund: Fund, _: Mandate | None) -> None:
    service.sign(work, signed_form(work, one), [fund])


def lodge(house: House, work: Work, one: Somebody, fund: Fund, mandate: Mandate | None) -> None:
    if mandate:
        service.lodge(work, mandate, "why", "receipt")


def accept(house: House, work: Work, one: Somebody, fund: Fund, mandate: Mandate | None) -> None:
    if mandate:
        service.accept(work, mandate, "why", "stamp")


def step(use_case: Callable[[Work, Mandate, str, str], None]) -> Do:
    def do(house: House, work: Work, one: Somebody, fund: Fund, mandate: Mandate | None) -> None:
        if mandate:
            use_case(work, mandate, "why", "letter")

    return do


def revoke(house: House, work: Work, one: Somebody, fund: Fund, mandate: Mandate | None) -> None:
    if mandate:
        service.revoke(work, mandate, "why")


def change(what: Change) -> Do:
    def do(house: House, work: Work, one: Somebody, fund: Fund, mandate: Mandate | None) -> None:
        if mandate:
            amend(work, fund, mandate, what, received_at=work.now(), why="why", evidence="letter")

    return do


def hand_over(accepted: str | None) -> Do:
    def do(house: House, work: Work, one: Somebody, fund: Fund, mandate: Mandate | None) -> None:
        if mandate:
            to = house.fund(next(other for other in FUNDS if other != fund.id))
            now = work.now()
            transfer(work, mandate, fund, to, received_at=now, why="why", evidence="decree", accepted=accepted)

    return do


MOVES: list[tuple[Actor, Do]] = [
    (CLERK, sign),
    (CLERK, lodge),
    (CLERK, accept),
    (CLERK, step(life.suspend)),
    (APPROVER, step(life.resume)),
    (CLERK, step(life.revoke_by_bank)),
    (CLERK, revoke),
    *((CLERK, change(Change(account=account))) for account in ACCOUNTS),
    *((CLERK, change(Change(reference=reference))) for reference in ("R-1", "R-2")),
    (CLERK, change(Change(debtor_name="Autre", account=ACCOUNTS[0], reference="R-3"))),
    (APPROVER, hand_over(None)),
    (APPROVER, hand_over("message")),
]
#: The invariants of `debit verify` that are about mandates.
SOUND = [one for one in CHECKS if one.number in (7, 11)]
#: The way to an active mandate, so that most of what follows is allowed.
BEGIN = [(0, 0), (1, 0), (2, 0)]


def now(work: Work, mandate: Mandate) -> Version:
    return Version(mandate.reference, mandate.creditor_identifier, queries.account(work, mandate))


def remember(oracle: Oracle, work: Work, before: Version | None) -> None:
    """Compare every mandate with what is known of it; a new version, or a mandate that came from another fund, is noted."""
    for mandate in work.session.scalars(select(Mandate)):
        known = oracle.versions.get(mandate.id)
        if known is None:
            arrived = [before] if mandate.version == 2 and before else []
            known = oracle.versions.setdefault(mandate.id, [*arrived, now(work, mandate)])
        elif mandate.version > len(known):
            known.append(now(work, mandate))
        assert len(known) == mandate.version, "a version is missing, or was counted without a change"
        assert known[-1] == now(work, mandate), "something changed without a new version"


def check(oracle: Oracle, work: Work) -> None:
    live = select(func.count()).where(Mandate.live).group_by(Mandate.fund_id, Mandate.employer_id)
    assert all(count == 1 for count in work.session.scalars(live))
    for since in (1, 2, 3):
        asked = {one: since for one, versions in oracle.versions.items() if len(versions) >= since}
        told = {one: changes for one in asked if (changes := oracle.changes(one, since))}
        assert queries.changes_since(work, asked) == told


REUSED = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])


def test_any_sequence_of_moves_keeps_one_live_mandate_and_every_version(sqlite_house: House) -> None:
    house = sqlite_house
    one = house.employer("CNAS", mandate=False)
    with house.desk.work(CLERK) as work:
        employer = employers.by_reference(work, one.reference)
        assert employer is not None
        enrol(work, employer, "CASNOS", one.registration)
    back = house.bookmark()

    @REUSED
    @given(st.lists(st.tuples(st.integers(0, len(MOVES) - 1), st.integers(0, 1)), max_size=12))
    def holds(moves: list[tuple[int, int]]) -> None:
        back()
        oracle = Oracle()
        for number, place in BEGIN + moves:
            move(house, oracle, one, employer.id, *MOVES[number], house.fund(FUNDS[place]))
        with house.reading() as work:
            assert [breach for one in SOUND for breach in one.breaches(house.service, work)] == []

    holds()


def move(house: House, oracle: Oracle, one: Somebody, employer_id: str, actor: Actor, do: Do, fund: Fund) -> None:
    """Make one move, which may be refused; then everything must be as the oracle says."""
    with house.reading() as work:
        mandate = queries.live(work, fund.id, employer_id)
        before = now(work, mandate) if mandate else None
    # What is refused changes nothing: the oracle sees to it.
    with suppress(DebitError), house.desk.work(actor) as work:
        do(house, work, one, fund, queries.live(work, fund.id, employer_id))
    with house.reading() as work:
        remember(oracle, work, before)
        check(oracle, work)
