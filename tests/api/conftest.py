"""What tests of the HTTP service can ask for; see `tests.fixtures.services`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from tests.fixtures.services import Service, running_service


@pytest.fixture(scope="session")
def service(new_town: Callable[[], object]) -> Iterator[Service]:
    """A service that tests only read from."""
    with ExitStack() as stack:
        url = stack.enter_context(new_town())  # type: ignore[arg-type]  # a context manager, by its fixture
        yield stack.enter_context(running_service(url))


@pytest.fixture
def own_service(town_url: str) -> Iterator[Service]:
    """A service of one test alone, which may write to it."""
    with running_service(town_url) as running:
        yield running


@pytest.fixture
def anybody(service: Service) -> Iterator[httpx2.Client]:
    """Somebody from the public."""
    with service.client() as client:
        yield client
