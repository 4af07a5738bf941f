"""The résumé service's command line: `python -m resume migrate | revision | republish | dead-letters | replay`."""

import resume
from common import commands
from resume.settings import Settings

if __name__ == "__main__":
    commands.run(resume, Settings())
