"""The start script of a node leaves the kubelet closed: it asks who calls, and whether they may.

The images for EKS close it, so what a script does not say passes. A script may hold a NodeConfig of nodeadm, flags of
the kubelet, or settings of Bottlerocket.
Sources: Kubernetes, "Kubelet Configuration (v1beta1)" and "kubelet" (flags); Bottlerocket, settings.kubernetes; CIS
Amazon EKS Benchmark 1.8, section 3.2; read 2026-11.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from policies.machines import INSTANCES, SPOT_FLEET
from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Resource, Rule
from policies.rules.nodes.node_userdata_no_secrets import SCRIPTS, scripts

_SHELL_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
_HERE_DOCUMENT = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?[^\n]*\n(.*?)\n\s*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_IS = r"[\"']?\s*[:=\s]\s*[\"']?"
_OPEN = {
    rf"anonymous(?:\.|{_IS}\s*[{{]?\s*[\"']?)enabled{_IS}true|anonymous-?auth{_IS}[\"']?(?:true|1\b|t\b)|"
    r"--anonymous-auth(?![\w=-])": "answers who does not say their name",
    rf"\bmode{_IS}AlwaysAllow|authorization-mode{_IS}AlwaysAllow": "asks nobody whether they may",
    rf"read-?only-?port{_IS}[1-9]": "opens a port that asks for no name",
    rf"(?:rotate-?(?:kubelet-?server-?)?certificates?|make-?iptables-?util-?chains){_IS}false": "protects itself less",
    rf"streaming-?connection-?idle-?timeout{_IS}0+s?(?!\w)": "keeps streams open for ever",
}
"""Pattern -> what a script with it says of the kubelet. Names are in the form of the file, and of the flags."""
_PATTERNS = {re.compile(pattern, re.IGNORECASE): said for pattern, said in _OPEN.items()}


def _document(part: str) -> Any:
    """Returns a document of YAML, JSON or TOML; None for another text."""
    for read in (yaml.safe_load, tomllib.loads):
        try:
            found = read(part)
        except (yaml.YAMLError, ValueError):
            continue
        if isinstance(found, Mapping | list):
            return found
    return None


def _settings(value: Any, path: str = "") -> Iterator[str]:
    """Yields a line `path: value` for each value of a document; a text of many lines is read as a script of its own."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _settings(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _settings(item, path)
        yield _SHELL_COMMENT.sub("", " ".join(item for item in value if isinstance(item, str)))
    elif isinstance(value, str) and "\n" in value:
        yield from _lines(value)
    else:
        yield f"{path}: {value}"


def _lines(script: str) -> Iterator[str]:
    """Yields a script without comments, and the settings in its documents, one a line."""
    for part in re.split(r"(?m)^---[ \t]*$", script):
        document = _document(part)
        if document is not None:
            yield from _settings(document)
            continue
        yield _SHELL_COMMENT.sub("", part)
        for here in _HERE_DOCUMENT.finditer(part):
            yield from _lines(here[2])


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    said_at: dict[tuple[str, str], None] = {}
    for path, script in scripts(resource):
        lines = "\n".join(_lines(script or ""))
        said_at |= {(path, f"sets a kubelet that {said}"): None for key, said in _PATTERNS.items() if key.search(lines)}
    return iter(said_at)


def _config(*lines: str) -> dict[str, str]:
    return {"userData": "\n".join(("apiVersion: node.eks.aws/v1alpha1", "kind: NodeConfig", *lines))}


def _of_class(script: str, at: str = "") -> Case:
    return Case({"spec": {"userData": script}}, type=NODE_CLASS, at=at)


