FROM python:3.11-slim AS build
WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv UV_COMPILE_BYTECODE=1
COPY requirements-bootstrap.lock requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-bootstrap.lock \
    && uv pip install --no-cache --require-hashes -r requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && pip uninstall --yes uv grpcio-tools \
    && python -m compileall -q api catalog cli evaluation generator indexer mappings migrations search services stack storefront workers

FROM python:3.11-slim
RUN useradd --system --create-home --uid 10001 catalog
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Not the source folder: nothing is written there, and no `.env` is read from it.
WORKDIR /home/catalog
USER catalog
EXPOSE 8000 50051
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=10 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('CATALOG_HTTP_PORT', 8000)}/health/ready\", timeout=4)"]
CMD ["catalog", "serve"]
