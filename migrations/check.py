"""`python -m migrations.check`: the migrations go up and down on a real Postgres and end at what the models say."""

import os
from pathlib import Path

from alembic import command
from alembic.config import Config

from stack import ephemeral

INI = Path(__file__).resolve().parents[1] / "alembic.ini"


def main() -> None:
    """Raises what Alembic raises when a step fails or the models have changed without a migration."""
    with ephemeral(servers=["postgres"], in_memory=True) as servers:
        os.environ["CATALOG_DATABASE_URL"] = servers.postgres_url
        config = Config(INI)
        command.upgrade(config, "head")
        command.check(config)
        command.downgrade(config, "base")
        command.upgrade(config, "head")


if __name__ == "__main__":
    main()
