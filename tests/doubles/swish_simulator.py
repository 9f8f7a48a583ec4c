"""The built-in Swish served on a real socket, by TLS with certificates on both sides when given how."""

from __future__ import annotations

import asyncio
import ssl

from laddverk.payments.providers.sandbox_swish import AnswerLost, Swish
from tests.doubles.http import Answer, BreakConnection, HttpDouble, Request


def serving(swish: Swish, tls: ssl.SSLContext | None = None) -> HttpDouble:
    """Return the server, to be entered."""

    async def answer(request: Request) -> Answer:
        await asyncio.sleep(0)
        try:
            return await swish.answer(request.method, request.path, request.body)
        except AnswerLost:
            raise BreakConnection from None

    return HttpDouble(answer, tls)
