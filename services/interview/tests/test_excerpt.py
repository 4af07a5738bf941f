"""What is kept of a résumé, and what it costs to ask from it, has a bound however long it is."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.resume import Education, Project, ResumeContent, Skill, Work
from interview import excerpt
from interview.questions import bank, plan
from interview.questions.plan import Wanted
from interview.questions.question import Kind, Level

MOST_BYTES = 150_000
CLAIM = "Cut the p95 latency of the search by 40% by moving it to Postgres and led a team of four "
LONG: dict[str, Callable[[int], ResumeContent]] = {
    "positions": lambda size: ResumeContent(work=(Work(name="N" * 1_900, position="Engineer"),) * size),
    "highlights": lambda size: ResumeContent(work=(Work(highlights=(CLAIM,) * size),)),
    "short highlights": lambda size: ResumeContent(work=(Work(highlights=("I",) * size),) * 40),
    "one endless highlight": lambda size: ResumeContent(work=(Work(highlights=(CLAIM * size,)),)),
    "blanks": lambda size: ResumeContent(work=(Work(highlights=(" " * 50 * size,)),)),
    "marks": lambda size: ResumeContent(work=(Work(highlights=("a" + "\u0323\u0301" * 25 * size,)),)),
    "skills": lambda size: ResumeContent(
        skills=tuple(Skill(name=f"skill {number}") for number in range(size))
    ),
    "keywords": lambda size: ResumeContent(skills=(Skill(name="all", keywords=("Go", "go") * size),) * 40),
    "projects": lambda size: ResumeContent(projects=(Project(name="p", description=CLAIM),) * size),
    "studies": lambda size: ResumeContent(education=(Education(institution="U" * 500),) * size),
    "topics that are none": lambda size: ResumeContent(summary="apythonb akafkab agob " * 2 * size),
    "certificates": lambda size: ResumeContent(certificates=(CLAIM,) * size, languages=(CLAIM,) * size),
}
DESCRIPTIONS = ["", "word ", "\u0323\u0301", "ﷺ", " ", "a", "apythonb ", "Kubernetes, Go. "]


def seconds(content: ResumeContent, description: str = "") -> float:
    """The least CPU time of this thread that planning took in two tries."""
    tries: list[float] = []
    for _ in range(2):
        started = time.thread_time()
        wanted = Wanted(Kind.MIXED, Level.MID, 15, "Backend engineer", description)
        plan.plan(wanted, excerpt.of(content), frozenset(), "seed", bank.questions())
        tries.append(time.thread_time() - started)
    return min(tries)


@pytest.mark.parametrize("name", LONG)
def test_of_an_endless_resume_a_bounded_part_is_kept(name: str) -> None:
    whole = LONG[name](3_000)
    kept = excerpt.of(whole)
    assert len(whole.model_dump_json()) > MOST_BYTES / 2
    assert len(kept.model_dump_json().encode()) < MOST_BYTES
    assert kept != whole
    assert kept != ResumeContent()
    assert excerpt.of(kept) == kept


@pytest.mark.parametrize("name", LONG)
def test_planning_from_an_endless_resume_costs_no_more_than_from_a_long_one(name: str) -> None:
    assert seconds(LONG[name](4_000)) < 3 * seconds(LONG[name](1_000)) + 0.05


@pytest.mark.parametrize("text", DESCRIPTIONS)
def test_planning_for_a_job_costs_no_more_than_its_description_is_long(text: str) -> None:
    def of_length(letters: int) -> str:
        return (text * letters)[:letters]

    assert (
        seconds(ResumeContent(), of_length(20_000)) < 10 * seconds(ResumeContent(), of_length(5_000)) + 0.05
    )


def test_a_usual_resume_is_kept_whole(content: ResumeContent) -> None:
    usual = content.model_copy(
        update={
            "work": tuple(
                Work(
                    name=f"Company {number}",
                    position="Engineer",
                    start_date="2021-03",
                    highlights=(CLAIM,) * 6,
                )
                for number in range(12)
            ),
            "skills": tuple(Skill(name=f"group {number}", keywords=("Python", "Go")) for number in range(12)),
            "summary": CLAIM * 4,
        }
    )
    assert excerpt.of(content) == content
    assert excerpt.of(usual) == usual


@settings(deadline=None, max_examples=50, derandomize=True)
@given(st.lists(st.text(max_size=700), max_size=60), st.integers(1, 60))
def test_whatever_is_kept_stood_in_the_resume_in_that_order(texts: list[str], repeated: int) -> None:
    kept = excerpt.of(ResumeContent(work=(Work(name="Acme", highlights=tuple(texts)),) * repeated))
    assert len(kept.work) <= excerpt.LONGEST_LIST
    for work in kept.work:
        assert len(work.highlights) <= len(texts)
        assert all(text.startswith(part) for part, text in zip(work.highlights, texts, strict=False))
        assert all(len(part) <= excerpt.LONGEST_TEXT for part in work.highlights)
