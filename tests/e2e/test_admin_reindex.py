"""Rebuilds over REST: the interface writes rows, workers carry them out."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from elasticsearch import Elasticsearch

from catalog.settings import Settings
from indexer import rebuild
from indexer.indexer import Indexer
from indexer.registry import LIVE, targets
from mappings.names import read_alias
from tests.e2e.conftest import SignedIn
from tests.e2e.helpers import NOBODY, assert_problem
from tests.processes import running
from tests.support import live_index, store, sync_all

Db = psycopg.Connection[Any]

REINDEX = "/api/v1/admin/reindex"

pytestmark = [pytest.mark.secured, pytest.mark.usefixtures("index")]


async def started(client: httpx.AsyncClient, **body: Any) -> Any:
    answer = await client.post(REINDEX, json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def ended(client: httpx.AsyncClient, address: str, seconds: float = 60) -> Any:
    """The job once it has ended."""
    async with asyncio.timeout(seconds):
        # Workers are other processes: there is no event to wait for.
        while (job := (await client.get(address)).json())["state"] in ("queued", "running"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return job


def carry_out(settings: Settings, db: Db, es: Elasticsearch) -> None:
    """As the workers do."""
    rebuild.run(Indexer(db, es, settings))


@pytest.mark.process
async def test_workers_carry_out_what_was_started(
    admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    store(settings, [{"sku": f"p{number}"} for number in range(50)])
    sync_all(settings, db, es)
    answer = await admin.post(REINDEX, json={"shards": 2})
    assert answer.status_code == 202
    job = answer.json()
    assert (job["state"], job["phase"], job["index"], job["shards"]) == ("queued", "preparing", None, 2)
    assert answer.headers["location"] == f"{REINDEX}/{job['id']}"
    own = settings.model_copy(update={"worker_concurrency": 2})
    with running(own, "worker"), running(own, "pump"):
        job = await ended(admin, answer.headers["location"])
    assert (job["state"], job["phase"], job["error"]) == ("done", "live", None)
    assert (job["documents"], job["total"], job["remaining_seconds"]) == (50, 50, 0)
    assert job["rate"] > 0
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    assert job["index"] == live_index(db) != index
    assert es.indices.get_settings(index=job["index"])[job["index"]]["settings"]["index"]["number_of_shards"] == "2"
    assert [*es.indices.get_alias(name=read_alias(settings.index_prefix)).body] == [job["index"]]


@pytest.mark.process
async def test_workers_end_what_was_cancelled(
    admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch, index: str
) -> None:
    """Cancelled while the new index is being filled: it is gone afterwards, and readers saw nothing of it."""
    store(settings, [{"sku": "a"}])
    sync_all(settings, db, es)
    job = await started(admin)
    rebuild.step(Indexer(db, es, settings))
    job = (await admin.get(f"{REINDEX}/{job['id']}")).json()
    assert (job["state"], job["phase"], job["cancel_requested"]) == ("running", "filling", False)
    assert es.indices.exists(index=job["index"])
    answer = await admin.post(f"{REINDEX}/{job['id']}/cancel")
    assert (answer.status_code, answer.json()["state"], answer.json()["cancel_requested"]) == (202, "running", True)
    assert (await admin.post(f"{REINDEX}/{job['id']}/cancel")).status_code == 202, "once more does no harm"
    with running(settings, "worker"), running(settings, "pump"):
        job = await ended(admin, f"{REINDEX}/{job['id']}")
    assert (job["state"], job["error"], job["remaining_seconds"]) == ("cancelled", None, None)
    assert not es.indices.exists(index=job["index"])
    assert [(target.name, target.state) for target in targets(db)] == [(index, LIVE)]
    assert [*es.indices.get_alias(name=read_alias(settings.index_prefix)).body] == [index]


async def test_a_body_is_not_needed(admin: httpx.AsyncClient) -> None:
    answer = await admin.post(REINDEX)
    assert (answer.status_code, answer.json()["shards"]) == (202, None)


async def test_a_second_one_is_told_the_first(
    admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    first = await started(admin)
    problem = assert_problem(await admin.post(REINDEX, json={}), 409)
    assert first["id"] in problem["detail"]
    carry_out(settings, db, es)
    assert (await started(admin))["id"] != first["id"]


async def test_of_many_at_once_one_is_started(admin: httpx.AsyncClient, db: Db) -> None:
    answers = await asyncio.gather(*(admin.post(REINDEX, json={}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202, *[409] * 7]
    assert db.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone() == (1,)


async def test_the_one_who_started_it_is_kept(admin: httpx.AsyncClient, db: Db) -> None:
    job = await started(admin)
    assert job["created_by"]["email"] == "admin@example.com"
    row = db.execute("SELECT created_by FROM jobs WHERE id = %s", (job["id"],)).fetchone()
    assert row == (UUID(job["created_by"]["id"]),)


async def test_the_history_is_newest_first_and_has_those_of_commands(
    admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    """The first index of the fixture was made by a rebuild that nobody asked for over REST."""
    jobs = []
    for _ in range(2):
        jobs.append((await started(admin))["id"])
        carry_out(settings, db, es)
    page = (await admin.get(REINDEX)).json()
    assert (page["total"], page["page"], page["per_page"]) == (3, 1, 20)
    assert [item["id"] for item in page["items"]][:2] == jobs[::-1]
    assert page["items"][2]["created_by"] is None
    second = (await admin.get(REINDEX, params={"page": 2, "per_page": 2})).json()
    assert second["items"] == page["items"][2:]


async def test_other_kinds_of_jobs_are_none_of_its_business(admin: httpx.AsyncClient, db: Db) -> None:
    row = db.execute("INSERT INTO jobs (kind, state) VALUES ('other', 'running') RETURNING id").fetchone()
    assert row is not None
    assert (await admin.get(REINDEX)).json()["total"] == 1
    assert_problem(await admin.get(f"{REINDEX}/{row[0]}"), 404)
    assert_problem(await admin.post(f"{REINDEX}/{row[0]}/cancel"), 404)
    await started(admin)


async def test_progress_while_it_is_filled(admin: httpx.AsyncClient, db: Db) -> None:
    job = await started(admin)
    db.execute(
        "UPDATE jobs SET state = 'running', started_at = now() - interval '2 hours', "
        """progress = '{"phase": "filling", "index": "new", "total": 1000}' WHERE id = %s""",
        (job["id"],),
    )
    now = (await admin.get(f"{REINDEX}/{job['id']}")).json()
    assert (now["documents"], now["total"], now["rate"], now["remaining_seconds"]) == (0, 1000, 0, None)
    # Those of now lie ahead, so that it does not matter how long this test takes.
    for number, (documents, age) in enumerate(((200, "1 hour"), (150, "-1 hour"), (150, "-1 hour"), (0, None))):
        db.execute(
            "INSERT INTO reindex_chunks (job_id, number, first_id, documents, done_at) "
            "VALUES (%s, %s, gen_random_uuid(), %s, now() - %s::interval)",
            (job["id"], number, documents, age),
        )
    now = (await admin.get(f"{REINDEX}/{job['id']}")).json()
    assert (now["index"], now["documents"], now["total"]) == ("new", 500, 1000)
    assert now["rate"] == 10, "of the last half minute"
    assert now["remaining_seconds"] == 50
    db.execute("""UPDATE jobs SET progress = progress || '{"phase": "comparing"}' WHERE id = %s""", (job["id"],))
    assert (await admin.get(f"{REINDEX}/{job['id']}")).json()["remaining_seconds"] is None


async def test_a_failed_one_says_why(admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch) -> None:
    store(settings, [{"sku": "odd"}])
    db.execute("""UPDATE products SET attributes = '{"x": 1e400}'""")
    job = await started(admin)
    carry_out(settings, db, es)
    job = (await admin.get(f"{REINDEX}/{job['id']}")).json()
    assert job["state"] == "failed"
    assert "do not fit the new index" in job["error"]
    assert job["finished_at"] is not None


async def test_what_has_ended_can_not_be_cancelled(
    admin: httpx.AsyncClient, settings: Settings, db: Db, es: Elasticsearch
) -> None:
    job = await started(admin)
    carry_out(settings, db, es)
    problem = assert_problem(await admin.post(f"{REINDEX}/{job['id']}/cancel"), 409)
    assert "done" in problem["detail"]


async def test_unknown_ids(admin: httpx.AsyncClient) -> None:
    for unknown in (NOBODY, "no-id"):
        assert_problem(await admin.get(f"{REINDEX}/{unknown}"), 404)
        assert_problem(await admin.post(f"{REINDEX}/{unknown}/cancel"), 404)


@pytest.mark.parametrize("shards", [0, 65, 1.5, "2", True])
async def test_wrong_shards_are_refused(admin: httpx.AsyncClient, db: Db, shards: Any) -> None:
    assert_problem(await admin.post(REINDEX, json={"shards": shards}), 422, "shards")
    assert db.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone() == (0,)


async def test_unknown_fields_and_parameters_are_refused(admin: httpx.AsyncClient) -> None:
    assert_problem(await admin.post(REINDEX, json={"shard": 2}), 422, "shard")
    assert_problem(await admin.post(REINDEX, params={"shards": 2}), 422, "shards")
    assert_problem(await admin.get(REINDEX, params={"state": "done"}), 422, "state")


async def test_it_is_for_admins_only(client: httpx.AsyncClient, signed_in: SignedIn, db: Db) -> None:
    calls = [
        ("GET", REINDEX),
        ("POST", REINDEX),
        ("GET", f"{REINDEX}/{NOBODY}"),
        ("POST", f"{REINDEX}/{NOBODY}/cancel"),
    ]
    for method, address in calls:
        assert_problem(await client.request(method, address), 401)
    for role in ("editor", "merchandiser", "analyst", "storefront"):
        async with signed_in(role) as caller:
            for method, address in calls:
                assert_problem(await caller.request(method, address), 403)
    assert db.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone() == (0,)
