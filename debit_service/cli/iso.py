"""`debit iso`: ISO 20022 files from a shell, without a database. Reads what banks send, validates, writes pain.008."""

import csv
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, Literal, cast, get_args

import click

from debit_service.core.clock import SystemClock
from debit_service.core.errors import DebitError, InvalidInput
from debit_service.core.files import sync_folder
from debit_service.core.money import format_minor, parse_minor
from debit_service.iso20022.findings import Finding
from debit_service.iso20022.pain008 import (
    BicRule,
    Limits,
    Message,
    PaymentInformation,
    Style,
    Version,
    Written,
    reread,
    split,
    write_pain008,
)
from debit_service.iso20022.pain008.debit_list import COLUMNS, read_debit_list
from debit_service.iso20022.pain008.spool import Spool
from debit_service.iso20022.read import Repair, read_bank_file
from debit_service.iso20022.records import BankRecord, Container, as_json
from debit_service.iso20022.unpack import unpacked_to_seek
from debit_service.iso20022.validate import validate as findings_of
from debit_service.iso20022.xml import UnreadableFile

_ENCODE: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False).encode
_SPOOL_BYTES = 16 * 1024 * 1024
_WIDTHS = (19, 10, 6, 10, 6, 18, 3, 24, 6)
_TITLES = ("level", "kind", "status", "booked", "sign", "amount", "ccy", "end-to-end id", "reason", "text")
_JSON_OPTION = click.option("--json", "as_ndjson", is_flag=True, help="Write NDJSON, errors included, for machines.")
_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, allow_dash=True))


@click.group()
def iso() -> None:
    """Read, validate and write ISO 20022 files; needs no database."""


@iso.command("read")
@_FILES
@click.option(
    "--repair",
    "repairs",
    type=click.Choice(list(Repair)),
    multiple=True,
    help="Read a file that is not what it should be: several-documents, one after another in one file.",
)
@_JSON_OPTION
@click.pass_context
def read_command(context: click.Context, files: Sequence[str], repairs: Sequence[Repair], *, as_ndjson: bool) -> None:
    """Show what banks say in FILES: any pain.002, camt.052, camt.053 or camt.054, by itself or in a ZIP archive; `-` is the
    standard input.

    One line a transaction detail; one for an entry without details; one for a status at group or block level. A file that
    cannot be read whole shows nothing but its error, on standard error; the others are still read, and the exit code is 1.
    Control totals that do not hold are told on standard error.
    """
    failed = False
    with _showing(as_ndjson=as_ndjson):
        for file in files:
            failed = not _show_records(file, repairs, as_ndjson=as_ndjson) or failed
    context.exit(1 if failed else 0)


def _show_records(file: str, repairs: Sequence[Repair], *, as_ndjson: bool) -> bool:
    """Whether the file could be read."""
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES, mode="w+", encoding="utf-8") as staged:
        try:
            with _opened(file) as stream:
                items = read_bank_file(stream, file=file, repairs=repairs)
                findings = _stage(cast("IO[str]", staged), items, as_ndjson=as_ndjson)
        except (DebitError, OSError) as error:
            _report(error, file, as_ndjson=as_ndjson)
            return False
        staged.seek(0)
        shutil.copyfileobj(staged, sys.stdout)
        sys.stdout.flush()
    for finding in findings:
        _tell(finding, file, as_ndjson=as_ndjson, err=True)
    return True


@iso.command("validate")
@_FILES
@_JSON_OPTION
@click.pass_context
def validate_command(context: click.Context, files: Sequence[str], *, as_ndjson: bool) -> None:
    """Hold FILES against their schema and the rules of their scheme: any pain.008, pain.002, camt.052, camt.053, camt.054, by
    itself, in an envelope or in a ZIP archive; `-` is the standard input.

    One finding a line: severity, place, what is wrong, its code (see docs/iso20022-findings.md), the remedy. A file that cannot
    be read whole is one finding. The exit code is 1 when there is an error; warnings alone leave it 0.
    """
    failed = False
    with _showing(as_ndjson=as_ndjson):
        for file in files:
            try:
                findings = _findings(file)
            except (DebitError, OSError) as error:
                _report(error, file, as_ndjson=as_ndjson)
                failed = True
                continue
            for name, finding in findings:
                _tell(finding, name, as_ndjson=as_ndjson)
                failed = failed or finding.severity == "error"
    context.exit(1 if failed else 0)


