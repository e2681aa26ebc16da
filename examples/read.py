"""Print the newest calls, or what was said on one of them, with nothing but Python's own library.

    CALLBOARD_URL=http://localhost:8000 CALLBOARD_KEY=cb_… python read.py CA123

The key needs the scope `read`. Without a call id it lists the newest calls.
"""

import json
import os
import sys
import urllib.request
from urllib.parse import quote, urlencode

URL = os.environ.get("CALLBOARD_URL", "http://localhost:8000")
KEY = os.environ["CALLBOARD_KEY"]


def get(path: str, **query: str | int) -> dict | list:
    request = urllib.request.Request(f"{URL}{path}?{urlencode(query)}", headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def list_calls() -> None:
    for call in get("/api/v1/calls", limit=10)["items"]:
        print(call["call_sid"], call["status"], call["started_at"], f"{call['transcript_count']} segments", sep="  ")


def read_call(call_sid: str) -> None:
    path = f"/api/v1/calls/sid/{quote(call_sid, safe='')}"
    call = get(path)
    print(f"{call['call_sid']} with {call['assistant_name']}, {call['status']}")
    for said in get(f"{path}/transcripts"):  # each segment once, as last corrected, in speaking order
        print(f"{said['speaker']}: {said['content']}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        read_call(sys.argv[1])
    else:
        list_calls()
