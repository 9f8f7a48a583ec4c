"""Mail handed over by our own mail server (LMTP, RFC 2033): yes is said once it is kept; before, it keeps it."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import AnyStr, Final

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from laddverk.platform.database import Away
from laddverk.platform.house import House
from laddverk.platform.settings import networks_in
from laddverk.support.mail import addresses, service
from laddverk.support.mail.model import Envelope as Came

INBOX: Final = "lmtp"
RECIPIENTS_MAX: Final = 20  # a mail names the address of support once, or with a few cases
AT_ONCE_MAX: Final = 4  # mails that are taken in at the same time; others wait, they have a server to wait in
IDLE_S: Final = 120  # a mail server that says nothing for so long has gone

LINE_MAX: Final = 1024 * 1024  # bytes; RFC 5321 says 998, and not everybody has read it
OF_WHOLE_MAIL: Final = ("552 Error: Too much", "500 Line too long")

TAKEN: Final = "250 2.0.0 Taken"
AWAY: Final = "451 4.3.0 Not now: try again later"
NOT_HERE: Final = "550 5.1.1 There is no such address here"
TOO_MANY: Final = "452 4.5.3 Too many recipients"
STRANGER: Final = "550 5.7.1 Not from there"

log = structlog.get_logger()


class Receiver:
    """Answers the commands of a mail server."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._networks = networks_in(house.settings.support_lmtp_networks)
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a sender, also `<>`; from our own mail servers alone."""
        peer = session.peer[0] if isinstance(session.peer, tuple) else ""
        if not any(ip_address(peer) in network for network in self._networks if peer):
            log.warning("mail.stranger", peer=peer)
            return STRANGER
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient that is ours."""
        if not addresses.is_for_support(self._house.settings.support_address, address):
            return NOT_HERE
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return TOO_MANY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        """Take a mail; answer once for each recipient (RFC 2033 4.2)."""
        answer = await self._answer(envelope)
        return "\r\n".join([answer] * max(1, len(envelope.rcpt_tos)))

    async def _answer(self, envelope: Envelope) -> str:
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode("utf-8", "surrogateescape")
        came = Came(inbox=INBOX, sender=(envelope.mail_from or "").strip("<>"), recipients=tuple(envelope.rcpt_tos))
        try:
            async with self._turns:
                await service.ingest(self._house, raw, came)
        except Away as error:
            log.warning("mail.database_away", error=repr(error))
            return AWAY
        except Exception as error:
            # What we could not keep, even as broken, stays with whoever has it.
            log.error("mail.not_kept", exc_info=error)
            return AWAY
        return TAKEN


class _Conversation(LMTP):
    """One connection. Long lines are taken: programs write them, and a server that got them may pass them on."""

    line_length_limit = LINE_MAX

    async def push(self, status: AnyStr) -> None:
        """Say something; what is wrong with a whole mail once for each recipient (RFC 2033 4.2)."""
        recipients = len(self.envelope.rcpt_tos) if self.envelope is not None else 1
        if isinstance(status, str) and status.startswith(OF_WHOLE_MAIL):
            await super().push("\r\n".join([status] * max(1, recipients)))
        else:
            await super().push(status)


async def start(house: House) -> asyncio.Server:
    """Listen for mail; return the server. `settings.support_lmtp_port` must be set; 0 is any free port."""
    receiver = Receiver(house)
    loop = asyncio.get_running_loop()

    def made() -> LMTP:
        return _Conversation(
            receiver, data_size_limit=service.SIZE_MAX, enable_SMTPUTF8=True, ident="Laddverk", hostname="laddverk",
            loop=loop, timeout=IDLE_S,
        )  # fmt: skip

    server = await loop.create_server(made, house.settings.support_lmtp_host, house.settings.support_lmtp_port)
    log.info("mail.listens", port=server.sockets[0].getsockname()[1])
    return server
