"""Requests over HTTP."""

import hashlib
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx

from tests.recording.normalisation import NOTHING, body_lines, headers_of, metrics_lines, normalise, with_values
from tests.recording.steps import HttpRequest

SECONDS = 120
# Of larger ones, such as the scripts of libraries, the hash is written down.
MAX_TEXT_BYTES = 500_000
_TEXTS = ("json", "text", "xml", "javascript")


def credential_header(credential: str, credentials: dict[str, str]) -> dict[str, str]:
    """Tokens and keys are sent in the header that is meant for each."""
    if not credential:
        return {}
    value = credentials[credential]
    return {"X-API-Key": value} if credential.startswith("key-") else {"Authorization": f"Bearer {value}"}


class HttpClient:
    """Sends the requests to one server. `values` are what `${NAME}` stands for; what a request saves is put there."""

    def __init__(self, url: str, credentials: dict[str, str], values: dict[str, str]) -> None:
        # Cookies of one answer would change the next.
        self._client = httpx.AsyncClient(base_url=url, timeout=SECONDS, follow_redirects=False)
        self._credentials, self._values = credentials, values

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def send(self, request: HttpRequest) -> tuple[dict[str, Any], dict[str, Any]]:
        """What was sent and what came back, as they are written down."""
        path = f"{request.path}?{urlencode(request.params)}" if request.params else request.path
        response = await self._client.send(self._built(request, with_values(path, self._values)))
        for name, place in request.saves.items():
            self._values[name] = _value_at(response, place)
        summary = {"method": request.method, "address": path, "server": request.server, "as": request.credential}
        for part in ("headers", "json", "form"):
            if content := getattr(request, part):
                summary[part] = content
        if request.content is not None:
            summary["content"] = request.content[:2000].decode(errors="replace")
        return summary, _answer(request, response)

    def _built(self, request: HttpRequest, path: str) -> httpx.Request:
        headers = {name: with_values(value, self._values) for name, value in request.headers.items()}
        headers = credential_header(request.credential, self._credentials) | headers
        content, form = request.content, None
        if request.json is not None:
            content = with_values(json.dumps(request.json), self._values).encode()
            headers = {"Content-Type": "application/json"} | headers
        if request.form is not None:
            form = {name: with_values(value, self._values) for name, value in request.form.items()}
        return self._client.build_request(request.method, path, content=content, data=form, headers=headers)


def _value_at(response: httpx.Response, place: str) -> str:
    """The value at 'items.0.id' of a JSON answer; NOTHING where it has none, as in an answer that refuses."""
    try:
        value: Any = response.json()
        for part in place.split("."):
            value = value[int(part)] if isinstance(value, list) else value[part]
    except (ValueError, LookupError, TypeError):
        return NOTHING
    return NOTHING if value is None else str(value)


def _answer(request: HttpRequest, response: httpx.Response) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "status": response.status_code,
        "headers": headers_of(response.headers.multi_items(), request.volatile),
    }
    content_type = response.headers.get("content-type", "")
    if request.path.partition("?")[0] == "/metrics" and response.is_success:
        answer["body"] = metrics_lines(response.text)
    elif any(part in content_type for part in _TEXTS) and len(response.content) < MAX_TEXT_BYTES:
        answer["body"] = body_lines(normalise(response.text, request.volatile), content_type)
    elif response.content:
        answer["sha256"] = hashlib.sha256(response.content).hexdigest()
    return answer
