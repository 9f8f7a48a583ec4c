"""Tokens for mail servers, from an authority on a socket that renews, refuses, lies and is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from laddverk.platform import mail_tokens
from laddverk.platform.mail_tokens import NoToken, Tokens
from laddverk.simulator.authority import Authority, serving


@pytest.fixture
async def authority() -> AsyncIterator[Authority]:
    async with serving(Authority()) as made:
        yield made


def file_for(authority: Authority, place: Path, **given: str) -> Path:
    lines = {"token_url": authority.url, "client_id": "laddverk", **given}
    file = place / "oauth.toml"
    file.write_text("".join(f'{name} = "{value}"\n' for name, value in lines.items()))
    return file


async def refused(tokens: Tokens, file: Path, place: Path) -> str:
    with pytest.raises(NoToken) as told:
        await tokens.of(file, place)
    return str(told.value)


async def test_a_program_acts_for_itself_and_asks_again_only_when_its_token_is_about_to_end(
    authority: Authority, tmp_path: Path
) -> None:
    file, tokens = file_for(authority, tmp_path, client_secret="s3cret", scope="mail"), Tokens()
    together = await asyncio.gather(*(tokens.of(file, tmp_path) for _ in range(5)))
    assert set(together) == {"access-1"}
    assert authority.asked == [
        {"grant_type": "client_credentials", "client_id": "laddverk", "client_secret": "s3cret", "scope": "mail"}
    ]
    tokens.forget("access-1")
    authority.lasts_s = mail_tokens.EARLY_S - 1  # too short to be shown to anybody later
    assert [await tokens.of(file, tmp_path) for _ in range(2)] == ["access-2", "access-3"]


async def test_a_refresh_token_that_is_renewed_outlives_a_restart(authority: Authority, tmp_path: Path) -> None:
    authority.renews = True
    file = file_for(authority, tmp_path, refresh_token="refresh-1")
    for _ in range(3):
        await Tokens().of(file, tmp_path)
    assert [asked["refresh_token"] for asked in authority.asked] == ["refresh-1", "refresh-2", "refresh-3"]
    (kept,) = (tmp_path / "mail-tokens").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    # What the operator writes into the file counts before what was kept; what was kept and is worth nothing, after it.
    authority.refresh_tokens.add("fresh")
    file_for(authority, tmp_path, refresh_token="fresh")
    await Tokens().of(file, tmp_path)
    assert authority.asked[-1]["refresh_token"] == "fresh"
    authority.refresh_tokens = {"fresh"}
    await Tokens().of(file, tmp_path)
    assert [asked["refresh_token"] for asked in authority.asked[-2:]] == ["refresh-5", "fresh"]


async def test_what_the_authority_refuses_is_said_with_a_remedy_and_without_secrets(
    authority: Authority, tmp_path: Path
) -> None:
    tokens = Tokens()
    told = await refused(tokens, file_for(authority, tmp_path, refresh_token="a-long-secret"), tmp_path)
    assert "invalid_grant" in told
    assert "give consent anew" in told
    assert "AADSTS700082" in told
    assert "a-long-secret" not in told
    told = await refused(tokens, file_for(authority, tmp_path, client_secret="wrong"), tmp_path)
    assert "client_id or client_secret is wrong" in told
    authority.refuses = {"error": "in\x00valid\r\n_scope" + "x" * 5000, "error_description": "\x1b[31mred\r\n"}
    told = await refused(tokens, file_for(authority, tmp_path, client_secret="s3cret"), tmp_path)
    assert len(told) < 500
    assert told.isprintable()


def answering(body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        answering(b"<html>Sign in</html>"),
        answering(b"[]"),
        answering(b'{"access_token": null}'),
        answering(b'{"access_token": "cut"}')[:-1],
        answering(b'{"access_token": "a\\r\\nAUTH"}'),
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n" + b"{" * 200_000,
        answering(b"[" * 60_000),
        b"not even HTTP\r\n\r\n",
    ],
    ids=["hangs up", "html", "list", "null", "cut", "line break", "redirect", "busy", "endless", "deep", "noise"],
)
async def test_whatever_else_it_answers_is_no_token_and_asked_again(
    authority: Authority, tmp_path: Path, answer: bytes
) -> None:
    file, tokens = file_for(authority, tmp_path, client_secret="s3cret"), Tokens()
    authority.answer = answer
    await refused(tokens, file, tmp_path)
    authority.answer = None
    assert (await tokens.of(file, tmp_path)).startswith("access-")


@pytest.mark.parametrize("lasts", ["3600", None, -5, True, 1e300, "NaN", [], {}])
async def test_however_the_time_is_written_a_token_is_given(
    authority: Authority, tmp_path: Path, lasts: object
) -> None:
    authority.lasts_s = lasts
    tokens, file = Tokens(), file_for(authority, tmp_path, client_secret="s3cret")
    assert await tokens.of(file, tmp_path) == await tokens.of(file, tmp_path)


async def test_one_that_is_too_slow_is_given_up(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_tokens, "TIMEOUT_S", 0.2)
    authority.delay_s = 1
    assert "0.2 s" in await refused(Tokens(), file_for(authority, tmp_path, client_secret="s3cret"), tmp_path)


async def test_a_file_that_would_send_secrets_in_clear_or_says_nothing_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    tokens, secret = Tokens(), {"client_secret": "s3cret"}
    in_clear = file_for(authority, tmp_path, **secret | {"token_url": "http://login.example.se/token"})
    assert "in clear" in await refused(tokens, in_clear, tmp_path)
    assert "no address" in await refused(
        tokens, file_for(authority, tmp_path, **secret | {"token_url": "file:///etc/passwd"}), tmp_path
    )
    assert "neither" in await refused(tokens, file_for(authority, tmp_path), tmp_path)
    assert "cannot be read" in await refused(tokens, tmp_path / "none.toml", tmp_path)
    broken = tmp_path / "broken.toml"
    for content in (b"client_id = ", b"\xff\xfe", b'client_id = 5\ntoken_url = "https://a.example/"\n', b""):
        broken.write_bytes(content)
        assert "must hold token_url" in await refused(tokens, broken, tmp_path)
    assert authority.asked == []
