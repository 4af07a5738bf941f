"""Column types every service uses: an enum kept as its words, and a pydantic model kept as JSON."""

from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Dialect, Enum
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")


def words_of(kind: type[StrEnum], length: int = 20) -> Enum:
    """Return the column type of an enum: its values as text, so that a new one needs no migration."""
    return Enum(
        kind,
        native_enum=False,
        length=length,
        values_callable=lambda members: [member.value for member in members],
    )


class PydanticJSON(TypeDecorator[T], Generic[T]):
    """A column of JSON whose values are of one pydantic type, written and read whole.

    A value is replaced, never changed in place: make the models frozen. None is SQL's NULL.
    """

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def __init__(self, kind: type[T]) -> None:
        super().__init__()
        self.kind = kind
        self._adapter = TypeAdapter(kind)

    def process_bind_param(self, value: T | None, _: Dialect) -> object:
        """Return a value as JSON."""
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any | None, _: Dialect) -> T | None:
        """Return a value of the type.

        Raises:
            pydantic.ValidationError: the row holds something else.
        """
        return None if value is None else self._adapter.validate_python(value)
