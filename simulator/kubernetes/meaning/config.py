"""ConfigMaps, Secrets and Namespaces. A finding repeats no value of a Secret."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.schema import Finding

_MOST_BYTES = 1024 * 1024
_NEEDED_KEYS: Mapping[str, tuple[str, ...]] = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_EITHER_KEY = ("username", "password")
_ACCOUNT = "kubernetes.io/service-account.name"
_LEVELS = ("privileged", "baseline", "restricted")
_MODES = ("enforce", "audit", "warn")


def config_map_findings(config_map: Node) -> Findings:
    """Yields the mistakes in a ConfigMap."""
    data, binary = config_map["data"], config_map["binaryData"]
    size = 0
    for section in (data, binary):
        for key, value in section.entries:
            named = Node(key, value.path)
            if section is data and binary.entry(key).is_set and not binary.is_unknown:
                yield named.invalid("duplicate of key present in binaryData")
            yield from named.must_match(formats.config_key)
            size += len((value.text or "").encode())
    for _, value in binary.entries:
        yield from _base64_findings(value)
    if size > _MOST_BYTES:
        yield Finding("[]", f"Too long: may not be more than {_MOST_BYTES} bytes")


def secret_findings(secret: Node) -> Findings:
    """Yields the mistakes in a Secret, whose stringData is folded into data."""
    data = secret["data"]
    size = 0
    for key, value in data.entries:
        yield from Node(key, value.path).must_match(formats.config_key)
        yield from _base64_findings(value)
        size += len(value.text or "") * 3 // 4
    if size > _MOST_BYTES + 2:
        yield Finding(data.path, f"Too long: may not be more than {_MOST_BYTES} bytes")
    if data.is_unknown:
        return
    type_ = secret["type"].text or ""
    for key in _NEEDED_KEYS.get(type_, ()):
        if not data.entry(key).is_set:
            yield data.entry(key).required()
        elif key.startswith(".docker") and not _is_json(data.entry(key)):
            yield Node("<secret contents redacted>", data.entry(key).path).invalid("invalid character")
    if type_ == "kubernetes.io/basic-auth" and not any(data.entry(key).is_set for key in _EITHER_KEY):
        yield from (data.entry(key).required() for key in _EITHER_KEY)
    if type_ == "kubernetes.io/service-account-token":
        yield from secret["metadata"]["annotations"].entry(_ACCOUNT).must_be_set()


def _base64_findings(value: Node) -> Findings:
    text = re.sub(r"[\r\n]", "", value.text or "")
    good = re.match(r"(?:[A-Za-z0-9+/]{4})*", text)
    rest = text[good.end() :] if good else text
    if rest and not re.fullmatch(r"[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=", rest):
        place = len(text) - len(rest) + len((re.match(r"[A-Za-z0-9+/]*", rest) or [""])[0])
        yield Finding(value.path, f"illegal base64 data at input byte {place}")


def _is_json(value: Node) -> bool:
    try:
        json.loads(base64.b64decode(value.text or "e30="))
    except (ValueError, binascii.Error):
        return False
    return True


def namespace_findings(namespace: Node) -> Findings:
    """Yields the mistakes in the labels of Pod Security."""
    labels = namespace["metadata"]["labels"]
    for mode in _MODES:
        level, version = (labels.entry(f"pod-security.kubernetes.io/{mode}{end}") for end in ("", "-version"))
        if level.is_set and level.value not in _LEVELS and not level.is_unknown:
            yield level.invalid(f"must be one of {', '.join(_LEVELS)}")
        if isinstance(version.value, str) and not re.fullmatch(r"latest|v1\.(0|[1-9]\d*)", version.value):
            yield version.invalid('must be "latest" or "v1.x"')
