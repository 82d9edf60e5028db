"""The life of a dispute: contested, examined, asked, answered, appealed, decided, withdrawn; and what it means for a debit."""

import json
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from dispute_desk import BOTH, OTHER_CLERK, DisputeDesk
from house import APPROVER, CLERK, FIRST_DAY, House
from policy import fund_says
from scan_files import jpeg, pdf
from sqlalchemy import select, text

from debit_service import operations
from debit_service.core.errors import DebitError, InvalidInput, Refused
from debit_service.core.models import OutboxMessage
from debit_service.core.work import Actor, Role
from debit_service.disputes import queries, service
from debit_service.disputes.models import Dispute, DisputeDocument
from debit_service.disputes.rules import Answer, Body, SubjectKind

UPHELD, PARTLY, REJECTED = Answer.UPHELD, Answer.PARTLY_UPHELD, Answer.REJECTED


@pytest.fixture
def desk(sqlite_house: House) -> DisputeDesk:
    return DisputeDesk(sqlite_house)


def letters(desk: DisputeDesk, dispute_id: str) -> list[str]:
    """The messages to the employer about a dispute, oldest first."""
    with desk.house.reading() as work:
        owed = work.session.scalars(
            select(OutboxMessage).where(OutboxMessage.subject == dispute_id).order_by(OutboxMessage.id)
        )
        return [json.loads(work.keys.open(one.body_sealed, f"outbox.body:{one.id}"))["text"] for one in owed]


def test_a_dispute_gets_a_reference_a_day_of_answer_and_an_acknowledgement(house: House) -> None:
    desk = DisputeDesk(house)
    dispute_id = desk.contest(None, pdf(), jpeg())

    found = desk.row(dispute_id)
    assert (found.opened_on, found.answer_by, found.late) == (FIRST_DAY, date(2026, 10, 1), False)
    (letter,) = letters(desk, dispute_id)
    assert found.reference in letter
    assert "2026-10-01" in letter
    with house.reading() as work:
        assert queries.get(work, found.reference.lower()).id == dispute_id
        assert len(queries.documents(work, dispute_id)) == 2
    assert house.breaches() == {}


def test_whole_lives_leave_every_promise_kept(house: House) -> None:
    desk = DisputeDesk(house)
    dispute_id = desk.contest()
    desk.take(dispute_id)
    desk.ask(dispute_id)
    desk.reply(dispute_id)
    desk.answer(dispute_id, PARTLY)
    desk.appeal(dispute_id)
    desk.decide(dispute_id, REJECTED)
    desk.keep_time()

    lived = ["received", "in_examination", "asked", "in_examination", "answered", "appealed", "decided", "closed"]
    assert desk.states(dispute_id) == lived
    assert house.breaches() == {}


def test_the_day_of_receipt_is_the_funds_not_utcs(desk: DisputeDesk) -> None:
    desk.at(datetime(2026, 9, 1, 23, 30, tzinfo=UTC))  # half past midnight in Algiers
    assert desk.row(desk.contest()).opened_on == date(2026, 9, 2)


def test_while_a_question_is_open_the_time_of_the_fund_stands_still(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    desk.house.go_to(date(2026, 9, 10))
    desk.ask(dispute_id)
    assert desk.row(dispute_id).reply_by == date(2026, 9, 27)  # 25 and 26 September are a weekend
    desk.house.go_to(date(2026, 9, 14))
    desk.reply(dispute_id)

    found = desk.row(dispute_id)
    assert (found.stopped_on, found.answer_by) == (None, date(2026, 10, 5))
    with desk.house.reading() as work:
        assert [(one.row.kind, one.text) for one in queries.messages(work, dispute_id)] == [
            ("question", "When was it paid?"),
            ("reply", "On 3 September."),
        ]


def test_a_reply_that_does_not_come_lets_the_fund_go_on(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    desk.ask(dispute_id)
    last = desk.row(dispute_id).reply_by
    assert last == date(2026, 9, 16)
    desk.house.go_to(last)
    assert desk.keep_time().resumed == 0
    desk.house.go_to(date(2026, 9, 17))
    assert desk.keep_time().resumed == 1
    assert desk.states(dispute_id)[-1] == "in_examination"
    assert desk.row(dispute_id).answer_by == date(2026, 10, 18)  # 16 days later is a Saturday: Sunday


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (UPHELD, "a dispute about it was upheld"),
        (PARTLY, "a dispute about it was upheld"),
        (REJECTED, None),
    ],
)
def test_a_dispute_about_the_debit_keeps_it_from_being_made(
    desk: DisputeDesk, answer: Answer, reason: str | None
) -> None:
    dispute_id = desk.contest()
    assert desk.against_debit() == "the employer contests it: a dispute is open"
    desk.answer(dispute_id, answer)
    assert desk.against_debit() == reason


