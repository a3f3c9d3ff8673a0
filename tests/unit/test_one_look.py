"""A look that many ask for at once is made once, and anew for who asks later."""

import asyncio

import pytest

from api.one_look import OneLook


async def test_those_who_ask_meanwhile_get_what_it_finds() -> None:
    begun, free = 0, asyncio.Event()

    async def look() -> int:
        nonlocal begun
        begun += 1
        await free.wait()
        return begun

    ask = OneLook(look)
    asking = [asyncio.create_task(ask()) for _ in range(10)]
    await asyncio.sleep(0)
    # Who goes away does not take it from the others.
    asking[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking[0]
    free.set()
    assert await asyncio.gather(*asking[1:]) == [1] * 9
    assert await ask() == 2


async def test_a_look_that_nobody_waits_for_is_ended() -> None:
    begun, ended = asyncio.Event(), False

    async def look() -> None:
        nonlocal ended
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended = True

    ask = OneLook(look)
    asking = asyncio.create_task(ask())
    await begun.wait()
    asking.cancel()
    await ask.close()
    assert ended
    await ask.close()
