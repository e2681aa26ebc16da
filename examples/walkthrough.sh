#!/bin/sh
# One call from its beginning to its end with curl, each request shown before it is sent.
#
#     CALLBOARD_URL=http://localhost:8000 CALLBOARD_KEY=cb_… sh walkthrough.sh CA123
#
# The key needs the scopes `read` and `ingest`.
set -eu
URL=${CALLBOARD_URL:-http://localhost:8000}
CALL=$1

callboard() { # METHOD PATH [JSON]
    printf '\n$ curl -X %s %s%s %s\n' "$1" "$URL" "$2" "${3:+-d '$3'}"
    if [ $# -gt 2 ]; then set -- "$1" "$2" -H "Content-Type: application/json" -d "$3"; fi
    method=$1 path=$2
    shift 2
    # the key comes by standard input: others on this machine can read a command's arguments
    echo "Authorization: Bearer $CALLBOARD_KEY" | curl -sS --fail-with-body -X "$method" "$URL$path" -H @- "$@"
    echo
}

# The call begins. Whatever is heard first creates it, so this could be left out.
callboard POST /api/v1/calls "{\"call_sid\": \"$CALL\", \"direction\": \"inbound\", \"from_number\": \"+15550123\"}"

# Words while they are spoken (shown to who watches, not stored), then what was really said.
callboard POST "/api/v1/calls/sid/$CALL/transcripts" \
    '{"segment_id": "u-1", "speaker": "user", "content": "Is my", "is_final": false, "segment_start": 1.2}'
callboard POST "/api/v1/calls/sid/$CALL/transcripts" \
    '{"segment_id": "u-1", "speaker": "user", "content": "Is my bike ready?", "segment_start": 1.2, "segment_end": 2.6}'

# The same segment with other words is a correction.
callboard POST "/api/v1/calls/sid/$CALL/transcripts" \
    '{"segment_id": "u-1", "speaker": "user", "content": "Is my trike ready?", "segment_start": 1.2}'

callboard POST "/api/v1/calls/sid/$CALL/status" '{"status": "completed"}'

# What anyone who may read gets: the call, and its segments as last corrected.
callboard GET "/api/v1/calls/sid/$CALL"
callboard GET "/api/v1/calls/sid/$CALL/transcripts"
