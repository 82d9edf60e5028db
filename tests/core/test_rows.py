"""Files from other systems: every line is taken or answered for, and one bad line never hides another."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from debit_service.core.errors import InvalidInput
from debit_service.core.rows import BadLine, GoodLine, read_rows


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    amount: str
    note: str | None = None


def read(text: str | bytes) -> tuple[list[GoodLine[Row]], list[BadLine]]:
    content = text if isinstance(text, bytes) else text.encode()
    lines = list(read_rows(content, Row))
    return [one for one in lines if isinstance(one, GoodLine)], [one for one in lines if isinstance(one, BadLine)]


@pytest.mark.parametrize(
    "text",
    [
        "name,amount\nA,1\n",
        "name;amount\nA;1\n",
        "\ufeffname,amount\r\nA,1\r\n",
        "amount,name\n1,A\n",
        'name,amount\n"A","1"\n',
        '{"name": "A", "amount": "1"}\n',
        '\n{"name": "A", "amount": 1}',
    ],
    ids=["comma", "semicolon", "byte order mark", "other order", "quoted", "ndjson", "number in ndjson"],
)
def test_the_forms_that_systems_write_are_read_alike(text: str) -> None:
    good, bad = read(text)
    assert [(one.row.name, one.row.amount) for one in good] == [("A", "1")]
    assert bad == []


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("name", "missing: amount"),
        ("name,amount,colour", "unknown: colour"),
        ("name,amount,name", "a column stands twice"),
        ('name,"amount', "no CSV"),
        ("", "missing: amount, name"),
    ],
)
def test_a_header_that_does_not_fit_stops_the_file_and_names_the_columns(header: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(f"{header}\nA,1\n")
    assert refusal.value.code == "rows.header"
    assert said in str(refusal.value)


def test_a_file_that_is_not_utf8_is_refused_with_the_place_and_the_remedy() -> None:
    with pytest.raises(InvalidInput) as refusal:
        read("name,amount\nCaf\xe9,1\n".encode("latin-1"))
    assert (refusal.value.code, refusal.value.place) == ("rows.not_utf8", "byte 15")
    assert "UTF-8" in str(refusal.value.remedy)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("B,2,3", "line.cells"),
        ("B", "line.cells"),
        (",2", "line.form"),
        ('"B,2', "line.not_csv"),
        ('"B"x,2', "line.not_csv"),
        ("B\x00,2", "line.control_character"),
    ],
)
def test_a_bad_csv_line_is_reported_whole_and_its_neighbours_are_taken(line: str, code: str) -> None:
    good, bad = read(f"name,amount\nA,1\n{line}\nC,3\n")
    assert [one.row.name for one in good] == ["A", "C"]
    assert [(one.line, one.code, one.text) for one in bad] == [(3, code, line)]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "line.not_json"),
        ("[1]", "line.not_object"),
        ('{"name": "B"}', "line.form"),
        ('{"name": "B", "amount": "2", "colour": "red"}', "line.form"),
        ('{"name": "B", "amount": true}', "line.form"),
        ('{"name": "B\\u0000", "amount": "2"}', "line.control_character"),
        ('{"name": "B\\ud800", "amount": "2"}', "line.control_character"),
        ("[" * 100_000, "line.not_json"),
    ],
    ids=["broken", "no object", "missing", "unknown", "other type", "nul", "half a character", "deep"],
)
def test_a_bad_ndjson_line_is_reported_whole_and_its_neighbours_are_taken(line: str, code: str) -> None:
    good, bad = read(f'{{"name": "A", "amount": "1"}}\n{line}\n{{"name": "C", "amount": "3"}}\n')
    assert [one.row.name for one in good] == ["A", "C"]
    assert [(one.line, one.code, one.text) for one in bad] == [(2, code, line)]


def test_an_amount_keeps_its_digits_on_the_way_through_json() -> None:
    good, _ = read('{"name": "A", "amount": 0.10}')
    assert good[0].row.amount == "0.10"


def test_a_line_separator_inside_a_name_ends_no_line() -> None:
    good, bad = read('{"name": "A\u2028B", "amount": "1"}\n')
    assert (len(good), bad) == (1, [])


def test_what_is_reported_to_others_never_holds_the_line_itself() -> None:
    _, bad = read('{"name": "A", "amount": {"secret": "DE89"}}')
    assert "DE89" not in json.dumps(bad[0].as_dict()) + repr(bad[0])


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1), max_size=8))
def test_good_and_bad_lines_are_all_the_lines_there_are(lines: list[str]) -> None:
    good, bad = read("\n".join(["name,amount", *lines]))
    written = [number for number, line in enumerate(lines, start=2) if line.strip(", ")]
    assert sorted([*(one.line for one in good), *(one.line for one in bad)]) == written
