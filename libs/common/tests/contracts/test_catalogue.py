"""Contracts: events are frozen facts about a subject, and a change that an old reader could not take is refused."""

import json
from copy import deepcopy
from typing import ClassVar

import pydantic
import pytest

from common.contracts import catalogue
from common.contracts.event import Event
from common.contracts.resume import ResumeContent, ResumeParsed, Work
from common.contracts.user import UserRegistered
from common.ids import uuid7

ALL = [event for service in catalogue.PUBLISHERS for event in catalogue.published_by(service)]


@pytest.fixture
def old():
    return deepcopy(catalogue.schema_of(ResumeParsed))


def test_every_event_names_its_type_topic_and_subject():
    assert len({event.ce_type for event in ALL}) == len(ALL) >= 12
    for event in ALL:
        assert event.topic.startswith("interviewace.")
        assert event.subject_field in event.model_fields


def test_an_event_is_frozen_and_reads_what_it_wrote():
    event = ResumeParsed(
        resume_id=uuid7(),
        user_id=uuid7(),
        background=ResumeContent(work=(Work(name="Acme", highlights=("a", "b")),)),
    )
    assert ResumeParsed.model_validate_json(event.model_dump_json()) == event
    assert event.subject == event.resume_id
    with pytest.raises(pydantic.ValidationError):
        event.title = "other"


def test_a_reader_passes_over_fields_it_does_not_know():
    event = UserRegistered(user_id=uuid7(), role="user")
    newer = event.model_dump(mode="json") | {"favourite_colour": "green"}
    assert UserRegistered.model_validate(newer) == event


def test_a_subject_must_be_an_id():
    class Odd(Event):
        ce_type: ClassVar[str] = "odd"
        topic: ClassVar[str] = "odd"
        subject_field: ClassVar[str] = "name"
        name: str

    with pytest.raises(TypeError, match="name is not an id"):
        assert Odd(name="x").subject


def test_the_same_schema_breaks_nothing(old):
    assert catalogue.breaks(old, old) == []


def test_a_new_optional_field_breaks_nothing(old):
    new = deepcopy(old)
    new["properties"]["note"] = {"type": "string", "default": ""}
    assert catalogue.breaks(old, new) == []


def test_what_a_definition_is_called_tells_a_reader_nothing(old):
    new = json.loads(json.dumps(old).replace("#/$defs/Work", "#/$defs/Job"))
    new["$defs"]["Job"] = new["$defs"].pop("Work")
    assert catalogue.breaks(old, new) == []
    new["$defs"]["Job"]["properties"].pop("name")
    assert catalogue.breaks(old, new) == ["Work.name is gone"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda new: new["properties"].pop("title"), "title is gone"),
        (lambda new: new["properties"]["title"].update(type="integer"), "title changed its type"),
        (lambda new: new["$defs"].pop("Work"), "Work is gone"),
        (lambda new: new["$defs"]["Work"]["properties"].pop("name"), "Work.name is gone"),
        (
            lambda new: (new["properties"].update(note={"type": "string"}), new["required"].append("note")),
            "note is new and required",
        ),
    ],
)
def test_what_an_old_reader_could_not_take_is_named(old, change, problem):
    new = deepcopy(old)
    change(new)
    assert catalogue.breaks(old, new) == [problem]
