"""The AsyncAPI document names every event a service publishes or reacts to, with its schema, and nothing else."""

import pytest

from common.contracts import catalogue
from common.contracts.interview import ReportReady
from common.contracts.user import UserDeleted
from common.messaging import asyncapi
from common.messaging.router import EventRouter


@pytest.fixture(scope="module")
def router():
    router = EventRouter()

    @router.on(UserDeleted)
    async def when_user_is_deleted_forget(session, event):
        """Forget a person."""

    @router.on(UserDeleted)
    async def when_user_is_deleted_tell(session, event):
        """Tell of it.

        Twice, if need be.
        """

    @router.on(ReportReady)
    async def when_report_is_ready_mail(session, event):
        """Mail it."""

    return router


@pytest.fixture(scope="module")
def document(router):
    return asyncapi.describe("resume", router)


def resolve(document, reference):
    node = document
    for part in reference["$ref"].removeprefix("#/").split("/"):
        node = node[part]
    return node


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node
        for part in node.values():
            yield from references(part)
    if isinstance(node, list):
        for part in node:
            yield from references(part)


def test_what_is_published_is_sent_and_what_is_reacted_to_is_received(document):
    actions = {}
    for operation in document["operations"].values():
        for message in operation["messages"]:
            payload = resolve(document, resolve(document, resolve(document, message))["payload"])
            actions.setdefault(operation["action"], set()).add(payload["title"])
    assert actions == {
        "send": {event_type.__name__ for event_type in catalogue.published_by("resume")},
        "receive": {"UserDeleted", "ReportReady"},
    }


def test_each_event_stands_at_its_topic_with_the_words_of_who_publishes_or_reacts(document):
    channels = {
        name: (channel["address"], channel["description"]) for name, channel in document["channels"].items()
    }
    published = {
        event_type.ce_type: (event_type.topic, event_type.__doc__.splitlines()[0])
        for event_type in catalogue.published_by("resume")
    }
    assert channels == published | {
        "user.deleted": ("interviewace.user", "Forget a person. Tell of it."),
        "interview.report_ready": ("interviewace.interview", "Mail it."),
    }


def test_schemas_are_those_of_the_events_and_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    for event_type in (UserDeleted, ReportReady, *catalogue.published_by("resume")):
        properties = catalogue.schema_of(event_type)["properties"]
        assert schemas[event_type.__name__]["properties"].keys() == properties.keys()
    every_reference = list(references(document))
    assert len(every_reference) > 20
    for reference in every_reference:
        assert resolve(document, reference)
