"""How names, labels, ports and addresses have to look, in the API server's words.

Source: k8s.io/apimachinery/pkg/util/validation and pkg/api/validation 0.35.4, read in November 2026.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from contextlib import suppress

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_NAME_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME}')"
)
_CONFIG_KEY = r"[-._a-zA-Z0-9]+"
_PERCENT = r"[0-9]+%"
_HEADER = r"[-A-Za-z0-9]+"
_MOST_IN_LABEL, _MOST_IN_SUBDOMAIN = 63, 253


def label(text: str) -> Iterator[str]:
    """A DNS label, such as the name of a container."""
    if len(text) > _MOST_IN_LABEL:
        yield _longer(_MOST_IN_LABEL)
    if re.fullmatch(_LABEL, text):
        return
    if re.fullmatch(_SUBDOMAIN, text):
        yield "must not contain dots"
    else:
        yield (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
            "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
            f"'{_LABEL}')"
        )


def label_1035(text: str) -> Iterator[str]:
    """A DNS label that begins with a letter, such as the name of a Service."""
    if len(text) > _MOST_IN_LABEL:
        yield _longer(_MOST_IN_LABEL)
    if not re.fullmatch(_LABEL_1035, text):
        yield (
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
            "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
            f"validation is '{_LABEL_1035}')"
        )


def subdomain(text: str) -> Iterator[str]:
    """A DNS subdomain, such as the name of most objects."""
    if len(text) > _MOST_IN_SUBDOMAIN:
        yield _longer(_MOST_IN_SUBDOMAIN)
    if not re.fullmatch(_SUBDOMAIN, text):
        yield (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
            f"'{_SUBDOMAIN}')"
        )


def wildcard_subdomain(text: str) -> Iterator[str]:
    """A DNS subdomain whose first label is `*`."""
    if not re.fullmatch(rf"\*\.{_SUBDOMAIN}", text):
        yield (
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist "
            "of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. "
            rf"'*.example.com', regex used for validation is '\*\.{_SUBDOMAIN}')"
        )


def path_segment(text: str) -> Iterator[str]:
    """A name that may be anything that fits between two slashes, such as the name of a Role."""
    if text in (".", ".."):
        yield f"may not be '{text}'"
    for character in "/%":
        if character in text:
            yield f"may not contain '{character}'"


def at_most(most: int) -> Callable[[str], Iterator[str]]:
    """Returns a rule for the length."""

    def rule(text: str) -> Iterator[str]:
        if len(text) > most:
            yield _longer(most)

    return rule


def qualified_name(text: str) -> Iterator[str]:
    """A key of a label or an annotation: a name, and a prefix that is a subdomain."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        with_prefix = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        yield f"a valid label key {_NAME_RULE} {with_prefix}"
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash:
        yield from (f"prefix part {why}" for why in subdomain(prefix))
    if not name:
        yield "name part must be non-empty"
    elif len(name) > _MOST_IN_LABEL:
        yield f"name part must be no more than {_MOST_IN_LABEL} bytes"
    if not re.fullmatch(_NAME, name):
        yield f"name part {_NAME_RULE}"


def label_value(text: str) -> Iterator[str]:
    """A value of a label."""
    if len(text) > _MOST_IN_LABEL:
        yield f"must be no more than {_MOST_IN_LABEL} bytes"
    if text and not re.fullmatch(_NAME, text):
        yield (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
            f"validation is '({_NAME})?')"
        )


def domain_path(text: str) -> Iterator[str]:
    """A path with a domain in front, such as the controller of an IngressClass."""
    domain, slash, path = text.partition("/")
    if not slash or not domain or not path:
        yield 'must be a domain-prefixed path (such as "acme.io/foo")'
    else:
        yield from subdomain(domain)


def port_name(text: str) -> Iterator[str]:
    """A name of a port of a container."""
    if len(text) > 15:
        yield _longer(15)
    if not re.fullmatch(r"[-a-z0-9]+", text):
        yield "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    if not re.search(r"[a-z]", text):
        yield "must contain at least one letter (a-z)"
    if "--" in text:
        yield "must not contain consecutive hyphens"
    if text.startswith("-") or text.endswith("-"):
        yield "must not begin or end with a hyphen"


def config_key(text: str) -> Iterator[str]:
    """A key of a ConfigMap or Secret."""
    if len(text) > _MOST_IN_SUBDOMAIN:
        yield _longer(_MOST_IN_SUBDOMAIN)
    if not re.fullmatch(_CONFIG_KEY, text):
        yield (
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
            f"'KEY_NAME',  or 'key-name', regex used for validation is '{_CONFIG_KEY}')"
        )
    elif text in (".", ".."):
        yield f"must not be '{text}'"
    elif text.startswith(".."):
        yield "must not start with '..'"


def environment_name(text: str) -> Iterator[str]:
    """A name of an environment variable."""
    if "=" in text or not (text.isascii() and text.isprintable()):
        yield "a valid environment variable name must consist only of printable ASCII characters other than '='"


def header_name(text: str) -> Iterator[str]:
    """A name of an HTTP header."""
    if not re.fullmatch(_HEADER, text):
        yield (
            "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
            f"validation is '{_HEADER}')"
        )


def percent(text: str) -> Iterator[str]:
    """A percentage that is not above 100."""
    if not re.fullmatch(_PERCENT, text):
        yield (
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex "
            f"used for validation is '{_PERCENT}')"
        )
    elif int(text[:-1]) > 100:
        yield "must not be greater than 100%"


def address(text: str) -> Iterator[str]:
    """An IP address."""
    if address_of(text) is None:
        yield "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Returns the IP address of a text, or None."""
    with suppress(ValueError):
        return ipaddress.ip_address(_without_zeros(text))
    return None


def cidr(text: str) -> Iterator[str]:
    """A range of IP addresses."""
    if network_of(text) is None:
        yield "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Returns the range of IP addresses of a text, or None."""
    if re.search(r"/\d{1,3}$", text):
        with suppress(ValueError):
            return ipaddress.ip_network(_without_zeros(text), strict=False)
    return None


def _without_zeros(text: str) -> str:
    """Returns an IPv4 address without the leading zeros that the API server takes for nothing."""
    return re.sub(r"(?<![\d:a-fA-F])0+(?=\d)", "", text) if ":" not in text else text


def relative_path(text: str) -> Iterator[str]:
    """A path inside a volume."""
    if text.startswith("/"):
        yield "must be a relative path"
    if ".." in text.split("/"):
        yield "must not contain '..'"


def without_two_dots(text: str) -> Iterator[str]:
    """A path that nothing leaves upwards."""
    if ".." in text.split("/"):
        yield "must not contain '..'"


def absolute_path(text: str) -> Iterator[str]:
    """A path from the root."""
    if not text.startswith("/"):
        yield "must be an absolute path"


def _longer(most: int) -> str:
    return f"must be no more than {most} characters"
