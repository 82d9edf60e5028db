"""The key ring: what is sealed opens in its own place and nowhere else, and a ring is never replaced."""

import json
import stat
from pathlib import Path

import pytest
from house import House
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from debit_service import schema
from debit_service.core.crypto import KeyRing, create_key_ring, load_key_ring
from debit_service.core.errors import DebitError, NotFound, Refused
from debit_service.core.settings import Settings
from debit_service.wiring import open_service

RING = KeyRing("k001", {"k001": b"1" * 32, "k000": b"0" * 32}, b"i" * 32)
PLACE = "mandates.account:M1"


def refusal_of(sealed: bytes, place: str = PLACE, ring: KeyRing = RING) -> str:
    with pytest.raises(Refused) as refusal:
        ring.open_bytes(sealed, place)
    return refusal.value.code


@given(st.binary())
def test_what_is_sealed_opens_again(value: bytes) -> None:
    assert RING.open_bytes(RING.seal(value, PLACE), PLACE) == value


def test_the_same_value_is_sealed_differently_each_time() -> None:
    assert RING.seal("DE89", PLACE) != RING.seal("DE89", PLACE)


def test_a_value_moved_to_another_row_does_not_open() -> None:
    assert refusal_of(RING.seal("DE89", PLACE), "mandates.account:M2") == "keys.tampered"


@given(st.data())
def test_a_value_with_any_bit_turned_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(RING.seal("DE89370400440532013000", PLACE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert refusal_of(bytes(sealed)) in ("keys.tampered", "keys.unknown")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01k001", b"\x01k001" + b"0" * 12, b"\x02k001" + b"0" * 40])
def test_bytes_that_were_never_sealed_do_not_open(sealed: bytes) -> None:
    assert refusal_of(sealed) in ("keys.tampered", "keys.unknown")


def test_a_value_sealed_by_a_key_that_is_gone_is_told_apart_from_a_damaged_one() -> None:
    without = KeyRing("k001", {"k001": RING.sealing["k001"]}, RING.indexing)
    older = KeyRing("k000", RING.sealing, RING.indexing)
    assert refusal_of(older.seal("DE89", PLACE), ring=without) == "keys.unknown"
    assert RING.open(older.seal("DE89", PLACE), PLACE) == "DE89"


def test_equal_values_have_equal_indexes_within_one_purpose_only() -> None:
    assert RING.index("DE89", "account") == RING.index("DE89", "account")
    assert RING.index("DE89", "account") != RING.index("DE89", "login")
    assert RING.index("DE89", "account") != KeyRing("k001", RING.sealing, b"j" * 32).index("DE89", "account")


def test_a_key_ring_shows_no_key() -> None:
    assert repr(RING) == "KeyRing(active='k001')"


def test_a_new_key_ring_is_for_its_owner_only_and_loads_as_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = create_key_ring(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key_ring(path) == made
    assert [left.name for left in tmp_path.iterdir()] == ["keys.json"]


def test_a_key_ring_that_exists_is_never_replaced_even_if_it_came_a_moment_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.json"
    made = create_key_ring(path)
    monkeypatch.setattr(Path, "exists", lambda _: False)  # as it looks to the slower of two processes
    with pytest.raises(Refused) as refusal:
        create_key_ring(path)
    assert refusal.value.code == "keys.exist"
    assert load_key_ring(path) == made


def test_a_key_ring_that_is_gone_is_asked_for_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refusal:
        load_key_ring(tmp_path / "keys.json")
    assert refusal.value.code == "keys.missing"
    assert "Restore it from its safe" in str(refusal.value)


@pytest.mark.parametrize(
    "content", ["", "{", "{}", "[]", '{"active": "k001", "sealing": {"k001": "?"}, "indexing": ""}']
)
def test_a_file_that_is_no_key_ring_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(Refused) as refusal:
        load_key_ring(path)
    assert refusal.value.code == "keys.damaged"


def settings_of(home: Path) -> Settings:
    return Settings(home=home)


def test_a_new_installation_gets_its_key_ring_and_an_upgrade_keeps_it(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    schema.upgrade(settings)
    made = load_key_ring(settings.keys_path)
    schema.upgrade(settings)
    assert load_key_ring(settings.keys_path) == made
    open_service(settings).desk.database.dispose()


def test_a_database_whose_key_ring_is_gone_gets_no_new_one(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    schema.upgrade(settings)
    settings.keys_path.unlink()
    for start in (schema.upgrade, open_service):
        with pytest.raises(DebitError) as refusal:
            start(settings)
        assert refusal.value.code == "keys.missing"
    assert not settings.keys_path.exists()


def test_a_database_does_not_open_with_the_key_ring_of_another(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    schema.upgrade(settings)
    settings.keys_path.unlink()
    other = create_key_ring(settings.keys_path)
    for start in (open_service, schema.upgrade):
        with pytest.raises(Refused) as refusal:
            start(settings)
        assert refusal.value.code == "keys.wrong"
    assert load_key_ring(settings.keys_path) == other


def test_the_database_holds_no_account_number_and_no_name_in_the_clear(house: House) -> None:
    house.sent("CNAS")
    one = house.sent("EINZUGSSTELLE")
    house.bank_says(_notification(one.account, one.end_to_end_id))
    people = [house.employer("CNSS"), house.employer("CNAS")]
    known = [text for person in people for text in (person.name, person.account[1])] + [one.account, "the manager"]
    dump = _dump(house)
    assert len(dump) > 10_000
    assert [word for word in known if word.encode() in dump] == []


def _notification(account: str, end_to_end_id: str) -> bytes:
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>'
        "<GrpHdr><MsgId>N</MsgId></GrpHdr>"
        f"<Ntfctn><Id>N</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct><Ntry><Amt Ccy='EUR'>1.00</Amt>"
        "<CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-09-28</Dt></BookgDt><NtryDtls><TxDtls><Refs>"
        f"<EndToEndId>{end_to_end_id}</EndToEndId></Refs><RltdPties><Dbtr><Pty><Nm>the manager</Nm></Pty></Dbtr></RltdPties>"
        "<RmtInf><Ustrd>the manager</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def _dump(house: House) -> bytes:
    """Every byte of the database: of every column of every row, and of SQLite's own files too."""
    content = b""
    with house.desk.database.reading() as session:
        for table in schema.METADATA.sorted_tables:
            for row in session.execute(text(f"select * from {table.name}")):  # noqa: S608 - our own table names
                values = (
                    bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row
                )
                content += b"\n".join(values)
    path = house.desk.database.engine.url.database
    if house.desk.database.engine.dialect.name == "sqlite":
        content += b"".join(Path(f"{path}{part}").read_bytes() for part in ("", "-wal"))
        return content + json.dumps(house.service.settings.shown()).encode()
    return content
