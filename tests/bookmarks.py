"""Going back, on either database, for machines that live many lives in one house."""

from collections.abc import Callable

from faults.day import Saved
from house import House


def embedded(house: House) -> bool:
    """Whether the house is on SQLite, where going back is cheap."""
    return house.service.settings.url.startswith("sqlite")


def bookmark(house: House) -> Callable[[], None]:
    """Remember everything as it is now; the function returned brings it back, as often as it is called."""
    if embedded(house):
        return house.bookmark()
    house.close()
    saved, now = Saved(house.service.settings.url, house.service.settings.home), house.clock.now()

    def back() -> None:
        house.close()
        saved.restore()
        house.clock.set(now)

    return back
