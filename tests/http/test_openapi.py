"""openapi.json: valid, served, and kept to by the replies."""
import jsonschema
import pytest
import requests
from openapi_spec_validator import validate

DEPTHS = [("depth_top", "1000"), ("depth_bottom", "1032"), ("depth_unit", "ft"), ("curve", "GR:GAPI:0:150")]


@pytest.fixture(scope="module")
def spec(server):
    response = server.get("/openapi.json")
    assert response.status_code == 200 and response.headers["Content-Type"] == "application/json"
    return response.json()


def check(spec, name, reply):
    schema = {"$ref": "#/components/schemas/" + name, "components": spec["components"]}
    jsonschema.Draft202012Validator(schema).validate(reply)


def test_valid(spec):
    validate(spec)


def test_replies_are_as_described(server, spec, scan):
    check(spec, "Result", server.digitize(scan, DEPTHS).json())
    check(spec, "Result", server.digitize(scan).json())
    check(spec, "Problem", server.digitize(b"junk").json())
    check(spec, "Models", server.get("/models").json())
    check(spec, "Ready", server.get("/readyz").json())
    preview = requests.post(server.url + "/previews", data=scan, headers={"Content-Type": "image/tiff"}, timeout=60).json()
    check(spec, "Preview", preview)
    assert server.get(preview["overview"]).headers["Content-Type"] == "image/png"
    check(spec, "Upload", requests.post(server.url + "/uploads", timeout=30).json())


def test_the_fields_are_the_ones_that_are_taken(server, spec):
    """An unknown field is refused by name, so a known one with an odd value gets another answer."""
    content = spec["paths"]["/digitize"]["post"]["requestBody"]["content"]
    form = content["multipart/form-data"]["schema"]["properties"]
    assert set(content["application/json"]["schema"]["properties"]) == set(form) - {"scan"}
    for name in set(form) - {"scan"}:
        got = server.digitize(b"junk", [(name, "\x7f")])
        assert "no field" not in got.json()["detail"], name
    assert "no field" in server.digitize(b"junk", [("colour", "x")]).json()["detail"]


def test_the_paths_are_the_ones_that_are_served(server, spec):
    for path, methods in spec["paths"].items():
        for method in methods:
            got = requests.request("DELETE", server.url + path, timeout=30)
            assert got.status_code == 405, path
            assert method.upper() in got.headers["Allow"], path
