"""What a file of existing mandates becomes, line by line."""

import csv
import io
import re
from datetime import date

import pytest
from house import CLERK, House
from sqlalchemy import event, func, select

from debit_service.core import audit
from debit_service.core.accounts import AccountScheme, parse_account
from debit_service.core.database import Base
from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.models import AuditEntry, Event
from debit_service.core.money import parse_minor
from debit_service.core.work import Actor, Role, Work
from debit_service.demo.data import Somebody
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer, Registration
from debit_service.employers.service import enrol, register
from debit_service.funds.profile import Fund
from debit_service.mandates import blocks, importing, queries, service
from debit_service.mandates.models import Mandate, MandateForm, MandateTransition

EMPLOYER = Actor("boss", frozenset({Role.EMPLOYER}), "another employer")


def line(one: Somebody, **changes: str) -> dict[str, str]:
    scheme, account = one.account
    return {
        "fund": one.fund,
        "registration_number": one.registration,
        "employer_reference": one.reference,
        "employer_name": one.name,
        "account_scheme": scheme,
        "account": account,
        "signer_name": "the manager",
        "signer_capacity": "manager",
        "signed_on": "2026-06-15",
        "accepted_on": "2026-07-01",
        "evidence": "stamped form",
        "reference": "",
    } | changes


def in_csv(*lines: dict[str, str]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue().encode()


def import_rows(house: House, *lines: dict[str, str]) -> tuple[int, list[importing.Answer]]:
    with house.desk.work(CLERK) as work:
        imported = importing.import_rows(work, house.service.funds, in_csv(*lines))
        return imported.good, imported.bad


def count(house: House, table: type[Mandate | Employer]) -> int:
    with house.desk.reading(CLERK) as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


ONE, TWO = Somebody("CNAS", 71), Somebody("CNAS", 72)


def test_no_bank_has_accepted_a_mandate_tomorrow(sqlite_house: House) -> None:
    good, bad = import_rows(sqlite_house, line(ONE, accepted_on="2026-09-02"), line(TWO, accepted_on="2026-09-01"))
    assert (good, [one.code for one in bad]) == (1, ["mandate.accepted_in_future"])


def test_existing_mandates_are_taken_in_with_their_acceptance(house: House) -> None:
    assert import_rows(house, line(ONE), line(TWO, accepted_on="", evidence="", reference="OLD/7")) == (2, [])
    with house.desk.reading(CLERK) as work:
        accepted, waiting = service.get(work, f"CNAS-{ONE.registration}-1"), service.get(work, "OLD/7")
        assert (queries.state(work, accepted.id), queries.state(work, waiting.id)) == ("active", "signed")
        assert str(queries.account(work, accepted)) == f"••••{ONE.account[1][-4:]}"


def test_the_same_file_again_changes_nothing(house: House) -> None:
    for _ in range(2):
        assert import_rows(house, line(ONE), line(TWO)) == (2, [])
    assert (count(house, Mandate), count(house, Employer)) == (2, 2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fund": "NOBODY"}, "fund.unknown"),
        ({"account": ONE.account[1][:-1] + "0"}, "account.DZ_RIB.key"),
        ({"account": "123"}, "account.DZ_RIB.length"),
        ({"account_scheme": "BBAN"}, "line.form"),
        ({"account_scheme": "MA_RIB", "account": Somebody("CNSS", 1).account[1]}, "mandate.account_scheme"),
        ({"signed_on": "2027-01-01"}, "mandate.signed_in_future"),
        ({"signed_on": "yesterday"}, "line.form"),
        ({"evidence": ""}, "mandate.no_evidence"),
        ({"reference": "ends/"}, "iso.reference.slash"),
        ({"reference": "x" * 36}, "iso.reference.length"),
        ({"reference": "مرجع"}, "iso.reference.characters"),
        ({"reference": "TAKEN"}, "mandate.reference_taken"),
        ({"reference": "taken"}, "mandate.reference_taken"),
        ({"registration_number": TWO.registration}, "employer.number_taken"),
        ({"language": "xx"}, "line.form"),
        ({"signer_name": ""}, "line.form"),
    ],
)
def test_a_bad_line_is_reported_with_its_reason_and_takes_nobody_else_with_it(
    sqlite_house: House, changes: dict[str, str], code: str
) -> None:
    language = {"language": "fr"}
    good = line(TWO, reference="TAKEN") | language
    made, bad = import_rows(sqlite_house, good, line(ONE) | language | changes, line(Somebody("CNAS", 73)) | language)
    assert (made, [(one.line, one.code) for one in bad]) == (2, [(3, code)])
    assert (count(sqlite_house, Mandate), count(sqlite_house, Employer)) == (2, 2)
    assert ONE.account[1] not in str(bad)


