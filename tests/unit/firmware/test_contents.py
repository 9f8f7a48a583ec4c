"""Files from chargers: told by their content, shown within limits, and harmless whatever they hold."""

import gzip
import io
import tarfile
import tracemalloc
import zipfile

import pytest

from laddverk.firmware import contents
from laddverk.firmware.contents import Wish, look, sniffed
from laddverk.firmware.levels import Level, level_of
from laddverk.firmware.model import FileKind
from laddverk.firmware.redaction import redacted
from laddverk.kernel.problems import Invalid

LOG = b"2026-11-21 10:00 boot\n2026-11-21 10:01 ERROR contactor\nidTag=04A37F2C accepted\n"


def zipped(**files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name.replace("_", "."), data)
    return target.getvalue()


def tarred(data):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as packed:
        info = tarfile.TarInfo("../../etc/syslog")
        info.size = len(data)
        packed.addfile(info, io.BytesIO(data))
    return target.getvalue()


@pytest.fixture
def at(tmp_path):
    def write(data):
        path = tmp_path / "file"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (LOG, FileKind.TEXT),
        (b'{"a": 1}', FileKind.JSON),
        (b"<?xml version='1.0'?>", FileKind.XML),
        (gzip.compress(LOG, mtime=0), FileKind.GZIP),
        (zipped(a_txt=LOG), FileKind.ZIP),
        (tarred(LOG), FileKind.TAR),
        (b"\xd4\xc3\xb2\xa1rest", FileKind.PCAP),
        (bytes(range(256)), FileKind.BINARY),
        ("Ställverk\n".encode(), FileKind.TEXT),
    ],
)
def test_a_file_is_known_by_its_first_bytes(data, kind):
    assert sniffed(data[: contents.BEGINNING]) is kind


@pytest.mark.parametrize("data", [b"MZ\x90\x00", b"\x7fELF\x02", b"\xca\xfe\xba\xbe"])
def test_a_program_is_no_log(data):
    with pytest.raises(Invalid):
        sniffed(data)


def test_a_text_is_shown_by_lines_and_searched(at):
    shown = look(at(LOG), FileKind.TEXT)
    assert [line.number for line in shown.lines] == [1, 2, 3]
    found = look(at(LOG), FileKind.TEXT, wish=Wish("error"))
    assert [(line.number, line.text) for line in found.lines] == [(2, "2026-11-21 10:01 ERROR contactor")]


def test_a_long_text_comes_in_pages(at):
    path = at(b"".join(b"line %d\n" % number for number in range(1, 2501)))
    first = look(path, FileKind.TEXT)
    assert len(first.lines) == 1000
    assert first.next_line == 1001
    assert look(path, FileKind.TEXT, wish=Wish(from_line=2001)).lines[0].text == "line 2001"


def test_a_packed_text_is_shown_unpacked_and_a_packed_archive_by_its_members(at):
    assert look(at(gzip.compress(LOG)), FileKind.GZIP).lines[0].text == "2026-11-21 10:00 boot"
    inside = look(at(gzip.compress(tarred(LOG))), FileKind.GZIP)
    assert [(member.name, member.size_bytes) for member in inside.members] == [("../../etc/syslog", len(LOG))]
    shown = look(at(gzip.compress(tarred(LOG))), FileKind.GZIP, member="../../etc/syslog")
    assert len(shown.lines) == 3


def test_a_member_of_a_zip_is_shown_also_when_it_is_packed_itself(at):
    path = at(zipped(now_log=LOG, old_log=gzip.compress(LOG)))
    assert [member.name for member in look(path, FileKind.ZIP).members] == ["now.log", "old.log"]
    assert len(look(path, FileKind.ZIP, member="now.log").lines) == 3
    assert len(look(path, FileKind.ZIP, member="old.log").lines) == 3
    assert look(path, FileKind.ZIP, member="no").problem == "no_member"


def test_a_bomb_goes_off_at_the_limit(at, monkeypatch):
    monkeypatch.setattr(contents, "SCAN_BYTES_MAX", 200_000)
    monkeypatch.setattr(contents.Limited.__init__, "__defaults__", (200_000,))
    path = at(gzip.compress(b"x" * 999 + b"\n" + b"0\n" * 50_000_000))
    shown = look(path, FileKind.GZIP, wish=Wish("never there"))
    assert shown.cut
    assert shown.lines == ()


