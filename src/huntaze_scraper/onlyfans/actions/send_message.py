"""send_message: a fan gets the text exactly once, whatever dies in between."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from huntaze_scraper.errors import BeginAnew, NobodyKnows, OddPage, OutOfTurn, Refused, SlowDown, StillOpen, TriesUsedUp
from huntaze_scraper.onlyfans import effects, site
from huntaze_scraper.onlyfans.actions import conversation
from huntaze_scraper.onlyfans.effects import Effect, LookAgain, Message, Sent, Sight, Uncertain
from huntaze_scraper.onlyfans.likeness import is_whole
from huntaze_scraper.onlyfans.outbox import Posting
from huntaze_scraper.onlyfans.run import Run
from huntaze_scraper.onlyfans.tab import Answer

MOST_SEEN = 300
"""Messages that a look for ours goes back over at most: six requests."""
LOOK_SECONDS = 60.0


async def send_message(run: Run) -> Mapping[str, Any]:
    """Send ``message_content`` to the fan ``user_id``, unless an earlier attempt did.

    Where the end of an earlier attempt is not known, the conversation is read first, for as long as its message may
    still come.

    Raises:
        NobodyKnows: an earlier attempt may have sent it, and there is no finding out.
        TriesUsedUp: no earlier attempt sent it, and it is not to be tried again.
        StillOpen: an earlier attempt may yet send it, for longer than this one is to wait.
        BeginAnew: no earlier attempt sent it, and it took a while to know that.
        OutOfTurn: it took so long until it could be posted that others reckon without it.
    """
    found = await _sent_earlier(run)
    if found is not None:
        return _data(run, found, found=True)
    if not run.once.may_try:
        raise TriesUsedUp("it was tried often enough")
    return _data(run, await _send(run), found=False)


async def _send(run: Run) -> Mapping[str, str]:
    fan = run.job.payload["user_id"]
    path = run.tab.site.messages_path(fan)
    async with run.tab.within(run.seconds, f"POST {path}"):
        mark, _ = await _both(conversation.mark(run.tab, fan, run.seconds), run.tab.open(run.tab.site.chat(fan)))
        leaves_by = run.clock.now() + run.seconds
        effect = Effect(mark, leaves_by + run.late_effect_seconds)
        try:
            posting = await _compose(run, effect, leaves_by)
        except BaseException:
            run.once.settle(None)  # nothing has left
            raise
        try:
            proof = _proof(await run.tab.post(posting, path), f"POST {path}")
        except BaseException as error:
            until = effects.open_until(error, run.clock.now(), run.late_effect_seconds)
            run.once.settle(None if until is None else Effect(mark, until))
            raise
        run.once.settle(replace(effect, proof=proof))
        return proof


async def _compose(run: Run, effect: Effect, leaves_by: float) -> Posting:
    """Return the request with the text, which the ledger knows of and nobody has sent."""
    fan, text = run.job.payload["user_id"], run.job.payload["message_content"]
    path = run.tab.site.messages_path(fan)
    held, _ = await _both(run.tab.fill(site.CHAT_INPUT, text), run.tab.aside(partial(run.once.record, effect)))
    if not is_whole(text, held):
        raise Refused("the site's input does not take the whole text", request=f"POST {path}")
    posting, _ = await _both(run.tab.compose(site.CHAT_SEND, path), run.tab.aside(run.turn.keep))
    await run.tab.aside(run.turn.keep)  # costs nothing, but where composing took a while
    if run.clock.now() > leaves_by:  # process or store stood still for a while: others reckon without this request
        raise OutOfTurn(0.0)
    return posting


async def _sent_earlier(run: Run) -> Mapping[str, str] | None:
    """Return the message of an earlier attempt, waiting for one that may still come; None where there is none."""
    effect, looks = run.once.effect, 0
    if effect is None:
        return None
    if effect.proof:
        return effect.proof
    while True:
        sight = await _look(run, effect)
        verdict = effects.judge(effect, run.job.payload["message_content"], sight, run.clock.now(), looks)
        match verdict:
            case Sent(message):
                return {"id": message.id, "created_at": message.created_at}
            case Uncertain(reason):
                raise NobodyKnows(reason)
            case LookAgain() if effect.until - run.clock.now() > run.patience_seconds:
                raise StillOpen(effect.until - run.clock.now())
            case LookAgain(at):
                looks += 1
                await run.sleep(max(at - run.clock.now(), 0.0))
            case _:
                run.once.settle(None)
                if looks:
                    raise BeginAnew("it waited for what did not come")
                return None


async def _look(run: Run, effect: Effect) -> Sight:
    """Read the conversation back to where it ended before the try."""
    fan, sight = run.job.payload["user_id"], Sight(effect.mark)
    async with run.tab.within(LOOK_SECONDS, f"GET {run.tab.site.messages_path(fan)}"):
        async for each in conversation.newest_first(run.tab, fan, run.seconds):
            message = Message(each["id"], each["author"] == site.AUTHOR_ME, each["text"], each["created_at"])
            if sight.reaches_back_to(message):
                break
            if len(sight.messages) == MOST_SEEN:
                sight.is_whole = False
                break
    return sight


def _proof(answer: Answer, request: str) -> Mapping[str, str]:
    if not isinstance(answer.body, dict) or not {"id", "created_at"} <= answer.body.keys():
        raise OddPage("the answer has another form", request=request)
    return {name: str(answer.body[name]) for name in ("id", "created_at")}


async def _both[First, Second](first: Awaitable[First], second: Awaitable[Second]) -> tuple[First, Second]:
    """Await both to their ends, and raise what either raised: nothing of it goes on behind our back.

    Where the site asks to slow down, nothing that the other one met may hide that.
    """
    one, other = await asyncio.gather(first, second, return_exceptions=True)
    if isinstance(one, SlowDown):
        raise one
    if isinstance(other, BaseException):
        raise other
    if isinstance(one, BaseException):
        raise one
    return one, other


def _data(run: Run, message: Mapping[str, str], *, found: bool) -> Mapping[str, Any]:
    return {
        "fan": run.job.payload["user_id"],
        "message_id": message["id"],
        "sent_at": message["created_at"],
        "found_in_conversation": found,
    }
