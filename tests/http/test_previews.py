"""Previews: by scan and by key, as an event stream, their tiles, what is refused."""
import io

import numpy as np
import requests
from PIL import Image


def draw(width, height):
    """A scan on which every tile differs."""
    rows, columns = np.mgrid[:height, :width]
    out = io.BytesIO()
    Image.fromarray(((rows // 7 + columns // 5) % 3 > 0).astype(np.uint8) * 255).convert("1").save(out, "TIFF", compression="group4")
    return out.getvalue()


def create(server, **more):
    return requests.post(server.url + "/previews", timeout=60, **more)


def picture(response):
    assert response.status_code == 200 and response.headers["Content-Type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("L"))


def test_tiles_are_the_scan(server):
    scan = draw(700, 1300)
    made = create(server, data=scan, headers={"Content-Type": "image/tiff"}).json()
    assert (made["width"], made["height"], made["tile"], made["levels"]) == (700, 1300, 512, 3)
    whole = np.zeros((1300, 700))
    for row in range(3):
        for column in range(2):
            url = made["tiles"].format(level=0, column=column, row=row)
            tile = picture(server.get(url))
            whole[512 * row:512 * row + tile.shape[0], 512 * column:512 * column + tile.shape[1]] = tile
    assert np.array_equal(whole, np.asarray(Image.open(io.BytesIO(scan)).convert("L")))
    assert picture(server.get(made["overview"])).shape == (951, 512)


def test_by_key_once(server):
    place = requests.post(server.url + "/uploads", timeout=60).json()
    requests.put(server.url + place["url"], data=draw(300, 400), headers=place["headers"], timeout=60)
    first, again = (create(server, json={"key": place["key"]}).json() for _ in range(2))
    assert first == again


def test_stream(server, scan):
    response = create(server, data=scan, headers={"Content-Type": "image/tiff", "Accept": "text/event-stream"})
    assert response.headers["Content-Type"] == "text/event-stream"
    assert f'"id":"{response.headers["X-Result-Id"]}"' in response.text.split("event: result")[1]


def test_refused(server, scan):
    assert create(server, data=b"no scan", headers={"Content-Type": "image/tiff"}).status_code == 415
    assert create(server, json={"key": "uploads/none/x.tif"}).status_code in (403, 404)
    made = create(server, data=scan, headers={"Content-Type": "image/tiff"}).json()
    for path in ("tiles/0/9_9.png", "tiles/9/0_0.png", "tiles/0/0_0.png/x", "pyramid.json", "..%2f..%2fx", ""):
        assert server.get(f"/previews/{made['id']}/{path}").status_code == 404
    assert server.get("/previews/none/overview.png").status_code == 404


def test_none_are_made(start, scan):
    server = start(PREVIEW_MB=0)
    assert create(server, data=scan, headers={"Content-Type": "image/tiff"}).status_code == 404
