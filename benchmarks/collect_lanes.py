"""What collects: the service, step by step; its writer alone; and the plainest code that does a part of the work.

No floor checks a reference, an amount or a character, splits a file, or could say afterwards what it asked of whom.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast
from xml.sax.saxutils import escape

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Integer, Select, String, func, literal, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.engine import Connection, Dialect

from benchmarks import task
from benchmarks.checks import Wrong
from benchmarks.collect_data import BATCHED_AT, DUE_ON
from benchmarks.costs import Task, Watch
from benchmarks.data import total_minor
from benchmarks.databases import settle
from benchmarks.fund import FUND, PLANNED_AT, fund_of
from benchmarks.lanes.floors import file_head
from debit_service.banks import queries as bank_files
from debit_service.collections.models import Collection
from debit_service.collections.service.batch import HELD_MAX, make_batches
from debit_service.collections.service.file import Due, lines_of, message_of
from debit_service.collections.service.notify import notify
from debit_service.collections.service.obstacles import unsent
from debit_service.collections.service.plan import plan, unsent_days
from debit_service.contributions.models import Contribution
from debit_service.core.models import OutboxMessage
from debit_service.core.work import SERVICE
from debit_service.iso20022 import pain008
from debit_service.mandates.models import Mandate

#: Row by row, more contributions would only take longer: the rate is the same.
ROW_BY_ROW_MAX = 1_000
_BUFFER, _ROWS_AT_ONCE = 1 << 20, 20_000
# Envelope of a sealed value: version 1, key id 4, nonce 12.
_NONCE, _BODY = slice(5, 17), slice(17, None)
_FOOT = "</PmtInf></CstmrDrctDbtInitn></Document>\n"

Row: TypeAlias = tuple[Any, ...]


# --- the service ----------------------------------------------------------------------------------------------------------


def ours(job: Task, watch: Watch) -> None:
    """From due contributions to frozen files: plan, notify, batch. In between the notices go out, which is not measured."""
    service, fund = job.service, fund_of(job.service)
    desk, bank, calendar = service.desk, service.bank_of(fund), service.debit_calendar(fund)
    with watch("plan", job.size):
        planned = plan(desk, SERVICE, fund, bank, calendar, PLANNED_AT.date())
    with watch("notify", job.size):
        noticed = notify(desk, SERVICE, fund)
    with desk.work(SERVICE) as work:
        work.session.execute(update(OutboxMessage).values(done_at=PLANNED_AT))
    settle(desk.database.engine)
    job.clock.set(BATCHED_AT)
    with watch("batch", job.size):
        batches = make_batches(desk, SERVICE, fund, bank, calendar, BATCHED_AT.date()).batches
    if (planned.collections, noticed) != (job.size, job.size):
        raise Wrong(f"{planned.collections} planned and {noticed} noticed, and not {job.size}")
    with desk.reading(SERVICE) as work:
        for batch in batches:
            (job.folder / f"{batch.id}.xml").write_bytes(bank_files.content(work, batch.file_id))


def write(job: Task, watch: Watch) -> None:
    """The service's writer alone: read what is planned, open what is sealed, check, split, write. Nothing is kept."""
    service, fund = job.service, fund_of(job.service)
    bank = service.bank_of(fund)
    most = bank.limits.transactions or HELD_MAX
    held, after = HELD_MAX // most * most or HELD_MAX, ""
    with service.desk.reading(SERVICE) as work, watch("write", job.size):
        # The only day, as the service asks for each: the index then gives the rows in their order.
        (day,) = unsent_days(work, fund)
        query = lines_of(unsent(fund) & (Collection.collection_date == day)).order_by(Collection.id).limit(held)
        while due := [Due._make(row) for row in work.session.execute(query.where(Collection.id > after))]:
            whole = message_of(work, fund, bank, "CORE", due)
            for part in pain008.split(whole, bank.limits, bank.style):
                message = pain008.renamed(part, work.new_id())
                with _durable(job.folder / f"{message.message_id}.xml") as out:
                    pain008.write_pain008(out, message, style=bank.style)
            after = due[-1].collection_id


@contextmanager
def _durable(path: Path) -> Iterator[BinaryIO]:
    """A file that is on the disk when the context ends."""
    with path.open("wb", buffering=_BUFFER) as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


# --- floors ---------------------------------------------------------------------------------------------------------------


def opened(job: Task, watch: Watch) -> None:
    """The same query by a cursor, account and name opened by AESGCM itself, one f-string each, one file."""
    keys = job.service.desk.keys
    decrypt = AESGCM(keys.sealing[keys.active]).decrypt

    def texts(row: Row) -> tuple[str, str]:
        mandate_id, account, name = row[7], row[12], row[13]
        return (
            decrypt(account[_NONCE], account[_BODY], f"mandates.account:{mandate_id}".encode()).decode(),
            decrypt(name[_NONCE], name[_BODY], f"mandates.debtor_name:{mandate_id}".encode()).decode(),
        )

    _by_cursor(job, watch, texts)


def plain(job: Task, watch: Watch) -> None:
    """`opened` without opening anything: columns in the clear stand for account and name."""
    _by_cursor(job, watch, lambda row: (f"DE89{row[0][8:]}", row[8]))


