"""How lines of the log look: text for people, or JSON for programs. They go to standard error.

A record may have `extra={"fields": {…}}`: what its message says, for programs.
"""

import json
import logging
from datetime import UTC, datetime

from handlers.request_id import request_id


class TextLines(logging.Formatter):
    """`2026-01-19 12:00:05,123 INFO callboard.access GET /calls 404 1.2 ms request_id=1f0c22aa00000001`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line, id_ = super().formatMessage(record), request_id()
        return line if id_ is None else f"{line} request_id={id_}"


class JsonLines(logging.Formatter):
    """`{"time": "2026-01-19T12:00:05.123+00:00", "level": "INFO", "logger": …, "message": …}`, and
    where there are such `request_id`, the record's fields, `exception` with the traceback. One line each, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (id_ := request_id()) is not None:
            line["request_id"] = id_
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


FORMATS = {"text": TextLines, "json": JsonLines}


def begin_log() -> None:
    """Warnings as text, until the settings are known. Where somebody logs already (a test) they go on as they do."""
    handler = logging.StreamHandler()
    handler.setFormatter(TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # below it, it quotes what strangers send


def set_log(format_: str, level: str) -> None:
    """As the settings want it."""
    root = logging.getLogger()
    root.setLevel(level)
    for handler in root.handlers:
        if isinstance(handler.formatter, tuple(FORMATS.values())):
            handler.setFormatter(FORMATS[format_]())
