"""The envelope says of an event what CloudEvents asks for, and what is read of it shows nobody's values."""

import pytest

from common.contracts.resume import ResumeDeleted
from common.contracts.user import UserDeleted
from common.ids import uuid7
from common.messaging import envelope
from common.messaging.envelope import Envelope, UnreadableMessage


def test_every_required_attribute_of_cloudevents_is_a_header_and_the_subject_is_the_key():
    event = ResumeDeleted(resume_id=uuid7(), user_id=uuid7())
    message = Envelope.of(event, envelope.source_of("resume"))
    assert envelope.decode(message.headers({"traceparent": "00-1"})) == {
        "ce_specversion": "1.0",
        "ce_id": str(event.event_id),
        "ce_type": "resume.deleted",
        "ce_source": "/interviewace/resume",
        "ce_subject": str(event.resume_id),
        "ce_time": event.occurred_at.isoformat(),
        "content-type": "application/json",
        "traceparent": "00-1",
    }
    assert message.key == str(event.resume_id).encode()


def test_what_was_written_is_read():
    event = UserDeleted(user_id=uuid7())
    headers = envelope.decode(Envelope.of(event, "/tests").headers({}))
    assert envelope.type_of(headers) == UserDeleted.ce_type
    assert envelope.read(UserDeleted, event.model_dump_json().encode()) == event


@pytest.mark.parametrize("headers", [{}, {"ce_type": ""}, {"ce_id": "1"}])
def test_a_message_that_does_not_say_what_it_is_can_not_be_read(headers):
    with pytest.raises(UnreadableMessage, match="no ce_type header"):
        envelope.type_of(headers)


@pytest.mark.parametrize(
    ("body", "problem"),
    [(b"{", "json_invalid"), (b'{"user_id": "words of hers"}', "user_id"), (b"[]", "model_type")],
)
def test_what_does_not_fit_is_named_without_its_value(body, problem):
    with pytest.raises(UnreadableMessage) as caught:
        envelope.read(UserDeleted, body)
    assert str(caught.value) == f"user.deleted does not fit its schema: {problem}"
    assert caught.value.__cause__ is None