def test_another_account_for_an_employer_with_a_live_mandate_is_no_silent_change(house: House) -> None:
    import_rows(house, line(ONE))
    made, bad = import_rows(house, line(ONE, account=TWO.account[1]))
    assert (made, [one.code for one in bad]) == (0, ["mandate.live_already"])


def test_a_limit_is_read_in_the_funds_currency(sqlite_house: House) -> None:
    import_rows(sqlite_house, line(ONE) | {"amount_limit": "1234.50"})
    made, bad = import_rows(sqlite_house, line(TWO) | {"amount_limit": "12,50"})
    assert (made, [one.code for one in bad]) == (0, ["amount.malformed"])
    with sqlite_house.desk.reading(CLERK) as work:
        assert service.get(work, f"CNAS-{ONE.registration}-1").amount_limit_minor == 123_450


def test_only_a_clerk_takes_mandates_in(sqlite_house: House) -> None:
    with pytest.raises(DebitError, match="finance_clerk"), sqlite_house.desk.work(EMPLOYER) as work:
        importing.import_rows(work, sqlite_house.service.funds, b"")


def test_every_line_of_a_file_is_answered_for(sqlite_house: House) -> None:
    import_rows(sqlite_house, line(ONE), line(TWO, accepted_on="", evidence=""))
    three, four = Somebody("CNAS", 73), Somebody("CNAS", 74)
    with sqlite_house.desk.work(CLERK) as work:
        imported = importing.import_rows(
            work,
            sqlite_house.service.funds,
            in_csv(
                line(ONE),
                line(TWO),
                line(three, reference="OLD/7"),
                line(four, accepted_on="", evidence=""),
                line(four, fund="NOBODY"),
                line(Somebody("CNAS", 75), account="123"),
            ),
        )
    answers = [(one.line, one.outcome.value, one.fund, one.reference, one.code) for one in imported.answers]
    assert answers == [
        (2, "stands", "CNAS", f"CNAS-{ONE.registration}-1", None),
        (3, "accepted", "CNAS", f"CNAS-{TWO.registration}-1", None),
        (4, "accepted", "CNAS", "OLD/7", None),
        (5, "made", "CNAS", f"CNAS-{four.registration}-1", None),
        (6, "bad", "NOBODY", None, "fund.unknown"),
        (7, "bad", "CNAS", None, "account.DZ_RIB.length"),
    ]
    assert imported.totals == {"CNAS": {"accepted": 2, "bad": 1, "made": 1, "stands": 1}, "NOBODY": {"bad": 1}}


def mixed_lines() -> list[dict[str, str]]:
    """Employers of two funds, one of CORE mandates; faults of every kind between lines that are good."""
    core, rest = Somebody("EINZUGSSTELLE", 1), [Somebody("CNAS", number) for number in range(73, 84)]
    waiting = {"accepted_on": "", "evidence": ""}
    return [
        line(ONE),
        line(ONE, reference="SECOND/1"),  # stands
        line(ONE, account=TWO.account[1]),  # live already
        line(TWO, **waiting, reference="Old/7"),
        line(TWO),  # its acceptance
        line(rest[0], reference="OLD/7"),  # the same reference to a bank
        line(rest[0], evidence=""),  # accepted, and nothing shows it
        line(rest[0], registration_number=ONE.registration),  # another's number
        line(rest[0]),
        line(rest[0], registration_number="another"),  # has a number
        line(rest[1], reference=f"CNAS-{rest[2].registration}-3"),
        line(rest[2]),  # the version after it
        line(rest[3], account="123"),
        line(rest[3], amount_limit="0"),
        line(rest[3], amount_limit="12.50"),
        line(rest[4], signed_on="2027-01-01"),
        line(rest[5], account=rest[6].account[1]),  # an account that is blocked
        line(rest[7]),  # an employer that is blocked
        line(rest[8], reference=f"cnas-{rest[8].registration}-1", registration_number=rest[8].registration),
        line(core),
        line(Somebody("EINZUGSSTELLE", 2), account_scheme="DZ_RIB", account=ONE.account[1]),
        line(rest[9], fund="NOBODY"),
    ]


def with_blocks(house: House) -> None:
    """What stands before the file comes: an account and an employer that are blocked."""
    account, employer = Somebody("CNAS", 79), Somebody("CNAS", 80)
    with house.desk.work(CLERK) as work:
        known = register(work, reference=employer.reference, name=employer.name)
        blocks.place(work, known, house.fund(), "tests")
        number = parse_account(account.account[1], AccountScheme(account.account[0]))
        blocks.place(work, number, house.fund(), "tests")


