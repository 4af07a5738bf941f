"""Ended sessions in Redis: one sorted set that auth writes, and that the gateway and every service read.

A member is the id of an ended session; its score is the Unix time until which a token of it could live. Beside them
stand marks, `since:<run id of a server>`, whose score is minus the Unix time from which on that server heard of every
end. All of it is one key without an expiry: flushed or evicted it is gone as a whole, the mark with it, and nobody
takes an empty list for the truth.
"""

from typing import Final

KEY: Final = "revoked:sessions"


def mark(run_id: str) -> str:
    """Return the member that says since when the server of that run id hears of every ended session."""
    return f"since:{run_id}"