def _findings(file: str) -> list[tuple[str, Finding]]:
    """What is wrong with a file, or with each of the files in an archive; each finding with the name of its file."""
    findings: list[tuple[str, Finding]] = []
    with _opened(file) as opened:
        try:
            for name, stream in unpacked_to_seek(opened, file=file):
                findings += ((name, finding) for finding in findings_of(stream, file=name))
        except UnreadableFile as error:
            said = Finding(error.code, "error", error.place or file, error.message, error.remedy or "Ask for it again.")
            findings.append((file, said))
    return findings


def _columns_help() -> str:
    rows = (f"{name:<24}{'*' if required else ' '} {meaning}" for name, (required, meaning) in COLUMNS.items())
    return "\b\nColumns (* must be filled):\n" + "\n".join(rows)


@iso.command("write", epilog=_columns_help())
@click.option(
    "--version",
    type=click.Choice(get_args(Version)),
    default="08",
    show_default=True,
    help="Of pain.008.001.",
)
@click.option(
    "--bic-rule",
    type=click.Choice(get_args(BicRule)),
    default="notprovided",
    show_default=True,
    help="What stands for an agent without BIC: nothing, NOTPROVIDED, or a refusal of the list.",
)
@click.option(
    "--input", "source", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV or NDJSON."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The pain.008 to write. A file of that name is replaced. It holds accounts: only its owner may read it (0600).",
)
@click.option("--message-id", help="MsgId, unique for ever. [default: name of the input file without its ending]")
@click.option("--initiating-party", help="Name of who sends the file. [default: creditor of the first line]")
@click.option(
    "--created-at", type=click.DateTime(), help="CreDtTm in UTC. Give it to get the same bytes again. [default: now]"
)
@click.option("--max-transactions", type=click.IntRange(min=1), help="Transactions that the bank takes in a file.")
@click.option("--max-blocks", type=click.IntRange(min=1), help="Blocks (PmtInf) that the bank takes in a file.")
@click.option("--max-bytes", type=click.IntRange(min=1), help="Bytes that the bank takes in a file.")
@click.option("--max-amount", help="Sum that the bank takes in a file, like 1000000.00.")
@_JSON_OPTION
@click.pass_context
def write_command(
    context: click.Context,
    version: Version,
    bic_rule: BicRule,
    source: Path,
    out: Path,
    message_id: str | None,
    initiating_party: str | None,
    created_at: datetime | None,
    max_transactions: int | None,
    max_blocks: int | None,
    max_bytes: int | None,
    max_amount: str | None,
    *,
    as_ndjson: bool,
) -> None:
    """Write a pain.008 from a flat file, one line a transaction (CSV with a header, or NDJSON for *.ndjson and *.jsonl).

    Lines that share creditor, scheme, sequence type, date, batch booking, category purpose and currency form one payment
    information. A bad line is reported with its number, and then nothing is written. A list that is more than the bank takes
    in a file becomes several, MsgId-1 in OUT-1, MsgId-2 in OUT-2 and so on. Each file is read again and compared with its
    source before any gets its name. A file that has that name already is replaced, so that a run can be repeated; the input, and
    whatever is no regular file (a link, a device), never is.
    """
    style = Style(version, bic_rule)
    try:
        with Spool() as spool:
            groups = _read_groups(source, message_id or source.stem, spool, as_ndjson=as_ndjson)
            currency = groups[0].currency
            message = Message(
                message_id=message_id or source.stem,
                created_at=(created_at or SystemClock().now()).replace(microsecond=0, tzinfo=None),
                initiating_party=initiating_party or groups[0].creditor.name,
                groups=groups,
            )
            most = parse_minor(max_amount, currency) if max_amount else None
            parts = split(message, Limits(max_transactions, max_blocks, max_bytes, most), style)
            outs = _names(out, len(parts))
            _check_replaceable(outs, source)
            files = _write_atomically(outs, parts, style)
    except (DebitError, OSError) as error:
        of_out = isinstance(error, DebitError) and error.code.startswith("iso.out.")
        _report(error, str(out if of_out else source), as_ndjson=as_ndjson)
        context.exit(1)
    with _showing(as_ndjson=as_ndjson):
        for path, written in files:
            total = format_minor(written.control_sum_minor, currency)
            if as_ndjson:
                _echo_json({"out": str(path), "count": written.count, "control_sum": total, "sha256": written.sha256})
            else:
                click.echo(f"{path}: {written.count} transactions, {total} {currency}, sha256 {written.sha256}")


