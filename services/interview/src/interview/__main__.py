"""The command line: `python -m interview migrate | revision | republish | dead-letters | replay`."""

import interview
from common import cli
from interview.settings import Settings

cli.main(interview, Settings)
