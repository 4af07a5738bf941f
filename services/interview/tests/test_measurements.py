from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from pydantic import ValidationError

from interview import measurements
from interview.measurements import EngineMeasurements, MeasuredOn, Measurement, Measurements
from testkit.services import Client

ROWS = (Measurement(name="excellent over decent", value=0.9, text="27 of 30"),)


def measured(model: str | None = None, **other: object) -> EngineMeasurements:
    return EngineMeasurements.model_validate(
        {
            "engine": "openai" if model else "built-in",
            "model": model,
            "date": date(2026, 1, 2),
            "data": MeasuredOn(questions=30, half="unseen"),
            "rows": ROWS,
        }
        | other
    )


async def test_whoever_is_signed_in_reads_what_each_engine_measured(client: Client) -> None:
    response = await client.get("/api/v1/interview/evaluators")
    assert response.status_code == 200
    assert response.json() == {
        "items": [engine.model_dump(mode="json") for engine in measurements.load().engines],
        "next_cursor": None,
    }


def test_what_is_measured_says_that_no_people_were_asked() -> None:
    shown = measured().model_dump(mode="json")
    assert shown["calibrated_against_people"] is False
    assert shown["note"] == "not calibrated against people"
    assert shown["date"] == "2026-01-02"
    assert shown["rows"] == [{"name": "excellent over decent", "value": 0.9, "text": "27 of 30"}]
    with pytest.raises(ValidationError):
        measured(calibrated_against_people=True)


def test_newer_measurements_replace_those_of_the_same_engine_model_and_half(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / measurements.FILE).write_text('{"engines": []}', encoding="utf-8")
    seen = measured(data=MeasuredOn(questions=30, half="seen"))
    newer = measured(date=date(2026, 2, 3))
    for measurement in (measured(), seen, measured("gpt-5"), newer):
        measurements.keep(measurement, tmp_path)
    kept = Measurements.model_validate_json((tmp_path / measurements.FILE).read_text(encoding="utf-8"))
    assert kept.engines == (seen, newer, measured("gpt-5"))


def test_the_kept_file_reads_as_it_is_written() -> None:
    text = resources.files("interview").joinpath(*measurements.FILE.parts).read_text(encoding="utf-8")
    assert Measurements.model_validate_json(text) == measurements.load()
    assert all(engine.data.questions for engine in measurements.load().engines if engine.rows)
