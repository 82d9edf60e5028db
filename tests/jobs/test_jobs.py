"""Jobs: a business date is done once whoever pokes and however often; what failed or died is taken again."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta

import pytest
from house import House

from debit_service import jobs
from debit_service.core import runs
from debit_service.core.errors import Refused
from debit_service.core.models import JobRun
from debit_service.core.work import SERVICE
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.reports.attention import attention
from debit_service.wiring import Service


@pytest.fixture
def small(house: House) -> House:
    """A house of one fund, whose bank is an exchange folder."""
    fund = house.fund("EINZUGSSTELLE")
    settings = house.service.settings.model_copy(update={"bank_folders": {fund.bank: house.bank_folder}})
    funds = Funds({fund.id: fund}, house.service.funds.banks)
    house.service = replace(house.service, settings=settings)
    vars(house.service)["funds"] = funds
    return house


def rows(house: House) -> list[JobRun]:
    with house.reading() as work:
        return list(runs.listed(work, at_most=1000))


def job_runs(house: House) -> dict[tuple[str, str], str]:
    return {(one.job, one.business_date.isoformat()): one.outcome for one in rows(house)}


def told_to_people(house: House) -> list[str]:
    with house.reading() as work:
        return list(map(str, attention(work, house.service.funds, house.service.debit_calendars)))


def counting(monkeypatch: pytest.MonkeyPatch, does: Callable[[], str]) -> list[str]:
    """Replace the day's jobs by one that counts itself."""
    done: list[str] = []

    def job(_: Service, fund: Fund, __: object) -> str:
        done.append(fund.id)
        return does()

    monkeypatch.setattr(jobs, "DAILY", {"counted": job})
    return done


def test_a_day_is_done_once_however_often_it_is_poked(small: House) -> None:
    small.contribution(small.employer("EINZUGSSTELLE"))
    first = jobs.run_due(small.service)
    assert [line.split()[0] for line in first] == list(jobs.DAILY)
    assert any("planned 1, left alone 0" in line for line in first)
    assert any("notices 1" in line for line in first)
    assert jobs.run_due(small.service) == []
    expected = {(job, "2026-09-01"): "done" for job in (*jobs.DAILY, "send", "fetch")}
    assert job_runs(small) == expected

    small.clock.set(small.clock.now() + timedelta(days=1))
    jobs.run_due(small.service)
    assert len(job_runs(small)) == 2 * len(expected)


def test_what_is_done_at_every_poke_has_one_row_a_day_with_what_it_did_last(small: House) -> None:
    jobs.run_due(small.service)
    small.clock.set(small.clock.now() + timedelta(hours=1))
    (small.bank_folder / "out" / "news.xml").write_bytes(b"<news/>")
    jobs.run_due(small.service)
    small.clock.set(small.clock.now() + timedelta(hours=1))
    jobs.run_due(small.service)

    (fetched,) = (one for one in rows(small) if one.job == "fetch")
    assert (fetched.fund_id, fetched.outcome, fetched.detail) == ("mock-bank-folder", "done", "1 new files")
    assert fetched.ended_at == small.clock.now() - timedelta(hours=1)


