"""What a proxy of the mesh does with its spans, and the certificates of a mesh: an anchor, and who it signs."""

import datetime
import socket
import ssl
import struct
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
HEADERS, END_STREAM, END_HEADERS = 1, 1, 4


class Anchor:
    """A trust anchor as cert-manager makes it, and what it signs without an intermediate. file: its certificate."""

    def __init__(self, file: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "linkerd-trust-anchor-first")])
        self.file = file
        own = self._signed(self._name, self._key).add_extension(x509.BasicConstraints(True, None), critical=True)
        file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        return made.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)

    def identity(self, folder: Path, name: str) -> None:
        """Writes tls.crt and tls.key, as in a Secret of cert-manager."""
        key = ec.generate_private_key(ec.SECP256R1())
        of_servers = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        made = self._signed(x509.Name([]), key).add_extension(names, critical=True)
        signed = made.add_extension(of_servers, critical=False).sign(self._key, hashes.SHA256())
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tls.crt").write_bytes(signed.public_bytes(Encoding.PEM))
        of_key = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        (folder / "tls.key").write_bytes(of_key)


def send(address: str, anchor: Path, identity: str, name: str, trace: int, status: str = "200") -> bool:
    """Sends a span as a proxy does: TLS 1.3 without ALPN to an identity, and gRPC in it. Returns whether it is taken.

    Raises SSLCertVerificationError where the other end does not prove the identity.
    """
    trusting = ssl.create_default_context(cafile=anchor)
    trusting.minimum_version = ssl.TLSVersion.TLSv1_3
    host, _, port = address.partition(":")
    with (
        socket.create_connection((host, int(port)), timeout=5) as plain,
        trusting.wrap_socket(plain, server_hostname=identity) as connection,
    ):
        message = _request(name, trace, status)
        head = b"".join(
            map(_header, (":method", ":scheme", ":path", "content-type"), ("POST", "http", EXPORT, "application/grpc"))
        )
        connection.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(4, 0, 0, b"")
            + _frame(HEADERS, END_HEADERS, 1, head + _header("te", "trailers"))
            + _frame(0, END_STREAM, 1, b"\0" + struct.pack(">I", len(message)) + message)
        )
        return _answered(connection)


def _answered(connection: ssl.SSLSocket) -> bool:
    """Returns whether an answer comes, with a message in it: gRPC sends none with an error."""
    got, messages = b"", 0
    while True:
        try:
            more = connection.recv(4096)
        except OSError:
            more = b""
        got += more
        while len(got) >= 9 and len(got) >= 9 + int.from_bytes(got[:3]):
            size, kind, flags = int.from_bytes(got[:3]), got[3], got[4]
            got, messages = got[9 + size :], messages + (kind == 0)
            if kind == HEADERS and flags & END_STREAM:
                return messages > 0
        if not more:
            return False


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _header(name: str, value: str) -> bytes:
    return b"\0" + b"".join(bytes([len(each)]) + each.encode() for each in (name, value))


def _field(number: int, value: bytes) -> bytes:
    """Returns a field of a message of protobuf that has a length."""
    size, length = len(value), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + value


def _attributes(number: int, values: dict[str, str]) -> bytes:
    return b"".join(
        _field(number, _field(1, key.encode()) + _field(2, _field(1, value.encode()))) for key, value in values.items()
    )


def _request(name: str, trace: int, status: str) -> bytes:
    """Returns a span of a sender that passes for another pod."""
    sender = {"service.name": "chat", "k8s.pod.name": "other", "team": "agents"}
    ids = _field(1, trace.to_bytes(16)) + _field(2, (trace + 1).to_bytes(8))
    span = ids + _field(5, name.encode()) + _attributes(9, {"http.response.status_code": status})
    return _field(1, _field(1, _attributes(1, sender)) + _field(2, _field(2, span)))
