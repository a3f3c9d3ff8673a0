"""docker-compose.yml follows the Compose specification and our own rules; no container engine is needed to know."""

import re
import tomllib
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
import yaml
from click.testing import CliRunner

from catalog.settings import PREFIX, Settings

CHECKOUT = Path(__file__).parents[2]
COMPOSE = CHECKOUT / "docker-compose.yml"
SERVERS = ("postgres", "redis", "elasticsearch")
PROCESSES = ("api", "worker", "scheduler", "pump", "relay", "subscribers")
KNOWN = {PREFIX + name.upper() for name in Settings.model_fields}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    compose: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(COMPOSE.read_text())
    return compose["services"]


def test_the_file_follows_the_compose_specification() -> None:
    answer = CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", "vendor.compose-spec", str(COMPOSE)])
    assert answer.exit_code == 0, answer.output


def test_every_server_has_a_health_check_and_keeps_its_data_in_a_named_volume(services: dict[str, Any]) -> None:
    volumes = yaml.safe_load(COMPOSE.read_text())["volumes"]
    for name in SERVERS:
        assert services[name]["healthcheck"]["test"]
        assert [volume.split(":")[0] for volume in services[name]["volumes"]] == [name]
        assert name in volumes


def test_every_container_has_a_memory_limit(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if not service.get("mem_limit")} == set()


def test_elasticsearch_asks_for_a_password_and_never_makes_an_index_by_itself(services: dict[str, Any]) -> None:
    environment = services["elasticsearch"]["environment"]
    assert environment["xpack.security.enabled"] == "true"
    assert environment["action.auto_create_index"] == "false"


def test_redis_asks_for_a_password_and_never_evicts(services: dict[str, Any]) -> None:
    assert "--requirepass ${REDIS_PASSWORD:?" in services["redis"]["command"]
    assert "--maxmemory-policy noeviction" in services["redis"]["command"]


def test_ports_are_published_on_loopback_only(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_processes_wait_for_the_migration_and_the_migration_for_the_servers(services: dict[str, Any]) -> None:
    for name in PROCESSES:
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert set(services["migrate"]["depends_on"]) == {"postgres", "elasticsearch"}
    assert services["migrate"]["restart"] != "unless-stopped"


def test_no_secret_is_written_down(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|AUTH|_URL", name):
                assert re.search(r"\$\{[A-Z_]+:", value) or "@" not in value
            if re.search("PASSWORD|SECRET|AUTH", name):
                assert re.fullmatch(r"\$\{[A-Z_]+:[?-].*\}", value), name


def test_images_are_short_names_with_a_version(services: dict[str, Any]) -> None:
    images = {services[name]["image"] for name in SERVERS}
    assert images == {"postgres:17", "redis:8", "elasticsearch:9.4.3"}


def test_every_setting_in_compose_is_known(services: dict[str, Any]) -> None:
    used = set(re.findall(r"CATALOG_[A-Z_]+", COMPOSE.read_text()))
    assert used <= KNOWN


def test_the_example_lists_every_setting_but_the_one_for_tests() -> None:
    listed = set(re.findall(r"^(?:# )?(CATALOG_[A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert listed == KNOWN - {"CATALOG_FAILPOINT"}


def test_every_setting_of_the_env_file_reaches_every_process(services: dict[str, Any]) -> None:
    for name in ("migrate", *PROCESSES):
        assert services[name]["env_file"] == [{"path": ".env", "required": False}]
    # `environment` is stronger: no setting stands there that somebody might want to choose.
    fixed = {"CATALOG_LOG_JSON", "CATALOG_ELASTICSEARCH_USERNAME", "CATALOG_ELASTICSEARCH_PASSWORD"}
    fixed |= {f"CATALOG_{name}" for name in ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL", "JWT_SECRET")}
    fixed |= {f"CATALOG_{door}_{part}" for door in ("HTTP", "GRPC") for part in ("HOST", "PORT")}
    assert {name for process in PROCESSES for name in services[process]["environment"]} == fixed


def test_every_variable_that_compose_needs_is_in_the_example() -> None:
    needed = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text()))
    listed = set(re.findall(r"^(?:# )?([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert needed <= listed


def test_the_image_runs_as_an_ordinary_user_from_locked_requirements() -> None:
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    assert sum(line.startswith("FROM ") for line in lines) == 2
    assert "USER catalog" in lines
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
    installs = [line for line in lines if "install" in line and " -r " in line]
    assert installs
    assert all("--require-hashes" in line for line in installs)


def test_the_image_holds_every_package_of_the_service() -> None:
    pyproject = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    packages = set(pyproject["tool"]["importlinter"]["root_packages"]) - {"bench", "tools"}
    copied = {line.removeprefix("!") for line in (CHECKOUT / ".dockerignore").read_text().splitlines()}
    assert packages <= copied
