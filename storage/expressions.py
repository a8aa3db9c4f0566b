"""What SQLite and PostgreSQL write differently, under one name."""

from typing import Any

from sqlalchemy import Double, Float, Integer, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class seconds_between(FunctionElement[float]):  # noqa: N801 (a function of SQL, in its manner)
    """The seconds from one time to another, to the millisecond."""

    name = "seconds_between"
    type = Double()
    inherit_cache = True


class bucket_of(FunctionElement[int]):  # noqa: N801
    """A time in whole seconds since 1970, rounded down to a multiple of seconds."""

    name = "bucket_of"
    type = Integer()
    inherit_cache = True


class text_in(FunctionElement[str]):  # noqa: N801
    """A field of a JSON object as text."""

    name = "text_in"
    type = Text()
    inherit_cache = True


class number_in(FunctionElement[float]):  # noqa: N801
    """A field of a JSON object as a number."""

    name = "number_in"
    type = Float()
    inherit_cache = True


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, **how: Any) -> list[str]:
    return [compiler.process(clause, **how) for clause in element.clauses]


@compiles(seconds_between, "sqlite")
def _seconds_sqlite(element: seconds_between, compiler: SQLCompiler, **how: Any) -> str:
    start, end = _parts(element, compiler, **how)
    return f"round((julianday({end}) - julianday({start})) * 86400, 3)"


@compiles(seconds_between, "postgresql")
def _seconds_postgres(element: seconds_between, compiler: SQLCompiler, **how: Any) -> str:
    start, end = _parts(element, compiler, **how)
    return f"CAST(round(extract(epoch FROM {end} - {start}), 3) AS DOUBLE PRECISION)"


@compiles(bucket_of, "sqlite")
def _bucket_sqlite(element: bucket_of, compiler: SQLCompiler, **how: Any) -> str:
    time, size = _parts(element, compiler, **how)
    return f"(CAST(strftime('%s', {time}) AS INTEGER) / {size} * {size})"


@compiles(bucket_of, "postgresql")
def _bucket_postgres(element: bucket_of, compiler: SQLCompiler, **how: Any) -> str:
    time, size = _parts(element, compiler, **how)
    return f"(CAST(floor(extract(epoch FROM {time})) AS BIGINT) / {size} * {size})"


@compiles(text_in, "sqlite")
def _text_sqlite(element: text_in, compiler: SQLCompiler, **how: Any) -> str:
    body, name = _parts(element, compiler, **how)
    return f"json_extract({body}, '$.' || {name})"


@compiles(text_in, "postgresql")
def _text_postgres(element: text_in, compiler: SQLCompiler, **how: Any) -> str:
    body, name = _parts(element, compiler, **how)
    return f"({body} ->> {name})"


@compiles(number_in, "sqlite")
def _number_sqlite(element: number_in, compiler: SQLCompiler, **how: Any) -> str:
    body, name = _parts(element, compiler, **how)
    return f"json_extract({body}, '$.' || {name})"


@compiles(number_in, "postgresql")
def _number_postgres(element: number_in, compiler: SQLCompiler, **how: Any) -> str:
    body, name = _parts(element, compiler, **how)
    return f"CAST({body} ->> {name} AS DOUBLE PRECISION)"
