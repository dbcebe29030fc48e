"""Which chart a Helm release installs, however it is named: by name, by address, as a folder or as a packed file."""

import re

from policies.views import Resource, text

RELEASE = "kubernetes:helm.sh/v3:Release"
PROMETHEUS_STACK = "kube-prometheus-stack"
_VERSION = re.compile(r"-v?\d[\w.+-]*$")


def chart_of(resource: Resource) -> str:
    """Returns the name of the chart. Raises NotKnownError, WrongTypeError."""
    last = text(resource, "chart").rstrip("/").rpartition("/")[2]
    return _VERSION.sub("", re.split(r"[:@]", last)[0].removesuffix(".tgz"))
