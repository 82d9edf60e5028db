"""A file is held against its schema, the scheme's rules and its own totals; each finding says where and what to do."""

import io
import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner
from holidays import financial_holidays
from iso_builders import (
    RETURN,
    balance,
    camt,
    code,
    container,
    detail,
    document,
    entry,
    group,
    leaf,
    message,
    pain002,
    reasons,
    rib,
    transaction_status,
    written,
)
from iso_builders import block_status as block
from iso_builders import debit as a_debit
from iso_builders import group_status as status
from test_hostile_files import HOSTILE

from debit_service.cli.iso import iso
from debit_service.core.accounts import AccountNumber, AccountScheme, ma_rib_key
from debit_service.iso20022.catalogue import CODES
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.pain008 import Amendment, Version
from debit_service.iso20022.pain008.rules import creditor_identifier_holds, pain008_findings, rulebook
from debit_service.iso20022.target import target_is_open
from debit_service.iso20022.validate import validate

# A block in which two transactions stand, so that a change to one spoils one thing only.
GOOD = written(message(group(a_debit("C-1"), a_debit("C-2", 500)))).decode()
ONE = written().decode()
AMENDED = written(message(group(a_debit(amendment=Amendment(original_mandate_id="OLD-1"))))).decode()
MOVED = written(message(group(a_debit(amendment=Amendment(new_bank=True))))).decode()
ONCE = written(message(group(a_debit("C-1"), a_debit("C-2", mandate_id="M-2"), sequence_type="OOFF"))).decode()
ADDRESS = "<TwnNm>Berlin</TwnNm><Ctry>DE</Ctry>"
IDENTIFIER = "<PrvtId><Othr><Id>DE98ZZZ09999999999</Id><SchmeNm><Prtry>SEPA</Prtry></SchmeNm></Othr></PrvtId>"


def findings(content: str, **said: int) -> list[Finding]:
    """The findings of a file of this content."""
    return list(validate(io.BytesIO(content.encode()), file="out.xml", **said))


def found(content: str, **said: int) -> list[str]:
    """Their codes."""
    return [finding.code for finding in findings(content, **said)]


def changed(old: str, new: str, of: str = GOOD) -> str:
    """The good file with one change, where `old` stands first."""
    assert old in of
    return of.replace(old, new, 1)


def both(old: str, new: str, of: str = GOOD) -> str:
    """The good file with one change wherever `old` stands."""
    assert old in of
    return of.replace(old, new)


def last(old: str, new: str, of: str = GOOD) -> str:
    """The good file with one change, where `old` stands last."""
    head, _, tail = of.rpartition(old)
    assert head
    return head + new + tail


def amount(minor: str, of: str = GOOD, currency: str = "EUR") -> str:
    """The good file with another first amount; the totals stay right but for the block's and the file's."""
    return changed('<InstdAmt Ccy="EUR">10.00', f'<InstdAmt Ccy="{currency}">{minor}', of)


def summed(total: str, content: str) -> str:
    return content.replace("<CtrlSum>15.00", f"<CtrlSum>{total}")


def without_sepa(content: str = GOOD) -> str:
    return both("<SvcLvl><Cd>SEPA</Cd></SvcLvl>", "", content)


