"""Flat files that people and other systems hand us: CSV (comma or semicolon, UTF-8 with or without BOM) and NDJSON.

Every line is answered for: it is good, or it is reported with its number, a code and a reason. One bad line never hides another.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from debit_service.core.errors import DebitError, InvalidInput

Row = TypeVar("Row", bound=BaseModel)

ROWS_BYTES_MAX = 512 * 1024 * 1024
LINE_LENGTH_MAX = 64 * 1024


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


def _ndjson(text: str) -> Iterator[tuple[int, str, Any]]:
    for number, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        try:
            values = json.loads(raw, parse_float=str, parse_int=str)
        except json.JSONDecodeError as error:
            values = BadLine(number, "line.not_json", f"This line is no JSON object: {error.msg}.", raw)
        else:
            if not isinstance(values, dict):
                values = BadLine(number, "line.not_object", "This line is no JSON object.", raw)
        yield number, raw, values


def _csv(text: str, model: type[BaseModel]) -> Iterator[tuple[int, str, Any]]:
    header_line = text.partition("\n")[0]
    delimiter = ";" if header_line.count(";") > header_line.count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(reader, [])]
    _check_header(header, model)
    while True:
        first_line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield first_line, "", BadLine(first_line, "line.not_csv", f"This line is no CSV: {error}.", "")
            continue
        raw = delimiter.join(cells)
        if not raw.strip(delimiter + " "):
            continue
        if len(cells) != len(header):
            message = f"This line has {len(cells)} cells; the header has {len(header)}."
            yield first_line, raw, BadLine(first_line, "line.cells", message, raw)
            continue
        yield first_line, raw, {name: cell.strip() or None for name, cell in zip(header, cells, strict=True)}


def _check_header(header: list[str], model: type[BaseModel]) -> None:
    known = set(model.model_fields)
    missing = {name for name, info in model.model_fields.items() if info.is_required()} - set(header)
    unknown = set(header) - known
    if missing or unknown or len(set(header)) != len(header):
        trouble = [f"missing: {', '.join(sorted(missing))}"] if missing else []
        trouble += [f"unknown: {', '.join(sorted(unknown))}"] if unknown else []
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
