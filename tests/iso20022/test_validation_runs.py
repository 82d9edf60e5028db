"""Transactions that are held together are held to the same rules as one by one; only the time differs."""

import io
from collections.abc import Iterator
from datetime import date
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iso_builders import debit as a_debit
from iso_builders import group, message, rib, written
from schwifty import IBAN

from debit_service.core.accounts import AccountNumber, AccountScheme, ma_rib_key
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.flat import Flat
from debit_service.iso20022.layout import Run
from debit_service.iso20022.pain008 import hashes
from debit_service.iso20022.pain008.read import one_by_one, parts
from debit_service.iso20022.pain008.rules import pain008_findings, runs, whole
from debit_service.iso20022.pain008.rules.block import Block, is_account, read_block
from debit_service.iso20022.pain008.rules.transaction import AMENDED, EEA, minor_units, transaction_findings
from debit_service.iso20022.xml import Source

ROWS = 24


def moroccan(number: int) -> AccountNumber:
    body = f"{number:022d}"
    return AccountNumber(AccountScheme.MA_RIB, body + ma_rib_key(body))


def german(number: int) -> AccountNumber:
    return AccountNumber(AccountScheme.IBAN, IBAN.generate("DE", "37040044", str(number)).compact)


SEPA = {"currency": "EUR"}
FOREIGN = {"currency": "DZD", "service_level": None}


def file(kind: str, sequence_type: str = "RCUR") -> str:
    """A file of one block whose transactions share a layout."""
    account = {"sepa": german, "dz": rib, "ma": moroccan}[kind]
    debits = [
        a_debit(
            f"C-{number}",
            100 + number,
            instruction_id=f"I-{number}",
            mandate_id=f"M-{number}",
            debtor_name=f"Employer {number}",
            debtor_account=account(number),
            debtor_bic="COBADEFFXXX" if kind == "sepa" else None,
            remittance=f"September {number}",
        )
        for number in range(ROWS)
    ]
    said: dict[str, object] = {"sequence_type": sequence_type, **(SEPA if kind == "sepa" else FOREIGN)}
    return written(message(group(*debits, **said))).decode()


FILES = {kind: file(kind) for kind in ("sepa", "dz", "ma")} | {"once": file("sepa", "OOFF")}


def together(content: str) -> list[Finding]:
    return list(pain008_findings(io.BytesIO(content.encode()), "out.xml"))