class TestClean:
    """What is right has no finding."""

    @pytest.mark.parametrize("version", get_args(Version))
    def test_a_file_of_ours_in_every_version(self, version: Version) -> None:
        debits = (
            a_debit("C-1", instruction_id="I-1", debtor_bic="COBADEFFXXX", remittance="September"),
            a_debit("C-2", amendment=Amendment(original_mandate_id="OLD-1", original_debtor_account=OTHER)),
            a_debit("C-3", amendment=Amendment(new_bank=True, original_creditor_name="Old name")),
        )
        assert found(written(message(group(*debits)), version).decode()) == []

    @pytest.mark.parametrize("scheme", [AccountScheme.DZ_RIB, AccountScheme.MA_RIB])
    @pytest.mark.parametrize("version", get_args(Version))
    def test_a_file_outside_sepa(self, version: Version, scheme: AccountScheme) -> None:
        account = rib if scheme is AccountScheme.DZ_RIB else moroccan
        debits = [a_debit(f"C-{number}", debtor_account=account(number)) for number in range(9)]
        foreign = group(*debits, currency="DZD", service_level=None)
        assert found(written(message(foreign), version).decode()) == []

    @pytest.mark.parametrize("family", ["camt.052", "camt.053", "camt.054"])
    def test_a_bank_file(self, family: str) -> None:
        one = entry(detail(amount="10.00", direction="CRDT"))
        balances = balance("OPBD", "5.00") + balance("CLBD", "15.00") if family == "camt.053" else ""
        assert found(camt(container(one, family=family, before=balances), family=family)) == []

    @pytest.mark.parametrize("version", ["03", "08", "10", "12", "14"])
    def test_a_status_report(self, version: str) -> None:
        rejected = transaction_status("RJCT", reasons("AM04"))
        assert found(pain002(status("ACCP"), block(rejected), version=version)) == []

    def test_outside_sepa_its_creditor_identifier_and_amount_are_not_asked_for(self) -> None:
        foreign = group(a_debit(amount_minor=100_000_000_000), currency="DZD", service_level=None)
        assert found(written(message(foreign)).decode().replace("DE98ZZZ09999999999", "DZ00CAISSE")) == []


def moroccan(number: int) -> AccountNumber:
    """A Moroccan account number with its right key."""
    body = f"{number:022d}"
    return AccountNumber(AccountScheme.MA_RIB, body + ma_rib_key(body))


OTHER = AccountNumber(AccountScheme.IBAN, "DE89370400440532013000")

