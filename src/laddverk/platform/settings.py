"""Settings: what an operator may choose, from the environment (`LADDVERK_…`) with sensible defaults.

Every variable is a field of `Settings` in capitals after `LADDVERK_`; `docs/operations.md` lists them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from laddverk.kernel.problems import Invalid

PREFIX: Final = "LADDVERK_"
SECRET_BYTES: Final = 32  # 256 bits: never guessed, and BLAKE2b takes keys of up to 64 bytes


class Settings(Struct, frozen=True, kw_only=True):
    """All settings. Ports of 0 mean "any free port"; times are in seconds."""

    state_dir: Path = Path("var")
    """Where the embedded database, secrets and files live."""
    database_url: str | None = None
    """An external PostgreSQL 15+; None means the embedded one."""
    host: str = "127.0.0.1"
    """Address that the web and OCPP listeners bind to. Set to 0.0.0.0 behind a TLS proxy."""
    web_port: int = 8080
    ocpp_port: int = 9000
    """Chargers without TLS (security profile 1); they must come from `station_networks`."""
    ocpp_tls_port: int | None = None
    """Chargers with TLS (security profiles 2 and 3); None means no such listener."""
    ocpp_legacy_tls_port: int | None = None
    """Chargers that know only the older cipher suites, each allowed by name; None means no such listener."""
    ocpp_legacy_tls_oldest: str = "1.2"
    """The oldest TLS of that listener: 1.0, 1.1 or 1.2."""
    tls_dir: Path | None = None
    """Where certificates for chargers' TLS are; None means `tls` in `state_dir`, made on first use."""
    tls_names: str = ""
    """Names and addresses in the certificate that we make ourselves, with commas; default: that of `public_url`."""
    expired_certificates: str = "refuse"
    """A charger whose certificate has expired: `refuse`, or `renew` to let it in to get a new one."""
    station_networks: str = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,fe80::/10"
    """Networks, with commas, from which chargers may connect without TLS."""
    station_proxies: str = ""
    """Networks of proxies that end the TLS of chargers: their plain connections count as TLS, from X-Forwarded-For."""
    sockets_per_address: int = 2_000
    """Charger sockets of one address; 0 means any number. Many chargers share the address of a mobile network."""
    public_url: str | None = None
    """The address drivers and staff use, for links in mails and QR codes; default http://host:web_port."""
    files_url: str | None = None
    """The address chargers use to fetch firmware and hand in logs; default `public_url`."""
    ftp_port: int | None = None
    """Chargers so old that they move files by FTP only; None means no FTP. It is in clear, like all of FTP."""
    ftp_host: str = "127.0.0.1"
    """Address that the FTP receiver binds to."""
    ftp_address: str = ""
    """Name or IPv4 address by which chargers reach it; default: the host of `files_url`."""
    ftp_passive_ports: str = "50000-50019"
    """Ports for its data connections, from and to. Each transfer takes one."""
    logs_kept_days: int = 90
    """How long logs of chargers are kept: there are tags of drivers in them."""
    operator_name: str = "Laddverk"
    """Whose network this is: on pages, receipts and invoices."""
    operator_org_number: str = ""
    operator_vat_number: str = ""
    operator_address: str = ""
    operator_email: str = ""
    operator_phone: str = ""
    currency: str = "SEK"
    timezone: str = "Europe/Stockholm"
    support_alone_minor: int = 500_00
    """How much money one agent may give back, or give away, in one case alone; above it a second person must agree."""
    smtp_url: str | None = None
    """smtp://user:password@host:port for outgoing mail; None keeps mails in the database only."""
    smtp_oauth_file: Path | None = None
    """A file (TOML) with what XOAUTH2 needs, instead of the password: as `support_imap_oauth_file`."""
    mail_from: str = "laddverk@localhost"
    support_address: str = ""
    """The mail address of support; answers to cases go to `name+…` there. Empty: no mail comes in."""
    support_lmtp_port: int | None = None
    """Where our mail server hands over mail for support, by LMTP; None means no such listener."""
    support_lmtp_host: str = "127.0.0.1"
    support_lmtp_networks: str = "127.0.0.0/8,::1/128"
    """Networks, with commas, from which mail may be handed over."""
    support_mail_authority: str = ""
    """The name by which our own mail server signs Authentication-Results. Empty: nobody vouches for any sender."""
    support_imap_url: str | None = None
    """A mailbox of support: `imaps://name@host:993/INBOX`; None means none."""
    support_imap_password_file: Path | None = None
    """A file with its password."""
    support_imap_oauth_file: Path | None = None
    """Or one (TOML) with what XOAUTH2 needs: token_url, client_id, and client_secret, refresh_token or scope."""
    support_imap_done: str = ""
    """The folder that taken mails are moved to; empty leaves them there, marked as seen."""
    sms_provider: str = ""
    """Who carries text messages to drivers and those on call: `46elks`, `sandbox` (goes nowhere), or nobody."""
    elks_user: str = ""
    """The API user name at 46elks."""
    elks_password: str = ""
    elks_url: str = "https://api.46elks.com"
    sms_sender: str = "Laddverk"
    """Who text messages come from: at most eleven letters, or a number +46…."""
    phone_number: str = ""
    """Our own number at the carrier of calls (+46…): who is called back sees it. Empty: no calls go out."""
    phone_calls_to: str = (
        "+46,!+46900,!+46939,!+46944,!+4699,+47,!+4782,+45,!+4590,"
        "+358,!+35860,!+35870,!+35875,!+358100,!+358200,!+358300,"
        "!+3582020,!+3582022,!+3582023,!+3582098,!+3582099"
    )
    """How numbers begin that are rung from the console, by commas; with `!`: that are not, such as those that cost."""
    phone_records: bool = False
    """Ask callers whether the talk may be recorded; nothing is without a key of theirs."""
    recordings_kept_days: int = 90
    speech_command: str = ""
    """A program that reads aloud: text on its standard input, WAV on its output; `{language}` becomes sv or en."""
    elks_addresses: str = "176.10.154.199,85.24.146.132,185.39.146.243,2001:9b0:2:902::199"
    """Where 46elks calls us from, by commas; its calls are not signed. Behind a proxy: what it passes on."""
    cti_secret: str = ""
    """What the address of the plain telephone webhook ends with; empty: there is none."""
    ari_url: str = ""
    """Asterisk's ARI, like http://127.0.0.1:8088; empty: none."""
    ari_user: str = ""
    ari_password: str = ""
    ari_app: str = "laddverk"
    """The name of our Stasis application in Asterisk's dialplan."""
    ari_trunk: str = "PJSIP/{number}@trunk"
    """How Asterisk reaches a number: its endpoint, with the number in it."""
    softphone_url: str = ""
    """Where browsers of the desk reach Asterisk (SIP over WebSocket), like wss://pbx.example.com/ws; empty: none do."""
    softphone_ice: str = ""
    """STUN and TURN servers for them, by commas: stun:turn.example.com:3478,turn:turn.example.com:3478."""
    softphone_ice_secret: str = ""
    """What coturn calls `static-auth-secret`: each phone gets a password of its own that ends by itself."""
    chat_origins: str = ""
    """Web sites (https://www.example.com, with commas) on whose pages the chat may be shown; none by default."""
    chat_idle_hours: int = 24
    """A chat in which nothing is said for so long is closed; what is said later goes by mail or text message."""
    chat_kept_days: int = 90
    """How long chats are kept. What a case holds of one is kept as long as the case."""
    cases_kept_days: int = 1095
    """How long a closed case keeps names, words and numbers; then only the bare case is left, for the figures."""
    case_files_kept_days: int = 365
    """How long files and raw mails of a closed case are kept: what was written stays as long as the case."""
    push_hosts: str = ""
    """Push services (host or host:port, by commas) that browsers may name; default: any at a public address."""
    demo_hands_url: str = ""
    """Where the demo's chargers are played with, on this machine."""
    deadman_url: str = ""
    """An address that is called each minute while diagnosis works, for a watcher outside that misses it."""
    stripe_api_key: str | None = None
    stripe_webhook_secret: str | None = None
    stripe_api_base: str | None = None
    """Another address of the Stripe API: a test double."""
    payment_provider: str = "sandbox"
    """`sandbox` (built in, moves no money) or `stripe`."""
    swish_number: str = ""
    """The Swish number of the agreement (123…); empty means the built-in Swish beside the built-in cards, else none."""
    swish_certificate: Path | None = None
    """The client certificate from Swish (PEM, with the chain that came with it)."""
    swish_key: Path | None = None
    """Its private key (PEM); default: in the same file."""
    swish_key_password_file: Path | None = None
    """A file with the key's password, when it has one."""
    swish_authority: Path | None = None
    """The root that Swish's own servers are checked against; default: those of the machine."""
    swish_url: str = "https://cpc.getswish.net"
    """Another address of Swish: https://mss.cpc.getswish.net is its test environment."""
    autogiro_bankgiro: str = ""
    """The bankgiro number of the agreement on Autogiro; empty means no Autogiro."""
    autogiro_customer: str = ""
    """The customer number at Bankgirot (six digits)."""
    sepa_creditor_id: str = ""
    """The creditor identifier of the agreement on SEPA direct debit; empty means none."""
    sepa_iban: str = ""
    sepa_bic: str = ""
    bank_folder: Path | None = None
    """A folder that is shared with the bank: we write to `to-bank` and read from `from-bank` in it."""
    invoice_bankgiro: str = ""
    """The bankgiro number on invoices; empty prints none."""
    invoice_swish: str = ""
    """Our Swish number on invoices (ten digits, begins with 123); empty prints none."""
    invoice_whole_kronor: bool = False
    """What an invoice asks for by bank is rounded to whole kronor; cards are charged to the öre."""
    vat_register: str = ""
    """Who is asked about VAT numbers that drivers enter: `vies`, `sandbox`, or nobody (only their form counts)."""
    vies_url: str = "https://ec.europa.eu/taxation_customs/vies/rest-api"
    ocpi_party: str = ""
    """Who we are among OCPI's parties, country code and party id: `SE-ABC`. Empty until there is a contract."""
    spot_source: str = ""
    """Who is asked for the exchange's prices: `elprisetjustnu`, `entsoe`, `file`, `sandbox`, or nobody."""
    spot_url: str = ""
    """Another address of that source; for `file`, the path of the file."""
    spot_token: str = ""
    """The security token of ENTSO-E's interface."""
    adhoc_reserve_minor: int = 30_000
    """What is reserved for a charge without an account, in minor units: 300 kr covers most of them."""
    adhoc_amounts: str = "10000,20000,30000"
    """The amounts to choose from before a charge without an account, in minor units of `currency`, with commas."""
    adhoc_reserves: str = "EUR:3000,DKK:20000,NOK:30000,SEK:30000"
    """The same at places whose prices are in another currency than `currency`, with commas."""
    reserve_step_minor: int = 10_000
    """How much more is reserved at a time, where a card allows it, when a charge comes near what is reserved."""
    reserve_max_minor: int = 100_000
    """The most that is reserved for one charge; up to it amounts are raised."""
    reserve_spent: str = "stop"
    """What happens when a reserved amount is used up: `stop` the charge, or `go_on` and be owed the rest."""
    reserve_unused_minutes: int = 30
    """An amount that is reserved so long without a charge is given back, and an alarm is raised."""
    invoice_day: int = 2
    """From this day of a month on (local date) the month before is invoiced by itself; 0 leaves it to people."""
    heartbeat_interval_s: int = 300
    margin_percent: int = 30
    """What remains of the price of energy, without VAT, when electricity and grid are paid: what an outage costs."""
    fuse_fees_file: Path | None = None
    """A `.toml` file of what the own grid operator takes for fuses; None means the example that comes with Laddverk."""
    quirks_dir: Path | None = None
    """A folder with more `.toml` files of known chargers, beside those that come with Laddverk."""
    meter_networks: str = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
    """Networks, with commas, in which meters of circuits and their brokers may be asked. Link-local ones never are."""
    meter_maps_dir: Path | None = None
    """A folder with more `.toml` files of registers of meters, beside those that come with Laddverk."""
    est_url: str | None = None
    """An outside authority (EST, RFC 7030) for chargers' certificates towards us; None means the built-in one."""
    est_v2g_url: str | None = None
    """The same for what chargers show to cars (ISO 15118)."""
    est_user: str = ""
    est_password: str = ""
    pnc_token: str | None = None
    """Bearer token at the contract provisioning services of Plug & Charge."""
    pnc_refuses_unknown: bool = True
    """Refuse contracts of cars while nobody can tell whether they are revoked."""
    private_hosts: str = ""
    """Responders and services (host or host:port, by commas) that may be at private addresses."""
    log_level: str = "info"
    demo: bool = False
    """Shows demo log-ins, the demo mail box and the sandbox payment page."""

    def reserve_minor(self, currency: str) -> int:
        """Return what is reserved for a charge without an account where prices are in `currency`; 0 is unknown."""
        if currency == self.currency:
            return self.adhoc_reserve_minor
        return self._reserves.get(currency, 0)

    @property
    def _reserves(self) -> dict[str, int]:
        pairs = (pair.strip().split(":") for pair in self.adhoc_reserves.split(","))
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].strip().isdigit()}

    @property
    def currencies(self) -> list[str]:
        """The operator's currency, and the others in which it takes money for a charge."""
        return list(dict.fromkeys([self.currency, *self._reserves]))

    def amounts_minor(self, currency: str) -> list[int]:
        """Return the amounts to choose from before a charge without an account; that of `reserve_minor` is one."""
        usual = self.reserve_minor(currency)
        given = self.adhoc_amounts.split(",") if currency == self.currency else []
        return sorted({usual, *(int(text) for text in given if text.strip().isdigit() and int(text) > 0)})

    @property
    def speaks_tls(self) -> bool:
        """Whether chargers can connect with TLS, here or at a proxy."""
        return self.ocpp_tls_port is not None or bool(self.station_proxies)

    @property
    def new_station_profile(self) -> int:
        """The security profile of new stations: 2, a key over TLS, wherever there is TLS; else 1, a key."""
        return 2 if self.speaks_tls else 1

    @property
    def files_address(self) -> str:
        """The address of the receiver of files, without a slash at the end."""
        return (self.files_url or self.web_url).rstrip("/")

    @property
    def ftp_reach(self) -> str:
        """Host and port of the FTP receiver as chargers reach it; empty when there is none."""
        if self.ftp_port is None:
            return ""
        return f"{self.ftp_address or urlsplit(self.files_address).hostname or self.ftp_host}:{self.ftp_port}"

    @property
    def files_dir(self) -> Path:
        """Where firmware and logs lie."""
        return self.state_dir / "files"

    @property
    def web_url(self) -> str:
        """The address of the web face, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.web_port}").rstrip("/")


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings in `environment`. Raises `Invalid` naming the variable that is wrong."""
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value != ""
    }
    known = set(Settings.__struct_fields__)
    try:
        return msgspec.convert({k: v for k, v in given.items() if k in known}, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`")
        raise Invalid(
            "The setting %(variable)s cannot be understood: %(reason)s",
            field=PREFIX + field.upper(),
            remedy="See docs/operations.md for what it may be.",
            variable=PREFIX + field.upper(),
            reason=str(error),
        ) from None


def networks_in(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks in a list with commas. Raises `Invalid`."""
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise Invalid(
            "This is no list of networks: %(reason)s",
            remedy="Write it like 10.0.0.0/8, 2001:db8::/32.",
            reason=str(error),
        ) from None


def _path(wanted: type[object], value: object) -> object:
    if wanted is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(str(wanted))


class Secrets(Struct, frozen=True):
    """Keys that are made once and never leave the state directory (or are given by the environment)."""

    charger_pepper: bytes
    """Keys the BLAKE2b hashes of charger passwords."""
    link_key: bytes
    """Signs links in mails and the driver's session pages."""


def secrets_in(state_dir: Path) -> Secrets:
    """Return the secrets of this installation, made on first use in `state_dir/secrets.json` (readable by us alone)."""
    path = state_dir / "secrets.json"
    if not path.exists():
        state_dir.mkdir(parents=True, exist_ok=True)
        fresh = Secrets(secrets.token_bytes(SECRET_BYTES), secrets.token_bytes(SECRET_BYTES))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(fresh))
    return msgspec.json.decode(path.read_bytes(), type=Secrets)