def _names(out: Path, count: int) -> list[Path]:
    """`out` for one file; out-1.xml, out-2.xml... for several."""
    return [out] if count == 1 else [out.with_stem(f"{out.stem}-{number}") for number in range(1, count + 1)]


def _read_groups(source: Path, message_id: str, spool: Spool, *, as_ndjson: bool) -> list[PaymentInformation]:
    kind: Literal["csv", "ndjson"] = "ndjson" if source.suffix in {".ndjson", ".jsonl"} else "csv"
    wrong = 0

    def report(finding: Finding) -> None:
        nonlocal wrong
        wrong += 1
        _tell(finding, str(source), as_ndjson=as_ndjson, err=True)

    try:
        with source.open(encoding="utf-8-sig", newline="") as lines:
            groups = read_debit_list(lines, kind, message_id, spool, report)
    except (UnicodeDecodeError, csv.Error):
        raise InvalidInput(
            "iso.list.unreadable", f"The file is no {kind.upper()} in UTF-8.", place=str(source)
        ) from None
    if wrong:
        raise InvalidInput("iso.list.refused", f"{wrong} lines are wrong; nothing was written.")
    if not groups:
        raise InvalidInput("iso.list.empty", "There is no transaction in the file.")
    return groups


def _check_replaceable(outs: Sequence[Path], source: Path) -> None:
    """Refuse to rename over what nobody means to lose."""
    for out in outs:
        if not os.path.lexists(out):
            continue
        if not stat.S_ISREG(out.lstat().st_mode):
            raise InvalidInput(
                "iso.out.not_a_file",
                "This exists and is no regular file.",
                place=str(out),
                remedy="Give another --out.",
            )
        if out.samefile(source):
            raise InvalidInput("iso.out.is_input", "This is the input.", place=str(out), remedy="Give another --out.")


@contextmanager
def _blamed(out: Path) -> Iterator[None]:
    """What the system says while a file is written, as a fact about that file."""
    try:
        yield
    except OSError as error:
        raise InvalidInput(
            "iso.out.unwritable",
            f"The file cannot be written: {error.strerror or error}.",
            place=str(out),
            remedy="See that its folder is there, can be written to and has room.",
        ) from None


def _write_atomically(outs: Sequence[Path], messages: Sequence[Message], style: Style) -> list[tuple[Path, Written]]:
    """Whoever watches the folder sees whole files or none: temporary names, fsync, check, then rename, fsync of the folder."""
    written = []
    with ExitStack() as undo:
        ready = []
        for out, message in zip(outs, messages, strict=True):
            with _blamed(out):
                handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part")
            undo.callback(Path(name).unlink, missing_ok=True)
            with _blamed(out), os.fdopen(handle, "w+b") as stream:
                written.append((out, write_pain008(stream, message, style=style)))
                stream.flush()
                os.fsync(stream.fileno())
                _compare(reread(stream, file=out.name).amounts, message)
            ready.append(Path(name))
        for out, temporary in zip(outs, ready, strict=True):
            with _blamed(out):
                temporary.replace(out)
    with _blamed(outs[0]):
        sync_folder(outs[0].parent)
    return written


def _compare(amounts: Iterator[tuple[str | None, int]], message: Message) -> None:
    asked = ((debit.end_to_end_id, debit.amount_minor) for group in message.groups for debit in group.transactions)
    if any(pair != read for pair, read in zip(asked, amounts, strict=True)):
        raise InvalidInput("iso.pain008.reread", "What was written is not what was asked for; nothing was kept.")


