"""When a process is ended whose event loop does not answer."""

import asyncio
import threading

from ymera_service.server import held_loop

LOOK = 0.1
WAIT = 30.0


def test_a_loop_that_a_function_never_gives_back_is_ended() -> None:
    ended = threading.Event()

    async def held() -> None:
        held_loop.watch(asyncio.get_running_loop(), ended.set, held_loop.LOOKS * LOOK)
        assert ended.wait(WAIT)

    asyncio.run(held())


def test_a_loop_that_answers_now_and_then_is_not_ended_nor_one_that_is_closed() -> None:
    ended = threading.Event()
    watching: list[threading.Thread] = []

    async def busy() -> None:
        held_loop.watch(asyncio.get_running_loop(), ended.set, held_loop.LOOKS * LOOK)
        watching.extend(each for each in threading.enumerate() if each.name == "ymera-held-loop")
        for _ in range(held_loop.LOOKS):
            threading.Event().wait(3 * LOOK)
            await asyncio.sleep(2 * LOOK)

    asyncio.run(busy())
    for thread in watching:
        thread.join(WAIT)
        assert not thread.is_alive()
    assert not ended.is_set()
