"""This library's readers, called as a program would call them."""

from benchmarks.task import Seen, Task
from debit_service.iso20022.pain008 import read_pain008, reread
from debit_service.iso20022.read import read_bank_file
from debit_service.iso20022.records import BankRecord, Level


def bank_file(task: Task) -> Seen:
    """Every normalised field of every transaction that a bank tells of."""
    count = total = 0
    with task.source.open("rb") as stream:
        for item in read_bank_file(stream, file=task.source.name):
            if isinstance(item, BankRecord):
                count += 1
                total += item.amount_minor or 0
    return Seen(count, total)


def rejects(task: Task) -> Seen:
    """The same of a pain.002, whose amounts are those that were asked for."""
    count = total = 0
    with task.source.open("rb") as stream:
        for item in read_bank_file(stream, file=task.source.name):
            if isinstance(item, BankRecord) and item.level is Level.TRANSACTION:
                count += 1
                total += item.original_amount_minor or 0
    return Seen(count, total)


def debits(task: Task) -> Seen:
    """Every collection of a pain.008."""
    count = total = 0
    with task.source.open("rb") as stream:
        for line in read_pain008(stream, file=task.source.name):
            count += 1
            total += line.amount_minor
    return Seen(count, total)


def totals_and_amounts(task: Task) -> Seen:
    """The check before an approval: all totals, then each amount with its reference."""
    with task.source.open("rb") as stream:
        summary = reread(stream)
        total = sum(amount for _, amount in summary.amounts)
    return Seen(summary.count, total)
