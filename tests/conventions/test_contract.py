"""The contract has no field that nothing reads or writes."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from ymera.v1 import (
    admin_pb2,
    benchmarks_pb2,
    catalog_pb2,
    content_pb2,
    errors_pb2,
    experiments_pb2,
    feedback_pb2,
    inference_pb2,
    keys_pb2,
    routing_pb2,
    usage_pb2,
    ymera_pb2,
)

from tests.conventions.fields import Written, fields_read, reachable

ROOT = Path(__file__).parents[2]
FILES = (
    admin_pb2,
    benchmarks_pb2,
    catalog_pb2,
    content_pb2,
    errors_pb2,
    experiments_pb2,
    feedback_pb2,
    inference_pb2,
    keys_pb2,
    routing_pb2,
    usage_pb2,
    ymera_pb2,
)
API = ROOT / "ymera_service/api"
METHODS = [
    method for file in FILES for service in file.DESCRIPTOR.services_by_name.values() for method in service.methods
]
REQUESTS = reachable(method.input_type for method in METHODS)
RESPONSES = [message for message in reachable(method.output_type for method in METHODS) if message not in REQUESTS]
READ = fields_read(
    API, {file.DESCRIPTOR.name.rpartition("/")[2].removesuffix(".proto") + "_pb2": file for file in FILES}
)
WRITTEN = Written(API)


@pytest.mark.parametrize(
    "field", [f"{message.full_name}.{field.name}" for message in REQUESTS for field in message.fields]
)
def test_every_field_of_a_request_has_a_reader(field: str) -> None:
    assert field in READ, f"nothing in ymera_service/api reads {field}: remove it, or use it"


@pytest.mark.parametrize("message", RESPONSES, ids=lambda message: message.full_name)
def test_every_field_of_a_response_has_a_writer(message: Descriptor) -> None:
    unwritten = [field.name for field in message.fields if not WRITTEN.has(message, field.name)]
    assert unwritten == [], f"nothing in ymera_service/api writes them to {message.full_name}: remove them, or use them"


def messages(descriptor: Descriptor) -> Iterator[Descriptor]:
    yield descriptor
    for nested in descriptor.nested_types:
        if not nested.GetOptions().map_entry:
            yield from messages(nested)


def test_every_message_of_the_contract_is_sent_or_received() -> None:
    known = {message.full_name for message in (*REQUESTS, *RESPONSES)}
    tops = [message for file in FILES for message in file.DESCRIPTOR.message_types_by_name.values()]
    assert [message.full_name for top in tops for message in messages(top) if message.full_name not in known] == []


def test_every_file_of_the_contract_is_looked_at() -> None:
    protos = {f"ymera/v1/{path.name}" for path in (ROOT / "protos/ymera/v1").glob("*.proto")}
    assert {module.DESCRIPTOR.name for module in FILES} == protos
    assert all(descriptor_pool.Default().FindFileByName(name) for name in protos)


def test_the_distribution_of_the_stubs_has_the_sources_and_those_of_the_details_of_errors() -> None:
    copies = ROOT / "protos/python/ymera/protos"
    for source in (ROOT / "protos/ymera/v1").glob("*.proto"):
        assert (copies / "ymera/v1" / source.name).read_text() == source.read_text(), "run protos/generate.py"
    details = {path.name for path in (copies / "google/rpc").iterdir()}
    assert details == {"code.proto", "error_details.proto", "status.proto"}


@pytest.mark.parametrize("module", FILES, ids=lambda module: module.DESCRIPTOR.name)
def test_every_file_names_a_java_class_that_no_message_has(module: ModuleType) -> None:
    options = module.DESCRIPTOR.GetOptions()
    assert options.java_package == "dev.ymera.v1"
    assert options.java_outer_classname.endswith("Proto")
    assert options.go_package.startswith("github.com/ymera/ymera/clients/go/")


def test_there_is_an_image_of_the_last_release_to_compare_with() -> None:
    image = FileDescriptorSet.FromString((ROOT / "protos/released.binpb").read_bytes())
    assert {module.DESCRIPTOR.name for module in FILES} <= {file.name for file in image.file}
    assert "breaking --against released.binpb" in (ROOT / ".ci/run").read_text()


def java_names(field: FieldDescriptor) -> Iterator[str]:
    """Yields the ends of the names of the methods that Java's generator makes for a field."""
    name = "".join(part.capitalize() for part in field.name.split("_"))
    is_text = field.type == FieldDescriptor.TYPE_STRING
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
    if is_map:
        yield from (name, f"{name}Count", f"{name}Map")
    elif field.is_repeated:
        yield from (name, f"{name}Count", f"{name}List")
    else:
        yield name
    if is_text:
        yield f"{name}Bytes"
    elif field.type == FieldDescriptor.TYPE_ENUM:
        yield f"{name}Value"
    elif field.message_type is not None and not is_map:
        yield from (f"{name}Builder", f"{name}OrBuilder")


@pytest.mark.parametrize("module", FILES)
def test_the_names_that_java_makes_of_fields_differ(module: ModuleType) -> None:
    for top in module.DESCRIPTOR.message_types_by_name.values():
        for message in messages(top):
            made = [name for field in message.fields for name in java_names(field)]
            assert len(made) == len(set(made)), f"{message.full_name}: {sorted(made)}"
