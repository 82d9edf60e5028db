"""The benchmark runs, refuses to count what is wrong, and judges its goals; how fast anything is, is no matter here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import create_engine

from benchmarks import (
    collect_report,
    collect_results,
    costs,
    data,
    reconcile_files,
    reconcile_report,
    reconcile_results,
)
from benchmarks.checks import Wrong, check_read, check_written
from benchmarks.collect_checks import check_files
from benchmarks.collect_data import plan_all, seed
from benchmarks.contests import CONTESTS, F_STRINGS, OURS, SEPAXML
from benchmarks.costs import Cost, Watch
from benchmarks.databases import PostgresqlDatabases, SqliteFiles
from benchmarks.environment import ROOT
from benchmarks.fund import fund_of, service_on
from benchmarks.lanes import floors, ours_read
from benchmarks.lines import NO_DATABASE, Line
from benchmarks.lines import Results as Lines
from benchmarks.measure import Measurement
from benchmarks.reconcile_checks import CREDITED, RETURNED, check_books
from benchmarks.reconcile_data import ANSWERED_AT, credit_all, send_all
from benchmarks.reconcile_files import FILES, path_of
from benchmarks.reconcile_web import Pages, ask_meanwhile
from benchmarks.report import as_text, pasted
from benchmarks.results import Result, Results, verdicts
from benchmarks.task import Task
from debit_service.core.clock import SetClock
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord
from debit_service.iso20022.schemas import PREFIX, schema_for
from debit_service.verify import verify

SIZE = 60
SHAPES = ("A", "B", "A pretty", "A mixed", "A irregular")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A pain.008 of the f-string floor."""
    path = tmp_path / "out.xml"
    floors.f_strings(Task(SIZE, data.total_minor(SIZE), data.debit_rows(SIZE), path, path))
    return path


def result(competitor: str, *, cpu_s: float, size: int = 100_000, status: Any = "ok") -> Result:
    run = Measurement(cpu_s, cpu_s, 1024, size, 1)
    return Result("write", "pain.008.001.08", competitor, "peer", size, status, runs=[run])


def verdict_of(goal: str, *results: Result) -> bool | None:
    judged = [item for item in verdicts(Results(results)) if item.goal == goal and item.size == item.decided_at]
    assert len(judged) == 1
    return judged[0].met


