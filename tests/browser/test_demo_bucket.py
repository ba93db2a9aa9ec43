"""The page with its scans and results in a bucket on another origin: presigned addresses, CORS, the page's policy."""
import os
import sys
from urllib.parse import urlsplit

import pytest

from harness import ROOT
from steps import digitize, download, take_sample

sys.path.append(os.path.join(ROOT, "tests", "s3"))
from swift_store import KEY, SECRET, shared_swift  # noqa: E402


@pytest.fixture(scope="module")
def swift(tmp_path_factory):
    return shared_swift(tmp_path_factory.getbasetemp())


@pytest.fixture
def bucket_site(serve, swift):
    return serve(STORE="s3://wells/page", S3_ENDPOINT=swift.endpoint, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET,
                 AWS_SESSION_TOKEN="", AWS_REGION="us-east-1")


def test_scan_and_results_in_a_bucket(bucket_site, swift, open_page, shot):
    page = open_page(bucket_site)
    asked = []
    page.on("request", lambda r: asked.append((r.method, urlsplit(r.url).netloc)))
    take_sample(page)
    digitize(page)
    store = urlsplit(swift.endpoint).netloc
    assert ("PUT", store) in asked and ("GET", store) in asked
    for kind in ("LAS", "CSV"):
        got = download(page, kind)
        assert got.suggested_filename.endswith(kind.lower())
        assert b"6200.0" in open(got.path(), "rb").read()
    assert open(download(page, "Overlay PNG").path(), "rb").read().startswith(b"\x89PNG")
    page.fill("#stretch-from", "6300")
    page.fill("#stretch-to", "6310")
    page.fill("#stretch-a", "50")
    page.click("#stretch button")
    assert "edited GR 6300.0 to 6310.0" in open(download(page, "Corrected LAS").path()).read()
    shot(page, "bucket-1440")


def test_policy_names_the_bucket_alone(bucket_site, site, swift):
    policy = bucket_site.get("/").headers["Content-Security-Policy"]
    assert f"connect-src 'self' {swift.endpoint};" in policy and "amazonaws" not in policy
    assert "connect-src 'self';" in site.get("/").headers["Content-Security-Policy"]


def test_policy_on_aws(serve):
    """No request goes there: the address follows from bucket and region."""
    site = serve(STORE="s3://wells/page", S3_ENDPOINT="", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b",
                 AWS_SESSION_TOKEN="", AWS_REGION="eu-central-1")
    assert "connect-src 'self' https://wells.s3.eu-central-1.amazonaws.com;" in site.get("/").headers["Content-Security-Policy"]


def test_address_no_longer_good(bucket_site, swift, open_page):
    """The page stays, says what to do, and keeps the result."""
    page = open_page(bucket_site)
    take_sample(page)
    digitize(page)
    page.route(swift.endpoint + "/**", lambda route: route.fulfill(
        status=403, content_type="application/xml", body="<Error/>", headers={"Access-Control-Allow-Origin": "*"}))
    page.locator("#downloads").get_by_text("LAS", exact=True).click()
    page.wait_for_selector("#problem:not([hidden])")
    assert "no longer good" in page.inner_text("#problem") and page.is_visible("#curve-list")
    page.unroute(swift.endpoint + "/**")
    page.route(swift.endpoint + "/**", lambda route: route.abort())
    page.locator("#downloads").get_by_text("CSV", exact=True).click()
    page.wait_for_function("() => document.querySelector('#problem').textContent.includes('CORS')")