RULE = Rule(
    id="node-kubelet-closed",
    applies_to=SCRIPTS,
    severity="critical",
    standards=tuple(f"CIS EKS 3.2.{number}" for number in (1, 2, 4, 5, 6, 8, 9)),
    why="Who reaches an open kubelet runs commands in every pod of the node, and reads their secrets.",
    fix="Leave these settings out of the script: the images for EKS set them.",
    check=check,
    good={
        "nothing set": {},
        "a closed one": _config(
            "authentication: {anonymous: {enabled: false}, webhook: {enabled: true}}",
            "authorization: {mode: Webhook}",
            "readOnlyPort: 0",
            "streamingConnectionIdleTimeout: 4h0m0s",
        ),
        "flags": _of_class("kubelet --anonymous-auth=false --read-only-port=0 --max-pods=110"),
        "settings of Bottlerocket": _of_class('[settings.kubernetes]\nauthentication-mode = "aws"\n'),
        "comments": _of_class("#!/bin/bash\n# never --anonymous-auth=true\nnodeadm init  # no readOnlyPort: 10255\n"),
        "a comment in a command": _config("runcmd:", "- |", "  # kubelet --anonymous-auth=true", "  ls"),
        "flags of a NodeConfig": _config("spec: {kubelet: {flags: [--max-pods=110, --anonymous-auth=false]}}"),
    },
    bad={
        "anonymous": Case(_config("authentication:", "  anonymous:", "    enabled: true"), at="userData"),
        "anonymous, in one line": Case(_config("authentication: {anonymous: {enabled: true}}"), at="userData"),
        **{
            f"anonymous, {how}": Case(_config(*lines), at="userData")
            for how, *lines in (
                ("in YAML 1.1", "authentication: {anonymous: {enabled: yes}}"),
                ("on", "authentication:", "  anonymous:  # for all", "    enabled: on"),
                ("beside another key", "authentication: {anonymous: {foo: 1, enabled: true}}"),
                ("by flags", "spec: {kubelet: {flags: [--anonymous-auth, 'true']}}"),
                ("by a command", "runcmd:", "- 'kubelet --anonymous-auth=true'", "- [ls]"),
                ("by a command of many lines", "runcmd:", "- |", "  # start", "  kubelet --anonymous-auth=true"),
                ("by a bare flag", "spec: {kubelet: {flags: [--anonymous-auth]}}"),
                ("in a second document", "---", "authentication: {anonymous: {enabled: true}}"),
            )
        },
        "a file that a script writes": _of_class(
            "#!/bin/bash\ncat > kubelet.yaml <<'EOF'\nauthentication:\n  anonymous: {x: 1, enabled: on}\nEOF\n",
            "spec.userData",
        ),
        "a bare flag": _of_class("kubelet --anonymous-auth --max-pods=110", at="spec.userData"),
        "a mode by two flags": Case(
            _config("spec: {kubelet: {flags: [--authorization-mode, AlwaysAllow]}}"), at="userData"
        ),
        "a port in another base": Case(_config("readOnlyPort: 0x280F"), at="userData"),
        "anonymous, of Bottlerocket": _of_class(
            "[settings.kubernetes]\nanonymous-auth = true  # for all\n", "spec.userData"
        ),
        "JSON of a spot fleet": Case(
            {"launchSpecifications": [{"userData": '{"authorization": {"mode": "AlwaysAllow"}}'}]},
            type=SPOT_FLEET,
            at="launchSpecifications[0].userData",
        ),
        "a port": Case(_config("readOnlyPort: 10255"), at="userData"),
        "flags of an instance": Case(
            {"userData": "--kubelet-extra-args '--anonymous-auth=true'"}, type=INSTANCES[0], at="userData"
        ),
        "a flag, apart": _of_class("kubelet --authorization-mode AlwaysAllow", at="spec.userData"),
        "a launch template": Case(_config("readOnlyPort: 1"), type=LAUNCH_TEMPLATE, at="userData"),
        "certificates of the server": Case(_config("RotateKubeletServerCertificate: false"), at="userData"),
        "certificates": Case(_config("rotateCertificates: false"), at="userData"),
        "rules of the firewall": Case(_config("makeIPTablesUtilChains: false"), at="userData"),
        "streams": Case(_config("streamingConnectionIdleTimeout: 0s"), at="userData"),
        "settings of Bottlerocket": _of_class(
            '[settings.kubernetes]\nserver-tls-bootstrap = true\nauthorization-mode = "AlwaysAllow"\n', "spec.userData"
        ),
    },
)
