"""Print a call's transcript as it is spoken, until the call ends; connects again where the connection breaks.

    pip install websockets
    CALLBOARD_URL=http://localhost:8000 CALLBOARD_KEY=cb_… python watch.py CA123

The key needs the scope `read`.
"""

import asyncio
import json
import os
import random
import sys
from urllib.parse import urlencode

import websockets

URL = os.environ.get("CALLBOARD_URL", "http://localhost:8000")
KEY = os.environ["CALLBOARD_KEY"]
FATAL = (1002, 1003, 1007, 1009)  # docs/protocol.md, "Limits and close codes"


async def watch(call_sid: str) -> None:
    seq, epoch, failures = 0, None, 0
    while True:
        query = urlencode({"after": seq, "epoch": epoch} if epoch else {})
        address = f"{URL.replace('http', 'ws', 1)}/live-transcript/{call_sid}?{query}"
        error = {}
        try:
            async with websockets.connect(address, additional_headers={"Authorization": f"Bearer {KEY}"}) as socket:
                async for text in socket:
                    message = json.loads(text)
                    error = message if message["type"] == "error" else {}
                    if message["type"] == "connection_established":
                        if not message["recovered"]:
                            seq = 0  # another log: everything comes anew
                        epoch, failures = message["epoch"], 0
                    elif message["type"] == "transcript" and "seq" in message:  # interims have none
                        seq = message["seq"]
                        print(f"{message['data']['speaker']}: {message['data']['content']}", flush=True)
                    elif message["type"] == "call_status":
                        print("--", message["status"], message["metadata"]["reason"] or "", flush=True)
                return  # closed with 1000: the call has ended
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            if code in FATAL or (code == 1008 and not error.get("retryable")):
                sys.exit(f"{code} {error.get('error', '')} {error.get('message', '')}")
        except OSError as problem:
            print(problem, file=sys.stderr)
        await asyncio.sleep(error.get("retry_after", 0) + random.random() * min(30, 0.5 * 2**failures))
        failures += 1


if __name__ == "__main__":
    asyncio.run(watch(sys.argv[1]))
