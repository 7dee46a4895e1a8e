"""The front door: three ways in, and the figures of this deployment over its own map."""

from dataclasses import dataclass

from maps.picture import Outline, Picture, picture_of
from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class HomeContext:
    """Figures of what is published today, and the outlines of its grids.

    Parameters
    ----------
    communities, grids, households : int
        Counts.
    covered_share : float, optional
        Share (0-1) of doors in exactly one grid with someone answerable; None: nothing is published yet.
    outlines : tuple of Outline
        Published grids, EPSG:4326; may be empty.
    """

    shell: Shell
    communities: int
    grids: int
    households: int
    covered_share: float | None = None
    outlines: tuple[Outline, ...] = ()

    @property
    def picture(self) -> Picture:
        """Return the map picture."""
        return picture_of(self.outlines)


def render(context: HomeContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    return render_page("home", context, context.shell, language=language, nonce=nonce)
