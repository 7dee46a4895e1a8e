"""What surrounds every page: the masthead, who is logged in, the language switch, the footer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from maps.page import OfflineFigure
from maps.words import LANG_ATTRIBUTES, environment, language_of, script_words

STAFF_PAGES = ("planner", "people", "boards", "cover", "reach", "siting", "incidents", "plates")
# Pages that not every role of the staff may open.
PAGE_ROLES: Mapping[str, frozenset[str]] = {"plates": frozenset({"street_office", "planner", "admin"})}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone logged in: the account's name and role (grid_worker, street_office, planner, approver, admin)."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Where people turn to when nobody is assigned."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Shell:
    """What every page knows. Texts are in the reader's language already.

    Parameters
    ----------
    place : str
        The place this deployment serves, such as 云岭县.
    path : str
        Path and query of this request, such as ``/planner?plan=3``.
    visitor : Visitor, optional
        Nobody is logged in without one.
    attribution : str
        Source of the ground, or the map approval number.
    notice : str
        A line under the masthead, such as 演示数据. Empty: no line.
    desk : Desk, optional
        Named in the footer.
    """

    place: str
    path: str = "/"
    visitor: Visitor | None = None
    attribution: str = ""
    notice: str = ""
    desk: Desk | None = None


def render_page(
    template: str,
    context: object,
    shell: Shell,
    *,
    language: str,
    nonce: str,
    figure: OfflineFigure | None = None,
    scripts: Sequence[str] = (),
    data: Mapping[str, object] | None = None,
) -> str:
    """Return the HTML of one page.

    Parameters
    ----------
    template : str
        Name of the template, which also names the page: ``planner`` is ``planner.html``.
    context : object
        The page's own frozen context.
    figure : OfflineFigure, optional
        The map.
    scripts : sequence of str
        Browser modules of the page; their words go into the JSON block. Loaded here without a figure.
    data : mapping, optional
        What the modules are told, beside the words.
    """
    language = language_of(language)
    block = {**(data or {}), "language": language, "words": script_words(scripts, language)}
    return environment(language).get_template(f"{template}.html").render(
        page=template,
        context=context,
        shell=shell,
        language=language,
        lang=LANG_ATTRIBUTES[language],
        nonce=nonce,
        figure=figure,
        scripts=() if figure else scripts,
        data=block,
        other_language=with_language(shell.path, "en" if language == "zh" else "zh"),
        staff_pages=_pages_of(shell.visitor),
    )  # fmt: skip


def _pages_of(visitor: Visitor | None) -> tuple[str, ...]:
    role = visitor.role if visitor else ""
    return tuple(page for page in STAFF_PAGES if page not in PAGE_ROLES or role in PAGE_ROLES[page])


def with_language(path: str, language: str) -> str:
    """Return `path` with ``lang`` in its query set to `language`; never an address of another host."""
    parts = urlsplit(path)
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != "lang"]
    return f"/{parts.path.lstrip('/')}?{urlencode([*query, ('lang', language)])}"
