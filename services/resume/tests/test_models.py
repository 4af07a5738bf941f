import asyncio

import pytest

import resume
from common.db import migrations
from resume.models import MOVES, Resume, ResumeStateConflict, ResumeStatus


def test_a_status_can_only_go_where_it_may():
    for before in ResumeStatus:
        for after in ResumeStatus:
            row = Resume(status=before.value)
            if after in MOVES[before]:
                row.move(after, "why")
                assert (row.status, row.error) == (after, "why")
            else:
                with pytest.raises(ResumeStateConflict):
                    row.move(after)


async def test_the_models_and_the_migrations_say_the_same(service):
    await asyncio.to_thread(migrations.check, service.url, migrations.folder_of(resume))
