"""What every command shares: opening the service, output for people or machines, errors as exit codes."""

import json
import os
import select
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click
from pydantic import ValidationError
from pydantic_settings import SettingsError

from debit_service.access.service import sign_in, signed_in
from debit_service.core.errors import DebitError, InvalidInput, Refused, Unavailable
from debit_service.core.rows import BadLine
from debit_service.core.work import SERVICE, Actor
from debit_service.wiring import Service, open_service

DONE, FINDINGS, USAGE, REFUSED = 0, 1, 2, 3
FILE = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
PARTIAL = click.option("--partial", is_flag=True, help="Take the good lines although others are bad.")
AS = click.option(
    "--as", "login", required=True, help="Who decides; the password is asked for, or taken from DEBIT_PASSWORD."
)
WHY = click.option("--why", required=True, help="The reason, kept for ever.")
P = ParamSpec("P")


def command(function: Callable[P, int | None]) -> Callable[P, None]:
    """Give a command `--json`, and its errors the contract's form: code, message, place, remedy, and exit code."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = function(*args, **kwargs)
        except DebitError as error:
            code = _tell(error, as_json=bool(kwargs.get("as_json")))
        except (SettingsError, ValidationError) as error:
            names = sorted({str(one["loc"][0]) for one in error.errors()}) if isinstance(error, ValidationError) else []
            trouble = InvalidInput(
                "config.settings",
                "The settings cannot be read.",
                place=", ".join(f"DEBIT_{name.upper()}" for name in names) or None,
                remedy="Compare the environment and default.toml with docs/run-it.md.",
            )
            code = _tell(trouble, as_json=bool(kwargs.get("as_json")))
        except OSError as error:
            if _nobody_listens(error):
                # As `head` does: click ends quietly.
                raise
            trouble = InvalidInput("file.trouble", f"{error.strerror or error}.", place=str(error.filename or ""))
            code = _tell(trouble, as_json=bool(kwargs.get("as_json")))
        sys.exit(code or DONE)

    return click.option("--json", "as_json", is_flag=True, help="Write JSON, for machines.")(run)


def _nobody_listens(error: OSError) -> bool:
    """Whether what reads our output has gone; another broken pipe is a bank's or a file's."""
    if not isinstance(error, BrokenPipeError):
        return False
    poll = select.poll()
    poll.register(1, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _tell(error: DebitError, *, as_json: bool) -> int:
    """Print an error for people or machines; returns the exit code of the contract."""
    if as_json:
        click.echo(json.dumps({"error": error.as_dict()}, ensure_ascii=False))
    else:
        click.echo(f"error: {error}", err=True)
    if error.code.startswith("asked."):
        return USAGE
    return REFUSED if isinstance(error, Refused | Unavailable) else FINDINGS


def service() -> Service:
    """The service on the database of this environment."""
    return open_service()


def operator() -> Actor:
    """Who acts when nobody signs in: the service, by the hand of whoever may use this shell."""
    return SERVICE


def person(opened: Service, login: str) -> Actor:
    """A person who signs in for this one command: password from `DEBIT_PASSWORD`, or asked for."""
    password = os.environ.get("DEBIT_PASSWORD") or click.prompt("Password", hide_input=True)
    # The attempt is committed before anything is refused: guesses are counted.
    with opened.desk.work(SERVICE) as work:
        answer = sign_in(work, login, password, "command line")
    return signed_in(answer)


def emit(as_json: bool, values: Any, lines: Iterable[str]) -> None:
    """Print `values` as JSON, or `lines` for people."""
    if as_json:
        click.echo(json.dumps(values, ensure_ascii=False, default=str))
    else:
        for line in lines:
            click.echo(line)


def told_lines(bad: list[BadLine], done: str) -> list[str]:
    """What became of a file's lines: each bad one with its reason, then the sum."""
    return [*(f"line {one.line}: {one.message} [{one.code}]" for one in bad), f"{done}, {len(bad)} bad lines"]