def one_by_one(work: Work, fund: Fund, row: dict[str, str]) -> None:
    """What a line means, said with the use cases that a person has."""
    employer = employers.by_reference(work, row["employer_reference"]) or register(
        work, reference=row["employer_reference"], name=row["employer_name"]
    )
    enrol(work, employer, fund.id, row["registration_number"])
    account = parse_account(row["account"], AccountScheme(row["account_scheme"]))
    mandate = queries.live(work, fund.id, employer.id)
    if mandate is None or queries.account(work, mandate) != account:
        form = service.SignedForm(
            employer=employer,
            account=account,
            debtor_name=row["employer_name"],
            signer_name=row["signer_name"],
            signer_capacity=row["signer_capacity"],
            signed_on=date.fromisoformat(row["signed_on"]),
            how="import",
            amount_limit_minor=parse_minor(limit, fund.currency) if (limit := row.get("amount_limit")) else None,
        )
        (mandate,) = service.sign(
            work, form, [fund], references={fund.id: row["reference"]} if row["reference"] else {}
        )
    if row["accepted_on"] and queries.state(work, mandate.id) == "signed":
        if not row["evidence"]:
            raise InvalidInput("mandate.no_evidence", "")
        service.lodge(work, mandate, "lodged before it was imported", row["evidence"])
        service.accept(work, mandate, f"accepted by the bank on {row['accepted_on']}", row["evidence"])


def kept(house: House) -> dict[str, list[str]]:
    """All that the database holds, opened; without what differs from run to run: identifiers, and the chain of the audit log."""
    with house.reading() as work:
        names: dict[str, str] = {}
        for employer in work.session.scalars(select(Employer)):
            names[employer.id] = employer.reference
        for mandate in work.session.scalars(select(Mandate)):
            names[mandate.id] = names[mandate.form_id] = mandate.reference
        held = {}
        for table in (Employer, Registration, MandateForm, Mandate, MandateTransition, AuditEntry, Event):
            rows = [opened(work, row) for row in work.session.scalars(select(table))]
            said = [re.sub(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", lambda found: names.get(found[0], "?"), row) for row in rows]
            held[table.__name__] = sorted(one for one in said if "mandates.imported" not in one)
        # In what order things were done to one and the same; to others, they may be done in between.
        order = select(AuditEntry.subject, AuditEntry.action).order_by(AuditEntry.sequence)
        lives: dict[str, list[str]] = {}
        for subject, action in work.session.execute(order):
            lives.setdefault(names.get(subject, "?"), []).append(action)
        held["order"] = sorted(f"{name}: {actions}" for name, actions in lives.items() if name != "?")
        return held


def opened(work: Work, row: Base) -> str:
    table = type(row).__tablename__
    values = {}
    for name in type(row).__table__.columns.keys():  # noqa: SIM118 - no dictionary
        value = getattr(row, name)
        if name.endswith("_sealed") and value:
            value = work.keys.open(value, f"{table}.{name.removesuffix('_sealed')}:{row.id}")  # type: ignore[attr-defined]
        if name not in {"id", "sequence", "previous_hash", "hash"}:
            values[name] = value
    return str(values)


@pytest.mark.parametrize("chunk", [1, 3, importing.CHUNK_LINES])
def test_a_file_leaves_what_the_use_cases_leave_one_by_one(
    chunk: int, sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    monkeypatch.setattr(importing, "CHUNK_LINES", chunk)
    lines = mixed_lines()
    with_blocks(house)
    back = house.bookmark()
    columns = {name for one in lines for name in one}
    _, bad = import_rows(house, *({name: one.get(name, "") for name in columns} for one in lines))
    at_once = kept(house)
    back()
    refused = []
    for number, row in enumerate(lines, start=2):
        try:
            with house.desk.work(CLERK) as work:
                one_by_one(work, house.service.funds.get(row["fund"]), row)
        except DebitError as error:
            refused.append((number, error.code))
    assert [(one.line, one.code) for one in bad] == refused
    assert len({code for _, code in refused}) == 11
    assert at_once == kept(house)


def test_the_bank_of_a_mandate_that_stands_accepts_it_by_a_later_file(house: House) -> None:
    import_rows(house, line(ONE, accepted_on="", evidence=""), line(TWO))
    assert import_rows(house, line(TWO), line(ONE)) == (2, [])
    with house.reading() as work:
        mandate = service.get(work, f"CNAS-{ONE.registration}-1")
        steps = [(one.sort_key, one.to_state, one.most_recent) for one in queries.history(work, mandate.id)]
        assert steps == [(1, "signed", False), (2, "lodged_at_bank", False), (3, "active", True)]
        assert audit.broken(work.session, None) == []


def test_a_file_ten_times_as_long_takes_no_more_statements(sqlite_house: House) -> None:
    def statements(numbers: range) -> int:
        executed = []
        engine = sqlite_house.desk.database.engine
        listener = lambda *_: executed.append(1)  # noqa: E731
        event.listen(engine, "before_cursor_execute", listener)
        try:
            made, bad = import_rows(sqlite_house, *(line(Somebody("CNAS", number)) for number in numbers))
        finally:
            event.remove(engine, "before_cursor_execute", listener)
        assert (made, bad) == (len(numbers), [])
        return len(executed)

    assert statements(range(100_000, 101_000)) == statements(range(100)) < 100
