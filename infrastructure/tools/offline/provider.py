"""The stand-in provider: Terraform's plugin protocol 5 on a unix socket, answered from a schema.

Terraform reaches it through TF_REATTACH_PROVIDERS, so nothing is downloaded.
Source: https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol
"""

import json
import os
from concurrent import futures
from pathlib import Path
from typing import Any, Callable

import grpc
import msgpack
from tfplugin_proto import tfplugin5_5_pb2 as pb

from infrastructure.tools.offline import values
from infrastructure.tools.offline.schema import ADDRESS

SERVICE = "tfplugin5.Provider"
NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}
UNKNOWN = msgpack.ExtType(0, b"\x00")
ACCEPTED = ("ValidateResourceTypeConfig", "ValidateDataSourceConfig", "Configure", "Stop")
# Terraform names a call's request after the call, but for this one.
REQUESTS = {"GetSchema": "GetProviderSchema"}
Handler = Callable[[Any, Any], Any]


def decode(value: Any) -> Any:
    """Return the Python value of a protocol DynamicValue."""
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False)
    return json.loads(value.json or b"null")


def encode(value: Any) -> Any:
    """Return the protocol DynamicValue of a Python value."""
    return pb.DynamicValue(msgpack=msgpack.packb(value, use_bin_type=True))


def to_block(block: values.Block) -> Any:
    """Return a schema block in the protocol's form."""
    out = pb.Schema.Block(version=0)
    for name, attribute in block["attributes"].items():
        kind = "string" if attribute["type"] == "dynamic" else attribute["type"]
        flags = {key: attribute.get(key, False) for key in ("required", "optional", "computed")}
        out.attributes.add(name=name, type=json.dumps(kind).encode(), **flags)
    for name, nested in block["block_types"].items():
        out.block_types.append(
            pb.Schema.NestedBlock(
                type_name=name,
                block=to_block(nested["block"]),
                nesting=NESTING[nested["nesting_mode"]],
                min_items=nested["min_items"],
                max_items=nested["max_items"],
            )
        )
    return out


def to_schema(schema: dict[str, Any]) -> Any:
    """Return one resource's schema in the protocol's form."""
    return pb.Schema(version=schema["version"], block=to_block(schema["block"]))


def accept(name: str) -> Handler:
    """Return the method of a call that asks for no more than a yes."""
    answer = getattr(pb, name).Response
    return lambda _request, _context: answer()


class Provider:
    """Answers of the protocol's calls; ``handlers`` maps each call's name to its method."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        self.resources = schema["resource_schemas"]
        self.data = schema["data_source_schemas"]

    def handlers(self) -> dict[str, Handler]:
        """Return the method of each call that a validation, a test or a plan makes."""
        return {
            **{name: accept(name) for name in ACCEPTED},
            "GetSchema": self.get_schema,
            "PrepareProviderConfig": self.prepare,
            "UpgradeResourceState": self.upgrade,
            "ReadResource": self.read,
            "PlanResourceChange": self.plan,
            "ReadDataSource": self.read_data_source,
        }

    def get_schema(self, _request: Any, _context: Any) -> Any:
        """Return every type's schema."""
        return pb.GetProviderSchema.Response(
            provider=to_schema(self.schema["provider"]),
            resource_schemas={name: to_schema(kind) for name, kind in self.resources.items()},
            data_source_schemas={name: to_schema(kind) for name, kind in self.data.items()},
        )

    def prepare(self, request: Any, _context: Any) -> Any:
        """Accept the provider's configuration as it is."""
        return pb.PrepareProviderConfig.Response(prepared_config=request.config)

    def upgrade(self, request: Any, _context: Any) -> Any:
        """Return a stored state as it is."""
        return pb.UpgradeResourceState.Response(
            upgraded_state=pb.DynamicValue(json=request.raw_state.json)
        )

    def read(self, request: Any, _context: Any) -> Any:
        """Say that nothing drifted."""
        return pb.ReadResource.Response(new_state=request.current_state)

    def plan(self, request: Any, _context: Any) -> Any:
        """Return the proposed state with computed attributes unknown."""
        proposed = decode(request.proposed_new_state)
        if proposed is None:
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        block = self.resources[request.type_name]["block"]
        config, prior = decode(request.config), decode(request.prior_state)
        planned = values.mark_unknown(block, config, prior, proposed, UNKNOWN)
        return pb.PlanResourceChange.Response(planned_state=encode(planned))

    def read_data_source(self, request: Any, _context: Any) -> Any:
        """Return a data source's invented answer."""
        block = self.data[request.type_name]["block"]
        answer = values.read_data(request.type_name, block, decode(request.config))
        return pb.ReadDataSource.Response(state=encode(answer))


def serve(schema: dict[str, Any], socket: Path) -> tuple[Any, str]:
    """Serve on a unix socket; return the server and the value for TF_REATTACH_PROVIDERS."""
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(16), options=unlimited)
    methods = {
        name: grpc.unary_unary_rpc_method_handler(
            method,
            getattr(pb, REQUESTS.get(name, name)).Request.FromString,
            lambda response: response.SerializeToString(),
        )
        for name, method in Provider(schema).handlers().items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    address = {"Network": "unix", "String": str(socket)}
    plugin = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True}
    return server, json.dumps({ADDRESS: {**plugin, "Addr": address}})
