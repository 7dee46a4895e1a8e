"""Fixtures of the browser tests alone: the served town, the watched Chromium, a town to be edited."""

from tests.fixtures.browser import chromium as chromium
from tests.fixtures.browser import open_browser as open_browser
from tests.fixtures.editing import open_page as open_page
from tests.fixtures.editing import plan as plan
from tests.fixtures.editing import service as service
from tests.fixtures.resident_pages import door_paths as door_paths
from tests.fixtures.resident_pages import homes as homes
from tests.fixtures.resident_pages import visit as visit
from tests.fixtures.served import served as served
