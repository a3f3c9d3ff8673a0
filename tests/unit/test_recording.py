"""The recorder of answers: what is volatile becomes a placeholder, all else is compared."""

import json
from pathlib import Path

import pytest

from tests.recording.__main__ import main
from tests.recording.cases import STEPS
from tests.recording.comparison import Entry, compare, load, read_allowed, save
from tests.recording.identifiers import UNKNOWN, product_id
from tests.recording.normalisation import (
    body_lines,
    headers_of,
    json_lines,
    message_lines,
    metrics_lines,
    normalise,
    with_values,
)

RANDOM, OTHER = "0b2f7c1e-8f3d-4a57-9d1c-3f5e8a6b7c90", "7e1bb8c4-52f1-4cb5-a3a5-0b1d3c2c9f11"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"took_ms":12.5,"total":3}', '{"took_ms":"<volatile>","total":3}'),
        ('{"tookMs":1e-05,"query_id":"abc"}', '{"tookMs":"<volatile>","query_id":"<volatile>"}'),
        ('{"gains":{"b":1,"a":2.5},"x":{"d":1,"c":2}}', '{"gains":{"a":2.5,"b":1},"x":{"d":1,"c":2}}'),
        ('{"lag_seconds":null}', '{"lag_seconds":"<volatile>"}'),
        ("script-src 'nonce-gvPs+/b=='", "script-src 'nonce-<nonce>'"),
        ('<script nonce="gvPs_-">', '<script nonce="<nonce>">'),
        ('{"request_id": "a-1"}', '{"request_id": "<request id>"}'),
        ('{"at":"2026-12-01T15:20:07.123456Z"}', '{"at":"<time>Z"}'),
        ('{"at":"2026-12-01T15:20:07+00:00"}', '{"at":"<time>+00:00"}'),
        ('{"publish_from":"2199-01-01T00:00:00Z"}', '{"publish_from":"2199-01-01T00:00:00Z"}'),
        (f"{RANDOM} {OTHER} {RANDOM}", "<id 1> <id 2> <id 1>"),
        ("catalog-products-20261123t114857-211e is live", "catalog-products-<index> is live"),
        ("http://127.0.0.1:23204/x", "http://127.0.0.1:<port>/x"),
        ("Bearer eyJhbGciOi.eyJzdWIi.c2ln-_x", "Bearer <token>"),
        ('"ck_0123456789abcdef.secret-part"', '"<ck secret>"'),
    ],
)
def test_what_is_volatile_becomes_a_placeholder(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize("text", [product_id("TEE"), UNKNOWN, '{"score":12.3456,"version":7}', "1950-01-01T03:00:00Z"])
def test_what_is_fixed_stays(text: str) -> None:
    assert normalise(text) == text


def test_a_request_may_have_volatile_keys_of_its_own() -> None:
    assert normalise('{"rate":8.5,"rates":8.5}', ("rate",)) == '{"rate":"<volatile>","rates":8.5}'


@pytest.mark.parametrize(
    "text",
    ['{"a":[1,2,{"b":"x, [y] \\" {z}"}],"c":{}}', "[]", '{"a" : 1.0, "b": null}', '"text"', "12", "", "{broken"],
)
def test_json_is_broken_into_lines_without_loss(text: str) -> None:
    assert "".join(json_lines(text)) == text


def test_lines_end_at_brackets_and_commas_outside_of_strings() -> None:
    assert json_lines('{"a":["b,c",1]}') == ["{", '"a":[', '"b,c",', "1", "]", "}"]


def test_other_texts_keep_their_line_ends() -> None:
    assert body_lines("<p>\r\n</p>", "text/html") == ["<p>\r\n", "</p>"]
    assert body_lines('{"a":1}\n{"b":2}\n', "application/x-ndjson") == ['{"a":1}\n', '{"b":2}\n']


def test_headers_are_sorted_and_those_of_the_moment_have_no_value() -> None:
    headers = [("X-Request-ID", "1"), ("Date", "now"), ("ETag", '"7"'), ("Content-Length", "12")]
    assert headers_of([("Retry-After", "56")], ("retry-after",)) == ["retry-after: <volatile>"]
    assert headers_of(headers) == ["content-length: <volatile>", 'etag: "7"', "x-request-id: <volatile>"]


def test_metrics_have_names_and_labels_without_values() -> None:
    text = '# HELP a_total Of a.\n# TYPE a_total counter\na_total{b="c d",e="}"} 12.0\nplain 1e-05\n'
    assert metrics_lines(text) == [
        "# HELP a_total Of a.",
        "# TYPE a_total counter",
        'a_total{b="c d",e="}"} <value>',
        "plain <value>",
    ]


def test_messages_of_grpc_have_no_moments() -> None:
    text = "took_ms: 1.5\nat {\n  seconds: 1796140000\n  nanos: 12\n}\nfrom {\n  seconds: 925552800\n  nanos: 1\n}\n"
    lines = ["took_ms: <volatile>", "at {", "  seconds: <volatile>", "  nanos: <volatile>", "}"]
    assert message_lines(text) == [*lines, "from {", "  seconds: 925552800", "  nanos: 1", "}"]
    assert message_lines("retry_delay {\n  seconds: 41\n}", ("seconds",))[1] == "  seconds: <volatile>"


def test_values_of_earlier_answers_are_put_in() -> None:
    assert with_values("/products/${id}?x=$y", {"id": "7"}) == "/products/7?x=$y"
    assert with_values("${unknown}", {}) == "nothing"


def entry(name: str, *body: str) -> Entry:
    return {"name": name, "interface": "rest", "request": {}, "answer": {"status": 200, "body": list(body)}}


def test_equal_recordings_have_no_difference() -> None:
    comparison = compare([entry("a", "x"), entry("b")], [entry("a", "x"), entry("b")], set())
    assert (comparison.differences, comparison.summary) == ({}, "2 requests, 0 differ")


def test_a_difference_is_shown_under_the_name_of_its_request() -> None:
    comparison = compare([entry("a", "x", "y"), entry("b")], [entry("a", "x", "z"), entry("b")], set())
    assert list(comparison.differences) == ["a"]
    lines = comparison.differences["a"].splitlines()
    assert '-   "y"' in lines
    assert '+   "z"' in lines
    assert comparison.summary == "2 requests, 1 differ"


def test_the_order_of_keys_counts() -> None:
    turned = dict(reversed(entry("a").items()))
    assert list(compare([entry("a")], [turned], set()).differences) == ["a"]


def test_a_request_that_one_recording_lacks_differs() -> None:
    assert list(compare([entry("a")], [entry("b")], set()).differences) == ["a", "b"]


def test_what_may_differ_is_counted_apart(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed.txt"
    allowed.write_text("# letters\na  # folded alike\n\n")
    comparison = compare([entry("a", "x"), entry("b")], [entry("a"), entry("b")], read_allowed(allowed))
    assert list(comparison.allowed) == ["a"]
    assert comparison.summary == "2 requests, 0 differ (1 more may differ)"


def test_a_lone_surrogate_is_kept(tmp_path: Path) -> None:
    save(tmp_path / "one.json", "one", [entry("a", "\ud800 é")])
    assert load(tmp_path / "one.json") == [entry("a", "\ud800 é")]


def test_the_exit_code_says_whether_any_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    save(before, "one", [entry("a", "x")])
    save(after, "two", [entry("a", "é")])
    monkeypatch.setattr("sys.argv", ["recording", "compare", str(before), str(after)])
    assert main() == 1
    assert '+   "é"' in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["recording", "compare", str(before), str(before)])
    assert main() == 0


def test_a_recording_with_two_answers_of_one_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text(json.dumps({"commit": "x", "answers": [entry("a"), entry("a")]}))
    with pytest.raises(ValueError, match="two answers"):
        load(path)


def test_every_request_has_a_name_of_its_own() -> None:
    names = [step.name for step in STEPS if step.interface]
    assert len(names) == len(set(names))