# Each breaks one rule, and no other: the code, and the file.
BROKEN: list[tuple[str, str]] = [
    ("count", changed("<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>3</NbOfTxs>")),
    ("count", last("<NbOfTxs>2</NbOfTxs>", "")),
    ("sum", changed("<CtrlSum>15.00</CtrlSum>", "<CtrlSum>15.01</CtrlSum>")),
    ("sum", last("<CtrlSum>15.00</CtrlSum>", "")),
    ("duplicate", both("C-2", "C-1")),
    ("mandate_used_up", changed("M-2", "M-1", ONCE)),
    ("payment_method", changed("<PmtMtd>DD", "<PmtMtd>TRF")),
    ("sequence_type", changed("<SeqTp>RCUR", "<SeqTp>RPRE")),
    ("sequence_type", changed("<SeqTp>RCUR</SeqTp>", "")),
    ("scheme", changed("<Cd>CORE</Cd>", "<Cd>COR1</Cd>")),
    ("service_level", without_sepa()),
    ("type_level", last("<DrctDbtTx>", "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf><DrctDbtTx>")),
    ("charge_bearer", changed("<ChrgBr>SLEV</ChrgBr>", "<ChrgBr>SHAR</ChrgBr>")),
    ("charge_bearer", changed("<ChrgBr>SLEV</ChrgBr>", "")),
    ("charge_bearer", last("<DrctDbtTx>", "<ChrgBr>SHAR</ChrgBr><DrctDbtTx>")),
    ("creditor_name", changed("<Cdtr><Nm>Caisse</Nm>", "<Cdtr>")),
    ("date", changed("<ReqdColltnDt>2026-10-05", "<ReqdColltnDt>2026-02-30")),
    ("date", last("<DtOfSgntr>2026-01-31", "<DtOfSgntr>2026-02-30")),
    ("date_closed", changed("<ReqdColltnDt>2026-10-05", "<ReqdColltnDt>2026-10-04")),
    ("date_past", changed("<ReqdColltnDt>2026-10-05", "<ReqdColltnDt>2026-09-30")),
    ("date_near", changed("<ReqdColltnDt>2026-10-05", "<ReqdColltnDt>2026-10-01")),
    ("date_far", changed("<ReqdColltnDt>2026-10-05", "<ReqdColltnDt>2026-10-16")),
    ("signed_late", last("<DtOfSgntr>2026-01-31", "<DtOfSgntr>2026-10-02")),
    ("reference", last("<EndToEndId>C-2", "<EndToEndId>NOTPROVIDED")),
    ("reference", last("<MndtId>M-1</MndtId>", "")),
    ("mandate", last("<DtOfSgntr>2026-01-31</DtOfSgntr>", "")),
    ("creditor_identifier", changed("DE98ZZZ09999999999", "DE97ZZZ09999999999")),
    ("creditor_identifier_scheme", changed("<SchmeNm><Prtry>SEPA</Prtry></SchmeNm>", "")),
    (
        "creditor_identifier_place",
        last("</MndtRltdInf>", f"</MndtRltdInf><CdtrSchmeId><Id>{IDENTIFIER}</Id></CdtrSchmeId>"),
    ),
    ("account", last("DE02120300000000202051", "DE03120300000000202051")),
    ("account", changed("DE02120300000000202051", "DE03120300000000202051")),
    ("account_scheme", last("<IBAN>DE02120300000000202051</IBAN>", "<Othr><Id>1</Id></Othr>")),
    ("account_currency", last("</Id></DbtrAcct>", "</Id><Ccy>CHF</Ccy></DbtrAcct>")),
    ("agent", last("<Othr><Id>NOTPROVIDED</Id></Othr>", "")),
    ("agent_abroad", last("DE02120300000000202051", "GB29NWBK60161331926819")),
    ("amount_currency", both('Ccy="EUR"', 'Ccy="USD"', ONE)),
    ("amount_zero", summed("5.00", amount("0.00"))),
    ("amount_large", summed("1000000005.00", amount("1000000000.00"))),
    ("amount_decimals", amount("10.000")),
    ("amendment", last("</DtOfSgntr>", "</DtOfSgntr><AmdmntInd>true</AmdmntInd>")),
    ("amendment", changed("<AmdmntInd>true", "<AmdmntInd>false", AMENDED)),
    ("amendment_empty", changed("<OrgnlMndtId>OLD-1</OrgnlMndtId>", "<OrgnlFrqcy>MNTH</OrgnlFrqcy>", AMENDED)),
    ("amendment_same", changed("<OrgnlMndtId>OLD-1", "<OrgnlMndtId>M-1", AMENDED)),
    ("smnda_only", changed("<Id>SMNDA</Id>", "<Id>UNKNOWN</Id>", MOVED)),
    (
        "smnda_place",
        changed(
            "<OrgnlMndtId>OLD-1</OrgnlMndtId>",
            "<OrgnlDbtrAgt><FinInstnId><Othr><Id>SMNDA</Id></Othr></FinInstnId></OrgnlDbtrAgt>",
            AMENDED,
        ),
    ),
    (
        "smnda_agent",
        changed(
            "</OrgnlDbtrAcct>",
            "</OrgnlDbtrAcct>",
            changed(
                "<AmdmntInfDtls>",
                "<AmdmntInfDtls><OrgnlDbtrAgt><FinInstnId><BICFI>COBADEFF</BICFI></FinInstnId></OrgnlDbtrAgt>",
                MOVED,
            ),
        ),
    ),
    ("debtor_name", last("<Nm>Employer</Nm>", "")),
    ("name_length", last("<Nm>Employer", f"<Nm>{'E' * 71}")),
    ("characters", last("<Nm>Employer", "<Nm>Würth")),
    ("characters", last("</DbtrAcct>", "</DbtrAcct><RmtInf><Ustrd>Réf</Ustrd></RmtInf>")),
    ("address", changed(ADDRESS, "<AdrLine>Berlin</AdrLine>")),
    ("address", changed(ADDRESS, "<Ctry>DE</Ctry>")),
    ("address", changed(ADDRESS, ADDRESS + "<AdrLine>1</AdrLine>" * 3)),
    ("remittance", last("</DbtrAcct>", f"</DbtrAcct><RmtInf>{leaf('Ustrd', 'a') * 2}</RmtInf>")),
    (
        "remittance",
        last("</DbtrAcct>", "</DbtrAcct><RmtInf><Ustrd>a</Ustrd><Strd><AddtlRmtInf>b</AddtlRmtInf></Strd></RmtInf>"),
    ),
]
TWO_BLOCKS = written(message(group(id="P-1"), group(a_debit("C-2"), id="P-2"))).decode()
BROKEN += [
    ("schemes", last("<Cd>CORE", "<Cd>B2B", TWO_BLOCKS)),
    ("duplicate_block", changed("P-2", "P-1", TWO_BLOCKS)),
    (
        "currencies",
        without_sepa(both('<InstdAmt Ccy="EUR">', '<InstdAmt Ccy="TND">', last('Ccy="EUR">', 'Ccy="DZD">'))),
    ),
    ("amount", last('<InstdAmt Ccy="EUR">5.00', '<InstdAmt Ccy="EUR">5.001', summed("10.00", GOOD))),
]


