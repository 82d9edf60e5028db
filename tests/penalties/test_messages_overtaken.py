"""What waits to leave about a penalty and is not to be told any more is withdrawn: it never leaves, and counts for nothing."""

import json
from collections.abc import Callable, Sequence

import pytest
from bank_files import pain002
from house import APPROVER, CLERK, House
from sqlalchemy import select, text
from told_penalties import MID_OCTOBER, halved, notices, penalty, state, taken_back

from debit_service import operations, schema
from debit_service.collections.service.deliver import Post
from debit_service.contributions.payments import Means, Paid
from debit_service.core.events import Owed
from debit_service.core.models import AuditEntry, OutboxMessage
from debit_service.core.work import Actor
from debit_service.disputes import service as disputes
from debit_service.disputes.rules import Subject, SubjectKind
from debit_service.penalties import notice_queries, relief_queries
from debit_service.penalties.service import pay, relieve
from debit_service.reports.attention import attention


class Died(BaseException):
    """The process was killed."""


def waiting(house: House) -> str:
    """A claim of 50.00, made in the middle of October, that waits to leave; its penalty."""
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(MID_OCTOBER)
    house.assess()
    one = penalty(house).id
    house.confirm_penalty(one)
    operations.deliver(house.service, CLERK)
    assert notices(house) == 1
    return one


def left(house: House) -> list[int]:
    """What the notices that have left say is owed, after a delivery."""
    operations.deliver(house.service, CLERK)
    with house.reading() as work:
        every = notice_queries.notices_of(work, penalty(house).id)
        return [notice.amount_minor for notice, departure in every if departure.left_at]


def messages(house: House) -> list[dict[str, str]]:
    """What left about penalties, oldest first."""
    with house.reading() as work:
        query = select(OutboxMessage).where(OutboxMessage.kind == "penalty_notice", OutboxMessage.done_at.is_not(None))
        found = work.session.scalars(query.order_by(OutboxMessage.id))
        return [json.loads(work.keys.open(one.body_sealed, f"outbox.body:{one.id}")) for one in found]


def withdrawn(house: House) -> list[int]:
    """The numbers of the notices that were withdrawn, as they and the log say."""
    with house.reading() as work:
        every = notice_queries.notices_of(work, penalty(house).id)
        query = select(AuditEntry.details).where(AuditEntry.action == "penalty.notice_withdrawn")
        logged = [one["notice"] for one in work.session.scalars(query.order_by(AuditEntry.sequence))]
        assert logged == [notice.number for notice, departure in every if departure.withdrawn_at]
        return logged


def money(house: House, minor: int, act: Callable[..., object] = pay.pay, actor: Actor = CLERK) -> None:
    """Money by other means: paid, or given back."""
    with house.desk.work(actor) as work:
        said = Paid(
            amount_minor=minor,
            currency="DZD",
            paid_on=MID_OCTOBER,
            means=Means.CASH,
            reference=f"C-{act.__name__}",
            evidence="receipt 17",
        )
        act(work, house.service.funds, penalty(house).id, said)


def contested(house: House) -> str:
    """The employer contests the penalty; the dispute."""
    one, terms = penalty(house), operations.dispute_terms(house.service, house.fund())
    about = Subject(SubjectKind.PENALTY, one.id, one.contribution_id, 50_00)
    with house.desk.work(Actor("the front desk", CLERK.roles)) as work:
        return disputes.contest(work, terms, disputes.Objection(about, "the branch was closed")).id


@pytest.mark.parametrize("told_by_a_run", [True, False], ids=["after a run", "before any run"])
def test_a_claim_whose_penalty_fell_before_it_left_never_leaves_and_nobody_is_told_of_it(
    house: House, *, told_by_a_run: bool
) -> None:
    waiting(house)
    taken_back(house)
    if told_by_a_run:
        assert notices(house) == 0

    assert (left(house), withdrawn(house)) == ([], [1])
    assert (notices(house), left(house), house.breaches()) == (0, [], {})
    with house.reading() as work:
        (message,) = work.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "penalty_notice"))
        assert (message.done_at, message.withdrawn_at) == (None, work.now())
        needs = list(map(str, attention(work, house.service.funds, house.service.debit_calendars)))
    assert [line for line in needs if "penalty_notice" in line] == []
    with pytest.raises(RuntimeError, match="would leave"):
        schema.migrate(house.desk.database, "0014")


def test_a_claim_that_was_paid_before_it_left_never_leaves(sqlite_house: House) -> None:
    waiting(sqlite_house)
    money(sqlite_house, 50_00)
    assert (left(sqlite_house), withdrawn(sqlite_house), notices(sqlite_house)) == ([], [1], 0)
    assert sqlite_house.breaches() == {}


def test_a_claim_that_is_contested_before_it_left_waits_for_the_answer_and_is_then_made_anew(house: House) -> None:
    waiting(house)
    dispute = contested(house)
    assert (left(house), withdrawn(house), notices(house), house.breaches()) == ([], [1], 0, {})

    house.answer_dispute(dispute, "rejected")

    assert (notices(house), left(house), state(house)) == (1, [50_00], "notified")
    (message,) = messages(house)
    assert f"{penalty(house).id}-2" in message["text"]
    assert f"{penalty(house).id}-1" not in message["text"]
    assert house.breaches() == {}


