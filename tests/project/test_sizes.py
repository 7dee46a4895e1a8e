"""The house stays readable: limits on files, functions and arguments."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("geo", "data", "maps", "api")
FILE_LINES, CONFTEST_LINES, FUNCTION_LINES, POSITIONAL = 400, 60, 60, 6


def sources(*folders: str, pattern: str = "*.py") -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob(pattern)
        if not {"vendor", "node_modules"} & set(path.parts)
    )


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sources(*PACKAGES):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    docstring = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) and first.end_lineno else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


@pytest.mark.parametrize("pattern", ["*.py", "*.js", "*.css"])
def test_no_file_is_longer_than_the_limit(pattern: str) -> None:
    long = {str(p.relative_to(ROOT)): n for p in sources(*PACKAGES, "tests", "bench", "setup", pattern=pattern)
            if (n := len(p.read_text(encoding="utf-8").splitlines())) > FILE_LINES}  # fmt: skip
    assert not long


def test_conftests_are_short() -> None:
    assert all(
        len(p.read_text(encoding="utf-8").splitlines()) <= CONFTEST_LINES
        for p in sources("tests", pattern="conftest.py")
    )


def test_no_function_is_longer_than_the_limit() -> None:
    assert not {where: n for where, node in functions() if (n := body_lines(node)) > FUNCTION_LINES}


def test_no_function_takes_more_positional_arguments_than_the_limit() -> None:
    def positional(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        return len([a for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in {"self", "cls"}])

    assert not {where: n for where, node in functions() if (n := positional(node)) > POSITIONAL}


def test_no_module_is_called_utils_or_helpers() -> None:
    assert not [p for p in sources(*PACKAGES) if p.stem in {"utils", "util", "helpers", "common", "misc"}]
