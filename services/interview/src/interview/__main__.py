"""The command line: `python -m interview migrate | revision | republish | dead-letters | replay`."""

import interview
from common import commands
from interview.settings import Settings

commands.run(interview, Settings())
