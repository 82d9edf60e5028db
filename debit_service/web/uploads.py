"""Files that people send: more room where a scan is expected, and what it holds touches no disk before it is sealed."""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from flask import Request, current_app, request, send_file
from flask.typing import ResponseReturnValue

from debit_service.mandates.scans import SCAN_BYTES_MAX

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

#: What the other fields of a form and the borders between them may take beside the scan.
_REST_BYTES_MAX = 64 * 1024
_TAKE_SCANS: set[Callable[..., Any]] = set()


class InMemoryRequest(Request):
    """A request whose files stay in memory: Werkzeug would put a larger one into a temporary file, as plain bytes."""

    def _get_file_stream(self, *_arguments: Any, **_more: Any) -> IO[bytes]:
        return BytesIO()


def takes_scan(view: View) -> View:
    """Declare that a route takes a form with a scan."""
    _TAKE_SCANS.add(view)
    return view


def make_room() -> None:
    """Before the form of a request is read, and after it is known who sends it: let a scan in where one is expected."""
    if current_app.view_functions.get(request.endpoint or "") in _TAKE_SCANS:
        request.max_content_length = SCAN_BYTES_MAX + _REST_BYTES_MAX


def download(content: bytes, media_type: str, name: str) -> ResponseReturnValue:
    """`content` to be kept as a file: no browser shows it as a page of this site."""
    return send_file(BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name)
