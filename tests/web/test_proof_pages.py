"""The proof pack on the web: staff take any, an employer its own; how a failure was judged is told in the reader's language."""

from pathlib import Path

import pytest
from web.conftest import Browser
from web.story import Ids

from debit_service.reports.proof.check import check, read_pack


def downloaded(browser: Browser, contribution_id: str, folder: Path) -> dict[str, bytes]:
    answer = browser.client.get(f"/contributions/{contribution_id}/proof-pack.zip")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=proof-{contribution_id}.zip"
    path = folder / "pack.zip"
    path.write_bytes(answer.data)
    return read_pack(path)


def test_staff_take_the_pack_of_a_contribution_from_its_page(browser: Browser, ids: Ids, tmp_path: Path) -> None:
    clerk = browser.as_person("clerk")
    address = f"/contributions/{ids.failed}"
    assert f'href="{address}/proof-pack.zip"' in clerk.get(address)
    pack = downloaded(clerk, ids.failed, tmp_path)
    assert check(pack).faults == []
    assert "audit/log.json" in pack


def test_an_employer_takes_its_own_and_no_other(browser: Browser, ids: Ids, tmp_path: Path) -> None:
    first = browser.as_person("first")
    pack = downloaded(first, ids.paid, tmp_path)
    assert check(pack).faults == []
    assert not any(name.startswith("audit/") for name in pack)
    assert first.client.get(f"/contributions/{ids.lost}/proof-pack.zip").status_code in (403, 404)


@pytest.mark.parametrize(("language", "said"), [("fr", "La banque a donné ce motif"), ("ar", "ذكر البنك هذا السبب")])
def test_the_argument_is_told_in_the_readers_language(browser: Browser, ids: Ids, language: str, said: str) -> None:
    assert said in browser.as_person("clerk").get(f"/contributions/{ids.failed}?lang={language}")