def test_a_run_without_peers_writes_every_result_and_every_goal(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    command = [sys.executable, "benchmarks/iso20022.py", "--no-peers", "--sizes", str(SIZE), "--repeat", "1"]
    done = subprocess.run(
        [*command, "--json", str(target), "--folder", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    report = json.loads(target.read_text())
    assert report["sizes"] == [SIZE]
    assert {"cpus", "python", "lxml", "libxml2", "debit-service"} <= report["machine"].keys()
    by_role: dict[str, set[str]] = {}
    for item in report["results"]:
        by_role.setdefault(item["role"], set()).add(item["status"])
    assert by_role == {"ours": {"ok"}, "floor": {"ok"}, "peer": {"not run"}}
    assert len(report["results"]) == sum(len(contest.competitors) for contest in CONTESTS)
    for item in report["results"]:
        if item["status"] == "ok":
            assert item["cpu_s"] > 0
            assert item["per_cpu_s"] == pytest.approx(SIZE / item["cpu_s"])
            assert len(item["runs"]) == 1
    assert {goal["met"] for goal in report["goals"] if goal["size"] != SIZE} == {None}
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bank_file_of_every_shape_is_valid_and_says_what_it_should(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "bank.xml"
    data.camt054(path, SIZE, shape)

    schema_for(PREFIX + "camt.054.001.08").assertValid(etree.ElementTree(etree.XML(path.read_bytes())))
    with path.open("rb") as stream:
        records = [item for item in read_bank_file(stream, file="bank.xml") if isinstance(item, BankRecord)]
    assert sorted(record.amount_minor or 0 for record in records) == sorted(map(data.amount_minor, range(SIZE)))
    assert sum(record.reason_code is not None for record in records) == sum(map(data.is_return, range(SIZE)))
    assert {record.debtor_name for record in records} == set(map(data.debtor_name, range(SIZE)))
    assert {record.debtor_account for record in records} == set(map(data.iban, range(SIZE)))


@pytest.mark.parametrize(("shape", "layouts"), [("A", 2), ("A mixed", 32), ("A irregular", 512)])
def test_the_shapes_differ_in_how_many_layouts_their_entries_have(tmp_path: Path, shape: str, layouts: int) -> None:
    path = tmp_path / "bank.xml"
    data.camt054(path, 256 * 33, shape)
    entries = etree.XML(path.read_bytes()).iter("{*}Ntry")
    assert len({tuple(element.tag for element in entry.iter()) for entry in entries}) == layouts


@pytest.mark.parametrize("read", [ours_read.bank_file, floors.findtext, floors.walk, floors.pyexpat])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_reader_sees_the_same_count_and_sum(tmp_path: Path, shape: str, read: Any) -> None:
    path = tmp_path / "bank.xml"
    data.camt054(path, SIZE, shape)
    seen = read(Task(SIZE, data.total_minor(SIZE), [], path, path))
    assert (seen.count, seen.sum_minor) == (SIZE, data.total_minor(SIZE))


def test_a_right_file_passes_the_check(written: Path) -> None:
    assert "schema" in check_written(written, SIZE, data.total_minor(SIZE), by_schema=True)
    assert "schema" not in check_written(written, SIZE, data.total_minor(SIZE), by_schema=False)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("<NbOfTxs>60</NbOfTxs>", "<NbOfTxs>61</NbOfTxs>", "GrpHdr"),
        ('<InstdAmt Ccy="EUR">100.00<', '<InstdAmt Ccy="EUR">100.01<', "InstdAmt"),
        ("<EndToEndId>C-2026-10-000000001<", "<EndToEndId>C-2026-10-000000002<", "EndToEndId"),
        ("<ChrgBr>SLEV</ChrgBr>", "<ChrgBr>NONE</ChrgBr>", "schema"),
        ("</PmtInf>", "", "schema"),
    ],
)
def test_a_wrong_file_does_not_count(written: Path, old: str, new: str, what: str) -> None:
    text = written.read_text(encoding="utf-8")
    assert old in text
    written.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Wrong, match=what):
        check_written(written, SIZE, data.total_minor(SIZE), by_schema=True)


def test_a_file_that_is_cut_off_does_not_count_without_its_schema_either(written: Path) -> None:
    written.write_bytes(written.read_bytes().removesuffix(b"</Document>\n"))
    with pytest.raises(Wrong, match="well-formed"):
        check_written(written, SIZE, data.total_minor(SIZE), by_schema=False)


def test_a_reader_that_lost_a_transaction_does_not_count() -> None:
    with pytest.raises(Wrong, match="count and sum"):
        check_read(Measurement(1, 1, 0, SIZE - 1, data.total_minor(SIZE)), SIZE, data.total_minor(SIZE))


def test_a_goal_is_met_by_the_median_ratio_at_its_size() -> None:
    fast, slow = result(OURS, cpu_s=0.1), result(SEPAXML, cpu_s=2.0)
    assert verdict_of("write: x sepaxml", fast, slow) is True
    assert verdict_of("write: x sepaxml", result(OURS, cpu_s=0.11), slow) is False
    assert verdict_of("write: x f-strings", fast, result(F_STRINGS, cpu_s=0.08)) is True


def test_a_goal_is_not_decided_by_a_wrong_output_or_at_another_size() -> None:
    fast = result(OURS, cpu_s=0.1)
    assert verdict_of("write: x sepaxml", fast) is None
    assert verdict_of("write: x sepaxml", fast, result(SEPAXML, cpu_s=9.0, status="wrong")) is None
    assert (
        verdict_of("write: x sepaxml", result(OURS, cpu_s=0.1, size=10_000), result(SEPAXML, cpu_s=9.0, size=10_000))
        is None
    )


def test_the_tables_are_pasted_between_the_marks_of_the_page() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    tables = as_text(Results([result(OURS, cpu_s=0.5), result(SEPAXML, cpu_s=4.0)]), 1, markdown=True)
    once = pasted(page, tables)
    assert "| debit-service | 100,000 | 200,000 | 0.500 | 8.00 |  | 1 MiB |  |" in once
    assert pasted(once, tables) == once
    assert once.splitlines()[0] == page.splitlines()[0]
    with pytest.raises(ValueError, match="results"):
        pasted("no marks", tables)


def test_the_days_of_re_presentations_are_compared_and_pasted_into_their_page(tmp_path: Path) -> None:
    page, target = tmp_path / "page.md", tmp_path / "results.json"
    page.write_text("before\n<!-- results -->\nold\n<!-- end of results -->\nafter\n")
    command = [sys.executable, "benchmarks/retry_day.py", "--employers", "3", "--seeds", "2"]
    done = subprocess.run(
        [*command, "--json", str(target), "--page", str(page)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert page.read_text() == f"before\n<!-- results -->\n{done.stdout[:-1]}<!-- end of results -->\nafter\n"

    rows = {(row["kind"], row["notice_days"], row["policy"]): row for row in json.loads(target.read_text())["rows"]}
    for kind, notice_days in {(kind, notice_days) for kind, notice_days, _ in rows}:
        fixed, history, bound = (rows[kind, notice_days, policy] for policy in ("fixed", "history", "bound"))
        assert fixed["presented"] == history["presented"] == bound["presented"] > 0
        assert bound["succeeded_percent"] >= max(fixed["succeeded_percent"], history["succeeded_percent"])
        assert (fixed["gain_points"], fixed["by_history_percent"]) == (0, 0)


# --- from due contributions to files --------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """What is due, in two files."""
    folder, rows, half = tmp_path / "files", data.debit_rows(SIZE), SIZE // 2
    folder.mkdir()
    for number, some in enumerate((rows[:half], rows[half:])):
        path = folder / f"{number}.xml"
        floors.f_strings(Task(len(some), sum(row[1] for row in some), some, path, path))
    return folder


def line(name: str, *, cpu_s: float, database: str = "SQLite", status: Any = "ok", size: int = SIZE) -> Line:
    return Line(database, name, size, status, runs=[Cost(size, cpu_s, 0.0, 2 * cpu_s, 1024)])


def test_collecting_is_measured_from_contributions_to_checked_files(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    command = [sys.executable, "benchmarks/collect.py", "--databases", "sqlite", "--sizes", str(SIZE), "--repeat", "1"]
    done = subprocess.run(
        [*command, "--no-peers", "--only", "ours", "--json", str(target)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    lines = {one["name"]: one for one in json.loads(target.read_text())["results"]}
    assert {name for name, one in lines.items() if one["status"] == "not run"} == {collect_results.SEPAXML}
    steps = (collect_results.PLAN, collect_results.NOTIFY, collect_results.BATCH)
    for name in (*steps, collect_results.TOGETHER):
        assert lines[name]["per_cpu_s"] == pytest.approx(SIZE / lines[name]["cpu_s"])
        assert lines[name]["wall_s"] > 0
    assert lines[collect_results.TOGETHER]["cpu_s"] == pytest.approx(sum(lines[step]["cpu_s"] for step in steps))
    assert lines[collect_results.BATCH]["note"] == "1 file: schema, header, count, sum, references"


def test_every_lane_collects_all_that_is_due_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    databases, home = PostgresqlDatabases(postgresql_url, None), tmp_path / "home"
    seed(home, databases.create("bench_due"), SIZE)
    plan_all(home, databases.copy("bench_due", "bench_planned"))
    try:
        for entrant in collect_results.ENTRANTS:
            folder, watch = tmp_path / "files", Watch(None)
            folder.mkdir()
            url = databases.copy(f"bench_{entrant.source}", "bench_turn")
            costs.take(f"benchmarks.collect_lanes:{entrant.lane}", SIZE, home, url, folder, watch)
            databases.drop("bench_turn")
            assert watch.costs.keys() == entrant.steps.keys()
            if entrant.check:
                assert "schema" in check_files(folder, SIZE, data.total_minor(SIZE))
            shutil.rmtree(folder)
    finally:
        for name in ("bench_due", "bench_planned", "bench_turn"):
            databases.drop(name)


def test_files_count_when_together_they_hold_all_that_is_due(files: Path) -> None:
    assert "2 files: schema" in check_files(files, SIZE, data.total_minor(SIZE))


def test_files_do_not_count_when_one_is_missing(files: Path) -> None:
    (files / "1.xml").unlink()
    with pytest.raises(Wrong, match="30 collections"):
        check_files(files, SIZE, data.total_minor(SIZE))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("<EndToEndId>C-2026-10-000000030<", "<EndToEndId>C-2026-10-000000001<", "59 references"),
        ("<NbOfTxs>30</NbOfTxs>", "<NbOfTxs>29</NbOfTxs>", "InstdAmt"),
        ("</PmtInf>", "", "well-formed"),
        ("<NbOfTxs>", "<NbOfTx>", "there is no GrpHdr"),
    ],
)
def test_files_do_not_count_when_one_of_them_is_wrong(files: Path, old: str, new: str, what: str) -> None:
    text = (files / "1.xml").read_text(encoding="utf-8")
    assert old in text
    (files / "1.xml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(Wrong, match=what):
        check_files(files, SIZE, data.total_minor(SIZE))


@pytest.mark.skipif(not costs.is_measurable(), reason="this machine does not tell what processes cost")
def test_what_a_server_costs_is_what_its_processes_cost() -> None:
    before = costs.server_cpu_s(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    assert costs.server_cpu_s(os.getpid()) - before >= 0.05


def test_a_step_that_is_taken_in_pieces_costs_what_they_cost_together() -> None:
    watch = Watch(None)
    for count in (20, 3):
        with watch("copy", count):
            sum(range(1_000_000))
    with watch("other", 1):
        pass
    assert watch.costs["copy"].count == 23
    assert watch.costs["copy"].cpu_s > watch.costs["other"].cpu_s


def test_ratios_are_told_where_they_say_something() -> None:
    floor, planned = line(collect_results.OPENED, cpu_s=1.0), line(collect_results.PLAN, cpu_s=0.5)
    peer = line(collect_results.SEPAXML, cpu_s=8.0, database=NO_DATABASE)
    batched = line(collect_results.BATCH, cpu_s=2.0)
    results = Lines([floor, planned, peer, batched], collect_results.RATIOS)
    assert (results.ratio(batched, "x floor"), results.ratio(batched, "x sepaxml")) == (0.5, 4.0)
    assert results.ratio(planned, "x floor") is None
    assert results.ratio(batched, "x COPY") is None
    failed_floor = line(collect_results.OPENED, cpu_s=1.0, status="wrong")
    wrong = Lines([failed_floor, batched], collect_results.RATIOS)
    assert wrong.ratio(batched, "x floor") is None


def test_the_tables_of_collecting_have_marks_of_their_own() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    once = collect_report.pasted(page, "told\n")
    assert collect_report.pasted(page, "").count("\n") < page.count("\n")
    assert "told\n<!-- end of the results of collect -->" in once
    assert pasted(once, "") == collect_report.pasted(pasted(page, ""), "told\n")
    with pytest.raises(ValueError, match="results of collect"):
        collect_report.pasted("no marks", "")


# --- from the bank's files to the journal ---------------------------------------------------------------------------------


@pytest.fixture
def bank_files(tmp_path: Path) -> Path:
    """Everything that the bank sends about SIZE collections."""
    folder = tmp_path / "bank"
    folder.mkdir()
    for name, write in FILES.items():
        write(path_of(folder, name), SIZE)
    return folder


@pytest.fixture
def databases(tmp_path: Path) -> SqliteFiles:
    """With `sent`, in which SIZE collections were sent."""
    databases = SqliteFiles(tmp_path)
    send_all(tmp_path / "home", databases.create("sent"), SIZE)
    return databases


def test_reconciling_is_measured_from_the_banks_files_to_the_books(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    command = [
        sys.executable,
        "benchmarks/reconcile.py",
        "--databases",
        "sqlite",
        "--sizes",
        str(SIZE),
        "--repeat",
        "1",
    ]
    done = subprocess.run(
        [*command, "--only", "returns,copy", "--json", str(target)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    told = json.loads(target.read_text())
    lines = {one["name"]: one for one in told["results"]}
    store, read, whole = (lines[f"returns: {step}"] for step in ("store", "import", "file to committed"))
    assert whole["cpu_s"] == pytest.approx(store["cpu_s"] + read["cpu_s"])
    assert "balances" in whole["note"]
    assert read["ratios"]["x COPY"] == pytest.approx(read["cpu_s"] / lines[reconcile_results.COPY]["cpu_s"])
    assert {goal["decides"] for goal in told["goals"]} == {False}


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_every_lane_leaves_books_that_are_right(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, bank_files: Path
) -> None:
    databases: SqliteFiles | PostgresqlDatabases = SqliteFiles(tmp_path)
    if kind == "PostgreSQL":
        databases = PostgresqlDatabases(request.getfixturevalue("postgresql_url"), None)
    home = tmp_path / "home"
    try:
        send_all(home, databases.create("bench_sent"), SIZE)
        credit_all(home, databases.copy("bench_sent", "bench_credited"), bank_files)
        for entrant in reconcile_results.ENTRANTS:
            url, watch = databases.copy(f"bench_{entrant.source}", "bench_turn"), Watch(None)
            costs.take(f"benchmarks.reconcile_lanes:{entrant.lane}", SIZE, home, url, bank_files, watch)
            assert watch.costs.keys() == entrant.steps.keys()
            assert {cost.count for cost in watch.costs.values()} == {SIZE}
            if entrant.check:
                assert "balances" in check_books(url, SIZE, entrant.check)
            databases.drop("bench_turn")
    finally:
        for name in ("bench_sent", "bench_credited", "bench_turn"):
            databases.drop(name)


def test_what_was_sent_is_what_the_service_would_have_left(
    databases: SqliteFiles, bank_files: Path, tmp_path: Path
) -> None:
    home, url = tmp_path / "home", databases.url("sent")
    credit_all(home, url, bank_files)
    with service_on(home, url, SetClock(ANSWERED_AT)) as service:
        assert fund_of(service).creditor.account.value == reconcile_files.ACCOUNT
        # The second looks into the files that we sent, and these hold nothing.
        breached = {check.number: breaches for check, breaches in verify(service) if breaches and check.number != 2}
        assert breached == {}


@pytest.mark.parametrize("name", FILES)
def test_what_the_bank_sends_of_many_collections_is_valid(bank_files: Path, name: str) -> None:
    content = etree.XML(path_of(bank_files, name).read_bytes())
    schema_for(etree.QName(content).namespace).assertValid(etree.ElementTree(content))
    with path_of(bank_files, name).open("rb") as stream:
        told = list(read_bank_file(stream, file=name))
    (container,) = (item for item in told if not isinstance(item, BankRecord))
    assert container.findings == ()
    assert len({item.end_to_end_id for item in told if isinstance(item, BankRecord)}) == SIZE


WRONG_BOOKS = {
    "update collections set live = true, failed_on = null where failure_code = 'AM04'": "failed collections",
    "delete from allocations where effect = 'returned'": "allocations",
    "update dispositions set kind = 'suspense' where kind = 'matched'": "dispositions",
    "insert into journal_lines select entry_id, 3, 'charges/X', subject, 1 from journal_lines limit 1": "balances",
}


def test_books_that_are_wrong_do_not_count(databases: SqliteFiles, bank_files: Path, tmp_path: Path) -> None:
    home, url = tmp_path / "home", databases.url("sent")
    credit_all(home, url, bank_files)
    costs.take("benchmarks.reconcile_lanes:returns", SIZE, home, url, bank_files, Watch(None))
    assert check_books(url, SIZE, RETURNED)
    with pytest.raises(Wrong, match="balances"):
        check_books(url, SIZE, CREDITED)
    for change, what in WRONG_BOOKS.items():
        engine = create_engine(databases.copy("sent", "changed"))
        with engine.begin() as connection:
            triggers = connection.exec_driver_sql("select name from sqlite_master where type = 'trigger'").scalars()
            for statement in (*(f"drop trigger {name}" for name in triggers.all()), change):
                connection.exec_driver_sql(statement)
        engine.dispose()
        with pytest.raises(Wrong, match=what):
            check_books(databases.url("changed"), SIZE, RETURNED)


def test_a_page_is_asked_for_alone_and_while_a_file_is_read(
    databases: SqliteFiles, bank_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.reconcile_web._REQUESTS_ALONE", 10)
    monkeypatch.setattr("benchmarks.reconcile_web._REQUESTS_MIN", 1)
    pages = Pages("SQLite", SIZE)
    ask_meanwhile(databases, tmp_path / "home", bank_files, pages)
    assert len(pages.alone) == 10
    assert pages.times == pytest.approx(max(pages.meanwhile) / max(pages.alone), rel=1.0)


def test_goals_of_reconciling_are_decided_at_their_size_alone() -> None:
    returns, floor = "returns: import", reconcile_results.COPY
    few = [line(returns, cpu_s=9.0), line(floor, cpu_s=1.0)]
    many = [line(returns, cpu_s=8.0, size=1_000_000), line(floor, cpu_s=1.0, size=1_000_000)]
    judged = reconcile_results.verdicts(Lines([*few, *many], reconcile_results.RATIOS))
    told = [(one.size, one.value, one.met, one.decides) for one in judged if "COPY" in one.goal]
    assert told == [(SIZE, 9.0, False, False), (1_000_000, 8.0, True, True)]


def test_the_tables_of_reconciling_have_marks_of_their_own() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    once = reconcile_report.pasted(page, "told\n")
    assert "told\n<!-- end of the results of reconcile -->" in once
    assert collect_report.pasted(once, "") == reconcile_report.pasted(collect_report.pasted(page, ""), "told\n")
    with pytest.raises(ValueError, match="results of reconcile"):
        reconcile_report.pasted("no marks", "")
