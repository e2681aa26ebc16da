"""What organisations want hidden, as every server knows it: read when it starts, and within a second of a change."""

import logging

from events import Unavailable
from models import Store, redaction_settings
from models.redaction_settings import RedactionSettings
from redaction import KINDS, OwnPattern, PatternRefused, Redactor

log = logging.getLogger(__name__)


class Redactors:
    """`in_force` has the organisations that have redaction turned on, by id, and no others. The pipeline holds it, so
    it is changed in place, and never between two events of a message."""

    def __init__(self, store: Store):
        self._store = store
        self._version = 0
        self._settings: dict[int, RedactionSettings] = {}
        self.in_force: dict[int, Redactor] = {}

    async def load(self) -> None:
        """Before anything is taken in. Raises Unavailable."""
        version, turned_on = await self._store.read(redaction_settings.in_force)
        if version < self._version:
            return  # another reading, begun later, was quicker
        new = {its.organization_id: its for its in turned_on}
        for organization_id, its in new.items():
            if its != self._settings.get(organization_id):
                self.in_force[organization_id] = redactor_of(its)
        for organization_id in self.in_force.keys() - new.keys():
            del self.in_force[organization_id]
        self._version, self._settings = version, new

    async def poll(self) -> None:
        """Twice a second: what is in force is what is stored."""
        try:
            if await self._store.read(redaction_settings.version) != self._version:
                await self.load()
        except Unavailable:
            log.debug("the settings of redaction could not be checked; the next poll tries again")


def redactor_of(its: RedactionSettings, *, with_pattern: OwnPattern | None = None) -> Redactor:
    """A pattern that cannot be used any more, after a change of RE2, is left out and told to the log: the rest holds.

    Raises PatternRefused for `with_pattern`."""
    kinds = KINDS if its.kinds is None else its.kinds
    usable = []
    for row in its.patterns:
        own = OwnPattern(row.label, row.pattern)
        try:
            Redactor(own=[own])
        except PatternRefused:
            log.error("pattern %d of organisation %d cannot be used and hides nothing", row.id, its.organization_id)
            continue
        usable.append(own)
    return Redactor(kinds, [*usable, with_pattern] if with_pattern else usable)
