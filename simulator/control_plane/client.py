"""Talks to a kube-apiserver: creates, reads, changes and deletes objects with strict field validation."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

_TIMEOUT_SECONDS = 60.0
_GONE_SECONDS = 90.0  # of a namespace or a definition, with their contents
_KINDS_CHANGE_SECONDS = 10.0  # after a change of a definition, the server serves the old kinds for a moment
Object = dict[str, Any]


class Unreachable(Exception):
    """The API server does not answer."""


class Refused(Exception):
    """The API server answered with an error. code: the HTTP status; reason: e.g. "Invalid"; the text is the message."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        super().__init__(str(status.get("message", status)))
        self.code, self.reason = int(status.get("code", 0)), str(status.get("reason", ""))


@dataclass(frozen=True)
class Resource:
    """How the API server names a kind in its paths."""

    api_version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str = "") -> str:
        """Returns the path of an object; without a name, of all objects of the kind in the namespace."""
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        inside = f"/namespaces/{quote(namespace)}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


class ApiServer:
    """One API server. Several threads may use it at once; each has a connection of its own.

    Every method raises Refused with the API server's message, and Unreachable.
    """

    def __init__(self, port: int, token: str, certificate: Path) -> None:
        self._port, self._token, self._certificate = port, token, certificate
        self._threads = threading.local()
        self._resources: dict[tuple[str, str], Resource] = {}
        self._kinds_change_until = 0.0
        self.brought_in: dict[tuple[str, ...], Object] = {}
        """What it has of a simulated cloud, by kind, namespace and name; it stays as long as the server."""

    def with_token(self, token: str) -> ApiServer:
        """Returns the same server for another user, such as a service account with a token of its own."""
        return ApiServer(self._port, token, self._certificate)

    def is_ready(self) -> bool:
        """Returns whether the server accepts requests."""
        if not self._certificate.exists():
            return False  # the server writes it when it starts
        status, _ = self._send("GET", "/readyz", None, "")
        return status == http.client.OK

    def resource(self, api_version: str, kind: str) -> Resource | None:
        """Returns how the server names a kind; None when it does not serve it."""
        if (api_version, kind) not in self._resources:
            root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            try:
                listed = self.request("GET", root)["resources"]
            except Refused as refused:
                if refused.code == http.client.NOT_FOUND:
                    return None
                raise
            for each in listed:
                if "/" not in each["name"]:
                    named = Resource(api_version, each["name"], each["namespaced"])
                    self._resources[api_version, each["kind"]] = named
        named_kind = self._resources.get((api_version, kind))
        if time.monotonic() < self._kinds_change_until:
            self._resources.clear()
        return named_kind

    def create(self, state: Mapping[str, Any], namespace: str, *, dry_run: bool = False, manager: str = "") -> Object:
        """Creates an object and returns it as stored."""
        options = {"fieldValidation": "Strict", "fieldManager": manager, "dryRun": "All" if dry_run else ""}
        return self.request("POST", self._path(state, namespace), state, options)

    def wait_until_served(self, definition: Mapping[str, Any]) -> None:
        """Waits until the server serves every version of a custom kind, which it does some moments after its create."""
        spec = definition["spec"]
        served = [f"{spec['group']}/{version['name']}" for version in spec["versions"] if version["served"]]
        deadline = time.monotonic() + _KINDS_CHANGE_SECONDS
        while any(self.resource(each, spec["names"]["kind"]) is None for each in served):
            if time.monotonic() > deadline:
                which = definition["metadata"]["name"]
                raise Refused({"message": f"{which} is not served after {_KINDS_CHANGE_SECONDS:.0f} s"})
            time.sleep(0.02)

    def replace(self, state: Mapping[str, Any], namespace: str, *, dry_run: bool = False) -> Object:
        """Replaces an object and returns it as stored."""
        options = {"fieldValidation": "Strict", "dryRun": "All" if dry_run else ""}
        return self.request("PUT", self._path(state, namespace, named=True), state, options)

    def apply(
        self,
        state: Mapping[str, Any],
        namespace: str,
        manager: str,
        *,
        dry_run: bool = False,
        force: bool = False,
    ) -> Object:
        """Applies an object on the server's side as a field manager, and returns it as stored."""
        options = {
            "fieldValidation": "Strict",
            "fieldManager": manager,
            "force": "true" if force else "",
            "dryRun": "All" if dry_run else "",
        }
        path = self._path(state, namespace, named=True)
        return self.request("PATCH", path, state, options, "application/apply-patch+yaml")

    def merge(self, state: Mapping[str, Any], namespace: str, patch: Mapping[str, Any]) -> Object:
        """Changes some fields of an object."""
        path = self._path(state, namespace, named=True)
        return self.request("PATCH", path, patch, content_type="application/merge-patch+json")

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """Returns an object; None when there is none, or when the kind is not served."""
        resource = self.resource(api_version, kind)
        try:
            return self.request("GET", resource.path(namespace, name)) if resource else None
        except Refused as refused:
            if refused.code == http.client.NOT_FOUND:
                return None
            raise

    def delete(self, api_version: str, kind: str, namespace: str, name: str, *, wait: bool = True) -> None:
        """Deletes an object with its dependents, and waits until it is gone. It is no error when there is none."""
        resource = self.resource(api_version, kind)
        if resource is None:
            return
        try:
            options = {"propagationPolicy": "Background"}
            self.request("DELETE", resource.path(namespace, name), None, options)
        except Refused as refused:
            if refused.code != http.client.NOT_FOUND:
                raise
        deadline = time.monotonic() + _GONE_SECONDS
        while wait and (left := self.get(api_version, kind, namespace, name)) is not None:
            if time.monotonic() > deadline:
                finalizers = ", ".join(left["metadata"].get("finalizers", ())) or "none"
                raise Refused({"message": f"{kind} {name} is still there; its finalizers: {finalizers}"})
            time.sleep(0.02)

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        options: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """Sends one request and returns the answer. Options that are empty are left out."""
        if method != "GET" and "/customresourcedefinitions" in path:
            self._resources.clear()
            self._kinds_change_until = time.monotonic() + _KINDS_CHANGE_SECONDS
        query = urlencode({key: value for key, value in (options or {}).items() if value})
        status, answer = self._send(method, f"{path}?{query}" if query else path, body, content_type)
        parsed = json.loads(answer) if answer.startswith(b"{") else {"message": answer.decode(errors="replace")}
        if status >= http.client.BAD_REQUEST:
            raise Refused({"code": status, **parsed})
        result: Object = parsed
        return result

    def _path(self, state: Mapping[str, Any], namespace: str, *, named: bool = False) -> str:
        api_version, kind = state["apiVersion"], state["kind"]
        resource = self.resource(api_version, kind)
        if resource is None:
            raise Refused({"code": 404, "message": f'no matches for kind "{kind}" in version "{api_version}"'})
        return resource.path(namespace, state["metadata"]["name"] if named else "")

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None, content_type: str) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "Content-Type": content_type}
        text = None if body is None else json.dumps(body)
        for again in (True, False):
            reused = hasattr(self._threads, "connection")
            try:
                connection = self._connection()
                connection.request(method, path, text, headers)
                response = connection.getresponse()
                return response.status, response.read()
            except (OSError, http.client.HTTPException) as error:
                self._threads.__dict__.pop("connection", None)
                # The server has closed a connection that was idle for long. A new one is not tried twice.
                idle = isinstance(error, http.client.RemoteDisconnected | BrokenPipeError | ConnectionResetError)
                if not (again and reused and idle):
                    raise Unreachable(
                        f"the Kubernetes API server on port {self._port} does not answer: {error}"
                    ) from None
        raise AssertionError("unreachable")

    def _connection(self) -> http.client.HTTPSConnection:
        if not hasattr(self._threads, "connection"):
            context = ssl.create_default_context(cafile=str(self._certificate))
            self._threads.connection = http.client.HTTPSConnection(
                "127.0.0.1", self._port, timeout=_TIMEOUT_SECONDS, context=context
            )
        connection: http.client.HTTPSConnection = self._threads.connection
        return connection
