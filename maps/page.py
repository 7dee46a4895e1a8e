"""The figure behind every map page: a Folium figure that loads nothing from another host.

`OfflineFigure` renders its children as Folium does, then swaps every script and style link for a
file of this service (`maps.assets`), and refuses a page that names one which is not shipped. Its
script becomes one ES module with a nonce, so that a content security policy can forbid all others.
Ids are the names that elements were given, not random ones: two renders of a page are equal.
"""

import re
import secrets
from html.parser import HTMLParser

from branca.element import CssLink, Element, Figure, JavascriptLink
from markupsafe import Markup, escape

from maps.assets import STATIC_URL, AssetMissingError, local
from maps.words import LANG_ATTRIBUTES

# Folium's own templates make these; a figure's page brings its own.
FOLIUM_HEADER = ("meta_http",)


def new_nonce() -> str:
    """Return a fresh nonce for one answer: 128 random bits, URL-safe."""
    return secrets.token_urlsafe(16)


def content_security_policy(nonce: str) -> str:
    """Return the Content-Security-Policy header of a page that was rendered with `nonce`.

    Scripts and styles come from this service or carry the nonce; nothing else runs, and nothing
    is fetched from, framed by or posted to another host.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


class OfflineFigure(Figure):
    """A Folium figure whose every script and style sheet comes from this service.

    Parameters
    ----------
    title : str
        Title of the page, where the figure is rendered alone.
    language : str
        "zh" or "en": the ``lang`` attribute, so that Han characters take the shapes of the mainland.
    nonce : str
        Put on the header's own blocks and on the one script; see `content_security_policy`.
    """

    def __init__(self, *, title: str = "", language: str = "zh", nonce: str = "") -> None:
        super().__init__(title=title)
        self.language = language
        self.nonce = nonce
        for name in FOLIUM_HEADER:
            self.header._children.pop(name, None)

    def header_html(self) -> Markup:
        """Return links and header blocks.

        Raises
        ------
        AssetMissingError
            An element asks for a file that is not shipped; the message names it.
        """
        self._render_children()
        parts: dict[str, None] = {}
        for child in self.header._children.values():
            parts[self._header_part(child)] = None
        html = "\n".join(parts)
        _refuse_foreign(html)
        return Markup(html)  # noqa: S704  # made of our table and of Folium's templates, no data

    def body_html(self) -> Markup:
        """Return the elements' own HTML: the map's box."""
        self._render_children()
        return Markup(_tidy(self.html.render()))  # noqa: S704  # elements escape what they are given

    def script_html(self) -> Markup:
        """Return the one script, an ES module: it runs after the deferred links of the header."""
        self._render_children()
        opening = Markup('<script type="module" nonce="{}">').format(self.nonce)
        return opening + Markup(_tidy(self.script.render())) + Markup("</script>")  # noqa: S704  # options are |tojson

    def render(self, **kwargs: object) -> str:  # noqa: ARG002  # the signature is branca's
        """Return a whole page that holds nothing but this figure."""
        return (
            f'<!doctype html>\n<html lang="{LANG_ATTRIBUTES[self.language]}">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{escape(self.title)}</title>\n{self.header_html()}\n</head>\n"
            f"<body>\n{self.body_html()}\n{self.script_html()}\n</body>\n</html>\n"
        )

    def _render_children(self) -> None:
        for child in self._children.values():
            child.render()

    def _header_part(self, child: Element) -> str:
        if isinstance(child, JavascriptLink):
            return str(Markup('<script defer src="{}"></script>').format(local(child.url)))
        if isinstance(child, CssLink):
            return str(Markup('<link rel="stylesheet" href="{}">').format(local(child.url)))
        nonce = str(Markup(' nonce="{}"').format(self.nonce))
        return re.sub(r"<(style|script)(?=[\s>])", rf"<\1{nonce}", _tidy(child.render()))


class _Links(HTMLParser):
    """Collects the addresses of scripts and linked files."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep `src` of scripts and images, `href` of links."""
        wanted = {"script": "src", "link": "href", "img": "src"}.get(tag)
        self.found.extend(value for name, value in attrs if name == wanted and value)


def _refuse_foreign(html: str) -> None:
    # Plugins may also write links as plain HTML, past branca's link classes.
    links = _Links()
    links.feed(html)
    for url in links.found:
        if not url.startswith(f"{STATIC_URL}/"):
            raise AssetMissingError(url=url)


def _tidy(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)
