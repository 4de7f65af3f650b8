"""PostgreSQL over TLS, as on RDS: the password comes from the environment, and the server has to prove who it is.

The PostgreSQL of these tests knows no TLS: in front of it stands something that speaks its SSLRequest.
"""

import asyncio
import datetime as dt
import ipaddress
import ssl
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shop.kernel.errors import DependencyUnavailable
from shop.runtime.postgres import Database

SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


def certificate(name, key, issuer=None, issuer_key=None, host=None):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(
        issuer_name=issuer.subject if issuer else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - dt.timedelta(hours=1),
        not_valid_after=now + dt.timedelta(hours=1),
    )
    made = made.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    authority = x509.SubjectKeyIdentifier.from_public_key((issuer_key or key).public_key())
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
    if issuer is None:
        usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
        usage |= {"digital_signature": True, "key_cert_sign": True, "crl_sign": True}
        made = made.add_extension(x509.KeyUsage(**usage, encipher_only=False, decipher_only=False), critical=True)
    if host:
        names = [x509.IPAddress(ipaddress.ip_address(host))]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(issuer_key or key, hashes.SHA256())


def pem(*parts):
    encoding = serialization.Encoding.PEM
    private = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return b"".join(
        each.public_bytes(encoding) if isinstance(each, x509.Certificate) else each.private_bytes(encoding, *private)
        for each in parts
    )


@pytest.fixture
def authority(tmp_path):
    """`authority(host)`: the file of a CA, and a server's context with a certificate of it for this host."""

    def make(host):
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        ca = certificate("RDS of this test", ca_key)
        file, own = (tmp_path / f"{name}-{ca.serial_number}.pem" for name in ("ca", "server"))
        file.write_bytes(pem(ca))
        own.write_bytes(pem(key, certificate("server", key, ca, ca_key, host)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own)
        return file, context

    return make


@asynccontextmanager
async def with_tls(dsn, context):
    """An address where the server of `dsn` answers over TLS alone."""
    place = urlsplit(dsn)

    async def serve(reader, writer):
        upstream = None
        try:
            assert await reader.readexactly(8) == SSL_REQUEST, "whoever comes here must want TLS"
            writer.write(b"S")
            await writer.start_tls(context)
            behind, upstream = await asyncio.open_connection(place.hostname, place.port)
            await asyncio.gather(pump(reader, upstream), pump(behind, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever did not believe us has hung up
        finally:
            for each in filter(None, (upstream, writer)):
                each.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.05)


async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture
def connect(postgres, monkeypatch):
    """`await connect(context, query)`: what a service finds that connects with these parameters."""
    dsn = postgres("tls")
    place = urlsplit(dsn)
    monkeypatch.setenv("PGPASSWORD", place.password)

    async def attempt(context, query):
        async with with_tls(dsn, context) as port:
            address = f"postgresql://{place.username}@127.0.0.1:{port}{place.path}?{query}"
            async with Database(address, max_size=1) as database:
                return await database.fetchval("select 42")

    return lambda context, query: asyncio.run(attempt(context, query))


def test_a_server_that_proves_who_it_is_is_used(authority, connect):
    file, context = authority("127.0.0.1")
    assert connect(context, f"sslmode=verify-full&sslrootcert={file}") == 42


def test_a_server_with_a_certificate_of_somebody_else_is_not(authority, connect):
    file, _ = authority("127.0.0.1")
    _, other = authority("127.0.0.1")
    with pytest.raises(DependencyUnavailable):
        connect(other, f"sslmode=verify-full&sslrootcert={file}")


def test_a_server_of_another_name_is_not(authority, connect):
    file, context = authority("127.0.0.9")
    with pytest.raises(DependencyUnavailable):
        connect(context, f"sslmode=verify-full&sslrootcert={file}")


def test_without_certificates_the_way_is_at_least_encrypted(authority, connect):
    _, context = authority("127.0.0.9")
    assert connect(context, "sslmode=require") == 42
