"""Conversations: the page with its composer, and the API that it uses."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fake_onlyfans.accounts import Account
from fake_onlyfans.pages.access import api, fan_of, json_of, page
from fake_onlyfans.rendering import render
from fake_onlyfans.site import site_of

SHOWN = 30
"""Messages on the page when it opens; earlier ones come by the API."""
MOST = 100
LONGEST_TEXT = 20_000


@page
async def chat(request: Request, account: Account) -> Response:
    """Show a conversation with its newest messages, oldest of them first."""
    fan = fan_of(request, account)
    newest, has_more = site_of(request.scope).conversations.page(account, fan, SHOWN)
    messages = [message.as_json() for message in reversed(newest)]
    return render(request.scope, "chat.html", me=account, fan=fan, messages=messages, has_more=has_more)


@page
async def chats(request: Request, account: Account) -> Response:
    """List the account's fans."""
    return render(request.scope, "chats.html", me=account)


@api
async def read(request: Request, account: Account) -> Response:
    """Page through a conversation, newest message first."""
    fan = fan_of(request, account)
    limit, before = request.query_params.get("limit", "50"), request.query_params.get("before") or None
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= MOST:
        return JSONResponse({"error": "bad_limit", "allowed": f"1 to {MOST}"}, 400)
    try:
        messages, has_more = site_of(request.scope).conversations.page(account, fan, int(limit), before)
    except KeyError:
        return JSONResponse({"error": "unknown_message"}, 400)
    return JSONResponse({"messages": [message.as_json() for message in messages], "has_more": has_more})


@api
async def send(request: Request, account: Account) -> Response:
    """Take a message to a fan, exactly as it was typed."""
    fan = fan_of(request, account)
    text = (await json_of(request)).get("text")
    if not isinstance(text, str) or not text:
        return JSONResponse({"error": "empty"}, 400)
    if len(text) > LONGEST_TEXT:
        return JSONResponse({"error": "too_long", "allowed": LONGEST_TEXT}, 400)
    if any("\ud800" <= character <= "\udfff" for character in text):
        return JSONResponse({"error": "not_text"}, 400)
    if fan.blocked:
        return JSONResponse({"error": "blocked"}, 403)
    message = site_of(request.scope).conversations.send(account, fan, text)
    shown = message.as_json()
    return JSONResponse({"id": shown["id"], "text": shown["text"], "created_at": shown["created_at"]}, 201)


routes = [
    Route("/my/chats", chats),
    Route("/my/chats/chat/{fan:path}", chat),
    Route("/api/chats/{fan:path}/messages", read),
    Route("/api/chats/{fan:path}/messages", send, methods=["POST"]),
]
