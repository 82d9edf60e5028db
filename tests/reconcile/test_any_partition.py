"""I5, I6: the same facts, in any order, split over any files, told twice and by overlapping reports: the same books to the cent.

What is told is fixed; how it is cut into files, by which kind of report, how often and in what order, and how many rows the house
takes at a time, is drawn. `oracle` says what must come out, on both databases.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import pytest
from bank_files import Booked, credit, pain002, returned, together, total
from house import House, Sent
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from reconcile.oracle import Heard, Report, Status
from reconcile.telling import check_books, chunks, written

FAMILIES = ("camt.052", "camt.053", "camt.054")
REJECTED_ON, BOOKED, LATER = date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 6)
FILES, COPIES = 6, 4
EXAMPLES = int(os.environ.get("DEBIT_TEST_MACHINE_EXAMPLES", "5"))
SEED = 20261001


@dataclass(frozen=True)
class Fact:
    """Something that the bank has booked, and every form in which it tells of it; all of them are told at least once."""

    forms: tuple[tuple[Booked, ...], ...]
    #: Without any reference copies cannot be told from twins, so these are told once by one kind of report and once by another.
    bare: bool = False


@dataclass(frozen=True)
class World:
    """What was sent, and what came of it."""

    sents: Sequence[Sent]
    facts: Sequence[Fact]
    letters: Sequence[tuple[bytes, Status]]
    funds: dict[str, str]


def a_world(house: House) -> World:
    """A block booked in one net sum, another apart, returns with and without a fee, one taken back, strangers' money."""
    first, second, refused = house.sent_together("CNAS", "100.00", "250.00", "420.00")
    third, fourth = house.sent_together("CNAS", "77.00", "55.55", due=date(2026, 10, 20))
    parts = tuple(replace(credit(one, BOOKED), servicer_reference=None) for one in (first, second))
    block = (replace(total([first, second], BOOKED), servicer_reference="B"),)
    gone = [returned(first, "AM04", LATER, charges_minor=5_00), returned(third, "MD06", LATER)]
    alike = Booked(70_00, first.currency, BOOKED)
    charge = Booked(3_00, first.currency, LATER, "DBIT", servicer_reference="F", sub_family="CHRG")
    some_back = together(*gone, reference="RR")
    facts = [
        Fact((block, (together(*parts, reference="B"),), parts, parts[:1])),
        Fact(_single(credit(third, reference="C3"))[:2]),
        Fact(_single(credit(fourth, reference="C4"))),
        Fact(((some_back,), (replace(some_back, details=(), end_to_end_id=None, reason=None),))),
        Fact(_single(credit(third, LATER + timedelta(days=3), reference="C3 again"))[:2]),
        Fact(_single(returned(fourth, "MS03", LATER + timedelta(days=1), reference="R4"))),
        Fact(_single(credit(fourth, LATER + timedelta(days=2), reference="X", amount_minor=55_54))),
        Fact(((alike, alike),), bare=True),
        Fact(((charge,),)),
    ]
    letter = pain002(refused, "RJCT", "AC04", day=REJECTED_ON)
    good = pain002(third, "ACCP", None, day=REJECTED_ON, message_id="P2")
    letters = [
        (letter, Status(refused.end_to_end_id, rejected=True, day=REJECTED_ON, reason="AC04")),
        (good, Status(third.end_to_end_id, rejected=False, day=REJECTED_ON, reason=None)),
    ]
    return World([first, second, refused, third, fourth], facts, letters, {first.account: "CNAS"})


def _single(one: Booked) -> tuple[tuple[Booked, ...], ...]:
    """By both references, by ours alone, by the bank's alone."""
    return ((one,), (replace(one, servicer_reference=None),), (replace(one, end_to_end_id=None),))


def cut(world: World, random: Random) -> list[Report]:
    """The facts as reports: every form in one of them, some in another too; never two forms of one booking in the same report."""
    reports: list[tuple[str, list[tuple[Fact, tuple[Booked, ...]]]]] = [
        (FAMILIES[number % 3], []) for number in range(random.randint(3, FILES))
    ]
    for fact in world.facts:
        forms = [*fact.forms] if fact.bare else [*fact.forms, *random.choices(fact.forms, k=random.randint(0, 2))]
        for form in forms:
            free = [entries for _, entries in reports if all(other is not fact for other, _ in entries)]
            if not free:
                reports.append((random.choice(FAMILIES), []))
                free = [reports[-1][1]]
            random.choice(free).append((fact, form))
        if fact.bare:
            family = next(family for family, entries in reports if any(other is fact for other, _ in entries))
            reports.append((random.choice([one for one in FAMILIES if one != family]), [(fact, fact.forms[0][:1])]))
    made = []
    for number, (family, entries) in enumerate(reports):
        random.shuffle(entries)
        told = tuple(one for _, form in entries for one in form)
        made += [Report(family, f"M{number}", world.sents[0].account, told)] if told else []
    return made


def tell(house: House, world: World, random: Random) -> Heard:
    """One way of telling it all: some of it twice, byte for byte or written anew; returns what was heard."""
    reports = cut(world, random)
    files = [written(one) for one in reports] + [letter for letter, _ in world.letters]
    files += [content.replace(b"><", b">\n<") for content in random.choices(files, k=random.randint(0, COPIES))]
    files += random.choices(files, k=random.randint(0, COPIES))
    random.shuffle(files)
    if random.random() < 0.5:
        house.bank_says(*files)
    else:
        house.in_turn(*files)
    return Heard(world.funds, list(world.sents), set(reports), {status for _, status in world.letters})


def told(house: House, world: World) -> object:
    """What came of it, under names that do not depend on the way there."""
    made = []
    for sent in world.sents:
        result, row = house.outcome(sent), house.collection(sent)
        money = (result.state, result.settled_minor, result.returned_minor, result.charges_minor, result.settled_on)
        made.append((money, row.live, row.failure_code, row.failed_on))
    waiting = sorted((str(one.booking_date), one.direction or "", one.amount_minor or 0) for one in house.waiting())
    return made, house.balances(), waiting


def test_however_the_facts_are_cut_ordered_and_repeated_the_books_are_the_same(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world(sqlite_house)
    back = sqlite_house.bookmark()
    expected: list[object] = []

    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32), rows=st.integers(0, 7))
    def holds(seed: int, rows: int) -> None:
        back()
        with monkeypatch.context() as patched:
            chunks(patched, rows)
            heard = tell(sqlite_house, world, Random(seed))
        check_books(sqlite_house, heard)
        expected.append(told(sqlite_house, world))
        assert expected[-1] == expected[0]

    holds()
    assert {number for number in sqlite_house.breaches() if number != 5} == set()


def test_both_databases_make_the_same_of_one_way_of_telling(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks(monkeypatch, 3)
    world = a_world(house)

    heard = tell(house, world, Random(SEED))

    check_books(house, heard)
    assert [state for (state, *_), *_ in told(house, world)[0]] == [  # type: ignore[index]
        "returned", "settled", "rejected", "settled", "returned",
    ]  # fmt: skip
    assert {number for number in house.breaches() if number != 5} == set()
