"""The HTTP client against servers that behave, and servers that do not."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from shop.runtime.wire import Client, ConnectFailed, ConnectionLost, ResponseTooLarge, TimedOut, compose

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler):
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()
        await asyncio.sleep(0.02)  # transports close in the next turns of the loop


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


def answering(answer: bytes, seen: list[bytes], times: int = 99) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            try:
                seen.append(await read_request(reader))
            except asyncio.IncompleteReadError:
                break
            writer.write(answer)
            await writer.drain()
        writer.close()

    return handle


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Twice: a\r\nx-twice: b\r\nSet-Cookie: c=1\r\nSet-Cookie: d=2\r\n\r\nhi"


def test_an_exchange_keeps_its_connection_for_the_next():
    connections = []

    async def main():
        seen: list[bytes] = []
        inner = answering(OK, seen)

        async def handle(reader, writer):
            connections.append(writer)
            await inner(reader, writer)

        async with serving(handle) as url, Client() as client:
            first = await client.request("GET", url + "/a?b=c")
            second = await client.request("POST", url + "/d", headers={"x": "y"}, body=b"body")
        assert (first.status, first.body) == (200, b"hi")
        assert first.headers["x-twice"] == "a, b"
        assert first.cookies == ("c=1", "d=2")
        assert second.status == 200
        assert seen[0].startswith(b"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
        assert seen[1].endswith(b"x: y\r\nContent-Length: 4\r\n\r\nbody")

    asyncio.run(main())
    assert len(connections) == 1


def test_chunks_and_interim_answers_are_understood():
    answer = (
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )

    async def main():
        async with serving(answering(answer, [])) as url, Client() as client:
            response = await client.request("GET", url)
        assert response.body == b"abcde"
        assert "link" not in response.headers

    asyncio.run(main())


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"


def test_head_has_no_body_to_wait_for():
    async def main():
        async with (
            serving(answering(HEAD, [])) as url,
            Client() as client,
        ):
            response = await client.request("HEAD", url, timeout=2)
        assert (response.status, response.body) == (200, b"")

    asyncio.run(main())


def test_nobody_there_is_told_apart_from_a_broken_answer():
    async def main():
        async with Client() as client:
            with pytest.raises(ConnectFailed):
                await client.request("GET", "http://127.0.0.1:1/")
            async with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", [], times=1)) as url:
                with pytest.raises(ConnectionLost):
                    await client.request("GET", url)
            async with serving(answering(b"SSH-2.0-OpenSSH\r\n\r\n", [], times=1)) as url:
                with pytest.raises(ConnectionLost):
                    await client.request("GET", url)

    asyncio.run(main())


def test_silence_ends_at_the_limit():
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    async def main():
        async with serving(silent) as url, Client() as client:
            with pytest.raises(TimedOut):
                await client.request("GET", url, timeout=0.05)

    asyncio.run(main())


def test_an_answer_over_the_limit_is_refused():
    async def main():
        async with serving(answering(OK, [])) as url, Client() as client:
            with pytest.raises(ResponseTooLarge):
                await client.request("GET", url, max_body=1)

    asyncio.run(main())


@pytest.mark.parametrize(("method", "again"), [("GET", True), ("POST", False)])
def test_a_kept_connection_that_broke_is_replaced_only_where_a_repeat_does_no_harm(method, again):
    """The server takes the second request of a connection and hangs up without a word."""

    async def main():
        seen: list[bytes] = []

        async def handle(reader, writer):
            seen.append(await read_request(reader))
            writer.write(OK)
            try:
                seen.append(await read_request(reader))
            except asyncio.IncompleteReadError:
                seen.append(b"")
            writer.close()

        async with serving(handle) as url, Client() as client:
            await client.request("GET", url)
            if again:
                assert (await client.request(method, url)).status == 200
            else:
                with pytest.raises(ConnectionLost):
                    await client.request(method, url)

    asyncio.run(main())


def test_a_header_cannot_smuggle_in_another():
    with pytest.raises(ValueError, match="line break"):
        compose("GET", "/", "host", {"x": "y\r\nevil: 1"}, b"")
