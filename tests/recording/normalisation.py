"""Volatile values become placeholders, and texts become lines. Pure.

Ids that the database has made at random (UUIDs of version 4) become `<id 1>`, `<id 2>`... in the order in which they
come in one answer, so that two places with one id stay recognisable. UUIDs of version 5 are those of `identifiers.py`
and stay. Times of this century become `<time>`; those that requests and the catalogue set on purpose lie outside.
"""

import re
from collections.abc import Iterable, Mapping

_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_SECRET = re.compile(r"\b(rt|ck|whsec)_[\w.-]{6,}")
_UUID = re.compile(r"\b(?!0{8}-)[0-9a-f]{8}-[0-9a-f]{4}-(?!5)[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_TIME = re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?")
_INDEX = re.compile(r"\b([a-z]+-products)-\d{8}t\d{6}-[0-9a-f]+\b")
_LOCAL = re.compile(r"\b(127\.0\.0\.1|localhost):\d{2,5}\b")
_REQUEST_ID = re.compile(r'("request_?[iI]d": ?)"[^"]*"')
# Of a script that a page may run.
_NONCE = re.compile(r"""(nonce(?:-|="))[\w+/=-]+""")
_SAMPLE = re.compile(r"^((?:[^{}\s]+)(?:\{.*\})?) \S+$")
# What Elasticsearch tells of a hit by name comes in an order that it chooses anew when it starts.
_UNORDERED = re.compile(r'("(?:gains|identifiers)":\{)([^{}]*)\}')
_TOKENS = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],]|[^"{}\[\],]+')
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
# Sent in place of a value that an earlier answer was to have: the recording goes on, and shows both answers.
NOTHING = "nothing"
# Seconds since 1970.
_THIS_CENTURY = range(1_600_000_000, 4_000_000_000)
# Of the time that something took, or has been waiting.
VOLATILE_KEYS = (
    "took_ms",
    "tookMs",
    "processingTimeMS",
    "lag_seconds",
    "oldest_seconds",
    "query_id",
    "queryId",
    "queryID",
)
# Headers that say nothing about the answer.
IGNORED_HEADERS = ("date", "connection", "transfer-encoding")
# Headers whose presence counts, and whose values are those of the moment.
VOLATILE_HEADERS = ("content-length", "x-request-id", "ratelimit", "ratelimit-reset", "ratelimit-remaining", "age")


def normalise(text: str, volatile: Iterable[str] = ()) -> str:
    """`text` with placeholders for volatile values; `volatile` are further JSON keys of such values."""
    names = "|".join(map(re.escape, (*VOLATILE_KEYS, *volatile)))
    text = re.sub(rf'("(?:{names})": ?)(?:{_NUMBER}|"[^"]*"|null)', r'\1"<volatile>"', text)
    text = _UNORDERED.sub(lambda match: match[1] + ",".join(sorted(match[2].split(","))) + "}", text)
    text = _REQUEST_ID.sub(r'\1"<request id>"', text)
    text = _TOKEN.sub("<token>", text)
    text = _NONCE.sub(r"\1<nonce>", text)
    text = _SECRET.sub(r"<\1 secret>", text)
    text = _INDEX.sub(r"\1-<index>", text)
    text = _LOCAL.sub(r"\1:<port>", text)
    text = _TIME.sub("<time>", text)
    numbers: dict[str, int] = {}
    return _UUID.sub(lambda match: f"<id {numbers.setdefault(match[0], len(numbers) + 1)}>", text)


def headers_of(headers: Iterable[tuple[str, str]], volatile: Iterable[str] = ()) -> list[str]:
    """Headers as lines, sorted, because servers promise no order; `volatile` are further names, in small letters."""
    without_value = {*VOLATILE_HEADERS, *volatile}
    lines = []
    for name, value in headers:
        lower = name.lower()
        if lower not in IGNORED_HEADERS:
            lines.append(f"{lower}: {'<volatile>' if lower in without_value else normalise(value)}")
    return sorted(lines)


def json_lines(text: str) -> list[str]:
    """JSON as lines, broken at brackets and commas outside of strings: joined they are the same text."""
    lines, line = [], ""
    for token in _TOKENS.findall(text):
        if token in ("}", "]") and line:
            lines.append(line)
            line = ""
        line += token
        if token in ("{", "[", ","):
            lines.append(line)
            line = ""
    return [*lines, line] if line else lines


def body_lines(text: str, content_type: str) -> list[str]:
    if "json" in content_type and "ndjson" not in content_type:
        return json_lines(text)
    return text.splitlines(keepends=True)


def metrics_lines(text: str) -> list[str]:
    """Names, help, types and labels of Prometheus metrics, without values."""
    lines = (_SAMPLE.sub(r"\1 <value>", line) if not line.startswith("#") else line for line in text.splitlines())
    return [normalise(line) for line in lines]


def message_lines(text: str, volatile: Iterable[str] = ()) -> list[str]:
    """A message in protobuf's text format; `volatile` are further fields whose values become placeholders.

    Timestamps of this century lose their numbers: a line `nanos` belongs to the line `seconds` above it.
    """
    names = {*VOLATILE_KEYS, *volatile}
    lines: list[str] = []
    recent = False
    for line in normalise(text).splitlines():
        name, _, value = line.strip().partition(": ")
        recent = (name == "seconds" and int(value) in _THIS_CENTURY) or (name == "nanos" and recent)
        hidden = value and (name in names or recent)
        lines.append(f"{line.partition(':')[0]}: <volatile>" if hidden else line)
    return lines


def with_values(text: str, values: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced by the value of that name, or by `nothing` without one."""
    return re.sub(r"\$\{(\w+)\}", lambda match: values.get(match[1], NOTHING), text)
