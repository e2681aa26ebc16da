"""A request in, a line for a shell out. The key comes by standard input: others can read a command's arguments."""

import json
import shlex
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode


class Request(NamedTuple):
    method: str
    base_url: str
    path: str  # with `{name}` for what `places` holds
    places: dict[str, Any]
    query: dict[str, Any]
    body: Any  # None: none
    has_key: bool


def command(request: Request) -> str:
    path = request.path
    for name, value in request.places.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    query = f"?{urlencode(request.query)}" if request.query else ""
    method = {"GET": "", "HEAD": " --head"}.get(request.method, f" -X {request.method}")
    words = [f"curl -sS{method} {shlex.quote(request.base_url + path + query)}"]
    if request.has_key:
        words[0] += " -H @-"
    if request.body is not None:
        words.append("-H 'Content-Type: application/json'")
        words.append(f"-d {shlex.quote(json.dumps(request.body, ensure_ascii=False))}")
    lines = " \\\n  ".join(words)
    return f'echo "Authorization: Bearer $CALLBOARD_KEY" |\n  {lines}' if request.has_key else lines
