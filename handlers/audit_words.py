"""The audit log in words: what each action is called in a list, and an entry as a sentence."""

from typing import NamedTuple
from urllib.parse import quote

from events import CALL_SID
from models.audit import COMMAND_LINE, AuditEntry

ACTIONS = {  # → what to call it in a list, and the sentence that goes on after who it was
    "call.watched": ("Call watched", "watched call {}"),
    "call.read": ("Call read", "read call {}"),
    "call.exported": ("Call exported", "exported call {}"),
    "call.erased": ("Call erased", "erased call {}"),
    "calls.erased": ("Calls of a number erased", "erased the calls of a number"),
    "note.added": ("Note added", "added a note to call {}"),
    "note.changed": ("Note changed", "changed a note on call {}"),
    "note.removed": ("Note removed", "removed a note from call {}"),
    "feed.watched": ("Live calls watched", "watched the live calls"),
    "calls.searched": ("Calls searched", "searched what was said on calls"),
    "calls.exported": ("Calls exported", "exported a list of calls"),
    "signed_in": ("Signed in", "signed in"),
    "sign_in_failed": ("Failed sign-in", "tried to sign in as {} with a wrong password"),
    "signed_out": ("Signed out", "signed out"),
    "key.created": ("Key created", "created the key {}"),
    "key.revoked": ("Key revoked", "revoked the key {}"),
    "user.created": ("User created", "created the user {}"),
    "user.deactivated": ("User shut out", "shut {} out"),
    "user.reactivated": ("User let in again", "let {} in again"),
    "user.password_set": ("Password set", "set a new password for {}"),
    "user.password_changed": ("Own password changed", "changed their own password"),
    "user.password_refused": ("Own password refused", "tried to change their password, but did not know it"),
    "source.created": ("Source created", "created source {}"),
    "source.credentials_changed": ("Source credentials changed", "changed the token or account of source {}"),
    "source.paused": ("Source paused", "paused source {}"),
    "source.resumed": ("Source resumed", "resumed source {}"),
    "source.deleted": ("Source deleted", "deleted source {}"),
    "source.tested": ("Source tested", "sent a test call to source {}"),
    "assistant.created": ("Assistant created", "created the assistant {}"),
    "assistant.renamed": ("Assistant renamed", "named an assistant {}"),
    "alert_rule.created": ("Alert rule created", "created the alert rule {}"),
    "alert_rule.changed": ("Alert rule changed", "changed the alert rule {}"),
    "alert_rule.paused": ("Alert rule paused", "paused the alert rule {}"),
    "alert_rule.resumed": ("Alert rule resumed", "resumed the alert rule {}"),
    "alert_rule.deleted": ("Alert rule deleted", "deleted the alert rule {}"),
    "alert_target.created": ("Alert address added", "had alerts sent to {}"),
    "alert_target.tested": ("Alert address tested", "sent a test alert to {}"),
    "alert_target.deleted": ("Alert address removed", "stopped sending alerts to {}"),
    "redaction.turned_on": ("Redaction turned on", "turned redaction on"),
    "redaction.turned_off": ("Redaction turned off", "turned redaction off"),
    "redaction.changed": ("Redaction changed", "changed what redaction hides"),
    "redaction.pattern_added": ("Redaction pattern added", "added a redaction pattern for {}"),
    "redaction.pattern_deleted": ("Redaction pattern deleted", "deleted a redaction pattern of {}"),
    "retention.changed": ("Retention changed", "changed how long calls are kept"),
    "retention.enforced": ("Old calls deleted", "deleted calls that are kept no longer"),
    "demo.erased": ("Demo erased", "erased the demo"),
    "organization.created": ("Organisation created", "created the organisation {}"),
    "audit.lost": ("Entries lost", "lost entries of this log: the database could not take them"),
}


_OWN_DEEDS = ("audit.lost", "retention.enforced")  # which nobody does


class Sentence(NamedTuple):
    """`who` `before` `target` `after`; `url` is where the target has a page."""

    who: str
    before: str
    target: str
    after: str
    url: str | None
    more: str  # the details, in a few words


def sentence(entry: AuditEntry) -> Sentence:
    known = ACTIONS.get(entry.action)
    words = known[1] if known else f"{entry.action} {{}}" if entry.target else entry.action
    before, gap, after = words.partition("{}")
    more = [f"{name.replace('_', ' ')}: {value}" for name, value in entry.detail.items() if value is not None]
    return Sentence(_who(entry), before, entry.target or "" if gap else "", after, _url(entry), " · ".join(more))


def _who(entry: AuditEntry) -> str:
    if entry.actor == COMMAND_LINE:
        return "The command line"
    return entry.actor or ("The server" if entry.action in _OWN_DEEDS else "Somebody")


def _url(entry: AuditEntry) -> str | None:
    subject = entry.action.partition(".")[0]
    if entry.target and subject in ("call", "note") and CALL_SID.match(entry.target):
        return f"/calls/{quote(entry.target, safe='')}"
    return None
