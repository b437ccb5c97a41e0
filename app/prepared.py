"""Statements on the way of every booking: SQLAlchemy writes their text and converts values, the driver runs them.

Between the two lies what `Connection.execute` does for a statement that it has not met in this form before; most of a
short transaction's time is spent there.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Connection, Dialect, Select, String, Text, bindparam, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import class_mapper
from sqlalchemy.sql import coercions, roles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

Converter = Callable[[Any], Any]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement for one engine; `inward`: its parameters, in their order where the driver wants them so."""

    sql: str
    positional: bool
    inward: list[tuple[str, Converter | None]]
    constants: dict[str, Any]
    outward: list[Converter | None]

    def values(self, given: Mapping[str, Any]) -> Any:
        """What the driver is given."""
        known = {**self.constants, **given} if self.constants else given
        if self.positional:
            return [convert(known[name]) if convert else known[name] for name, convert in self.inward]
        return {name: convert(known[name]) if convert else known[name] for name, convert in self.inward}


class Among(ColumnElement[bool]):
    """Whether a column is one of several numbers or identifiers: together they are one parameter of a fixed statement.

    With a parameter for each, a statement for a thousand is written and read anew each time, longer than it runs.
    """

    inherit_cache = False  # for Prepared

    def __init__(self, column: SQLCoreOperations[Any], name: str) -> None:
        self.column: ColumnElement[Any] = coercions.expect(roles.ExpressionElementRole, column)
        self.several = bindparam(name, type_=_Several())


class _Several(TypeDecorator[Collection[Any]]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> str:
        return json.dumps([*(value or ())]) if dialect.name == "sqlite" else ",".join(map(str, value or ()))


@compiles(Among, "sqlite")
def _in_json(found: Among, compiler: SQLCompiler, **given: Any) -> str:
    column, several = (compiler.process(each, **given) for each in (found.column, found.several))
    return f"{column} IN (SELECT value FROM json_each({several}))"  # noqa: S608  both were written by SQLAlchemy


@compiles(Among, "postgresql")
def _in_array(found: Among, compiler: SQLCompiler, **given: Any) -> str:
    column, several = (compiler.process(each, **given) for each in (found.column, found.several))
    return f"{column} = ANY (CAST(string_to_array({several}, ',') AS {found.column.type.compile(compiler.dialect)}[]))"


class Together(FunctionElement[str]):
    """The words of a column in one, with commas between, for each row of a grouped statement."""

    inherit_cache = True
    type = String()


@compiles(Together, "sqlite")
def _concatenated(found: Together, compiler: SQLCompiler, **given: Any) -> str:
    return f"group_concat({compiler.process(found.clauses, **given)}, ',')"


@compiles(Together, "postgresql")
def _aggregated(found: Together, compiler: SQLCompiler, **given: Any) -> str:
    return f"string_agg({compiler.process(found.clauses, **given)}, ',')"


class Prepared:
    """A statement of fixed form: no list in it (but see Among), and every parameter given each time."""

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
        optional = {name: field for name, field in kind.model_fields.items() if not field.is_required()}
        # Looked up once: pydantic reads a factory's signature each time it is asked for a default.
        self._constants = {name: field.default for name, field in optional.items() if field.default_factory is None}
        self._factories = {name: cast("Callable[[], Any]", field.default_factory) for name, field in optional.items()
                           if field.default_factory and not field.default_factory_takes_validated_data}

    def completed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values given, and defaults for the others."""
        made = {name: make() for name, make in self._factories.items() if name not in values}
        return {**self._constants, **made, **values}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """As any statement's."""
        return super().run(connection, self.completed(values))


@cache
def insertion(kind: type[BaseModel]) -> Insertion:
    """How a row of this model is written."""
    return Insertion(kind)


def unsaved(kind: type[M], /, **values: Any) -> M:
    """An instance that no session will follow, for an insertion: its constructor costs twenty times as much.

    As that of any table's model, it does not validate.
    """
    made: M = class_mapper(kind).class_manager.new_instance()
    vars(made).update(insertion(kind).completed(values))
    return made


def _written(statement: Any, dialect: Dialect) -> _Text:
    compiled: SQLCompiler = statement.compile(dialect=dialect)
    inward = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
    constants = {name: bind.value for name, bind in compiled.binds.items() if bind.value is not None}
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    outward: list[Converter | None] = [
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    places = (compiled.positiontup or []) if compiled.positional else list(inward)
    return _Text(str(compiled), compiled.positional, [(name, inward[name]) for name in places], constants, outward)


def _told(sql: str, failure: Exception, dialect: Dialect) -> BaseException:
    return DBAPIError.instance(sql, None, failure, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)
