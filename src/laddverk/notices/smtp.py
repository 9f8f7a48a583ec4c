"""Handing mails to an SMTP server: one connection for a batch, and a clear word about each mail."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import MailId
from laddverk.notices.model import Mail, MailFile, Thread
from laddverk.notices.rules import one_line
from laddverk.platform.mail_tokens import LOOPBACK, TOKENS, NoToken
from laddverk.platform.settings import Settings

if TYPE_CHECKING:
    import aiosmtplib

POLICY: Final = SMTP.clone(max_line_length=900)  # RFC 5322 allows 998; folded, long ids would be encoded
TIMEOUT_S: Final = 20.0  # a server that greets more slowly is tried again later
TURN_S: Final = 10.0  # a transaction is open meanwhile, and should it break, all of the turn is sent again


class Outcome(Struct, frozen=True):
    """What became of one mail. Without an error it was taken."""

    mail_id: MailId
    error: str = ""
    for_good: bool = False
    """Trying again will not help."""


def message_of(mail: Mail, settings: Settings) -> EmailMessage:
    """Return `mail` as it goes out: text and HTML, and an id of its own so that a second copy can be recognised."""
    sender = settings.mail_from
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(one_line(settings.operator_name), addr_spec=sender)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{message_id(mail.id, settings)}>"
    message["Content-Language"] = mail.language
    for name, value in _threaded(mail.thread):
        message[name] = value
    message.set_content(mail.body_text)
    message.add_alternative(mail.body_html, subtype="html")
    if mail.files:
        message.make_mixed()
    for file in mail.files:
        message.attach(_part(file))
    return message


def _part(file: MailFile) -> EmailMessage:
    """Return a file as a part of a mail, in the short lines that RFC 2045 wants."""
    part = EmailMessage(policy=SMTP)
    maintype, _, subtype = file.media_type.partition("/")
    part.set_content(
        file.content, maintype=maintype, subtype=subtype, disposition="attachment", filename=file.name
    )  # fmt: skip
    del part["MIME-Version"]  # stands once, at the head
    return part


def message_id(mail_id: UUID, settings: Settings) -> str:
    """Return the Message-ID of a mail of ours, without brackets."""
    return f"{mail_id.hex}@{settings.mail_from.rpartition('@')[2]}"


def _threaded(thread: Thread) -> Iterator[tuple[str, str]]:
    """Yield the headers by which mail programs and machines know what a mail belongs to, and who wrote it."""
    if thread.reply_to:
        yield "Reply-To", thread.reply_to
    if thread.in_reply_to:
        yield "In-Reply-To", f"<{thread.in_reply_to}>"
    if thread.references:
        yield "References", " ".join(f"<{each}>" for each in thread.references)
    if not thread.is_personal:
        yield "Auto-Submitted", "auto-replied" if thread.is_answer else "auto-generated"
        yield "X-Auto-Response-Suppress", "All"  # Exchange does not know RFC 3834


def _returns_to(mail: Mail, settings: Settings) -> str:
    """Return the envelope's sender: who hears that a mail did not arrive; '' for nobody."""
    if mail.thread.is_personal and mail.thread.reply_to:
        return mail.thread.reply_to
    return "" if mail.thread.is_answer else settings.mail_from


async def hand_over(
    mails: Sequence[Mail], settings: Settings, whole: Callable[[Mail], Awaitable[Mail]] | None = None
) -> list[Outcome]:
    """Give `mails` to the server of `settings.smtp_url` one after the other; return what became of each.

    After `TURN_S` it stops: those after the last outcome have not been tried. `whole` gives a mail its files when its
    turn has come: those of one mail are in memory, not those of all.
    """
    import aiosmtplib

    shown: list[str] = []
    try:
        async with _client(settings, shown) as client:
            outcomes: list[Outcome] = []
            until_s = time.monotonic() + TURN_S
            for mail in mails:
                outcomes.append(await _given(client, await whole(mail) if whole else mail, settings))
                if time.monotonic() >= until_s:
                    break
            return outcomes
    except aiosmtplib.SMTPAuthenticationError as refused:
        for token in shown:
            TOKENS.forget(token)
        return [Outcome(mail.id, f"The mail server does not let us in: {_line(refused.message)}") for mail in mails]
    except NoToken as error:
        return [Outcome(mail.id, f"No token for the mail server: {error}") for mail in mails]
    except (aiosmtplib.SMTPException, OSError) as error:
        return [Outcome(mail.id, f"The mail server cannot be reached: {error}") for mail in mails]


def _client(settings: Settings, shown: list[str]) -> aiosmtplib.SMTP:
    """Return a client that is not connected yet; a token that it shows is noted in `shown`."""
    import aiosmtplib

    url = urlsplit(settings.smtp_url or "")
    by_token = settings.smtp_oauth_file is not None
    must_hide = by_token and url.scheme != "smtps" and url.hostname not in LOOPBACK
    return aiosmtplib.SMTP(
        hostname=url.hostname,
        port=url.port,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password and not by_token else None,
        oauth_token_generator=_fresh(settings, shown) if by_token else None,
        use_tls=url.scheme == "smtps",
        start_tls=True if must_hide else None,
        timeout=TIMEOUT_S,
    )


def _fresh(settings: Settings, shown: list[str]) -> Callable[[], Awaitable[str]]:
    """Return what gives a token; it raises `NoToken`."""

    async def token() -> str:
        assert settings.smtp_oauth_file is not None
        shown.append(await TOKENS.of(settings.smtp_oauth_file, settings.state_dir))
        return shown[-1]

    return token


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


async def _given(client: aiosmtplib.SMTP, mail: Mail, settings: Settings) -> Outcome:
    import aiosmtplib

    try:
        await client.send_message(message_of(mail, settings), sender=_returns_to(mail, settings))
    except aiosmtplib.SMTPRecipientsRefused as refused:
        code = refused.recipients[0].code
        return Outcome(mail.id, f"The mail server refused the address: {refused.recipients[0]}", for_good=code >= 500)
    except aiosmtplib.SMTPResponseException as answer:
        return Outcome(mail.id, f"The mail server answered {answer.code} {answer.message}", for_good=answer.code >= 500)
    except aiosmtplib.SMTPException as error:
        return Outcome(mail.id, f"The connection to the mail server broke: {error}")
    except ValueError as error:
        return Outcome(mail.id, f"This mail cannot be sent: {error}", for_good=True)
    return Outcome(mail.id)
