"""What every step of the indexer works with."""

from dataclasses import dataclass
from typing import Any

import psycopg
from elasticsearch import Elasticsearch

from catalog.settings import Settings


@dataclass(frozen=True, slots=True)
class Indexer:
    """One Postgres connection, one Elasticsearch client and the settings: made once, handed from step to step."""

    #: In autocommit mode: each step opens the transactions that it needs.
    connection: psycopg.Connection[Any]
    client: Elasticsearch
    settings: Settings
