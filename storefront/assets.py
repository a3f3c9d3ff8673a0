"""The pages' own files, served under a name with a hash of their contents: kept for good, and new when they change."""

import gzip
import hashlib
from pathlib import Path

from starlette.responses import Response

FOLDER = Path(__file__).with_name("static")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_GOOD = "public, max-age=31536000, immutable"

_CONTENTS = {file.name: file.read_bytes() for file in sorted(FOLDER.iterdir()) if file.suffix in _TYPES}
_HASHES = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in _CONTENTS.items()}
_PACKED = {name: gzip.compress(content, mtime=0) for name, content in _CONTENTS.items()}


def address(name: str) -> str:
    """'shop.css' -> '/static/0123456789ab/shop.css'. Raises KeyError for a file that is not there."""
    return f"/static/{_HASHES[name]}/{name}"


def response(digest: str, name: str, *, packed: bool) -> Response | None:
    """The file; None for one that is not there. `packed`: the client takes gzip.

    A page of an older version may ask for an older hash: it gets the newest file, and is told not to keep it.
    """
    if name not in _CONTENTS:
        return None
    headers = {
        "Cache-Control": _FOR_GOOD if digest == _HASHES[name] else "no-cache",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if packed:
        headers["Content-Encoding"] = "gzip"
    content = _PACKED[name] if packed else _CONTENTS[name]
    return Response(content, headers=headers, media_type=_TYPES[Path(name).suffix])