@pytest.mark.parametrize(
    ("code", "content"), BROKEN, ids=[f"{number}-{code}" for number, (code, _) in enumerate(BROKEN)]
)
def test_what_the_scheme_asks_for_is_held_and_nothing_else_is_found(code: str, content: str) -> None:
    told = [each for each in findings(content) if not each.code.startswith("iso.xsd.")]
    assert [each.code for each in told] == [f"iso.pain008.{code}"]
    assert told[0].remedy
    assert told[0].path.startswith(("GrpHdr", "PmtInf["))


def test_every_rule_has_a_file_that_breaks_it() -> None:
    assert {f"iso.pain008.{code}" for code, _ in BROKEN} == {rule.code for rule in rulebook.RULES}


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("<MsgId>MSG-1", "<MsgId>MSG_1", "characters"),
        ("C-2", "C//2", "slash"),
        ("<MndtId>M-1", "<MndtId>/M-1", "slash"),
        ("P-1", "P" * 36, "length"),
    ],
)
def test_references_are_held_against_the_character_set(old: str, new: str, kind: str) -> None:
    assert f"iso.reference.{kind}" in found(changed(old, new))


@pytest.mark.parametrize(
    ("good", "bad"), [(rib(777001).value, rib(777001).value[:-1] + "1"), (moroccan(7).value, "1" * 24)]
)
def test_a_national_account_number_has_a_key(good: str, bad: str) -> None:
    scheme = AccountScheme.DZ_RIB if len(good) == 20 else AccountScheme.MA_RIB
    foreign = group(a_debit(debtor_account=AccountNumber(scheme, good)), currency="DZD", service_level=None)
    content = written(message(foreign)).decode()
    assert found(changed(good, bad, content)) == ["iso.pain008.account"]


def test_a_duplicate_is_told_where_it_stands_again_and_once_each() -> None:
    debits = [a_debit(f"C-{number % 6}") for number in range(9)]
    unique = [each._replace(end_to_end_id=f"C-{number}") for number, each in enumerate(debits)]
    content = written(message(group(*unique))).decode()
    for number in range(6, 9):
        content = content.replace(f">C-{number}<", f">C-{number % 6}<")
    assert [(each.code, each.path) for each in findings(content)] == [
        ("iso.pain008.duplicate", f"PmtInf[0]/DrctDbtTxInf[{number}]/PmtId/EndToEndId") for number in range(6, 9)
    ]


def test_the_place_of_a_finding_is_the_element() -> None:
    [finding] = findings(last("DE02120300000000202051", "DE03120300000000202051"))
    assert finding.path == "PmtInf[0]/DrctDbtTxInf[1]/DbtrAcct/Id/IBAN"


def test_no_finding_repeats_an_account_or_a_name() -> None:
    secret = "DE03120300000000202051"
    told = findings(last("<Nm>Employer", "<Nm>Würth", both("DE02120300000000202051", secret)))
    assert told
    assert not any(word in repr(each) for each in told for word in (secret, "Würth"))


def test_a_calendar_of_the_house_takes_the_place_of_target() -> None:
    told = pain008_findings(io.BytesIO(GOOD.encode()), "out.xml", is_open=lambda day: day != date(2026, 10, 5))
    assert [each.code for each in told] == ["iso.pain008.date_closed"]


class TestBankFiles:
    """What a bank says of its own file, and what it leaves out."""

    def test_its_totals_are_held(self) -> None:
        gap = container(family="camt.053", before=balance("OPBD", "5.00") + balance("CLBD", "6.00"))
        assert found(camt(gap, family="camt.053")) == ["iso.control.balance"]

    def test_a_reject_without_a_reason_is_a_question(self) -> None:
        [finding] = findings(pain002(status(), block(transaction_status("RJCT"))))
        assert (finding.code, finding.path) == ("iso.bank.reason", "OrgnlPmtInfAndSts[0]/TxInfAndSts[0]")

    def test_a_rejected_group_without_a_reason_is_a_question(self) -> None:
        [finding] = findings(pain002(status("RJCT")))
        assert (finding.code, finding.path) == ("iso.bank.reason", "OrgnlGrpInfAndSts")

    def test_a_return_that_names_no_collection_is_a_question(self) -> None:
        bare = entry(
            detail(RETURN, end_to_end_id=None, amount="10.00", direction="DBIT"),
            direction="DBIT",
            bank_code=code("IDDT", "UPDD"),
        )
        [finding] = findings(camt(container(entry(detail(amount="10.00", direction="CRDT"))), container(bare)))
        assert (finding.code, finding.path) == ("iso.bank.reference", "Ntfctn[1]/Ntry[0]/TxDtls[0]")


