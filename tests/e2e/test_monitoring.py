"""Alert rules and dashboard ask for series that the service has, and the documentation tells of the same rules."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from api.grpc.metrics import CallMetrics

CHECKOUT = Path(__file__).parents[2]
RULES = CHECKOUT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = CHECKOUT / "deploy" / "grafana" / "catalog.json"
_SERIES = re.compile(r"\bcatalog_[a-z_]+")
_LABELS = re.compile(r"(catalog_[a-z_]+)\{([^}]*)\}")
_GROUPED = re.compile(r"by \(([^)]*)\)")
_DURATION = re.compile(r"\d+(s|m|h)")
# Of those that Prometheus adds by itself.
SCRAPED = {"instance", "job", "le"}


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    held: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return [panel for panel in held if panel["type"] != "row"]


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [target["expr"] for panel in panels() for target in panel["targets"]]


async def series(app: FastAPI, client: httpx.AsyncClient) -> dict[str, set[str]]:
    """The labels of every series that an API process can show, by its name."""
    CallMetrics(app.state.metrics.registry).observe("/catalog.v1.ProductService/Search", "OK", 0.1)
    app.state.metrics.rejected("address", "read")
    await client.get("/health/live")
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families((await client.get("/metrics")).text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


async def test_every_series_and_label_is_one_of_ours(app: FastAPI, client: httpx.AsyncClient) -> None:
    known = await series(app, client)
    for expression in expressions():
        asked = set(_SERIES.findall(expression))
        assert asked, expression
        assert asked <= known.keys(), expression
        for name, chosen in _LABELS.findall(expression):
            assert set(re.findall(r"(\w+)\s*=", chosen)) <= known[name] | SCRAPED, expression
        for grouped in _GROUPED.findall(expression):
            labels = {label.strip() for label in grouped.split(",")}
            assert labels <= set().union(SCRAPED, *(known[name] for name in asked)), expression


def test_rules_are_whole() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 20
    for rule in rules():
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "description"} == rule["annotations"].keys()
        assert _DURATION.fullmatch(rule.get("for", "1m"))
        for opening, closing in ("()", "[]", "{}"):
            assert rule["expr"].count(opening) == rule["expr"].count(closing), rule
    assert RULES.name in yaml.safe_load((RULES.parent / "prometheus.yml").read_text())["rule_files"]


def test_the_documentation_has_the_same_rules() -> None:
    told = set()
    for line in (CHECKOUT / "docs" / "operations.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split(" | ")]
        if line.startswith("| `catalog_") and (found := re.match(r"`([^`]+)`(?: for (\w+))?", cells[2].rstrip(" |"))):
            told.add((found[1], found[2]))
    assert told == {(rule["expr"], rule.get("for")) for rule in rules()}


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: str(panel["title"]))
def test_panels_are_whole(panel: dict[str, Any]) -> None:
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert panel["fieldConfig"]["defaults"]["unit"]
    place = panel["gridPos"]
    assert place["x"] + place["w"] <= 24
    for target in panel["targets"]:
        assert target["legendFormat"]
        assert target["expr"].count("(") == target["expr"].count(")")


def test_panels_do_not_lie_upon_each_other() -> None:
    held = json.loads(DASHBOARD.read_text())["panels"]
    cells = [
        (x, y)
        for panel in held
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in held}) == len(held)
