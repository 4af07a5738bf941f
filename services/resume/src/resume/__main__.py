"""The résumé service's command line: `python -m resume migrate | revision | republish | dead-letters | replay`."""

import resume
from common import cli
from resume.settings import Settings

if __name__ == "__main__":
    cli.main(resume, Settings)
