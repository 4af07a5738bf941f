"""People who answer until they are acknowledged, and what of it is lost."""

import asyncio

import httpx
import pytest

from devstack.kubernetes.trial import people
from devstack.kubernetes.trial.people import Person
from devstack.kubernetes.trial.table import TrialFailed


class Platform:
    """Plays the gateway: it is away now and then, and may forget an answer."""

    def __init__(self, *, away_every=0, forgets=False):
        self.texts, self.requests = [], 0
        self._away_every, self._forgets = away_every, forgets

    def __call__(self, request):
        self.requests += 1
        if self._away_every and self.requests % self._away_every == 0:
            raise httpx.ConnectError("away")
        path = request.url.path
        if path.endswith("/answer"):
            self.texts.append(request.content.decode())
            return httpx.Response(202, json={})
        if path.endswith("/report"):
            return httpx.Response(200, text=" ".join(self.texts[1:] if self._forgets else self.texts))
        status = {"register": 202, "start": 201}.get(path.rpartition("/")[2], 200)
        return httpx.Response(status, json={"access_token": "token", "id": "1"})


async def practise(platform, patience=30.0):
    transport = httpx.MockTransport(platform)
    async with httpx.AsyncClient(base_url="http://gateway", transport=transport) as http:
        person = Person(http, "198.51.101.1", pause=0.0, patience=patience)
        begun = asyncio.Event()
        report = await person.practise(begun)
        assert begun.is_set()
    return person, [word for word in person.words if word not in report]


async def test_every_answer_is_given_although_requests_fail():
    platform = Platform(away_every=3)
    person, lost = await practise(platform)
    assert (len(person.words), lost) == (people.QUESTIONS, [])
    assert person.retries > 0


async def test_an_answer_that_no_report_holds_is_lost():
    person, lost = await practise(Platform(forgets=True))
    assert lost == person.words[:1]


async def test_who_is_never_answered_gives_up():
    with pytest.raises(TrialFailed, match="ConnectError"):
        await practise(Platform(away_every=1), patience=0.05)
