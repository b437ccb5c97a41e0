"""Statements on the way of every booking: SQLAlchemy writes their text and converts values, the driver runs them.

Between the two lies what `Connection.execute` does for a statement that it has not met in this form before; most of a
short transaction's time is spent there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Dialect, Select, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement for one engine; `places`: parameters in their order, where the driver wants them so."""

    sql: str
    places: list[str] | None
    inward: dict[str, Converter | None]
    constants: dict[str, Any]
    outward: list[Converter | None]

    def values(self, given: Mapping[str, Any]) -> Any:
        """What the driver is given."""
        known = {**self.constants, **given} if self.constants else given
        ready = {name: convert(known[name]) if convert else known[name] for name, convert in self.inward.items()}
        return [ready[name] for name in self.places] if self.places is not None else ready


class Prepared:
    """A statement of fixed form: no list in it, and every parameter given each time."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._texts: dict[str, _Text] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Its rows; none for a statement that gives none. Raises what `Connection.execute` would."""
        text, dialect = self._text(connection.dialect), connection.dialect
        cursor = connection.connection.cursor()
        try:
            cursor.execute(text.sql, text.values(values))
            rows: list[tuple[Any, ...]] = list(cursor.fetchall()) if cursor.description else []
        except dialect.loaded_dbapi.Error as failure:
            raise _told(text.sql, failure, dialect) from failure
        finally:
            cursor.close()
        if not any(text.outward):
            return rows
        return [tuple(convert(value) if convert else value for value, convert in zip(row, text.outward, strict=True))
                for row in rows]

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """The same once for each row."""
        text, dialect = self._text(connection.dialect), connection.dialect
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(text.sql, [text.values(row) for row in rows])
        except dialect.loaded_dbapi.Error as failure:
            raise _told(text.sql, failure, dialect) from failure
        finally:
            cursor.close()

    def _text(self, dialect: Dialect) -> _Text:
        known = self._texts.get(dialect.name)
        if known is None:
            known = self._texts[dialect.name] = _written(self._statement, dialect)
        return known


@contextmanager
def in_one_go(connection: Connection) -> Iterator[None]:
    """What is written inside, with nothing read, goes to PostgreSQL in one piece; its errors come at the end."""
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" or driver is None:
        yield
        return
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as failure:
        raise _told("", failure, connection.dialect) from failure


class Insertion(Prepared):
    """The insertion of one row, whose columns that are not given have their model's defaults."""

    def __init__(self, kind: type[BaseModel]) -> None:
        super().__init__(insert(kind))
        self._defaults = [(name, field) for name, field in kind.model_fields.items() if not field.is_required()]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """As any statement's."""
        left_out = {name: field.get_default(call_default_factory=True, validated_data={})
                    for name, field in self._defaults if name not in values}
        return super().run(connection, {**left_out, **values})


def _written(statement: Any, dialect: Dialect) -> _Text:
    compiled: SQLCompiler = statement.compile(dialect=dialect)
    inward: dict[str, Converter | None] = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
    constants = {name: bind.value for name, bind in compiled.binds.items() if bind.value is not None}
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    outward: list[Converter | None] = [
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    places = list(compiled.positiontup) if compiled.positional and compiled.positiontup is not None else None
    return _Text(str(compiled), places, inward, constants, outward)


def _told(sql: str, failure: Exception, dialect: Dialect) -> BaseException:
    return DBAPIError.instance(sql, None, failure, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)