def test_a_directory_too_large_is_not_read(at):
    data = bytearray(zipped(a_txt=LOG))
    end = data.rfind(b"PK\x05\x06")
    data[end + 12 : end + 16] = (50_000_000).to_bytes(4, "little")
    assert look(at(bytes(data)), FileKind.ZIP).problem == "directory_too_large"


@pytest.mark.parametrize("kind", list(FileKind))
@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04broken", b"\x1f\x8bbroken", b"\x00" * 600, b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_broken_is_said_to_be_so_and_raises_nothing(at, kind, data):
    assert look(at(data), kind).kind in FileKind


def test_what_is_no_text_is_dumped(at):
    shown = look(at(bytes(range(256)) * 100), FileKind.BINARY)
    assert shown.cut
    assert shown.dump[0].startswith("00000000  00 01 02")


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("Authorize idTag=04A37F2C ok", "04A37F2C"),
        ('{"idToken":"AABBCCDD11","type":"ISO14443"}', "AABBCCDD11"),
        ("card 04A37F2CA1B2C3 shown", "04A37F2CA1B2C3"),
        ("mail to ada.oberg@example.se sent", "ada.oberg@example.se"),
        ("from 192.168.1.44:5050", "192.168.1.44"),
        ("mac 00:1a:2b:3c:4d:5e up", "00:1a:2b:3c:4d:5e"),
        ("wss://CP1:hemligt@csms.example/ocpp", "hemligt"),
        ("Authorization: Basic Q1AxOmhlbWxpZ3Q=", "Q1AxOmhlbWxpZ3Q"),
        ("person 19811218-9876 ringde", "19811218-9876"),
        ("EMAID SE-ABC-C12345678-9", "12345678"),
    ],
)
def test_personal_data_is_taken_out_before_a_log_is_shared(line, hidden):
    assert hidden not in redacted(line)


def test_what_is_about_nobody_stays():
    line = "2026-11-21 10:01:33 ERROR contactor 2 stuck, 231.4 V 16 A"
    assert redacted(line) == line


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-11-21T10:01:00Z ERROR 00096 contactor", Level.ERROR),
        ("2026-11-21 10:01 [err] pilot", Level.ERROR),
        ('{"ts": 1, "level": "error", "msg": "INFO"}', Level.ERROR),
        ("<4>kernel: CRITICAL temperature", Level.ERROR),
        ("11-21 10:01:02.123  812  812 E/Pilot ( 812): lost", Level.ERROR),
        ("ts=1 severity=Warning msg=error", Level.WARNING),
        ("WARN: no error in sight", Level.WARNING),
        ("10:01 | info | booted without ERROR", Level.INFO),
        ("[DEBUG] x", Level.DEBUG),
        ("there was no error at all", Level.NONE),
        ("ERROR-FREE since 2019", Level.NONE),
        ("I/O of disk 1", Level.NONE),
        ("x" * 5000 + " ERROR", Level.NONE),
        ("", Level.NONE),
    ],
)
def test_a_line_says_how_grave_it_is_in_the_words_of_its_maker(line, level):
    assert level_of(line) is level


def test_only_grave_lines_are_shown_to_who_looks_for_them(at):
    path = at(b"INFO a\nWARN b\nERROR c\nplain\nERROR d\n")
    errors = look(path, FileKind.TEXT, wish=Wish(level=Level.ERROR)).lines
    assert [(line.number, line.text) for line in errors] == [(3, "ERROR c"), (5, "ERROR d")]
    both = look(path, FileKind.TEXT, wish=Wish(level=Level.WARNING)).lines
    assert [line.number for line in both] == [2, 3, 5]
    assert [line.number for line in look(path, FileKind.TEXT, wish=Wish("D", 4, Level.ERROR)).lines] == [5]


def test_the_end_of_a_very_large_log_is_found_without_reading_it_into_memory(at):
    """Seven megabytes packed into some kilobytes: read as a stream, never whole in memory."""
    many = b"2026-11-21 INFO meter read and nothing else to tell, for many a line\n" * 100_000
    path = at(gzip.compress(many + b"ERROR the end\n", compresslevel=1))
    tracemalloc.start()
    shown = look(path, FileKind.GZIP, wish=Wish(from_line=1, search="the end"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [line.number for line in shown.lines] == [100_001]
    assert most < 1_500_000
