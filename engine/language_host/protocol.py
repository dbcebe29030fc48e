"""Loads the engine's message types from the SDK, without the half second that `import pulumi` costs.

The generated modules import each other relatively and need nothing else of the SDK, so they can be loaded as a separate
package. When the SDK is already loaded, its own modules are used, because two copies of one type do not mix.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_ALIAS = "engine_protocol"


def _module(name: str) -> Any:
    if "pulumi" in sys.modules:
        return importlib.import_module(f"pulumi.runtime.proto.{name}")
    if _ALIAS not in sys.modules:
        spec = importlib.util.find_spec("pulumi")
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(
                f"The Pulumi SDK is not installed for {sys.executable}, so the language host cannot speak to the "
                "engine. Run `make setup`."
            )
        package = ModuleType(_ALIAS)
        package.__path__ = [str(Path(spec.submodule_search_locations[0], "runtime", "proto"))]
        sys.modules[_ALIAS] = package
    return importlib.import_module(f"{_ALIAS}.{name}")


language = _module("language_pb2")
language_grpc = _module("language_pb2_grpc")
analyzer = _module("analyzer_pb2")
plugin = _module("plugin_pb2")

# The engine's own limit, from sdk/go/common/util/rpcutil: a large stack's state travels in one message.
MESSAGE_SIZE = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]