@pytest.mark.parametrize("kind", [SubjectKind.PENALTY, SubjectKind.READING])
def test_a_dispute_about_a_penalty_or_a_reading_does_not_touch_the_debit(desk: DisputeDesk, kind: SubjectKind) -> None:
    dispute_id = desk.contest(desk.subject(kind, "P-1"))
    assert desk.against_debit() is None
    desk.answer(dispute_id, UPHELD)
    assert desk.against_debit() is None
    with desk.house.reading() as work:
        upheld = queries.upheld_about_penalty(work, ["P-1"])
    assert upheld == ({"P-1": dispute_id} if kind is SubjectKind.PENALTY else {})


def test_the_days_in_dispute_are_a_stretch_for_each_instance(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    assert desk.stretches() == [(FIRST_DAY, None)]
    desk.house.go_to(date(2026, 9, 20))
    desk.answer(dispute_id)
    desk.house.go_to(date(2026, 9, 25))
    desk.appeal(dispute_id)
    assert desk.stretches() == [(FIRST_DAY, date(2026, 9, 20)), (date(2026, 9, 25), None)]
    assert desk.against_debit() == "the employer contests it: a dispute is open"
    desk.house.go_to(date(2026, 10, 2))
    desk.decide(dispute_id, UPHELD)
    assert desk.stretches()[1] == (date(2026, 9, 25), date(2026, 10, 2))
    assert desk.against_debit() == "a dispute about it was upheld"


def test_what_is_contested_after_its_time_is_taken_with_a_note(desk: DisputeDesk) -> None:
    late = desk.subject(SubjectKind.PENALTY, "P-1", contest_by=date(2026, 8, 31))
    assert desk.row(desk.contest(late)).late


def test_a_large_debt_goes_to_the_higher_body(sqlite_house: House) -> None:
    desk = DisputeDesk(sqlite_house, amount="1000000.00")
    assert desk.row(desk.contest()).body == Body.NATIONAL.value


def test_the_last_day_to_appeal_is_the_fifteenth_and_the_next_one_is_too_late(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    desk.answer(dispute_id)
    assert desk.row(dispute_id).appeal_by == date(2026, 9, 16)
    desk.at(datetime(2026, 9, 16, 23, 30, tzinfo=UTC))  # the 17th in Algiers
    with pytest.raises(Refused, match="time to appeal has passed"):
        desk.appeal(dispute_id)


def test_what_was_upheld_leaves_nothing_to_appeal(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    desk.answer(dispute_id, UPHELD)
    with pytest.raises(Refused, match="nothing to appeal"):
        desk.appeal(dispute_id)


def test_who_answered_does_not_decide_the_appeal(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    desk.answer(dispute_id, actor=BOTH)
    desk.appeal(dispute_id)
    with pytest.raises(Refused, match="Who answered"):
        desk.decide(dispute_id, actor=BOTH)
    desk.decide(dispute_id, REJECTED)
    assert desk.row(dispute_id).decided_by == APPROVER.name


def test_withdrawn_it_stands_in_the_way_of_nothing_and_may_be_contested_anew(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    desk.withdraw(dispute_id)
    assert desk.against_debit() is None
    assert desk.stretches() == [(FIRST_DAY, FIRST_DAY)]
    assert desk.contest() != dispute_id


def test_a_clerk_who_withdraws_for_an_employer_says_why_and_the_employer_is_told(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    with pytest.raises(InvalidInput, match="Say how the employer"), desk.house.desk.work(CLERK) as work:
        service.withdraw(work, desk.terms, dispute_id)

    with desk.house.desk.work(CLERK) as work:
        service.withdraw(work, desk.terms, dispute_id, "its letter of 2 September")

    assert "its letter of 2 September" in letters(desk, dispute_id)[-1]
    with desk.house.reading() as work:
        assert [one.text for one in queries.messages(work, dispute_id)] == ["its letter of 2 September"]


def test_an_appeal_withdrawn_leaves_the_first_answer(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    desk.answer(dispute_id, PARTLY)
    desk.appeal(dispute_id)
    desk.withdraw(dispute_id)
    assert desk.row(dispute_id).answer == "upheld"


def test_the_same_is_contested_once_at_a_time_but_debit_and_penalty_apart(desk: DisputeDesk) -> None:
    desk.contest()
    desk.contest(desk.subject(SubjectKind.PENALTY, "P-1"))
    with pytest.raises(Refused, match="open already"):
        desk.contest()


def test_of_two_who_contest_at_the_same_moment_one_is_told(house: House) -> None:
    desk = DisputeDesk(house)
    start, codes = Barrier(2), list[str]()

    def contest() -> None:
        start.wait()
        try:
            desk.contest()
        except DebitError as error:
            codes.append(error.code)

    both = [Thread(target=contest) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert len(codes) == 1
    assert codes[0] in ("dispute.open_already", "database.conflict")


def test_of_two_who_answer_at_the_same_moment_one_is_told(house: House) -> None:
    desk = DisputeDesk(house)
    dispute_id = desk.contest()
    start, codes = Barrier(2), list[str]()

    def answer(actor: Actor, decision: Answer) -> None:
        start.wait()
        try:
            desk.answer(dispute_id, decision, actor)
        except DebitError as error:
            codes.append(error.code)

    both = [
        Thread(target=answer, args=(CLERK, UPHELD)),
        Thread(target=answer, args=(OTHER_CLERK, REJECTED)),
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert codes in (["dispute.answered"], ["database.conflict"])
    assert desk.states(dispute_id).count("answered") == 1


def test_who_opened_a_dispute_for_an_employer_does_not_answer_it(desk: DisputeDesk) -> None:
    dispute_id = desk.contest(actor=CLERK)
    with pytest.raises(Refused, match="Who opened a dispute"):
        desk.answer(dispute_id, UPHELD)
    desk.answer(dispute_id, UPHELD, OTHER_CLERK)
    assert desk.row(dispute_id).answered_by == OTHER_CLERK.name


@pytest.mark.parametrize("given", [UPHELD, PARTLY])
def test_above_the_funds_amount_for_four_eyes_a_clerk_alone_only_rejects(sqlite_house: House, given: Answer) -> None:
    desk = DisputeDesk(sqlite_house, amount="1000000.01")
    dispute_id = desk.contest()
    with pytest.raises(Refused, match="than a clerk alone"):
        desk.answer(dispute_id, given)
    desk.answer(dispute_id, given, APPROVER)
    assert desk.row(dispute_id).first_answer == given.value


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MANDATE_AGENT, Role.EMPLOYER])
def test_only_a_clerk_examines(desk: DisputeDesk, role: Role) -> None:
    dispute_id = desk.contest()
    other = Actor("somebody", frozenset({role}), desk.employer.employer_id)
    for act in (desk.take, desk.ask):
        with pytest.raises(Refused, match="role"):
            act(dispute_id, other)
    with pytest.raises(Refused, match="role"):
        desk.answer(dispute_id, actor=other)


def test_another_employer_reaches_nothing(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    document_id = desk.attach(dispute_id, pdf())
    stranger = Actor("stranger", frozenset({Role.EMPLOYER}), DisputeDesk(desk.house).employer.employer_id)
    with pytest.raises(Refused, match="another employer"):
        desk.appeal(dispute_id, stranger)
    with pytest.raises(Refused, match="another employer"), desk.house.desk.work(stranger) as work:
        service.fetch(work, document_id)
    with pytest.raises(Refused, match="another employer"), desk.house.desk.reading(stranger) as work:
        queries.get(work, dispute_id)


def test_a_document_is_kept_sealed_once_and_comes_back_byte_for_byte(desk: DisputeDesk) -> None:
    dispute_id, content = desk.contest(), pdf(b"paid on 3 September")
    document_id = desk.attach(dispute_id, content)
    assert desk.attach(dispute_id, content) == document_id
    with desk.house.desk.work(CLERK) as work:
        assert service.fetch(work, document_id).content == content
        assert b"September" not in work.session.get_one(DisputeDocument, document_id).content_sealed
    with pytest.raises(InvalidInput, match="neither a PDF"):
        desk.attach(dispute_id, b"MZ a program")


def test_what_was_written_and_attached_is_never_changed(house: House) -> None:
    desk = DisputeDesk(house)
    dispute_id = desk.contest(None, pdf())
    desk.ask(dispute_id)
    for table, column in (("dispute_documents", "sha256"), ("dispute_messages", "who")):
        with pytest.raises(Exception, match=r"append-only|never changed"), house.desk.database.transaction() as session:
            session.execute(text(f"update {table} set {column} = 'x'"))  # noqa: S608 - the tests' own words


def test_people_are_told_once_a_level_and_the_employer_when_it_is_late(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()  # the answer is due on Thursday 1 October
    told = {}
    for day in (23, 24, 25, 28, 29, 30):
        desk.house.go_to(date(2026, 9, day))
        told[day] = (kept := desk.keep_time()).near, kept.escalated, kept.late
        assert desk.keep_time() == service.Kept(0, 0, 0, 0, 0), "told twice"
    assert told == {23: (0, 0, 0), 24: (1, 0, 0), 25: (0, 0, 0), 28: (0, 0, 0), 29: (0, 1, 0), 30: (0, 0, 0)}
    desk.at(datetime(2026, 10, 1, 22, 59, tzinfo=UTC))  # a minute to midnight in Algiers
    assert desk.keep_time().late == 0
    desk.at(datetime(2026, 10, 1, 23, 0, tzinfo=UTC))
    assert desk.keep_time().late == 1
    assert len(letters(desk, dispute_id)) == 2
    with desk.house.reading() as work:
        assert queries.pressing(work) == {"CNAS": queries.Pressing(0, 0, 1)}
    desk.answer(dispute_id)
    with desk.house.reading() as work:
        assert queries.pressing(work) == {}


def test_an_answer_that_nobody_appeals_against_is_closed_after_its_time(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    desk.answer(dispute_id)
    desk.house.go_to(date(2026, 9, 16))
    assert desk.keep_time().closed == 0
    desk.house.go_to(date(2026, 9, 17))
    assert desk.keep_time().closed == 1
    assert desk.states(dispute_id)[-1] == "closed"


def test_a_right_does_not_end_on_a_day_that_became_closed(desk: DisputeDesk) -> None:
    """A lunar holiday that is moved after the last day was told: the next open day is the last."""
    contested, asked = desk.contest(), desk.contest(desk.subject(SubjectKind.READING, "R-1"))
    desk.answer(contested)
    desk.ask(asked)
    last = desk.row(contested).appeal_by
    assert last is not None
    assert desk.row(asked).reply_by == last
    becomes_closed(desk, last)

    desk.house.go_to(last + timedelta(days=1))
    assert (desk.keep_time().resumed, desk.states(asked)[-1]) == (0, "asked")
    assert desk.states(contested)[-1] == "answered"
    assert not desk.row(desk.contest(desk.subject(SubjectKind.PENALTY, "P-1", contest_by=last))).late
    desk.appeal(contested)
    desk.house.go_to(last + timedelta(days=2))
    assert desk.keep_time().resumed == 1


def becomes_closed(desk: DisputeDesk, day: date) -> None:
    operations.correct_calendar_day(desk.house.service, CLERK, "DZ", day, "closed", "the moon was seen", "circular")


def test_what_the_fund_says_about_its_times_counts(desk: DisputeDesk) -> None:
    fund_says(desk.house, disputes__answer_days=5, disputes__counted_in="open_days")
    # Wednesday and Thursday, then Sunday to Tuesday.
    assert desk.row(desk.contest()).answer_by == date(2026, 9, 8)


def test_the_list_shows_the_most_urgent_first_in_pages_that_miss_none(desk: DisputeDesk) -> None:
    ids = [desk.contest(desk.subject(SubjectKind.PENALTY, f"P-{number}")) for number in range(5)]
    desk.house.go_to(date(2026, 9, 3))
    ids.append(desk.contest())
    desk.ask(ids[0])
    desk.answer(ids[1])
    today = {"CNAS": date(2026, 10, 2)}
    with desk.house.reading() as work:
        wanted = queries.Wanted("open")
        pages, after = list[str](), ""
        while page := queries.listed(work, wanted, today, after=after, at_most=2):
            pages += [one.dispute.id for one in page]
            after = pages[-1]
        assert pages == [ids[0], *ids[2:]]
        assert queries.count(work, wanted, today) == 5
        late = queries.listed(work, queries.Wanted("late"), today, at_most=9)
        assert [one.dispute.id for one in late] == ids[2:5]
        assert [one.state for one in queries.listed(work, queries.Wanted("asked"), today, at_most=9)] == ["asked"]
        assert queries.count(work, queries.Wanted("all", assigned_to=CLERK.name), today) == 2


def test_what_people_wrote_is_in_no_column_as_plain_text(desk: DisputeDesk) -> None:
    dispute_id = desk.contest()
    desk.answer(dispute_id)
    with desk.house.reading() as work:
        row = work.session.execute(select(*Dispute.__table__.columns)).one()
    assert not any(word in repr(list(row)) for word in ("cheque", "we looked"))
