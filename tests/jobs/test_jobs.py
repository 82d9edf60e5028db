"""Jobs: a business date is done once whoever pokes and however often; what failed or died is taken again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from house import House
from sqlalchemy import select

from debit_service import jobs
from debit_service.core import runs
from debit_service.core.errors import Refused
from debit_service.core.models import JobRun
from debit_service.core.work import SERVICE
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
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


def job_runs(house: House) -> dict[tuple[str, str], str]:
    with house.reading() as work:
        return {(one.job, one.business_date.isoformat()): one.outcome for one in work.session.scalars(select(JobRun))}


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
    assert [line.split(": ")[1].split(",")[0] for line in first] == ["done", "done"]
    assert any("planned 1, notices 1" in line for line in first)
    assert jobs.run_due(small.service) == []
    assert job_runs(small) == {("collect", "2026-09-01"): "done", ("assess", "2026-09-01"): "done"}

    small.clock.set(small.clock.now() + timedelta(days=1))
    jobs.run_due(small.service)
    assert len(job_runs(small)) == 4


def test_a_run_that_failed_is_taken_again_by_the_next_poke(small: House, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Callable[[], str]] = [refusing, lambda: "all well"]

    def next_answer() -> str:
        return answers.pop(0)()

    done = counting(monkeypatch, next_answer)
    assert "failed, not today" in jobs.run_due(small.service)[0]
    assert job_runs(small) == {("counted", "2026-09-01"): "failed"}
    assert "done, all well" in jobs.run_due(small.service)[0]
    assert jobs.run_due(small.service) == []
    assert len(done) == 2


def refusing() -> str:
    raise Refused("test.refused", "not today")


def test_a_run_that_ended_with_an_error_of_the_program_is_failed_and_holds_up_nothing(
    small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting(monkeypatch, lambda: str(1 // 0))
    assert "failed, an error that nobody foresaw (ZeroDivisionError)" in jobs.run_due(small.service)[0]
    assert job_runs(small) == {("counted", "2026-09-01"): "failed"}


def test_a_run_whose_process_died_is_taken_over_when_it_cannot_be_alive_any_more(
    small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = small.clock.now().date()
    assert runs.take(small.desk, SERVICE, "counted", "EINZUGSSTELLE", today)
    done = counting(monkeypatch, lambda: "all well")

    small.clock.set(small.clock.now() + runs.RUN_TIME_MAX)
    assert jobs.run_due(small.service) == []
    small.clock.set(small.clock.now() + timedelta(seconds=1))
    assert len(jobs.run_due(small.service)) == 1
    assert (done, job_runs(small)) == (["EINZUGSSTELLE"], {("counted", "2026-09-01"): "done"})


def test_a_run_is_one_persons_to_take(house: House) -> None:
    today = house.clock.now().date()
    first = runs.take(house.desk, SERVICE, "collect", "CNAS", today)
    assert first is not None
    assert runs.take(house.desk, SERVICE, "collect", "CNAS", today) is None
    assert runs.take(house.desk, SERVICE, "collect", "CNSS", today) is not None
    runs.finish(house.desk, SERVICE, first, "done", "all well")
    assert runs.take(house.desk, SERVICE, "collect", "CNAS", today) is None


def test_a_bank_that_is_down_is_told_and_the_day_goes_on(small: House) -> None:
    (small.bank_folder / "out").rmdir()
    told = jobs.run_due(small.service)
    assert any(line.startswith("fetch mock-bank-folder: ") for line in told)
    assert set(job_runs(small).values()) == {"done"}


def test_a_poke_writes_the_newest_audit_hash_outside(small: House) -> None:
    jobs.run_due(small.service)
    assert (small.service.settings.home / "audit-anchors.txt").read_text().count("\n") >= 1
    assert small.breaches() == {}
