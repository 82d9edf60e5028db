"""Flat files that people and other systems hand us: CSV (comma or semicolon, UTF-8 with or without BOM) and NDJSON.

Every line is answered for: it is good, or it is reported with its number, a code and a reason. One bad line never hides another.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from debit_service.core.errors import DebitError, InvalidInput

Row = TypeVar("Row", bound=BaseModel)

_COLUMN_NAME = re.compile(r"[a-z_]{1,40}")
ROWS_BYTES_MAX = 512 * 1024 * 1024
# No name, number or address has them: PostgreSQL cannot keep the first, mail headers must not hold line ends, and half a
# character (a lone surrogate, which JSON can spell) is no text at all.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not taken: its number in the file (from 1), a stable code, and what to do about it."""

    line: int
    code: str
    message: str
    text: str = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """For reports; the line itself stays out, because it may hold account numbers."""
        return {"line": self.line, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class GoodLine(Generic[Row]):
    """A line that keeps every rule of form."""

    line: int
    row: Row
    text: str = field(repr=False)


def read_rows(content: bytes, model: type[Row]) -> Iterator[GoodLine[Row] | BadLine]:
    """Each line of a CSV or NDJSON file as a `model`, or as a `BadLine`.

    NDJSON is recognised by a first character `{`. A CSV needs a header with the model's field names; unknown columns are an
    error, because a misspelt column would otherwise be lost in silence. Raises InvalidInput when the file cannot be read at all.
    """
    text = _decode(content)
    lines = _ndjson(text) if text.lstrip()[:1] == "{" else _csv(text, model)
    for number, raw, values in lines:
        if isinstance(values, BadLine):
            yield values
            continue
        if any(isinstance(value, str) and _CONTROL.search(value) for value in values.values()):
            yield BadLine(number, "line.control_character", "A value holds a control character.", raw)
            continue
        try:
            yield GoodLine(number, model.model_validate(values), raw)
        except ValidationError as error:
            yield BadLine(number, *_first_error(error), raw)
        except DebitError as error:
            yield BadLine(number, error.code, error.told(), raw)


def _decode(content: bytes) -> str:
    if len(content) > ROWS_BYTES_MAX:
        raise InvalidInput(
            "rows.too_large", f"The file is larger than {ROWS_BYTES_MAX // 2**20} MiB.", remedy="Split it."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            "rows.not_utf8",
            "The file is not UTF-8.",
            place=f"byte {error.start}",
            remedy="Save it as UTF-8 (in a spreadsheet: CSV UTF-8).",
        ) from None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with its number. Only line ends end a line: U+2028 and its like may stand inside a name."""
    for number, raw in enumerate(io.StringIO(text, newline=None), start=1):
        yield number, raw.rstrip("\n")


def _ndjson(text: str) -> Iterator[tuple[int, str, Any]]:
    for number, raw in _lines(text):
        if raw.strip():
            yield number, raw, _object(number, raw)


def _object(number: int, raw: str) -> dict[str, Any] | BadLine:
    try:
        values = json.loads(raw, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        return BadLine(number, "line.not_json", f"This line is no JSON object: {error.msg}.", raw)
    except RecursionError:
        return BadLine(number, "line.not_json", "This line is no JSON object: it is nested too deeply.", raw)
    return values if isinstance(values, dict) else BadLine(number, "line.not_object", "This is no JSON object.", raw)


def _csv(text: str, model: type[BaseModel]) -> Iterator[tuple[int, str, Any]]:
    """A line is a record, always: read as a stream, one stray quote would swallow every line after it."""
    lines = _lines(text)
    _, header_line = next(lines, (1, ""))
    delimiter = ";" if header_line.count(";") > header_line.count(",") else ","
    try:
        header = [name.strip() for name in _cells(header_line, delimiter)]
    except csv.Error as error:
        raise InvalidInput("rows.header", f"The header is no CSV: {error}.", place="line 1") from None
    _check_header(header, model)
    for number, raw in lines:
        if not raw.strip(delimiter + " "):
            continue
        try:
            cells = _cells(raw, delimiter)
        except csv.Error as error:
            yield number, raw, BadLine(number, "line.not_csv", f"This line is no CSV: {error}.", raw)
            continue
        if len(cells) != len(header):
            message = f"This line has {len(cells)} cells; the header has {len(header)}."
            yield number, raw, BadLine(number, "line.cells", message, raw)
            continue
        yield number, raw, {name: cell.strip() or None for name, cell in zip(header, cells, strict=True)}


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, strict=True), [])


def _check_header(header: list[str], model: type[BaseModel]) -> None:
    known = set(model.model_fields)
    missing = {name for name, info in model.model_fields.items() if info.is_required()} - set(header)
    unknown = set(header) - known
    if missing or unknown or len(set(header)) != len(header):
        trouble = [f"missing: {', '.join(sorted(missing))}"] if missing else []
        # Without a header the first line is data, and data is not repeated: only what looks like a column's name is.
        named = sorted(name for name in unknown if _COLUMN_NAME.fullmatch(name))
        if unknown:
            others = f"{len(unknown) - len(named)} that are no column names" if len(named) < len(unknown) else ""
            trouble.append(f"unknown: {', '.join([*named, *([others] if others else [])])}")
        raise InvalidInput(
            "rows.header",
            f"The header does not fit ({'; '.join(trouble) or 'a column stands twice'}).",
            place="line 1",
            remedy=f"Columns: {', '.join(model.model_fields)}.",
        )


def _first_error(error: ValidationError) -> tuple[str, str]:
    # pydantic would repeat the input; the message must not (it may be an account number).
    parts = []
    for one in error.errors(include_url=False, include_input=False):
        cause = one.get("ctx", {}).get("error")
        place = ".".join(str(part) for part in one["loc"]) or "line"
        if isinstance(cause, DebitError):
            return cause.code, f"{place}: {cause.told()}"
        parts.append(f"{place}: {one['msg']}")
    return "line.form", "; ".join(parts)
