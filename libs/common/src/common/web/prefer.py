"""The `Prefer` header (RFC 7240): how long a caller would wait for an evaluation."""

import re
from typing import Annotated

from fastapi import Depends, Header

LONGEST_SECONDS = 30
WAIT = re.compile(r'(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?=$|[,;])', re.IGNORECASE)


def wait_seconds(
    prefer: Annotated[
        str | None, Header(description="`wait=N`: wait up to N seconds, at most 30, for the evaluation.")
    ] = None,
) -> int:
    """Return the seconds to wait, 0 where nothing readable was asked for."""
    match = WAIT.search(prefer or "")
    return min(int(match.group(1)), LONGEST_SECONDS) if match else 0


Wait = Annotated[int, Depends(wait_seconds)]
