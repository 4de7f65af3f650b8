"""Calls to other services when there are many at once, or one of them does not answer."""

import asyncio

import pytest

from shop.kernel.errors import DependencyTimeout
from shop.runtime import peers as module
from shop.runtime.http import Caller
from shop.runtime.peers import AT_ONCE, Peers
from shop.runtime.wire import Client, Response


class Neighbours(Client):
    """Services that answer when they are let; how many calls each had at most at once."""

    def __init__(self):
        super().__init__()
        self.now, self.most, self.let = {}, {}, {}

    async def request(self, method, url, **_):
        service = url.split("/")[3].partition("?")[0]
        self.now[service] = self.now.get(service, 0) + 1
        self.most[service] = max(self.most.get(service, 0), self.now[service])
        await self.let.setdefault(service, asyncio.Event()).wait()
        self.now[service] -= 1
        return Response(200, {}, b"{}")


def test_a_crowd_asks_one_after_the_other_and_holds_up_no_other_service():
    async def story():
        neighbours = Neighbours()
        peers = Peers("http://gateway.test", neighbours, "orders")
        crowd = [asyncio.create_task(peers.get(f"/users/{n}/addresses", Caller())) for n in range(50)]
        await asyncio.sleep(0)
        neighbours.let["inventory"] = asyncio.Event()
        neighbours.let["inventory"].set()
        assert await peers.get("/inventory?productIds=a", Caller()) == {}
        neighbours.let["users"].set()
        assert await asyncio.gather(*crowd) == [{}] * 50
        assert neighbours.most == {"users": AT_ONCE, "inventory": 1}

    asyncio.run(story())


def test_who_waits_too_long_for_a_turn_is_told_so_and_takes_none(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.01)

    async def story():
        neighbours = Neighbours()
        peers = Peers("http://gateway.test", neighbours, "orders")
        ahead = [asyncio.create_task(peers.get("/users/1/addresses", Caller())) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        with pytest.raises(DependencyTimeout):
            await peers.get("/users/1/addresses", Caller())
        neighbours.let["users"].set()
        await asyncio.gather(*ahead)
        for _ in range(2 * AT_ONCE):
            assert await peers.get("/users/1/addresses", Caller()) == {}

    asyncio.run(story())