def _by_cursor(job: Task, watch: Watch, texts: Callable[[Row], tuple[str, str]]) -> None:
    engine = job.service.desk.database.engine
    statement = _literally(lines_of(unsent(fund_of(job.service))), engine.dialect)
    with watch("write", job.size), engine.connect() as connection, _durable(job.folder / "all.xml") as out:
        out.write(_header(job))
        for row in _rows(connection, statement):
            account, name = texts(row)
            amount = row[2]
            out.write(
                f"<DrctDbtTxInf><PmtId><EndToEndId>{row[1]}</EndToEndId></PmtId>"
                f'<InstdAmt Ccy="EUR">{amount // 100}.{amount % 100:02d}</InstdAmt>'
                f"<DrctDbtTx><MndtRltdInf><MndtId>{row[8]}</MndtId><DtOfSgntr>{row[10]}</DtOfSgntr></MndtRltdInf></DrctDbtTx>"
                f"<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>"
                f"<Dbtr><Nm>{escape(name)}</Nm></Dbtr><DbtrAcct><Id><IBAN>{account}</IBAN></Id></DbtrAcct>"
                f"<RmtInf><Ustrd>{row[5]} {row[6]}</Ustrd></RmtInf></DrctDbtTxInf>\n".encode()
            )
        out.write(_FOOT.encode())


def copy(job: Task, watch: Watch) -> None:
    """PostgreSQL makes the text, and COPY brings it: columns in the clear stand for account and name, nothing is escaped."""
    engine = job.service.desk.database.engine
    amount = Collection.amount_minor
    text = func.concat(
        literal("<DrctDbtTxInf><PmtId><EndToEndId>"), Collection.end_to_end_id,
        literal('</EndToEndId></PmtId><InstdAmt Ccy="EUR">'), amount // literal(100, Integer),
        literal("."), func.lpad(sql_cast(func.mod(amount, 100), String), 2, "0"),
        literal("</InstdAmt><DrctDbtTx><MndtRltdInf><MndtId>"), Mandate.reference,
        literal("</MndtId><DtOfSgntr>"), Mandate.signed_on,
        literal("</DtOfSgntr></MndtRltdInf></DrctDbtTx><DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>"
                "</DbtrAgt><Dbtr><Nm>"), Mandate.reference,
        literal("</Nm></Dbtr><DbtrAcct><Id><IBAN>DE89"), func.substr(Collection.id, 9),
        literal("</IBAN></Id></DbtrAcct><RmtInf><Ustrd>"), Contribution.reference, literal(" "), Contribution.period,
        literal("</Ustrd></RmtInf></DrctDbtTxInf>"),
    )  # fmt: skip
    query = (
        select(text)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .join(Contribution, Contribution.id == Collection.contribution_id)
        .where(Collection.fund_id == FUND, Collection.live, Collection.payment_information_id.is_(None))
    )
    statement = f"copy ({_literally(query, engine.dialect)}) to stdout"
    with engine.connect() as connection:
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        with (
            watch("write", job.size),
            _durable(job.folder / "all.xml") as out,
            driver.cursor() as cursor,
            cursor.copy(statement.encode()) as rows,
        ):
            out.write(_header(job))
            for piece in rows:
                out.write(piece)
            out.write(_FOOT.encode())


def row_by_row(job: Task, watch: Watch) -> None:
    """Planning as an ORM invites to: load a contribution, load its mandate, add a collection, flush. It checks nothing."""
    desk = job.service.desk
    with desk.reading(SERVICE) as work:
        ids = work.session.scalars(select(Contribution.id).order_by(Contribution.id).limit(ROW_BY_ROW_MAX)).all()
    with watch("plan", len(ids)), desk.work(SERVICE) as work:
        for contribution_id in ids:
            contribution = work.session.get_one(Contribution, contribution_id)
            mandate = work.session.scalars(
                select(Mandate).where(Mandate.employer_id == contribution.employer_id, Mandate.live)
            ).one()
            work.session.add(
                Collection(
                    id=work.new_id(),
                    contribution_id=contribution.id,
                    attempt=1,
                    fund_id=contribution.fund_id,
                    mandate_id=mandate.id,
                    end_to_end_id=f"{contribution.id}-1",
                    amount_minor=contribution.amount_minor,
                    currency=contribution.currency,
                    collection_date=DUE_ON,
                    date_reason="due date",
                    days_late_by_service=0,
                    sequence_type="RCUR",
                    planned_at=work.now(),
                    live=True,
                )
            )
            work.session.flush()
    with desk.reading(SERVICE) as work:
        kept = work.session.scalar(select(func.count()).select_from(Collection))
    if kept != len(ids):
        raise Wrong(f"{kept} planned, and not {len(ids)}")


def _header(job: Task) -> bytes:
    return file_head(task.Task(job.size, total_minor(job.size), [], job.folder, job.folder)).encode()


def _literally(query: Select[*tuple[Any, ...]], dialect: Dialect) -> str:
    """The statement as a driver takes it, with its values in it."""
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _rows(connection: Connection, statement: str) -> Iterator[Row]:
    """The rows as the driver has them, some at a time."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        yield from driver.execute(statement)
        return
    with cast("psycopg.Connection[Any]", driver).cursor(name="planned") as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        yield from cursor.execute(statement.encode())
