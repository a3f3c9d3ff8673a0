"""`python -m cli` is `catalog`, also where the script is not on the PATH."""

from cli.main import app

app()
