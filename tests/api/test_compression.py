"""What goes over the wire compressed: texts for browsers, as a whole; nothing else, and only where it is asked for."""

import pytest

from tests.fixtures.services import Service

ASKED = {"Accept-Encoding": "gzip"}


@pytest.mark.parametrize("path", ["/", "/lookup", "/static/js/lookup.js", "/static/css/wangge.css"])
def test_texts_are_a_third_of_their_size(service: Service, path: str) -> None:
    with service.client() as client:
        whole = client.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in whole.headers
        with client.stream("GET", path, headers=ASKED) as small:
            assert small.headers["content-encoding"] == "gzip"
            assert "accept-encoding" in small.headers["vary"].lower()
            sent = b"".join(small.iter_raw())
    assert len(sent) < 0.5 * len(whole.content)


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/static/js/lookup.js", {"Range": "bytes=0-2000"}), ("/api/v1/lookup?lon=0.001&lat=0", {}),
        ("/api/v1/lookup/sandbox", {}), ("/open311/v2/services.xml", {}), ("/static/favicon.svg", {}),
    ],
)  # fmt: skip
def test_parts_short_answers_and_answers_to_programs_are_plain(
    service: Service, path: str, more: dict[str, str]
) -> None:
    with service.client() as client:
        answer = client.get(path, headers={**ASKED, **more})
    assert answer.status_code in (200, 206)
    assert "content-encoding" not in answer.headers
