"""Column types: a pydantic model goes into JSON and comes back as itself; an enum is kept as its words."""

from enum import StrEnum

import pytest
import pytest_asyncio
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db import engine
from common.db.types import PydanticJSON, words_of


class Colour(StrEnum):
    RED = "red"


class Found(BaseModel):
    model_config = ConfigDict(frozen=True)
    number: int
    texts: tuple[str, ...] = ()


class Base(DeclarativeBase):
    metadata = engine.metadata("sample")


class Finding(Base):
    __tablename__ = "finding"
    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[Colour] = mapped_column(words_of(Colour))
    content: Mapped[Found | None] = mapped_column(PydanticJSON(Found))
    many: Mapped[dict[str, Found] | None] = mapped_column(PydanticJSON(dict[str, Found]))


@pytest_asyncio.fixture
async def findings(sample):
    async with sample.sessions.begin() as session:
        connection = await session.connection()
        await connection.run_sync(Base.metadata.create_all)
    yield sample.sessions
    async with sample.sessions.begin() as session:
        connection = await session.connection()
        await connection.run_sync(Base.metadata.drop_all)


async def test_a_model_comes_back_as_itself_and_nothing_is_null(findings):
    finding = Found(number=1, texts=("é", "“x”"))
    async with findings.begin() as session:
        session.add(Finding(id=1, colour=Colour.RED, content=finding, many={"a": finding}))
        session.add(Finding(id=2, colour=Colour.RED, content=None, many=None))
    async with findings() as session:
        row = await session.get(Finding, 1)
        assert (row.colour, row.content, row.many) == (Colour.RED, finding, {"a": finding})
        absent = select(Finding.id).where(Finding.content.is_(None), Finding.many.is_(None))
        assert (await session.scalars(absent)).all() == [2]


async def test_a_replaced_value_is_written_and_a_new_field_has_its_default(findings):
    async with findings.begin() as session:
        session.add(Finding(id=1, colour=Colour.RED, content=Found(number=1), many=None))
    async with findings.begin() as session:
        row = await session.get(Finding, 1)
        row.content = Found(number=2)
    async with findings.begin() as session:
        assert (await session.get(Finding, 1)).content == Found(number=2)
        await session.execute(text("UPDATE finding SET content = '{\"number\": 3}'"))
    async with findings() as session:
        assert (await session.get(Finding, 1)).content == Found(number=3, texts=())


async def test_what_is_no_such_model_is_an_error_when_it_is_read(findings):
    async with findings.begin() as session:
        session.add(Finding(id=1, colour=Colour.RED, content=Found(number=1), many=None))
        await session.flush()
        await session.execute(text('UPDATE finding SET content = \'{"number": "x"}\''))
    async with findings() as session:
        with pytest.raises(ValidationError):
            await session.get(Finding, 1)
