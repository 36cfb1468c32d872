"""Keys with certificates: for a server, or for signatures that are made by arithmetic alone, or by openssl.

What checks signatures in the library is not what makes them here.
"""

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SIZE = 1024  # bits: enough for a test, and quick
# What stands before a hash that is signed: its algorithm's name, in DER (RFC 8017 §9.2, note 1).
_NAMED = {"1": "3021300906052b0e03021a05000414", "2": "3031300d060960864801650304020105000420"}
_HASHES = {"1": "sha1", "2": "sha256"}


class Certified:
    """An RSA key and its certificate; ``version`` is what Amazon SNS calls a hash: 1 is SHA-1, 2 is SHA-256."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=SIZE)
        self.pem = _certificate(self._key)

    def sign(self, text: bytes, version: str) -> bytes:
        """RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.1), by both primes apart (§5.1.2)."""
        digest = bytes.fromhex(_NAMED[version]) + hashlib.new(_HASHES[version], text).digest()
        block = int.from_bytes(b"\x00\x01" + b"\xff" * (SIZE // 8 - len(digest) - 3) + b"\x00" + digest)
        key = self._key.private_numbers()
        first, second = pow(block, key.dmp1, key.p), pow(block, key.dmq1, key.q)
        return (second + key.q * ((first - second) * key.iqmp % key.p)).to_bytes(SIZE // 8)

    def by_openssl(self, text: bytes, version: str, *, program: str, folder: Path) -> bytes:
        """The same, by openssl."""
        key = folder / "key.pem"
        key.write_bytes(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        command = [program, "dgst", f"-{_HASHES[version]}", "-sign", str(key)]
        return subprocess.run(command, input=text, capture_output=True, check=True).stdout

    @staticmethod
    def elliptic() -> bytes:
        """A certificate of a key that is not RSA."""
        return _certificate(ec.generate_private_key(ec.SECP256R1()))


def of_server(folder: Path, name: str) -> Path:
    """A file with a server's key and its certificate, which is good for one name and for this day, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    path = folder / f"{name}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return path


def _certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.example")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
