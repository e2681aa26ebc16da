"""Feed one call, word by word, with nothing but Python's own library.

    CALLBOARD_URL=http://localhost:8000 CALLBOARD_KEY=cb_… python feed.py CA123

The key needs the scope `ingest`. A second argument is the seconds that a word takes (0.3).
"""

import json
import os
import sys
import time
import urllib.request

URL = os.environ.get("CALLBOARD_URL", "http://localhost:8000")
KEY = os.environ["CALLBOARD_KEY"]
SAID = [
    ("assistant", "Larkspur Cycles, good morning. How can I help you?"),
    ("user", "Good morning. Is my bike ready?"),
    ("assistant", "It is ready since Monday, with new brakes."),
    ("user", "Wonderful, I will come by this afternoon."),
]


def post(path: str, body: dict) -> dict:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def feed(call_sid: str, word_s: float) -> None:
    call = f"/api/v1/calls/sid/{call_sid}"
    post("/api/v1/calls", {"call_sid": call_sid, "direction": "inbound", "from_number": "+15550123"})
    answered_at = time.monotonic()
    for number, (speaker, text) in enumerate(SAID, 1):
        started_s = round(time.monotonic() - answered_at, 2)
        segment = {"segment_id": f"s-{number}", "speaker": speaker, "segment_start": started_s}
        words = text.split()
        for count in range(1, len(words)):
            time.sleep(word_s)
            post(f"{call}/transcripts", segment | {"content": " ".join(words[:count]), "is_final": False})
        time.sleep(word_s)
        final = segment | {"content": text, "segment_end": round(time.monotonic() - answered_at, 2), "confidence": 0.97}
        answer = post(f"{call}/transcripts", final)  # stored when this returns; sent twice, it is stored once
        print(f"{answer['accepted'][0]['seq']}  {speaker}: {text}", flush=True)
    post(f"{call}/status", {"status": "completed"})


if __name__ == "__main__":
    feed(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0.3)
