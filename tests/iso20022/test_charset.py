"""Names become something that a bank clerk recognises, never nothing; references are refused, never altered (pain 6)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debit_service.core.errors import InvalidInput
from debit_service.iso20022.charset import check_reference, is_bank_text, to_bank_text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Würth & Söhne", "Wurth + Sohne"),
        ("Société Générale", "Societe Generale"),
        ("Straße Ægir Łódź Ø", "Strasse AEgir Lodz O"),
        ("شركة الأمل", "chrka alaml"),
        ("ﺷﺮﻛﺔ", "chrka"),
        ("الجزائر ٢٠٢٦", "aldjzair 2026"),
        ("Газпром", "Gazprom"),
        ("Щука", "Shchuka"),
        ("Αθήνα", "Athina"),
        ("ⵜⵉⴼⵉⵏⴰⵖ", "tifinagh"),
        ("L’Entreprise – “X”", "L'Entreprise - X"),
        ("a_b@c.dz", "a-b(at)c.dz"),
        ("Acme\u202e\u200b\u200f Ltd", "Acme Ltd"),
        ("  two   blanks\n", "two blanks"),
        ("株式会社", "????"),
        ("🎉", "NOTPROVIDED"),
        ("\u200b", "NOTPROVIDED"),
        ("", "NOTPROVIDED"),
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


@given(name=st.text(st.characters(whitelist_categories=["Lu", "Ll", "Lo"]), min_size=1))
def test_letters_never_vanish_altogether(name: str) -> None:
    """Only the Arabic hamza and the Cyrillic signs have no sound of their own."""
    silent = set("ءъьЪЬ")
    if not set(unicodedata.normalize("NFKD", name)) <= silent:
        assert to_bank_text(name, 300) != ""


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