def one_at_a_time(content: str) -> list[Finding]:
    """What the rules find when no transaction is held with another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "clean", lambda *_: None)
        return together(content)


def has_run(content: str) -> bool:
    return any(isinstance(part, Run) for part in parts(Source(io.BytesIO(content.encode()), file="out.xml")))


@pytest.mark.parametrize("name", FILES)
def test_a_clean_run_is_not_looked_at_row_by_row(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[Flat] = []

    def counted(flat: Flat, block: Block) -> Iterator[Finding]:
        held.append(flat)
        return transaction_findings(flat, block)

    monkeypatch.setattr(whole, "transaction_findings", counted)
    assert together(FILES[name]) == []
    assert 0 < len(held) < ROWS / 2


TEXTS = (
    *("NOTPROVIDED", "0", "0.00", "0.0", "00.00", "10", "10.", ".5", "10.000", "10.005", "1e3", "-1.00", "1,00"),
    *("9999999999.99", "999999999.99", "1000000000.00", "12345678901234567890.00", "1\n2", "1.00\n2.00"),
    *("C-1", "C//1", "/C", "C/", "C" * 35, "C" * 36, "C C", "C\nC", "Würth", "E" * 70, "E" * 71, "x_y", "²", "١"),
    *("2026-01-31", "2026-10-01", "2026-10-02", "2026-13-01", "2026-1-1", "2026-01-31Z", "20260131", "9999-12-31"),
    *("DE89370400440532013000", "DE88370400440532013000", "de89370400440532013000", "GB29NWBK60161331926819"),
    *("MA64011519000001205000534921", "XX00", "DE", "FR1420041010050500013M02606", "DE8937040044053201300"),
    *(rib(5).value, moroccan(5).value, rib(5).value[:-2] + "00", moroccan(5).value[:-2] + "98", "0" * 20, "0" * 24),
    *("SEPA", "EUR", "true", "DZ_RIB", "MA_RIB", "IBAN", "COBADEFF"),
)


@pytest.mark.parametrize("name", FILES)
def test_a_run_is_clean_only_if_each_of_its_rows_is(name: str) -> None:
    found = list(parts(Source(io.BytesIO(FILES[name].encode()), file="out.xml")))
    [run] = [part for part in found if isinstance(part, Run)]
    header = next(part[1] for part in found if not isinstance(part, Run) and part[0] == "PmtInf")
    block = read_block(header, "PmtInf[0]", date(2026, 10, 1))
    assert runs.clean(run, block) is not None
    judged = {True: 0, False: 0}
    for column, text in product(range(len(run.layout.paths)), TEXTS):
        row = list(run.rows[7])
        row[column] = text
        changed = Run(run.layout, [*run.rows[:7], tuple(row), *run.rows[8:]])
        flat = run.layout.flat(tuple(row))
        at_once, alone = runs.clean(changed, block), list(transaction_findings(flat, block))
        judged[at_once is not None] += 1
        if at_once is not None:
            minor = [minor_units(run.layout.flat(each)) for each in changed.rows]
            assert (alone, at_once.minor) == ([], sum(each[0] for each in minor if each))
    assert min(judged.values()) > 50


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_text_in_any_row_is_found_as_if_it_stood_alone(data: st.DataObject) -> None:
    content = FILES[data.draw(st.sampled_from(sorted(FILES)))]
    for _ in range(data.draw(st.integers(1, 3))):
        head, *rows = content.split("<DrctDbtTxInf>")
        number = data.draw(st.integers(0, ROWS - 1))
        texts = [
            piece for piece in rows[number].split("<") if ">" in piece and not piece.endswith(">") and piece[0] != "/"
        ]
        old = data.draw(st.sampled_from([piece for piece in texts if piece.strip()]))
        text = data.draw(st.sampled_from(TEXTS) | st.text("AC01 /-.\n", min_size=1, max_size=40))
        rows[number] = rows[number].replace(f"<{old}", f"<{old.partition('>')[0]}>{text}", 1)
        content = "<DrctDbtTxInf>".join((head, *rows))
    assert together(content) == one_at_a_time(content)


class _Recording(dict[str, str]):
    """A flat map that notes what is asked of it."""

    def __init__(self, flat: Flat, asked: set[str]) -> None:
        super().__init__(flat)
        self._asked = asked

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self._asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self._asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._asked.add(str(key))
        return super().__contains__(key)


def test_every_text_that_a_rule_reads_has_a_column_that_proves_clean() -> None:
    asked: set[str] = set()
    contents = [*FILES.values(), FILES["sepa"].replace("COBADEFFXXX", "NOTPROVIDED")]
    for content in contents:
        for kind, flat in one_by_one(parts(Source(io.BytesIO(content.encode()), file="out.xml"))):
            if kind == "DrctDbtTxInf":
                for is_sepa in (True, False):
                    list(transaction_findings(_Recording(flat, asked), Block("PmtInf[0]", is_sepa=is_sepa)))
    decided_by_the_layout = {path for path in asked if path.endswith(("/", "]", "@Ccy")) or path.startswith(AMENDED)}
    lines_of_an_address = {"Dbtr/PstlAdr/AdrLine"}  # how many there are is the layout's; what they say is not read
    assert asked - decided_by_the_layout - lines_of_an_address <= set(runs._COLUMNS) | {"InstdAmt"}


@pytest.mark.parametrize("country", sorted(EEA))
def test_a_column_of_ibans_is_judged_as_each_by_itself(country: str) -> None:
    random = Random(country)
    block = Block("PmtInf[0]")
    ibans = [IBAN.random(country, random=random).compact for _ in range(20)]
    assert runs._ibans(ibans, block)
    for _ in range(40):
        spoiled = list(random.choice(ibans))
        spoiled[random.randrange(len(spoiled))] = random.choice("0123456789ABCXYZ")
        text = "".join(spoiled)
        assert runs._ibans([*ibans, text], block) <= is_account(text, AccountScheme.IBAN)
        if text[:2] == country:
            assert runs._ibans([*ibans, text], block) == is_account(text, AccountScheme.IBAN)


def test_an_iban_that_carries_a_national_key_is_left_to_the_check_of_that_key() -> None:
    national = moroccan(7).value
    spoiled = national[:-2] + f"{int(national[-2:]) % 97 + 1:02d}"
    iban = IBAN.from_bban("MA", spoiled).compact
    assert not is_account(iban, AccountScheme.IBAN)
    assert not runs._ibans([iban], Block("PmtInf[0]"))


@pytest.mark.parametrize("scheme", [AccountScheme.DZ_RIB, AccountScheme.MA_RIB])
def test_a_column_of_national_accounts_is_judged_as_each_by_itself(scheme: AccountScheme) -> None:
    random, block = Random(1), Block("PmtInf[0]")
    account = rib if scheme is AccountScheme.DZ_RIB else moroccan
    good = [account(random.randrange(10**9)).value for _ in range(20)]
    assert runs._national_accounts(good, block)
    for _ in range(200):
        text = good[0][:-2] + f"{random.randrange(100):02d}"
        assert runs._national_accounts([*good, text], block) == is_account(text, scheme)


@pytest.mark.parametrize("at_once", [1, 5, 1000])
def test_doubles_are_found_however_many_are_compared_at_once(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "_BUCKET", at_once)
    content = FILES["once"].replace(">C-3<", ">C-20<").replace(">M-4<", ">M-21<")
    assert [(each.code, each.path.partition("/")[2]) for each in together(content)] == [
        ("iso.pain008.duplicate", "DrctDbtTxInf[20]/PmtId/EndToEndId"),
        ("iso.pain008.mandate_used_up", "DrctDbtTxInf[21]/DrctDbtTx/MndtRltdInf/MndtId"),
    ]


def test_equal_hashes_of_different_references_are_no_double(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (hashes, whole):
        monkeypatch.setattr(module, "hash", lambda _: 1, raising=False)
    assert together(FILES["sepa"]) == []


def test_files_for_these_tests_hold_runs() -> None:
    assert all(has_run(content) for content in FILES.values())