def test_days_that_no_scheduler_lived_through_are_noted_in_their_order_and_nothing_is_done_for_them(
    small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = counting(monkeypatch, lambda: "all well")
    jobs.run_due(small.service)
    small.clock.set(small.clock.now() + timedelta(days=5))
    jobs.run_due(small.service)

    caught_up = sorted((one.id, one.business_date.day, one.detail) for one in rows(small) if one.job == "counted")
    assert [day for _, day, _ in caught_up] == [1, 2, 3, 4, 5, 6]
    missed = runs.MISSED.format(today="2026-09-06")
    assert [detail for _, _, detail in caught_up] == ["all well", missed, missed, missed, missed, "all well"]
    assert len(done) == 2


def test_a_run_that_failed_is_taken_again_by_the_next_poke(small: House, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Callable[[], str]] = [refusing, lambda: "all well"]

    def next_answer() -> str:
        return answers.pop(0)()

    done = counting(monkeypatch, next_answer)
    assert "failed, not today" in jobs.run_due(small.service)[0]
    assert job_runs(small)["counted", "2026-09-01"] == "failed"
    assert "done, all well" in jobs.run_due(small.service)[0]
    assert jobs.run_due(small.service) == []
    assert len(done) == 2


def refusing() -> str:
    raise Refused("test.refused", "not today")


def test_nothing_is_announced_or_batched_before_the_planning_of_the_day_is_done(
    small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.contribution(small.employer("EINZUGSSTELLE"))
    with monkeypatch.context() as patched:
        patched.setitem(jobs.DAILY, "plan", lambda *_: refusing())
        jobs.run_due(small.service)
    assert {"notify", "batch"}.isdisjoint(job for job, _ in job_runs(small))
    assert job_runs(small)["assess", "2026-09-01"] == "done"

    assert any("notices 1" in line for line in jobs.run_due(small.service))


def test_a_run_that_ended_with_an_error_of_the_program_is_failed_and_holds_up_nothing(
    small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting(monkeypatch, lambda: str(1 // 0))
    assert "failed, an error that nobody foresaw (ZeroDivisionError)" in jobs.run_due(small.service)[0]
    assert job_runs(small)["counted", "2026-09-01"] == "failed"


def test_a_run_whose_process_died_is_taken_over_at_once(small: House, monkeypatch: pytest.MonkeyPatch) -> None:
    today = small.clock.now().date()
    with runs.turn(small.desk, SERVICE, "counted", "EINZUGSSTELLE", today) as run_id:
        assert run_id is not None  # and the process is gone before it could say how it ended
    assert ("counted", "2026-09-01") in {key for key, outcome in job_runs(small).items() if outcome == "running"}

    done = counting(monkeypatch, lambda: "all well")
    jobs.run_due(small.service)
    assert done == ["EINZUGSSTELLE"]
    assert job_runs(small)["counted", "2026-09-01"] == "done"


def test_a_run_is_one_schedulers_while_it_lives(house: House) -> None:
    today = house.clock.now().date()

    def turn(fund_id: str) -> AbstractContextManager[str | None]:
        return runs.turn(house.desk, SERVICE, "plan", fund_id, today)

    with turn("CNAS") as first:
        assert first is not None
        with turn("CNAS") as second, turn("CNSS") as elsewhere:
            assert second is None
            assert elsewhere is not None
        runs.finish(house.desk, SERVICE, first, "done", "all well")
    with turn("CNAS") as again:
        assert again is None


def test_what_failed_or_hangs_or_does_not_run_stands_in_the_report(sqlite_house: House) -> None:
    house = sqlite_house
    with runs.turn(house.desk, SERVICE, "plan", "CNAS", house.clock.now().date()):
        pass
    with runs.turn(house.desk, SERVICE, "batch", "CNAS", house.clock.now().date()) as run_id:
        runs.finish(house.desk, SERVICE, run_id or "", "failed", "the run is held")
    house.clock.set(house.clock.now() + runs.RUN_TIME_MAX + timedelta(seconds=1))
    told = told_to_people(house)
    assert any(line.startswith("job batch of CNAS on 2026-09-01 failed") and "the run is held" in line for line in told)
    assert any(line.startswith("job plan of CNAS on 2026-09-01 runs since") for line in told)

    house.go_to(date(2026, 9, 3))
    assert any(line.startswith("no job has run since 2026-09-01") for line in told_to_people(house))


def test_a_bank_that_is_down_is_told_and_the_day_goes_on(small: House) -> None:
    (small.bank_folder / "out").rmdir()
    told = jobs.run_due(small.service)
    assert any(line.startswith("fetch mock-bank-folder: ") for line in told)
    assert {job for (job, _), outcome in job_runs(small).items() if outcome == "failed"} == {"fetch"}

    (small.bank_folder / "out").mkdir()
    jobs.run_due(small.service)
    assert set(job_runs(small).values()) == {"done"}


def test_a_poke_writes_the_newest_audit_hash_outside(small: House) -> None:
    jobs.run_due(small.service)
    assert (small.service.settings.home / "audit-anchors.txt").read_text().count("\n") >= 1
    assert small.breaches() == {}
