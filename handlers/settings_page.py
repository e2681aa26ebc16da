"""What the settings pages share: administrators only, and forms that end in another page or come back with errors."""

from typing import Any

from handlers.api import ApiError
from handlers.form_fields import Form
from handlers.notes import Note
from handlers.pages import PageHandler

ID = "([0-9]{1,9})"  # fits an INTEGER of both databases


class SettingsPage(PageHandler):
    """A page about the administrator's own organisation; what is another's is not found."""

    async def prepare(self) -> None:
        await super().prepare()
        if self.grant is not None and self.grant.role != "admin":
            raise ApiError(403, "not_an_administrator", "This is for administrators.")

    @property
    def organization_id(self) -> int:
        return self.grant.organization_id

    def render_settings(self, name: str, form: Form | None = None, **context: Any) -> None:
        """The template; 422 where it gives a form back."""
        form = form or Form()
        if form.errors:
            self.set_status(422)
        note = self.services.notes.take(self.grant.right) if self.request.method == "GET" else None
        self.render_page(f"settings/{name}.html", form=form, note=note, **context)

    def go_on(self, path: str, note: Note | str) -> None:
        """To the page that follows a form, which says so once."""
        self.services.notes.leave(self.grant.right, Note(note) if isinstance(note, str) else note)
        self.redirect(path, status=303)


class SettingsHome(SettingsPage):
    def get(self) -> None:
        """GET /settings: the first of them."""
        self.redirect("/settings/sources")
