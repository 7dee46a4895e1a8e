"""The words of the interface: Chinese is written in the templates and scripts, English is looked up.

A message's id is its Chinese text, so the Chinese page needs no catalogue and nobody has to keep
two. English comes from ``locale/en.po``, read as it is (no compile step). The words of the browser
modules, `t("...")` in ``static/js``, are handed over in the page's one JSON block.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2 import Environment, PackageLoader, StrictUndefined

FOLDER = Path(__file__).parent
LOCALES = FOLDER / "locale"
SCRIPTS = FOLDER / "static" / "js"
LANGUAGES = ("zh", "en")
LANG_ATTRIBUTES = {"zh": "zh-CN", "en": "en"}


def language_of(asked: str | None) -> str:
    """Return "zh" or "en"; anything else reads Chinese."""
    return asked if asked in LANGUAGES else "zh"


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return Chinese text -> text in `language`; empty for Chinese, which needs none."""
    path = LOCALES / f"{language}.po"
    if language == "zh" or not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id and message.string}


def text(message: str, language: str) -> str:
    """Return one message in `language`; one without a translation stays Chinese."""
    return catalogue(language).get(message, message)


@cache
def script_messages(script: str) -> tuple[str, ...]:
    """Return the messages of one browser module, and of the modules that it imports, in order."""
    found: dict[str, None] = {}
    for name in _with_imports(script):
        with (SCRIPTS / name).open("rb") as file:
            for _, message, _, _ in extract("javascript", file, keywords={"t": None}):
                found[str(message)] = None
    return tuple(found)


def script_words(scripts: Sequence[str], language: str) -> dict[str, str]:
    """Return the words that browser modules need: nothing in Chinese, else Chinese -> `language`."""
    if language == "zh":
        return {}
    return {message: text(message, language) for script in scripts for message in script_messages(script)}


@cache
def environment(language: str) -> Environment:
    """Return the template environment of a language: everything escaped, unknown names refused."""
    loader = PackageLoader("maps", "templates")
    env = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension at run time
        lambda message: text(message, language),
        lambda one, many, n: text(one if n == 1 else many, language),
        newstyle=True,
    )
    env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True, "separators": (",", ":")}
    env.filters.update(thousands=thousands, percent=percent)
    return env


def thousands(number: float) -> str:
    """Return a count with thin groups of three: 12,345."""
    return f"{number:,.0f}"


def percent(share: float) -> str:
    """Return a share of 0-1 in per cent, never rounded up to a whole that it is not: 0.9996 -> 99.9%."""
    shown = int(share * 1000 + 1e-9) / 10
    return f"{shown:.0f}%" if shown == int(shown) else f"{shown:.1f}%"


@cache
def _with_imports(script: str) -> tuple[str, ...]:
    seen: dict[str, None] = {}
    waiting = [script]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen[name] = None
        source = (SCRIPTS / name).read_text(encoding="utf-8")
        waiting.extend(re.findall(r'from "\./([\w.]+)"', source))
    return tuple(seen)