def test_another_message_is_one_finding() -> None:
    assert found(document("<FIToFIPmtStsRpt/>", "urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10")) == [
        "iso.message.unknown"
    ]


def test_a_value_that_ends_the_reading_is_told_after_what_was_found_before() -> None:
    content = camt(container(entry(detail(amount="1,00", direction="CRDT"))))
    assert found(content) == ["iso.xsd.type", "iso.amount.malformed"]


def test_a_file_that_cannot_be_read_whole_is_one_finding_whatever_was_found_before() -> None:
    broken = changed("<PmtMtd>DD", "<PmtMtd>TRF")
    assert found(broken[:-20]) == ["iso.xml.malformed"]


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_is_one_finding_with_its_place(name: str) -> None:
    content, _ = HOSTILE[name]
    [finding] = validate(io.BytesIO(content), file="bank.xml")
    assert finding.path.startswith("bank.xml")
    assert finding.code in CODES


def test_the_command_writes_one_json_object_a_line(tmp_path: Path) -> None:
    path = tmp_path / "out.xml"
    path.write_text(both("<PmtMtd>DD", "<PmtMtd>TRF", last("<Nm>Employer", "<Nm>Würth")))
    result = CliRunner().invoke(iso, ["validate", "--json", str(path)])
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["code"], each["severity"], each["path"]) for each in told] == [
        ("iso.xsd.code", "error", "PmtInf[0]/PmtMtd"),
        ("iso.pain008.payment_method", "error", "PmtInf[0]/PmtMtd"),
        ("iso.pain008.characters", "warning", "PmtInf[0]/DrctDbtTxInf[1]/Dbtr/Nm"),
    ]
    assert told[0]["byte"] == path.read_text().index("</PmtMtd>") + len("</PmtMtd>")
    assert all(each["file"] == str(path) and each["remedy"] for each in told)
    assert result.exit_code == 1


def test_the_command_shows_place_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "out.xml"
    path.write_text(changed("<ReqdColltnDt>2026-10-05", "<ReqdColltnDt>5 Oct"))
    result = CliRunner().invoke(iso, ["validate", str(path)])
    assert f"error: {path}: PmtInf[0]/ReqdColltnDt, byte " in result.stdout


def test_what_comes_too_often_is_counted() -> None:
    content = written(message(group(*(a_debit(f"C-{number}", 100) for number in range(20))))).decode()
    told = findings(both("<DtOfSgntr>2026-01-31</DtOfSgntr>", "", content), findings_max=5)
    assert [each.code for each in told] == ["iso.pain008.mandate"] * 5 + ["iso.more"]
    assert "15 more" in told[-1].message


def test_every_code_that_is_found_is_in_the_catalogue() -> None:
    def codes(contents: Iterable[str]) -> set[str]:
        return {each for content in contents for each in found(content)}

    assert codes(content for _, content in BROKEN) <= CODES


@pytest.mark.parametrize("year", range(2024, 2032))
def test_target_is_open_when_the_library_says_so(year: int) -> None:
    closed = financial_holidays("ECB", years=year)
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    assert [target_is_open(day) for day in days] == [day.weekday() < 5 and day not in closed for day in days]


@pytest.mark.parametrize(
    ("identifier", "holds"),
    [
        ("DE98ZZZ09999999999", True),
        ("DE98ABC09999999999", True),
        ("FR72ZZZ123456", True),
        ("es23 zzz 47690558N", True),
        ("DE97ZZZ09999999999", False),
        ("DE98ZZZ", False),
        ("", False),
    ],
)
def test_a_creditor_identifier_has_check_digits_that_leave_out_the_business_code(identifier: str, holds: bool) -> None:
    assert creditor_identifier_holds(identifier) is holds
