"""Where the numbers of a sheet lead: the list behind each holds exactly what the number counts."""

from house import CLERK, House

from debit_service.reports.figures import asking, behind
from debit_service.reports.figures.sheet import Link, Sheet

#: Numbers that another column of their list adds up to than its amounts.
_SAME = {"settled": "settled", "booked_gross": "settled", "returned": "returned", "charges": "charges"}


def list_of(house: House, link: Link) -> behind.Part:
    """The list to which a number leads."""
    with house.desk.reading(CLERK) as work:
        if link.to == "entries":
            return behind.entries(work, asking.EntriesAsked.of(link.about))
        return behind.collections(work, asking.CollectionsAsked.of(link.about))


def amount_of(part: behind.Part, key: str = "amount") -> int:
    """What the rows of a list add up to by its own totals; of entries: money in less money out."""
    (table,) = part.sheet.tables
    place = [column.key for column in table.columns].index(key)
    sums = [one.cells[place] for one in table.totals]
    return sum(one for one in sums if isinstance(one, int))


def follow(house: House, sheet: Sheet) -> int:
    """Every link to a list: it holds as many rows as its row counts, and where the link is an amount's, that amount.

    A number of money that went out alone has no sign; its list tells money in less money out.
    """
    followed = 0
    for one in sheet.tables:
        keys = [column.key for column in one.columns]
        for each in [*one.rows, *one.totals]:
            for key, link in each.links.items():
                if link.to not in ("entries", "collections"):
                    continue
                value, part = each.cells[keys.index(key)], list_of(house, link)
                went_out = link.to == "entries" and link.about.get("direction") == "debit"
                if key in ("count", "sent"):
                    assert value == part.count, (sheet.key, key, link)
                elif key != "block":
                    counted = amount_of(part, _SAME.get(key, "amount"))
                    assert value == counted * (-1 if went_out else 1), (sheet.key, key, link)
                followed += 1
    return followed
