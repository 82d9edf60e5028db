"""A pain.008 is written as it was decided or not at all; read again it says what went in."""

import dataclasses
import hashlib
import io
from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso_builders import CREDITOR, IBAN, debit, group, message, rib, written

from debit_service.core.accounts import AccountNumber, AccountScheme, parse_account
from debit_service.core.errors import InvalidInput
from debit_service.iso20022.charset import NOT_PROVIDED, to_bank_text
from debit_service.iso20022.pain008 import (
    Amendment,
    BicRule,
    DirectDebit,
    Encoding,
    StructuredAddress,
    Style,
    Version,
    read_pain008,
    reread,
    write_pain008,
)
from debit_service.iso20022.validate import validate

VERSIONS: tuple[Version, ...] = get_args(Version)
REFERENCES = st.text("ABCXYZabc0189-?:().,'+", min_size=1, max_size=35)
ADDRESS = StructuredAddress("Alger", "Rue 1", "5 bis", "16000", ("Cité Ö", "Bât. B"), "DZ")
HOSTILE_NAMES = st.text(min_size=1, max_size=200).filter(str.strip)
OTHER_IBAN = parse_account("DE89370400440532013000", AccountScheme.IBAN)


def findings(data: bytes) -> list[str]:
    """The codes that validation finds in a file."""
    return [finding.code for finding in validate(io.BytesIO(data), file="out.xml")]


def styled(style: Style, *debits: DirectDebit, **said: object) -> bytes:
    """The bytes of a message of one group, as a bank wants them."""
    out = io.BytesIO()
    write_pain008(out, message(group(*debits, **said)), style=style)
    return out.getvalue()


@pytest.mark.parametrize("version", VERSIONS)
@given(
    rows=st.lists(
        st.tuples(REFERENCES, st.integers(1, 99_999_999_999), HOSTILE_NAMES, HOSTILE_NAMES), min_size=1, max_size=5
    )
)
def test_what_is_read_again_is_what_went_in(version: Version, rows: list[tuple[str, int, str, str]]) -> None:
    debits = [
        debit(f"{index}{reference}"[:35], amount_minor, debtor_name=name, remittance=words)
        for index, (reference, amount_minor, name, words) in enumerate(rows)
    ]

    data = written(message(group(*debits)), version)

    read = list(read_pain008(io.BytesIO(data), file="out.xml"))
    assert [(line.end_to_end_id, line.amount_minor, line.debtor_account) for line in read] == [
        (each.end_to_end_id, each.amount_minor, IBAN.value) for each in debits
    ]
    names = [to_bank_text(each.debtor_name, 70) for each in debits]
    assert [line.debtor_name for line in read] == [None if name == NOT_PROVIDED else name for name in names]
    assert findings(data) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_can_be_said_is_valid(version: Version) -> None:
    amendments = (
        Amendment(original_mandate_id="M-0"),
        Amendment(original_creditor_identifier="FR72ZZZ123456", original_creditor_name="Ancienne caisse"),
        Amendment(original_debtor_account=OTHER_IBAN),
        Amendment(new_bank=True),
    )
    debits = [
        debit(f"C-{n}", instruction_id=f"I-{n}", debtor_bic="BYLADEM1001", remittance="October", amendment=each)
        for n, each in enumerate(amendments)
    ]
    blocks = [
        group(*debits, id="P-1", batch_booking=True),
        group(
            debit("C-9", debtor_address=ADDRESS),
            id="P-2",
            sequence_type="OOFF",
            category_purpose="SSBE",
            creditor=dataclasses.replace(CREDITOR, agent_bic="BYLADEM1001"),
        ),
    ]
    assert findings(written(message(*blocks), version)) == []


def test_a_national_account_is_another_identification_with_its_scheme() -> None:
    account = rib(777001)
    block = group(
        debit(debtor_account=account),
        currency="DZD",
        service_level=None,
        creditor=dataclasses.replace(CREDITOR, account=rib(1)),
    )
    data = written(message(block))
    assert f"<Othr><Id>{account.value}</Id><SchmeNm><Prtry>DZ_RIB</Prtry></SchmeNm></Othr>".encode() in data
    assert b"SvcLvl" not in data
    assert findings(data) == []


def test_without_a_bic_the_agent_is_not_provided() -> None:
    assert b"<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>" in written()


@pytest.mark.parametrize(
    ("version", "element"), [("02", b"<BIC>"), *((version, b"<BICFI>") for version in VERSIONS[1:])]
)
def test_the_bic_has_the_name_of_its_version(version: Version, element: bytes) -> None:
    assert element in written(message(group(debit(debtor_bic="BYLADEM1001"))), version)


AGENTS = {
    "omit": b"<DbtrAgt><FinInstnId></FinInstnId></DbtrAgt>",
    "notprovided": b"<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>",
}


