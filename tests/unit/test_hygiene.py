"""Headers, versions, request ids, log lines and secrets: what needs no server."""

import io
import json
from contextlib import redirect_stderr
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import structlog

from api import versioning
from api.headers import protect
from api.request_ids import request_id, trace_id
from catalog.errors import SettingsError
from catalog.logs import configure_logs, one_line
from catalog.settings import Settings, load_settings

GONE_SOON = versioning.Deprecated(
    "/api/v1/old/{name}",
    since=date(2026, 1, 1),
    sunset=date(2026, 7, 1),
    explained_at="https://example.com/changes",
    methods=frozenset({"GET"}),
    successor="/api/v2/new",
)


def test_a_deprecated_route_says_since_when_and_until_when() -> None:
    headers = dict(versioning.headers_of("GET", "/api/v1/old/{name}", [GONE_SOON]))
    assert headers[b"deprecation"] == b"@1767225600"
    assert headers[b"sunset"] == b"Wed, 01 Jul 2026 00:00:00 GMT"
    assert b'</api/v2/new>; rel="successor-version"' in headers[b"link"]
    assert b'rel="deprecation"' in headers[b"link"]


def test_other_routes_and_methods_say_nothing() -> None:
    assert versioning.headers_of("POST", "/api/v1/old/{name}", [GONE_SOON]) == []
    assert versioning.headers_of("GET", "/api/v1/new", [GONE_SOON]) == []


def test_the_openapi_document_marks_a_deprecated_operation() -> None:
    document: dict[str, Any] = {"paths": {"/api/v1/old/{name}": {"get": {}, "post": {}}}}
    versioning.mark(document, [GONE_SOON])
    assert document["paths"]["/api/v1/old/{name}"] == {"get": {"deprecated": True}, "post": {}}


def _headers(
    path: str = "/api/v1/x",
    status: int = 200,
    method: str = "GET",
    scheme: str = "http",
    credential: bool = False,
    **given: str,
) -> dict[str, str]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    sent = [(b"authorization", b"Bearer x")] if credential else []
    protect(raw, {"path": path, "method": method, "scheme": scheme, "headers": sent}, status)
    return {name.decode(): value.decode() for name, value in raw}


def test_answers_that_are_no_pages_load_nothing() -> None:
    assert _headers()["content-security-policy"].startswith("default-src 'none'")
    assert "default-src 'self'" in _headers(content_type="text/html; charset=utf-8")["content-security-policy"]


def test_a_policy_of_its_own_is_kept() -> None:
    assert _headers(content_security_policy="img-src *")["content-security-policy"] == "img-src *"


def test_hsts_is_sent_over_https_only() -> None:
    assert "strict-transport-security" not in _headers()
    assert "strict-transport-security" in _headers(scheme="https")


def test_what_is_private_is_not_kept() -> None:
    assert "cache-control" not in _headers()
    assert _headers(credential=True)["cache-control"] == "no-store"
    assert _headers(credential=True, etag='"1"')["cache-control"] == "private, no-cache"
    assert _headers(method="POST")["cache-control"] == "no-store"
    assert _headers(status=404)["cache-control"] == "no-store"
    assert _headers(cache_control="max-age=1")["cache-control"] == "max-age=1"


def test_pictures_may_be_shown_in_other_pages() -> None:
    assert _headers("/pictures/a.svg")["cross-origin-resource-policy"] == "cross-origin"
    assert _headers("/api/v1/x")["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("sent", ["a b", "a\nb", "x" * 101, "\x1b[31m", "ü", "", None])
def test_a_request_id_that_is_not_sane_is_replaced(sent: str | None) -> None:
    assert request_id(sent) != sent
    assert len(request_id(sent)) == 32


def test_a_sane_request_id_is_kept() -> None:
    assert request_id("Shop-7_a.b") == "Shop-7_a.b"


def test_the_trace_of_a_traceparent() -> None:
    assert trace_id(f"00-{'a' * 32}-{'b' * 16}-01") == "a" * 32
    for nonsense in (None, "", "00-a-b-01", f"00-{'0' * 32}-{'b' * 16}-01", f"00-{'g' * 32}-{'b' * 16}-01"):
        assert trace_id(nonsense) is None


def _logged(*, log_json: bool, **fields: str) -> str:
    with redirect_stderr(io.StringIO()) as said:
        configure_logs(Settings(log_json=log_json))
        structlog.get_logger().warning("a.event", **fields)
    return said.getvalue()


@pytest.mark.parametrize("log_json", [True, False])
def test_an_event_is_one_line_whatever_a_client_wrote(log_json: bool) -> None:
    text = "a\r\n2026-01-01 [error] forged\x1b[2J\x9b31m\u2028next"
    said = _logged(log_json=log_json, path=text)
    assert len(said.splitlines()) == 1
    assert "\x1b" not in said
    assert "\x9b" not in said
    assert "forged" in said


def test_json_lines_are_json() -> None:
    assert json.loads(_logged(log_json=True, path='"}\n{"'))["path"] == '"}\\n{"'


def test_the_lines_of_an_error_do_not_pass_for_events() -> None:
    with redirect_stderr(io.StringIO()) as said:
        configure_logs(Settings())
        try:
            raise ValueError("first\n2026-01-01 [error] forged\x1b[2J")
        except ValueError:
            structlog.get_logger().exception("a.event")
    lines = said.getvalue().splitlines()
    assert next(line for line in lines if "forged" in line).startswith("    ")
    assert "\x1b" not in said.getvalue()


def test_plain_text_is_left_alone() -> None:
    assert one_line("Größe 13″ — ok") == "Größe 13″ — ok"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_secret_is_read_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a secret of thirty-two characters\n")
    (tmp_path / "url").write_text("postgresql://u:secret@db/catalog\n")
    monkeypatch.setenv("CATALOG_JWT_SECRET_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("CATALOG_DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = load_settings()
    assert settings.jwt_secret is not None
    assert settings.jwt_secret.get_secret_value() == "a secret of thirty-two characters"
    assert settings.database_url == "postgresql://u:secret@db/catalog"


def test_a_secret_given_twice_is_an_error_that_names_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file")
    monkeypatch.setenv("CATALOG_JWT_SECRET", "from the environment")
    monkeypatch.setenv("CATALOG_JWT_SECRET_FILE", str(tmp_path / "key"))
    with pytest.raises(SettingsError, match="CATALOG_JWT_SECRET and CATALOG_JWT_SECRET_FILE") as error:
        load_settings()
    assert "from" not in str(error.value).replace("are both set", "")


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CATALOG_ADMIN_PASSWORD_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match=r"CATALOG_ADMIN_PASSWORD_FILE.*nowhere"):
        load_settings()


def test_a_malformed_secret_from_a_file_is_not_repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("mysql://root:hunter2@db/x")
    monkeypatch.setenv("CATALOG_DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(SettingsError, match="CATALOG_DATABASE_URL") as error:
        load_settings()
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CATALOG_CORS_ORIGINS", "*"),
        ("CATALOG_CORS_ORIGINS", "null"),
        ("CATALOG_CORS_ORIGINS", "https://shop.example.com/"),
        ("CATALOG_CORS_ORIGINS", "https://*.example.com"),
        ("CATALOG_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("CATALOG_TRUSTED_PROXIES", "proxy"),
    ],
)
def test_settings_that_would_open_too_much_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()
