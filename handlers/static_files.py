"""Static files under addresses that name their content, so that browsers may keep them for ever."""

import hashlib
import json
from pathlib import Path
from typing import Any

from tornado.web import GZipContentEncoding, StaticFileHandler

from handlers.api import PlainHandler

YEAR_S = 365 * 24 * 3600


class StaticFiles:
    """Addresses of the files in `folder`: `/static/css/page.css?v=1f0c…`, by content, computed once."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._versions = {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def url(self, name: str) -> str:
        """Raises KeyError for a file that does not exist: a page must not point to nothing."""
        return f"/static/{name}?v={self._versions[name]}"

    @property
    def import_map(self) -> str:
        """JSON for the pages: `callboard/live_transcript` → that module's address, and so for each."""
        modules = [name for name in self._versions if name.startswith("js/") and name.endswith(".js")]
        names = {f"callboard/{name.removeprefix('js/').removesuffix('.js')}": self.url(name) for name in modules}
        return json.dumps({"imports": names})


class StaticHandler(PlainHandler, StaticFileHandler):
    """GET /static/…: a file, compressed where that is asked for, as nothing in it is secret; the client module may be
    used by pages of any origin."""

    def prepare(self) -> None:
        if "Range" not in self.request.headers:  # a part is of the file as it is
            self._transforms.append(GZipContentEncoding(self.request))

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Access-Control-Allow-Origin", "*")
        if "v" not in self.request.arguments:
            self.set_header("Cache-Control", "no-cache")

    def get_cache_time(self, path: str, modified: Any, mime_type: str) -> int:
        return YEAR_S if "v" in self.request.arguments else 0