class TestTheBankSays:
    """What differs from bank to bank: version, BIC rule (pain 7), encoding."""

    @pytest.mark.parametrize("bic_rule", AGENTS)
    @pytest.mark.parametrize("version", VERSIONS)
    def test_what_stands_for_an_agent_without_a_bic(self, version: Version, bic_rule: BicRule) -> None:
        data = styled(Style(version, bic_rule), debit())
        assert AGENTS[bic_rule] in data
        # The schema takes an empty agent; the scheme does not, but for a bank that asked for it.
        assert set(findings(data)) == ({"iso.pain008.agent"} if bic_rule == "omit" else set())

    def test_that_it_requires_every_bic(self) -> None:
        style = Style(bic_rule="require")
        creditor = dataclasses.replace(CREDITOR, agent_bic="BYLADEM1001")
        known = debit(debtor_bic="BYLADEM1001")
        assert b"<BICFI>BYLADEM1001</BICFI></FinInstnId></DbtrAgt>" in styled(style, known, creditor=creditor)
        for debits, payee in (([known], CREDITOR), ([known, debit("C-2")], creditor)):
            with pytest.raises(InvalidInput) as refused:
                styled(style, *debits, creditor=payee)
            assert refused.value.code == "iso.pain008.bic"

    def test_that_a_bic_of_the_old_version_has_letters_first(self) -> None:
        assert b"<BICFI>1234DEFF</BICFI>" in styled(Style("08"), debit(debtor_bic="1234DEFF"))
        with pytest.raises(InvalidInput):
            styled(Style("02"), debit(debtor_bic="1234DEFF"))

    @pytest.mark.parametrize("encoding", get_args(Encoding))
    def test_which_encoding_it_reads_and_all_of_them_are_the_same_bytes(self, encoding: Encoding) -> None:
        data = styled(Style(encoding=encoding), debit(debtor_name="Société & Fils <Łódź> الأمل"))
        declaration, _, body = data.partition(b"\n")
        assert declaration == f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
        assert body == written(message(group(debit(debtor_name="Société & Fils <Łódź> الأمل")))).partition(b"\n")[2]
        assert [line.debtor_name for line in read_pain008(io.BytesIO(data), file="out.xml")] == [
            "Societe + Fils Lodz al-amal"
        ]

    @pytest.mark.parametrize("style", [Style("07"), Style(bic_rule="never"), Style(encoding="UTF-16")])  # type: ignore[arg-type]
    def test_nothing_else(self, style: Style) -> None:
        with pytest.raises(InvalidInput):
            styled(style, debit())


@given(name=HOSTILE_NAMES, words=HOSTILE_NAMES, town=HOSTILE_NAMES)
def test_nothing_is_ever_escaped_so_no_bank_can_refuse_an_escape(name: str, words: str, town: str) -> None:
    """Banks were seen to refuse `&amp;` (pain 6): what would need an escape has no place in the bank's characters."""
    address = dataclasses.replace(ADDRESS, town=town, street=name, lines=(words[:70],))
    data = written(message(group(debit(debtor_name=name, remittance=words, debtor_address=address))))
    assert data.isascii()
    assert b"&" not in data


@pytest.mark.parametrize("version", VERSIONS)
def test_an_account_at_another_bank_is_smnda_and_names_no_agent(version: Version) -> None:
    data = written(message(group(debit(amendment=Amendment(new_bank=True)))), version)
    assert b"<OrgnlDbtrAcct><Id><Othr><Id>SMNDA</Id></Othr></Id></OrgnlDbtrAcct>" in data
    assert b"OrgnlDbtrAgt" not in data
    assert findings(data) == []


def test_two_mandates_on_one_account_stay_two_transactions() -> None:
    """pain 1"""
    data = written(message(group(debit("C-1", mandate_id="M-1"), debit("C-2", mandate_id="M-2"))))
    lines = list(read_pain008(io.BytesIO(data), file="out.xml"))
    assert [(line.mandate_id, line.debtor_account) for line in lines] == [("M-1", IBAN.value), ("M-2", IBAN.value)]


def test_the_same_input_gives_the_same_bytes_and_the_hash_is_theirs() -> None:
    out = io.BytesIO()
    result = write_pain008(out, message())
    assert out.getvalue() == written()
    assert (result.sha256, result.bytes) == (hashlib.sha256(out.getvalue()).hexdigest(), len(out.getvalue()))
    assert (result.count, result.control_sum_minor) == (1, 1000)


def test_transactions_may_be_a_stream() -> None:
    block = group(count=3, control_sum_minor=3000, transactions=(debit(f"C-{n}") for n in range(3)))
    assert reread(io.BytesIO(written(message(block)))).count == 3


