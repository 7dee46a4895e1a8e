"""Doorplates' codes, typed where an address is asked for."""

import re

from data.plate_codes import grouped, new_code
from tests.api.test_plates import HTML, issued, plates
from tests.api.test_plates import town as town
from tests.fixtures.plated import plated_ground
from tests.fixtures.services import Service, running_service


def like_an_address(key: bytes) -> str:
    """A signed code that begins like a door's number, as one in eight does: 云溪路3号 is found by m3."""
    codes = iter(lambda: new_code(key), "")
    return next(code for code in codes if re.match(r"[A-Z]3[A-Z]", code))


def test_a_code_typed_into_the_search_leads_to_its_door(town: Service) -> None:
    issued(town)
    code = plates(town)["3号楼"]["code"]
    (key,) = town.app.state.services.plate_keys.accepted()
    with town.client() as client:
        for plain in (code.replace("-", ""), like_an_address(key)):
            answer = client.get("/lookup", params={"q": grouped(plain).lower()})
            assert (answer.status_code, answer.headers["location"]) == (303, f"/d/{plain}")
        assert client.get("/lookup", params={"q": "云溪苑3栋2单元ABCDEFG"}).status_code == 200


def test_what_only_looks_like_a_code_is_searched_for_and_is_no_way_to_guess(database_url: str) -> None:
    with running_service(database_url, ground=plated_ground(), door_rate="2/hour") as service:
        asked = {"q": like_an_address(b"another deployment's")}
        answers = [service.client().get("/lookup", params=asked, headers=HTML) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "云溪路3号" in answers[0].text
