"""A call's metadata: what many requests tell of it, merged key by key and bounded as a whole."""

from typing import Any

import msgspec

from events import METADATA_BYTES, Refused


def merged(known: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Both, of the same key what was told last. Raises Refused where that is too much to keep."""
    metadata = known | told
    if len(msgspec.json.encode(metadata)) > METADATA_BYTES:
        message = f"metadata must not be longer than {METADATA_BYTES} bytes as JSON, with what the call has already"
        raise Refused("invalid_field", message, "metadata")
    return metadata