REFUSED = {
    "schemes": [group(id="P-1"), group(debit("C-2"), id="P-2", scheme="B2B")],
    "currencies": [group(id="P-1"), group(debit("C-2"), id="P-2", currency="DZD", service_level=None)],
    "currency": [group(currency="DZD")],
    "empty": [group(transactions=(), count=0, control_sum_minor=0)],
    "totals": [group(count=2)],
    "duplicate": [group(debit("C-1"), debit("C-1"))],
    "amount": [group(debit(amount_minor=0))],
    "type": [group(sequence_type="ALL")],
    "charge_bearer": [group(charge_bearer="SHAR")],
    "bic": [group(debit(debtor_bic="NOBIC"))],
    "country": [group(creditor=dataclasses.replace(CREDITOR, country="Germany"))],
    "amendment": [group(debit(amendment=Amendment()))],
    "address": [group(debit(debtor_address=dataclasses.replace(ADDRESS, lines=("a", "b", "c"))))],
    "account": [group(debit(debtor_account=AccountNumber(AccountScheme.IBAN, "DE</IBAN>")))],
    "name": [group(debit(debtor_name=" "))],
}


@pytest.mark.parametrize("code", list(REFUSED))
def test_what_a_bank_would_refuse_is_not_written(code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        written(message(*REFUSED[code]))
    assert refused.value.code == f"iso.pain008.{code}"


@pytest.mark.parametrize(
    "blocks",
    [
        [group(control_sum_minor=999)],
        [group(debit(amount_minor=100_000_000_000))],
        [group(debit(amount_minor=-1))],
        [group(id="P-1"), group(debit("C-2"), id="P-1")],
        [group(id="P-1"), group(debit("C-1"), id="P-2")],
        [group(debit(amendment=Amendment(new_bank=True, original_debtor_account=IBAN)))],
        [group(debit()._replace(amount_minor=10.5), control_sum_minor=10.5)],  # type: ignore[arg-type]
        [group(debit(debtor_address=dataclasses.replace(ADDRESS, country=None)))],
        [group(debit(debtor_address=dataclasses.replace(ADDRESS, town=" ")))],
        [group(debit(debtor_name="NOTPROVIDED"))],
        [group(debit(amendment=Amendment(original_creditor_name=" NOTPROVIDED ")))],
        [group(creditor=dataclasses.replace(CREDITOR, name="NOTPROVIDED"))],
        [group(service_level="<a>")],
        [group(category_purpose="PENSION")],
        [group(count=2, control_sum_minor=2 * 10**18)],
    ],
)
def test_nor_are_its_variants(blocks: list[object]) -> None:
    with pytest.raises(InvalidInput):
        written(message(*blocks))  # type: ignore[arg-type]


def test_a_message_without_groups_is_not_written() -> None:
    empty = dataclasses.replace(message(), groups=())
    with pytest.raises(InvalidInput) as refused:
        written(empty)
    assert refused.value.code == "iso.pain008.empty"


@pytest.mark.parametrize("reference", ["", "x" * 36, "é", "a//b", "/a", "a/", "a\n", " a", "<a>", "أ"])
def test_a_reference_that_a_bank_could_change_is_refused_never_altered(reference: str) -> None:
    for bad in (message(message_id=reference), message(group(id=reference)), message(group(debit(reference)))):
        with pytest.raises(InvalidInput) as refused:
            written(bad)
        assert refused.value.code.startswith("iso.reference.")


class TestReadingAgain:
    """A written file is held against its own totals before anybody approves it."""

    def test_it_gives_every_reference_with_its_amount(self) -> None:
        summary = reread(io.BytesIO(written(message(group(debit("C-1", 1000), debit("C-2", 5))))))
        assert (summary.message_id, summary.count, summary.control_sum_minor) == ("MSG-1", 2, 1005)
        assert list(summary.amounts) == [("C-1", 1000), ("C-2", 5)]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'<InstdAmt Ccy="EUR">10.00', b'<InstdAmt Ccy="EUR">10.01'),
            (b"<NbOfTxs>1</NbOfTxs>", b"<NbOfTxs>2</NbOfTxs>"),
            (b"<CtrlSum>10.00</CtrlSum>", b""),
        ],
    )
    def test_a_file_that_does_not_hold_what_it_says_is_found(self, old: bytes, new: bytes) -> None:
        with pytest.raises(InvalidInput) as refused:
            reread(io.BytesIO(written().replace(old, new)))
        assert refused.value.code == "iso.pain008.totals"

    def test_lines_say_what_their_block_says(self) -> None:
        [line] = read_pain008(io.BytesIO(written()), file="out.xml")
        assert (line.scheme, line.sequence_type, line.collection_date) == ("CORE", "RCUR", date(2026, 10, 5))
        assert (line.mandate_id, line.signed_on, line.creditor_identifier) == (
            "M-1",
            date(2026, 1, 31),
            "DE98ZZZ09999999999",
        )
