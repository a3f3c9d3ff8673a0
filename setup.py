"""Generates the gRPC messages before anything is packed or installed; all else about the project is in pyproject.toml.

It is a step of every build, editable ones too: `pip install -e .`, `pip wheel .` and the image all come through here.
"""

from pathlib import Path

from setuptools import Command, setup
from setuptools.command.build import build

ROOT = Path(__file__).parent
PROTO = ROOT / "proto"
SOURCE = "catalog/v1/product_service.proto"


class BuildGrpc(Command):
    """Writes `catalog/v1/product_service_pb2*.py` beside the hand-written code."""

    description = "generate the gRPC messages and stubs"
    user_options = []  # noqa: RUF012 - setuptools wants a plain list here
    editable_mode = False

    def initialize_options(self) -> None:
        pass

    def finalize_options(self) -> None:
        pass

    def run(self) -> None:
        import grpc_tools
        from grpc_tools import protoc

        known = Path(grpc_tools.__file__).parent / "_proto"
        arguments = [
            f"-I{PROTO}",
            f"-I{known}",
            f"--python_out={ROOT}",
            f"--pyi_out={ROOT}",
            f"--grpc_python_out={ROOT}",
        ]
        if protoc.main(["protoc", *arguments, SOURCE]):
            raise SystemExit(f"protoc refused {SOURCE}")

    def get_source_files(self) -> list[str]:
        return [f"proto/{SOURCE}"]

    def get_outputs(self) -> list[str]:
        return []

    def get_output_mapping(self) -> dict[str, str]:
        return {}


class Build(build):
    # First, so that what it writes is found when modules are collected.
    sub_commands = [("build_grpc", None), *build.sub_commands]  # noqa: RUF012


setup(cmdclass={"build": Build, "build_grpc": BuildGrpc})
