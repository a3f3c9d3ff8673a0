"""Records what the service answers over every interface, to compare two commits answer by answer.

The recorder is black-box: it starts the processes of a checkout (`catalog serve`, `worker`, `pump`, `relay`), sends a
fixed set of requests over REST, GraphQL, gRPC, live WebSocket, InstantSearch and the shop's pages, reads the Redis
stream of domain events, and imports no code of the service. It therefore runs against any commit whose commands,
addresses, settings and tables are these.

    python -m tests.recording record --checkout PATH --out before.json
    python -m tests.recording record --checkout OTHER --out after.json
    python -m tests.recording compare before.json after.json

PATH is a checkout with an environment in `.venv` (`make env`). Servers are started for the recording and removed
after it, unless TEST_POSTGRES_URL, TEST_REDIS_URL and TEST_ELASTICSEARCH_URL name running ones: then the database
`recording`, Redis database 9 and the indexes `recording-*` of these are made anew.

`compare` prints a unified diff of each answer that differs and a count, and exits with 1 when there are any.
`--allow FILE` names requests that may differ, one a line, `#` begins a remark; they are counted apart.

What makes two recordings equal: the catalogue comes from a seed and from `catalogue.py`; ids of what is stored before
the first request are UUIDs of version 5 made from skus, names and paths, so that ties are broken alike; products were
created long ago, so that the newness in a score is nothing; requests are sent one after the other, those that change
something last; hash seeds are fixed. What is volatile becomes a placeholder (`normalisation.py`); all else is compared
byte for byte.
"""