def test_a_claim_about_which_the_employer_was_right_before_it_left_waits_for_an_approver(sqlite_house: House) -> None:
    house = sqlite_house
    one = waiting(house)
    house.answer_dispute(contested(house), "partly_upheld")
    assert (left(house), withdrawn(house), notices(house)) == ([], [1], 0)

    house.confirm_penalty(one)
    assert (notices(house), left(house), house.breaches()) == (1, [50_00], {})


def test_lowered_before_its_first_notice_has_left_only_what_is_owed_is_claimed(sqlite_house: House) -> None:
    house = sqlite_house
    waiting(house)
    halved(house)

    assert notices(house) == 1

    assert (left(house), withdrawn(house), state(house)) == ([25_00], [1], "notified")
    (message,) = messages(house)
    assert "3. Ce qui a échoué" in message["text"]
    assert house.breaches() == {}


def test_asked_for_again_before_the_message_that_it_fell_has_left_the_claim_is_told_again(sqlite_house: House) -> None:
    house = sqlite_house
    one = waiting(house)
    assert left(house) == [50_00]
    taken_back(house)
    assert notices(house) == 1
    house.confirm_penalty(one)

    assert (notices(house), left(house), withdrawn(house)) == (1, [50_00, 50_00], [2])
    assert (state(house), house.breaches()) == ("notified", {})


def test_the_letters_of_a_run_that_failed_are_withdrawn_as_others_are(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    waiting(house)

    def jammed(*_: object) -> None:
        raise OSError("the printer is jammed")

    with monkeypatch.context() as broken:
        broken.setattr(Post, "print_run", jammed)
        assert left(house) == []
    taken_back(house)

    assert (left(house), withdrawn(house), notices(house), house.breaches()) == ([], [1], 0, {})


def test_of_a_run_that_died_the_letters_may_have_left_so_they_leave_and_the_employer_is_told_that_it_fell(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    waiting(house)
    printed = Post.print_run

    def dies(post: Post, name: str, letters: Sequence[Owed]) -> None:
        printed(post, name, letters)
        raise Died

    with monkeypatch.context() as crash:
        crash.setattr(Post, "print_run", dies)
        with pytest.raises(Died):
            operations.deliver(house.service, CLERK)
    taken_back(house)

    assert notices(house) == 1
    assert (left(house), withdrawn(house), house.breaches()) == ([50_00, 0], [], {})


def test_withdrawn_while_it_left_it_has_left_and_the_employer_is_told_that_it_fell(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail that is on its way to the host when another process withdraws it."""
    house = sqlite_house
    waiting(house)

    def overtaken(*_: object) -> bool:
        taken_back(house)
        assert notices(house) == 0
        assert withdrawn(house) == [1]
        return True

    with monkeypatch.context() as mail:
        mail.setattr(Post, "carry", overtaken)
        assert left(house) == [50_00]
    assert (notices(house), left(house), house.breaches()) == (1, [50_00, 0], {})


def test_where_it_cannot_be_asked_whether_a_claim_still_stands_it_stays_and_everything_else_leaves(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sqlite_house
    one = waiting(house)
    house.contribution(house.employer())

    def fails(*_: object) -> int:
        raise ValueError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(operations, "recall", fails)
        announced = operations.collect(
            house.service, CLERK, house.fund(), operations.today(house.service, house.fund())
        )
    assert announced.notices == 2
    with house.reading() as work:
        owed = work.session.scalars(select(OutboxMessage).where(OutboxMessage.done_at.is_(None))).all()
        assert [(message.subject, message.last_error) for message in owed] == [(one, "ValueError")]
    assert left(house) == [50_00]


def test_of_a_penalty_that_fell_under_an_older_release_money_given_back_tells_nobody(sqlite_house: House) -> None:
    house = sqlite_house
    waiting(house)
    assert left(house) == [50_00]
    money(house, 50_00)
    taken_back(house)
    # As the migration leaves what had fallen before it.
    with house.desk.database.engine.begin() as connection:
        connection.execute(text("update penalties set untold = false"))

    money(house, 50_00, pay.give_back, APPROVER)

    assert (notices(house), left(house), house.breaches()) == (0, [50_00], {})


def test_a_claim_of_which_a_part_was_paid_before_it_left_is_made_anew_with_what_is_open(sqlite_house: House) -> None:
    house = sqlite_house
    waiting(house)
    money(house, 20_00)

    assert (left(house), withdrawn(house), notices(house)) == ([], [1], 1)

    assert (left(house), state(house), house.breaches()) == ([50_00], "notified", {})
    (message,) = messages(house)
    assert "30,00" in message["text"]


def test_told_already_what_is_owed_again_once_a_message_is_withdrawn_it_counts_as_told(sqlite_house: House) -> None:
    house = sqlite_house
    waiting(house)
    assert (left(house), state(house)) == ([50_00], "notified")
    halved(house)
    assert (notices(house), state(house)) == (1, "confirmed")
    with house.desk.work(APPROVER) as work:
        (relief,) = relief_queries.standing(work, penalty(house).id)
        relieve.undo(work, house.fund(), relief.id, "granted by mistake")

    assert (left(house), withdrawn(house), state(house)) == ([50_00], [2], "notified")
    assert (notices(house), house.breaches()) == (0, {})
