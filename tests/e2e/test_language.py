"""A catalogue in another language than English."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer.rebuild import ensure_index
from mappings.analysis import LANGUAGES
from tests.apps import create_app
from tests.e2e.small_catalogue import skus
from tests.support import store, sync_all

PRODUCTS: dict[str, list[dict[str, Any]]] = {
    "de": [
        {"sku": "SCHUH", "name": "Rote Schuhe für Damen"},
        {"sku": "KOFFER", "name": "Großer Koffer"},
        {"sku": "BUECHER", "name": "Zwei Bücher"},
    ],
    "fr": [{"sku": "ORDI", "name": "Housse d'ordinateur"}, {"sku": "LAMPE", "name": "Lampes de bureau"}],
    "es": [{"sku": "ZAPATO", "name": "Zapatos rojos"}],
    "it": [{"sku": "ORO", "name": "Anelli dell'oro"}],
    "nl": [{"sku": "BOEK", "name": "Rode boeken"}],
    "pt": [{"sku": "LIVRO", "name": "Livros usados"}],
}
FOUND = [
    ("de", "schuh der dame", ["SCHUH"]), ("de", "grosse koffer", ["KOFFER"]), ("de", "buch", ["BUECHER"]),
    ("fr", "ordinateur", ["ORDI"]), ("fr", "lampe pour le bureau", ["LAMPE"]), ("es", "zapato rojo", ["ZAPATO"]),
    ("it", "anello oro", ["ORO"]), ("nl", "het boek", ["BOEK"]), ("pt", "livro", ["LIVRO"]),
]  # fmt: skip


@pytest.fixture
async def client(
    request: pytest.FixtureRequest, settings: Settings, db: psycopg.Connection[Any], es: Elasticsearch
) -> AsyncIterator[httpx.AsyncClient]:
    language = request.param
    spoken = settings.model_copy(update={"language": language})
    ensure_index(spoken, es)
    store(spoken, PRODUCTS[language])
    sync_all(spoken, db, es)
    app = create_app(spoken)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://test") as one:
        yield one


@pytest.mark.parametrize(("client", "q", "wanted"), FOUND, indirect=["client"])
async def test_words_are_stemmed_and_left_out_as_the_language_does(
    client: httpx.AsyncClient, q: str, wanted: list[str]
) -> None:
    assert await skus(client, q=q, exact="true") == wanted


def test_every_language_is_tried() -> None:
    assert {language for language, _, _ in FOUND} == set(LANGUAGES) - {"en"}
