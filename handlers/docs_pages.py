"""The developers' pages. Whoever reaches the server may read them: who integrates has a key, and not always an account,
and nothing in them is of any organisation."""

import asyncio
import posixpath

from handlers import docs_library
from handlers.api import ApiError
from handlers.pages import PageHandler


class DocsPage(PageHandler):
    needs_session = False
    is_before_first_run = True

    async def get(self, name: str = "") -> None:
        """GET /docs and /docs/…: a page, or one of the files that they are made of; only names that are known are
        ever looked for on the disk."""
        if name in docs_library.FILES:
            return self._hand_over(name)
        if name not in docs_library.NAMES:
            raise ApiError(404, "not_found", "There is no such page.")
        base_url = self.services.public_url
        page = await asyncio.to_thread(docs_library.page, name, base_url, self.templates)
        source = f"{name}.md" if f"{name}.md" in docs_library.FILES else ""
        self.render_page("docs/page.html", page=page, path=name, source=source, groups=docs_library.GROUPS)

    def _hand_over(self, name: str) -> None:
        """The file as it is: an example is text here, whatever it is elsewhere."""
        if name.endswith(".json"):
            self.set_header("Content-Type", "application/json; charset=utf-8")
            self.set_header("Access-Control-Allow-Origin", "*")
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
        if name.startswith("examples/"):
            self.set_header("Content-Disposition", f'attachment; filename="{posixpath.basename(name)}"')
        self.finish(docs_library.text(docs_library.FILES[name]))
