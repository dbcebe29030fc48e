from dataclasses import dataclass
from pathlib import Path
@dataclass(frozen=True)
class Binaries:
    etcd: Path
    api_server: Path
    controller_manager: Path