def _stage(staged: IO[str], items: Iterable[BankRecord | Container], *, as_ndjson: bool) -> list[Finding]:
    """Put the lines aside until the file has proved whole; the findings are what its control totals say."""
    findings: list[Finding] = []
    for item in items:
        if isinstance(item, Container):
            findings += item.findings
            if not as_ndjson:
                staged.write(_container_line(item) + "\n")
        elif as_ndjson:
            staged.write(_ENCODE(as_json(item)) + "\n")
        else:
            if staged.tell() == 0:
                staged.write(f"{item.file} ({item.message})\n{_row(_TITLES)}\n")
            staged.write(_record_line(item) + "\n")
    return findings


def _record_line(record: BankRecord) -> str:
    minor = record.amount_minor if record.amount_minor is not None else record.original_amount_minor
    amount = format_minor(minor, record.currency) if minor is not None and record.currency else ""
    booked = record.booking_date.isoformat() if record.booking_date else ""
    reason = record.reason_code or record.reason_proprietary
    reference = record.end_to_end_id or record.payment_information_id or record.account_servicer_reference
    words = record.reason_text or record.debtor_name or record.remittance
    cells = (
        record.level,
        record.kind,
        record.status,
        booked,
        record.direction,
        amount,
        record.currency,
        reference,
        reason,
    )
    return _row((*(str(cell or "") for cell in cells), words or ""))


def _container_line(container: Container) -> str:
    name = " ".join(
        filter(None, (container.message, container.container_id or container.message_id, container.account))
    )
    line = f"= {name}: {container.entry_count} entries"
    if container.currency and container.message.startswith("camt"):
        credit = format_minor(container.booked_credit_minor, container.currency)
        debit = format_minor(container.booked_debit_minor, container.currency)
        line += f", booked +{credit} -{debit} {container.currency}"
    return _printable(line)


def _row(cells: Sequence[str]) -> str:
    padded = (_printable(cell).ljust(width) for cell, width in zip(cells[:-1], _WIDTHS, strict=True))
    return "  ".join((*padded, _printable(cells[-1]))).rstrip()


def _printable(text: str) -> str:
    """A bank's text may hold what steers a terminal; it is shown as a blank."""
    return "".join(character if character.isprintable() else " " for character in text)


def _tell(finding: Finding, file: str, *, as_ndjson: bool, err: bool = False) -> None:
    if as_ndjson:
        _echo_json({"file": file, **finding.as_dict()}, err=err)
        return
    place = finding.path if finding.path.startswith(file) else f"{file}: {finding.path}"
    if finding.byte is not None:
        place += f", byte {finding.byte}"
    click.echo(
        _printable(f"{finding.severity}: {place}: {finding.message} [{finding.code}] Remedy: {finding.remedy}"), err=err
    )


def _opened(file: str) -> AbstractContextManager[BinaryIO]:
    """The file to read; the standard input for `-`, which stays open."""
    return cast("AbstractContextManager[BinaryIO]", click.open_file(file, "rb"))


@contextmanager
def _showing(*, as_ndjson: bool) -> Iterator[None]:
    """Around all that is printed: where that fails, it is no fault of the file that was read, and it ends the command."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads on: the command ends without a word.
        raise
    except OSError as error:
        # What could not be printed is still waiting, and would fail once more at the end of the process.
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
        failure = InvalidInput(
            "iso.output.unwritable",
            f"What there is to show cannot be written: {error.strerror or error}.",
            place="standard output",
        )
        _report(failure, "standard output", as_ndjson=as_ndjson)
        click.get_current_context().exit(1)


def _report(error: DebitError | OSError, file: str, *, as_ndjson: bool) -> None:
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        error = InvalidInput("iso.file.unreadable", f"The file cannot be used: {reason}.", place=file)
    if as_ndjson:
        _echo_json({"file": file, **error.as_dict()}, err=True)
    else:
        click.echo(_printable(f"error: {error}"), err=True)


def _echo_json(values: dict[str, object] | dict[str, str] | dict[str, str | None], *, err: bool = False) -> None:
    click.echo(json.dumps(values, ensure_ascii=False), err=err)
