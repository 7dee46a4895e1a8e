"""Demo: an invented county town in the hills of Guizhou, drawn from a seed - see docs/guides/demo-town.md."""

from data.demo.county import draw_town as draw_town
from data.demo.county import town_source as town_source

# The town that `make demo` shows: some 8,000 buildings and 50,000 households.
DEFAULT_SEED = 1
