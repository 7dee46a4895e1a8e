"""Demo: an invented county town in the hills of Guizhou, drawn from a seed - see docs/guides/demo-town.md."""

from data.demo.county import draw_town as draw_town
from data.demo.county import town_source as town_source
