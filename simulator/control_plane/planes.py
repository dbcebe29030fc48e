"""The control planes of one command: one for each cluster that is used, started at its first use."""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from pathlib import Path

from engine.go_build import BuildError
from engine.progress import Progress
from simulator.control_plane.build import ensure
from simulator.control_plane.client import ApiServer
from simulator.control_plane.server import ControlPlane, ControlPlaneError


class ControlPlanes:
    """Starts control planes in a temporary folder. Nothing stays: their objects come from the cloud at each start.

    Several threads may use it at once.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="control-planes-")
        self._planes: dict[str, tuple[str, ControlPlane]] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._failure: Exception | None = None

    def server(self, cluster: str, version: str) -> ApiServer:
        """Returns the API server of a cluster, and starts it if necessary; builds it if it was never built.

        After an upgrade of the cluster, or when a process has ended, that is another server, without objects.
        Raises BuildError, ControlPlaneError, and UnknownVersionError.
        """
        with self._lock:
            started = self._planes.get(cluster)
            if started is not None and started[0] == version and started[1].is_running():
                return started[1].server
            if self._failure is not None:
                raise self._failure  # a command has many objects, and each attempt takes minutes
            if self._closed:
                raise ControlPlaneError("the control planes are stopped, since the command has ended")
            if started is not None:
                started[1].stop()
                shutil.rmtree(Path(self._folder.name, cluster))
            try:
                plane = ControlPlane(ensure(version, Progress(sys.stderr)), Path(self._folder.name, cluster, version))
                plane.start()
            except (BuildError, ControlPlaneError) as failure:
                self._failure = failure
                raise
            self._planes[cluster] = (version, plane)
            return plane.server

    def stop(self, cluster: str) -> None:
        """Stops the control plane of a deleted cluster, and deletes its objects."""
        with self._lock:
            started = self._planes.pop(cluster, None)
        if started is not None:
            started[1].stop()
            shutil.rmtree(Path(self._folder.name, cluster))

    def close(self) -> None:
        """Stops all of them; none is started any more."""
        with self._lock:
            self._closed = True
        for cluster in list(self._planes):
            self.stop(cluster)
        self._folder.cleanup()
