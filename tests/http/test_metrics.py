"""GET /metrics."""
import re


def test_prometheus_text(server, scan):
    server.digitize(scan, [("curve", "GR:GAPI:0:150")])
    server.get("/nothing")
    response = server.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for line in response.text.splitlines():
        assert re.fullmatch(r'(# (HELP|TYPE) curvelogd_\w+ .+)|(curvelogd_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? \S+)', line), line
    values = server.metrics()
    assert values['curvelogd_requests_total{route="digitize",status="200"}'] == 1
    assert values['curvelogd_requests_total{route="page",status="404"}'] == 1
    assert values["curvelogd_scans_total"] == 1 and values["curvelogd_pixels_total"] > 10000
    assert values["curvelogd_model_bytes"] > 1000 and values["curvelogd_resident_bytes"] > 1e6
    assert values['curvelogd_stage_seconds_count{stage="forward"}'] == 1
    assert values['curvelogd_stage_seconds_bucket{stage="total",le="+Inf"}'] == 1
    assert values["curvelogd_jobs_running"] == values["curvelogd_jobs_waiting"] == 0
