"""Plates over HTTP, printed: what is drawn opens its door, a page at a time or as a job; what was printed is known."""

import io
import zipfile

import numpy as np
import pypdfium2 as pdfium
import zxingcpp

from api.jobs import run_worker
from tests.api.test_plates import HTML, V1, issued, plates
from tests.api.test_plates import town as town
from tests.fixtures.plated import DOORS_A
from tests.fixtures.services import Service, settings_for
from tests.fixtures.small_town import COMMUNITIES, COUNTY, STREETS


def codes_of(pdf: bytes) -> set[str]:
    document = pdfium.PdfDocument(pdf)
    pictures = [np.asarray(page.render(scale=2.5).to_pil().convert("L")) for page in document]
    document.close()
    found = [zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode) for picture in pictures]
    return {code.text for codes in found for code in codes}


def test_codes_of_a_printed_sheet_open_their_doors(town: Service) -> None:
    batch = issued(town)["batch_id"]
    client = town.client("street_1")
    pdf = client.get(f"{V1}/plates/sheet.pdf", params={"batch_id": batch, "size": "60x40"})
    assert pdf.headers["content-type"] == "application/pdf"
    read = codes_of(pdf.content)
    assert len(read) == DOORS_A
    rows = plates(town)
    base = town.app.state.services.settings.public_url.upper()
    assert read == {f"{base}/D/{row['code'].replace('-', '')}" for row in rows.values()}
    paths = {code.removeprefix(base) for code in read}
    assert {town.client().get(path, headers=HTML).status_code for path in paths} == {200}


def test_a_page_is_drawn_alone_and_there_is_none_after_the_last(town: Service) -> None:
    batch = issued(town)["batch_id"]
    client = town.client("street_1")
    asked = {"batch_id": batch, "size": "120x80"}
    assert len(codes_of(client.get(f"{V1}/plates/sheet.pdf", params={**asked, "page": 5}).content)) == 2
    assert client.get(f"{V1}/plates/sheet.pdf", params={**asked, "page": 6}).status_code == 404
    svg = client.get(f"{V1}/plates/sheet.svg", params=asked)
    assert svg.headers["content-type"] == "image/svg+xml"
    assert svg.text.count("扫码查网格员") == 4
    assert "云溪街道 云溪社区" in svg.text


def test_what_is_printed_is_marked_and_left_out_next_time(town: Service) -> None:
    batch = issued(town)["batch_id"]
    client = town.client("street_1")
    assert client.post(f"{V1}/plates/printed", json={"batch_id": batch}).json() == {"plates": DOORS_A}
    assert client.post(f"{V1}/plates/printed", json={"batch_id": batch}).json() == {"plates": 0}
    assert client.get(f"{V1}/plates/sheet.svg", params={"batch_id": batch, "waiting_only": True}).status_code == 404
    row = plates(town)["3号楼"]
    town.client().post(f"{V1}/doors/{row['code']}/reports", json={"kind": "damaged"})
    (report,) = client.get(f"{V1}/plates/reprints").json()["reports"]
    client.post(f"{V1}/plates/reports/{report['report_id']}/settle", json={"outcome": "reprint"})
    svg = client.get(f"{V1}/plates/sheet.svg", params={"batch_id": batch, "waiting_only": True}).text
    assert svg.count("扫码查网格员") == 1
    assert row["code"] in svg


def test_a_large_order_is_a_job_whose_file_is_its_owner_s_alone(town: Service) -> None:
    for community, account in zip(COMMUNITIES[:2], ("street_1", "street_1"), strict=True):
        issued(town, community, account=account)
    client = town.client("street_1")
    asked = {"area_code": STREETS[0], "size": "60x40"}
    job_id = client.post(f"{V1}/plates/sheets", json=asked).json()["job_id"]
    assert client.get(f"{V1}/plates/sheets/{job_id}/file").status_code == 404
    run_worker(settings_for(town.database_url), wait=False)
    job = client.get(f"{V1}/jobs/{job_id}").json()
    assert (job["state"], job["result"]["plates"]) == ("done", DOORS_A + 16)
    taken = client.get(f"{V1}/plates/sheets/{job_id}/file")
    with zipfile.ZipFile(io.BytesIO(taken.content)) as packed:
        assert sum(len(codes_of(packed.read(name))) for name in packed.namelist()) == DOORS_A + 16
    assert town.client("street_2").get(f"{V1}/plates/sheets/{job_id}/file").status_code == 404


def test_more_than_is_drawn_at_once_is_not_drawn_while_one_waits(town: Service) -> None:
    issued(town, COUNTY, account="planner")
    answer = town.client("planner").get(f"{V1}/plates/sheet.pdf", params={"area_code": COUNTY})
    assert answer.status_code == 422
    assert "66" in answer.json()["detail"]
