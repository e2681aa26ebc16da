"""What a viewer has missed, read from the store and made into frames, in the reader's thread: entries, and alerts."""

from typing import Any

import msgspec

from handlers.deflate import deflated
from handlers.frames import frame
from handlers.history import History, Page
from models import alerts
from rules.alert import alert_message

ALERTS_PAGE = 500  # about 120 KiB on the wire


class AlertsPage(msgspec.Struct, frozen=True):
    frames: bytes
    last_id: int
    is_last: bool  # there were no more when it was read


class MissedPage(msgspec.Struct, frozen=True):
    entries: Page
    alerts: AlertsPage | None  # those to send behind the entries; None: only when all the history has been sent


def history_page(db: Any, history: History, call_id: int, call_sid: str, cursor: int, window_bits: int) -> MissedPage:
    """The next entries after the cursor; with the last of them the first of the alerts about them all."""
    page = history.page(db, call_id, call_sid, cursor, True, window_bits)
    if not page.is_last:
        return MissedPage(page, None)
    return MissedPage(page, alerts_page(db, call_id, call_sid, 0, page.last_seq, window_bits))


def alerts_page(db: Any, call_id: int, call_sid: str, after: int, through: int, window_bits: int) -> AlertsPage:
    """The next alerts with an id above `after` that belong to an entry up to `through`, or to none. What belongs to a
    later entry comes with that."""
    page = alerts.of_call(db, call_id, after, ALERTS_PAGE)
    due = [alert for alert in page if alert.seq is None or alert.seq <= through]
    frames = b"".join([frame(alert_message(call_sid, alert)) for alert in due])
    return AlertsPage(_ready(frames, window_bits), page[-1].id if page else after, len(page) < ALERTS_PAGE)


def missed_page(
    db: Any, history: History, call_id: int, call_sid: str, cursor: int, alert_cursor: int, window_bits: int
) -> MissedPage:
    """As `history_page`, for a viewer that has fallen behind: with the alerts about these entries, and those about
    none."""
    page = history.page(db, call_id, call_sid, cursor, False, window_bits)
    found = alerts.since(db, call_id, alert_cursor, cursor + 1, page.last_seq)
    due = [alert for alert in found if alert.seq is None or cursor < alert.seq <= page.last_seq]
    frames = b"".join([frame(alert_message(call_sid, alert)) for alert in due])
    last_id = max([alert_cursor, *(alert.id for alert in found)])
    return MissedPage(page, AlertsPage(_ready(frames, window_bits), last_id, True))


def _ready(frames: bytes, window_bits: int) -> bytes:
    return deflated(frames, window_bits) if window_bits and frames else frames
