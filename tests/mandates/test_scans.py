"""What counts as a scan: told by the bytes alone, whole, of one kind, and harmless."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scan_files import archive, jpeg, pdf, pdf_object_stream, png

from debit_service.core.errors import InvalidInput
from debit_service.mandates import scans
from debit_service.mandates.scans import ScanType, scan_type

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE = b"<!doctype html><script>alert(1)</script>"
GOOD = {
    "a PDF": (pdf(), ScanType.PDF),
    "a PDF of version 2": (pdf(version=b"2.0"), ScanType.PDF),
    "a PDF with packed objects": (pdf(pdf_object_stream(b"1 0 <</Type/Page>>")), ScanType.PDF),
    "a PDF whose objects stand in a stream as they are": (
        pdf(pdf_object_stream(b"", packed=b"1 0 <</Type/Page>>").replace(b"/Filter/FlateDecode", b"")),
        ScanType.PDF,
    ),
    "a PDF with a blank line at its end": (pdf() + b"\r\n\0\0", ScanType.PDF),
    "a JPEG": (jpeg(), ScanType.JPEG),
    "a JPEG that says who made it": (jpeg(b"scanner 7"), ScanType.JPEG),
    "a JPEG filled up with zeros": (jpeg() + b"\0" * 100, ScanType.JPEG),
    "two pictures in a JPEG, as telephones write": (jpeg() + b"\0\0" + jpeg(b"smaller"), ScanType.JPEG),
    "a PNG": (png(), ScanType.PNG),
}
HOSTILE = {
    "nothing": (b"", "scan.empty"),
    "text": (b"Form 17, stamped", "scan.kind"),
    "a drawing with a script": (SVG, "scan.kind"),
    "a web page": (PAGE, "scan.kind"),
    "an archive": (archive(), "scan.kind"),
    "a program": (b"MZ\x90\x00" + bytes(60), "scan.kind"),
    "a PDF behind something else": (PAGE + pdf(), "scan.kind"),
    "a GIF": (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "scan.kind"),
    "a PDF cut off": (pdf()[:-10], "scan.not_whole"),
    "a PDF with a page hung on": (pdf() + PAGE, "scan.not_whole"),
    "a PDF that is an archive": (pdf() + archive(content=b"") + b"\n%%EOF", "scan.archive_inside"),
    "a picture with a page hung on": (jpeg() + PAGE, "scan.not_whole"),
    "a picture with a drawing hung on": (png() + SVG, "scan.not_whole"),
    "a JPEG that is an archive": (jpeg() + archive(), "scan.not_whole"),
    "a PNG that is an archive": (png() + archive(), "scan.not_whole"),
    "an archive in the note of a JPEG": (jpeg(archive()), "scan.archive_inside"),
    "a JPEG without a picture": (b"\xff\xd8\xff\xd9", "scan.not_whole"),
    "a JPEG of notes only": (b"\xff\xd8\xff\xfe\x00\x04hi\xff\xd9", "scan.not_whole"),
    "a picture within a picture": (b"\xff\xd8" + jpeg(), "scan.not_whole"),
    "a PNG without its head": (png()[:8] + png()[33:], "scan.not_whole"),
    "a PNG with a changed byte": (png()[:20] + b"\x09" + png()[21:], "scan.not_whole"),
    "a PDF with a script": (pdf(b"8 0 obj<</S/JavaScript/JS(app.alert(1))>>endobj\n"), "scan.active"),
    "a PDF with a script, spelled otherwise": (pdf(b"8 0 obj<</S/#4Aava#53cript/JS(x)>>endobj\n"), "scan.active"),
    "a PDF that starts a program": (pdf(b"8 0 obj<</S /Launch/F(cmd.exe)>>endobj\n"), "scan.active"),
    "a PDF with another file in it": (pdf(b"8 0 obj<</Names<</EmbeddedFiles 9 0 R>>>>endobj\n"), "scan.active"),
    "a PDF with a packed script": (pdf(pdf_object_stream(b"8 0 <</S/JavaScript/JS(x)>>")), "scan.active"),
    "a PDF with a script in a stream as it is": (
        pdf(pdf_object_stream(b"", packed=b"8 0 <</S/JavaScript>>").replace(b"/Filter/FlateDecode", b"")),
        "scan.active",
    ),
    "a PDF whose packed objects cannot be read": (pdf(pdf_object_stream(b"", packed=b"\x80\x0bopaque")), "scan.active"),
    "a PDF whose packed objects stand behind too many blanks": (
        pdf(pdf_object_stream(b"8 0 <</S/JavaScript>>").replace(b">>stream", b" " * 5000 + b">>stream")),
        "scan.active",
    ),
    "a PDF whose packed objects are told by another obj": (
        pdf(pdf_object_stream(b"8 0 <</S/JavaScript>>").replace(b">>stream", b"/X(obj)>>stream")),
        "scan.active",
    ),
    "a PDF whose packed objects never end": (
        pdf(b"9 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\n" + zlib.compress(b"")),
        "scan.active",
    ),
    "a PDF with a password": (pdf(b"8 0 obj<</Encrypt 9 0 R>>endobj\n"), "scan.active"),
}


@pytest.mark.parametrize(("content", "kind"), GOOD.values(), ids=GOOD)
def test_a_scan_is_what_its_bytes_say(content: bytes, kind: ScanType) -> None:
    assert scan_type(content) is kind


@pytest.mark.parametrize(("content", "code"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_plain_scan_is_refused_with_the_remedy(content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        scan_type(content)
    assert (refusal.value.code, refusal.value.place) == (code, "scan")
    assert refusal.value.remedy
    assert "can" in refusal.value.remedy or "rint" in refusal.value.remedy


def test_a_scan_may_have_the_limit_and_not_a_byte_more(monkeypatch: pytest.MonkeyPatch) -> None:
    content = png(64)
    monkeypatch.setattr(scans, "SCAN_BYTES_MAX", len(content))
    assert scan_type(content) is ScanType.PNG
    with pytest.raises(InvalidInput) as refusal:
        scan_type(content + b"\0")
    assert refusal.value.code == "scan.too_large"


def test_packed_objects_that_blow_up_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "_UNPACKED_BYTES_MAX", 1000)
    assert scan_type(pdf(pdf_object_stream(b" " * 900))) is ScanType.PDF
    for body in (pdf_object_stream(b" " * 1001), pdf_object_stream(b" " * 600) * 2):
        with pytest.raises(InvalidInput) as refusal:
            scan_type(pdf(body))
        assert refusal.value.code == "scan.active"


@given(st.sampled_from([pdf(), jpeg(b"note"), png(3)]), st.data())
def test_no_part_of_a_scan_is_a_scan(whole: bytes, data: st.DataObject) -> None:
    # A PDF may lack the line end behind its last word.
    cut = data.draw(st.integers(0, len(whole.rstrip()) - 1))
    with pytest.raises(InvalidInput):
        scan_type(whole[:cut])


@given(st.sampled_from([pdf(), jpeg(), png()]), st.binary(min_size=1).filter(lambda tail: tail.strip(b"\0 \t\r\n\f\v")))
def test_nothing_may_hang_onto_a_scan(whole: bytes, tail: bytes) -> None:
    with pytest.raises(InvalidInput):
        scan_type(whole + tail)


@given(st.binary())
def test_any_bytes_are_judged_and_nothing_else_happens(content: bytes) -> None:
    for start in (b"", b"%PDF-1.7", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(InvalidInput):
            scan_type(start + content)
