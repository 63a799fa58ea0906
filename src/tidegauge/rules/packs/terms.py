"""The words that rules are written with: types of fields, and what a field may be."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

Share = Annotated[float, "share"]  # from 0 to 1
Age = Annotated[str, "age"]  # a duration such as 6h or PT6H
Count = Annotated[int, "count"]  # from 0 on
Scalar = str | int | float | bool

ALL = 1.0
"""The share of rows that is asked for unless a rule says otherwise."""


class Scope(StrEnum):
    """What a rule is about: each column of its `for`, or the rows, and then it has no `for`."""

    COLUMN = "column"
    ROWS = "rows"
    EITHER = "either"


class ValueType(StrEnum):
    """The types that a column can be asked to have; an Integral value is Fractional as well."""

    INTEGRAL = "Integral"
    FRACTIONAL = "Fractional"
    STRING = "String"
    BOOLEAN = "Boolean"
    DATE = "Date"
    TIMESTAMP = "Timestamp"


class SignWord(StrEnum):
    """On which side of zero the values lie."""

    NON_NEGATIVE = "non_negative"
    POSITIVE = "positive"
    NON_POSITIVE = "non_positive"
    NEGATIVE = "negative"


class Operator(StrEnum):
    """How one column compares with another."""

    LESS = "<"
    AT_MOST = "<="
    EQUAL = "="
    UNEQUAL = "<>"
    AT_LEAST = ">="
    GREATER = ">"
