"""Fixtures of the browser tests alone: the served town and the watched Chromium."""

from tests.fixtures.browser import chromium as chromium
from tests.fixtures.browser import open_browser as open_browser
from tests.fixtures.served import served as served
