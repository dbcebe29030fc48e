"""Which chart a Helm release installs, however it is named: by name, by address, as a folder or as a packed file."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from common.values import UNKNOWN, Secret
from policies.views import NotKnownError, Resource, View, at, text

RELEASE = "kubernetes:helm.sh/v3:Release"
PROMETHEUS_STACK = "kube-prometheus-stack"
_VERSION = re.compile(r"-v?\d[\w.+-]*$")


def chart_of(resource: Resource) -> str:
    """Returns the name of the chart. Raises NotKnownError, WrongTypeError."""
    last = text(resource, "chart").rstrip("/").rpartition("/")[2]
    return _VERSION.sub("", re.split(r"[:@]", last)[0].removesuffix(".tgz"))


def images_of(release: Resource) -> Iterator[tuple[View, str, str]]:
    """Yields the images that the values of a release name with their registry: the map, the key there, and the name.

    Charts write an image as one text, or as a map with repository, and perhaps registry and tag. What leaves the
    registry to the chart is not one here. Raises NotKnownError where the values or an image are not known yet.
    """

    def below(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[View, str, str]]:
        if isinstance(value, Secret):
            release.reads.secret, value = True, value.value
        whole = len(path) == 1 or _names_image(path[-1])
        if value is UNKNOWN and whole and not release.reads.is_absent(release, release.under(path)):
            raise NotKnownError(release, release.under(path))
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from below(item, (*path, index))
        if not isinstance(value, Mapping):
            return
        view = View(release, value, release.under(path))
        for key, item in value.items():
            if _names_image(key):
                name = _named(view, str(key))
                if name:
                    yield view, str(key), name
            yield from below(item, (*path, str(key)))

    return below(release.value.get("values"), ("values",))


def _names_image(key: Any) -> bool:
    return key == "repository" or str(key).lower().endswith("image")


def _named(view: View, key: str) -> str:
    """Returns the image at a key, "" for none, or for one whose registry the chart says."""
    inner = view.value[key]
    if not isinstance(inner.value if isinstance(inner, Secret) else inner, str):
        return ""
    given, registry, tag = (at(view, (each,)) for each in (key, "registry", "tag"))
    name = f"{registry}/{given}" if isinstance(registry, str) and registry else given
    first = name.partition("/")[0]
    if first == name or not ("." in first or ":" in first):
        return ""
    return f"{name}:{tag}" if isinstance(tag, str) and tag else name
