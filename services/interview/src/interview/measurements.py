"""How well each engine judged answers of known quality when it was last measured, as kept with the package."""

import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

NOT_CALIBRATED = "not calibrated against people"
HalfName = Literal["seen", "unseen"]
FILE = Path("data", "measurements.json")


class Measurement(BaseModel):
    """One figure of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What was measured.")
    value: float | None = Field(default=None, description="The figure, where it is one number.")
    text: str = Field(description="The figure as people read it.")


class MeasuredOn(BaseModel):
    """What an engine was measured on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    questions: int = Field(ge=0, description="How many questions, each with answers of several levels.")
    half: HalfName = Field(description="`seen` was looked at while the engine was tuned, `unseen` was not.")


class EngineMeasurements(BaseModel):
    """The last measurements of one engine on one half of the data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str
    model: str | None = None
    date: datetime.date
    data: MeasuredOn
    rows: tuple[Measurement, ...] = ()
    calibrated_against_people: Literal[False] = False
    note: str = NOT_CALIBRATED


class Measurements(BaseModel):
    """The measurements of every engine that was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engines: tuple[EngineMeasurements, ...] = ()

    def replaced_by(self, newer: EngineMeasurements) -> "Measurements":
        """Return them with the newer ones in place of what was measured of that engine and model on that half."""
        others = (kept for kept in self.engines if _subject(kept) != _subject(newer))
        return Measurements(engines=tuple(sorted((*others, newer), key=_subject)))


@cache
def load() -> Measurements:
    """Return what the package keeps."""
    text = resources.files("interview").joinpath(*FILE.parts).read_text(encoding="utf-8")
    return Measurements.model_validate_json(text)


def keep(newer: EngineMeasurements, folder: Path) -> None:
    """Write newer measurements into the package's source folder; a running service has read the file already."""
    path = folder / FILE
    known = Measurements.model_validate_json(path.read_text(encoding="utf-8"))
    path.write_text(known.replaced_by(newer).model_dump_json(indent=2) + "\n", encoding="utf-8")


def _subject(measured: EngineMeasurements) -> tuple[str, str, str]:
    return measured.engine, measured.model or "", measured.data.half
