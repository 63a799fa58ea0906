"""The last digits of kept numbers depend on the rows alone, not on a machine's linear algebra."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TypeGuard

import pytest

import tidegauge

SOURCES = Path(tidegauge.__file__).parent
MODULES = sorted(
    path for folder in ("states", "quality") for path in (SOURCES / folder).rglob("*.py")
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_product_of_matrices(path: Path) -> None:
    """BLAS adds in an order that depends on its threads; sums of products do not."""
    found = [node for node in ast.walk(ast.parse(path.read_text())) if _is_product(node)]

    assert [] == [node.lineno for node in found]


def _is_product(node: ast.AST) -> TypeGuard[ast.expr]:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    return isinstance(node, ast.Attribute) and node.attr in ("dot", "matmul", "einsum", "inner")
