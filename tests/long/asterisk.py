"""A real Asterisk for tests: its own small root of Debian's packages, made once; loopback only; ended with the test."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from laddverk.cli.replay.network import free_port

SUITE = "sid"  # where Debian has Asterisk 22; the suites of servers have none, or one that nobody keeps
BUILD_TIMEOUT_S = 1500
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
PASSWORD = "long-test"
EXAMPLES = Path(__file__).parents[2] / "docs" / "asterisk"
MODULES = """
app_stasis bridge_simple bridge_softmix bridge_native_rtp bridge_holding chan_pjsip chan_bridge_media codec_alaw
codec_ulaw codec_a_mu codec_resample format_wav format_pcm format_sln func_callerid func_curl func_logic pbx_config
res_ari res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels res_ari_endpoints res_ari_events
res_ari_model res_ari_playbacks res_ari_recordings res_ari_sounds res_crypto res_curl res_http_media_cache
res_http_websocket res_musiconhold res_pjproject res_pjsip res_pjsip_authenticator_digest res_pjsip_caller_id
res_pjsip_dtmf_info res_pjsip_empty_info res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user
res_pjsip_nat res_pjsip_path res_pjsip_pubsub res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_sdp_rtp
res_pjsip_session res_pjsip_transport_websocket res_rtp_asterisk res_sorcery_astdb res_sorcery_config
res_sorcery_memory res_speech res_srtp res_stasis res_stasis_answer res_stasis_playback res_stasis_recording
res_stasis_snoop res_timing_timerfd res_websocket_client
"""
"""No more than the configuration needs: others would listen on every address (IAX2, AMI)."""


class NotHere(Exception):
    """Asterisk cannot be had on this machine."""


def root() -> Path:
    """Return the folder of a Debian with Asterisk: `LADDVERK_ASTERISK_ROOT`, else one made once among temporary files.

    Raises `NotHere`.
    """
    given = os.environ.get("LADDVERK_ASTERISK_ROOT")
    place = Path(given) if given else Path(tempfile.gettempdir()) / f"laddverk-asterisk-{SUITE}"
    if os.geteuid() != 0:
        raise NotHere("Asterisk runs in a root of its own, which only root can make")
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "usr/sbin/asterisk").exists():
            _build(place)
    return place


def _build(place: Path) -> None:
    if shutil.which("mmdebstrap") is None:
        raise NotHere("Asterisk is not there: apt-get install mmdebstrap sip-tester espeak-ng")
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    mirror = next((each for each in listed.stdout.split() if "security" not in each), "")
    part = place.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    made = subprocess.run(
        [
            "mmdebstrap", "--variant=apt", "--mode=root", "--include=asterisk",
            "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
            "--aptopt=APT::Install-Recommends \"false\"", "--aptopt=Acquire::Check-Valid-Until \"false\"",
            "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=force-unsafe-io", SUITE, str(part), mirror,
        ],
        capture_output=True, text=True, check=False, timeout=BUILD_TIMEOUT_S,
    )  # fmt: skip
    if made.returncode:
        raise NotHere(f"Asterisk cannot be installed here: {made.stderr.strip().splitlines()[-1:]}")
    part.rename(place)


class Asterisk:
    """One Asterisk, with folders of its own below the root."""

    def __init__(self, place: Path) -> None:
        self.root = place
        self.home = f"/run/laddverk-{os.getpid()}"
        self.http_port = free_port()
        self.sip_port = free_port()
        self.trunk_port = free_port()
        """Where the carrier is called, at 127.0.0.2."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """Its files, as they are seen from outside the root."""
        return self.root / self.home[1:]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @contextmanager
    def running(self) -> Iterator[Asterisk]:
        """Start it, and end it."""
        self._write()
        with (self.folder / "output").open("wb") as output:
            command = ["chroot", str(self.root), "asterisk", "-f", "-C", f"{self.home}/etc/asterisk.conf"]
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd="/")
            try:
                self._wait()
                yield self
            finally:
                self._process.terminate()
                try:
                    self._process.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
                shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """What it has written of itself."""
        return (self.folder / "log/full").read_text(errors="replace")

    def _write(self) -> None:
        etc = self.folder / "etc"
        for name in ("etc", "lib/keys", "spool/recording", "run", "log"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for each in (self.root / "etc/asterisk").glob("*.conf"):
            if each.name in ("acl.conf", "ccss.conf", "cdr.conf", "cel.conf", "features.conf", "indications.conf",
                             "pjproject.conf", "udptl.conf"):  # fmt: skip
                shutil.copy(each, etc)
        for each in EXAMPLES.glob("*.conf"):
            (etc / each.name).write_text(self._here(each.read_text()))
        places = {
            "astetcdir": "etc", "astvarlibdir": "lib", "astdbdir": "lib", "astkeydir": "lib", "astspooldir": "spool",
            "astrundir": "run", "astlogdir": "log", "astagidir": "lib",
        }  # fmt: skip
        libraries = next(self.root.glob("usr/lib/*/asterisk/modules")).relative_to(self.root)
        lines = [f"{name} => {self.home}/{part}" for name, part in places.items()]
        lines += [f"astmoddir => /{libraries}", "astdatadir => /usr/share/asterisk"]
        (etc / "asterisk.conf").write_text("[directories]\n" + "\n".join(lines) + "\n")
        (etc / "logger.conf").write_text("[logfiles]\nfull => notice,warning,error,verbose\n")
        loads = "\n".join(f"load = {each}.so" for each in MODULES.split())
        (etc / "modules.conf").write_text(f"[modules]\nautoload = no\n{loads}\n")

    def _here(self, text: str) -> str:
        """The example, at free ports of this machine."""
        return (
            text.replace("bindport = 8088", f"bindport = {self.http_port}")
            .replace("bind = 127.0.0.1:5060", f"bind = 127.0.0.1:{self.sip_port}")
            .replace("contact = sip:127.0.0.2:5060", f"contact = sip:127.0.0.2:{self.trunk_port}")
            .replace("password = change-me", f"password = {PASSWORD}")
        )

    def _wait(self) -> None:
        assert self._process is not None
        ends = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < ends and self._process.poll() is None:
            try:
                with urlopen(f"{self.url}/ari/api-docs/resources.json", timeout=5):
                    return
            except URLError as error:
                if getattr(error, "code", 0) == 401:  # it asks who we are: it is there
                    return
                time.sleep(0.1)
        raise AssertionError((self.folder / "output").read_text(errors="replace"))

    def listens_at(self) -> set[str]:
        """The addresses at which it takes connections."""
        assert self._process is not None
        found = subprocess.run(["ss", "-Hlntp"], capture_output=True, text=True, check=True, timeout=30).stdout
        lines = [line.split() for line in found.splitlines() if f"pid={self._process.pid}," in line]
        return {line[3].rpartition(":")[0] for line in lines}
