"""Names become something that a bank clerk recognises, never nothing; references are refused, never altered (pain 6)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debit_service.core.errors import InvalidInput
from debit_service.iso20022.charset import NOT_PROVIDED, check_reference, is_bank_text, to_bank_text
from debit_service.iso20022.charset_page import page

PAGE = Path(__file__).parents[2] / "docs" / "iso20022-characters.md"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Würth & Söhne", "Wurth + Sohne"),
        ("Société Générale", "Societe Generale"),
        ("Straße Ægir Łódź Ø", "Strasse AEgir Lodz O"),
        ("شركة الأمل", "charika al-amal"),
        ("ﺷﺮﻛﺔ", "charika"),
        ("ﻻ ﷲ", "la allah"),
        ("الجزائر ٢٠٢٦", "al-djzair 2026"),
        ("مُحَمَّد العبّاس", "mouhammad al-abbas"),
        ("عبد الله بن يوسف", "abd allah ben yousf"),
        ("النُّور", "al-nour"),
        ("سُوق كِتَاب", "souk kitab"),
        ("الي", "ali"),
        ("أمين إبراهيم آدم مؤمن هانئ", "amin ibrahim adm moumn hani"),
        ("Газпром", "Gazprom"),
        ("Щука", "Shchuka"),
        ("ЩУКА", "SHCHUKA"),
        ("Αθήνα", "Athina"),
        ("Παπαδόπουλος Ούζο", "Papadopoulos Ouzo"),
        ("ⵜⵉⴼⵉⵏⴰⵖ", "tifinagh"),
        ("ⴽⵯⵥ", "kwz"),
        ("L’Entreprise – “X”", "L'Entreprise - X"),
        ("a_b@c.dz", "a-b(at)c.dz"),
        ("Acme\u202e\u200b\u200f Ltd", "Acme Ltd"),
        ("  two   blanks\n", "two blanks"),
        ("A株", "A?"),
        ("株式会社", "U+682A U+5F0F U+4F1A U+793E"),
        ("🎉 ★", "PARTY POPPER BLACK STAR"),
        ("/", "SOLIDUS"),
        ("ЪЬ", "U+042A U+042C"),
        ("\u200b", "U+200B"),
        ("/ /a", "a"),
        ("5 €", "5 EUR"),
        ("", "NOTPROVIDED"),
        (" \n", "NOTPROVIDED"),
    ],
)
def test_names_are_transliterated(name: str, text: str) -> None:
    assert to_bank_text(name, 70) == text


@given(name=st.text(), max_length=st.integers(1, 140))
def test_any_name_becomes_bank_text_of_the_right_length_and_stays_so(name: str, max_length: int) -> None:
    text = to_bank_text(name, max_length)
    assert 1 <= len(text) <= max_length
    assert is_bank_text(text)
    assert to_bank_text(text, max_length) == text


@given(name=st.text(min_size=1).filter(str.strip))
def test_only_a_blank_name_is_not_provided(name: str) -> None:
    assert to_bank_text(name, 70) != NOT_PROVIDED


@given(names=st.tuples(st.text("★♥株式אב🎉", min_size=1, max_size=3), st.text("★♥株式אב🎉", min_size=1, max_size=3)))
def test_names_that_cannot_be_written_stay_different(names: tuple[str, str]) -> None:
    one, other = (to_bank_text(name, 140) for name in names)
    assert (one == other) == (names[0] == names[1])


def test_the_page_for_people_says_what_the_tables_say() -> None:
    """Make it again: python -m debit_service.iso20022.charset_page > docs/iso20022-characters.md"""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_length_is_that_after_the_mapping() -> None:
    assert to_bank_text("ß" * 40, 70) == "s" * 70


@pytest.mark.parametrize("reference", ["A", "a-B/1?:().,'+ z", "x" * 35])
def test_a_good_reference_passes(reference: str) -> None:
    check_reference(reference, 35, "MsgId")


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("", "length"),
        ("x" * 36, "length"),
        ("NOTPROVIDED", "nothing"),
        ("Müller", "characters"),
        ("a_b", "characters"),
        ("a ", "characters"),
        ("a\n", "characters"),
        ("٣", "characters"),
        ("/a", "slash"),
        ("a/", "slash"),
        ("a//b", "slash"),
    ],
)
def test_a_bad_reference_is_refused_with_its_place(reference: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_reference(reference, 35, "MsgId")
    assert (refused.value.code, refused.value.place) == (f"iso.reference.{code}", "MsgId")
