"""Settings: the environment (COLLOQUE_*) over one file (colloque.env), documented in docs/settings.md."""

import os
import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

TURN_URL = re.compile(r"turns?:(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(\?transport=(udp|tcp))?", re.ASCII)
STUN_URL = re.compile(r"stuns?:(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?", re.ASCII)


class UnsafeSettings(ValueError):
    """Production mode found a setting it must refuse; the text says what to do."""


class Settings(BaseSettings):
    """What a site may set; every field has its line in docs/settings.md (a test checks it)."""

    model_config = SettingsConfigDict(
        env_prefix="COLLOQUE_", env_file=os.environ.get("COLLOQUE_ENV_FILE", "colloque.env"), extra="forbid"
    )

    mode: Literal["demo", "production"] = Field("demo", description="demo seeds an example clinic; production refuses everything unsafe.")
    base_url: str = Field("http://localhost:8080", description="The origin that browsers use, without a path.")
    host: str = Field("127.0.0.1", description="Address the web process listens on; a proxy such as Caddy stands in front.")
    port: int = Field(8080, ge=0, le=65535, description="Port the web process listens on.")
    data_dir: Path = Field(Path("var"), description="Where database, keys, sealed speech and sockets live.")
    database_url: str = Field("", description="Empty: SQLite under data_dir. PostgreSQL: postgresql+psycopg://user:password@host/name.")
    kek: SecretStr | None = Field(None, description="Key encryption key, 32 bytes in base64. Or use kek_file.")
    kek_file: Path | None = Field(None, description="File that holds the key encryption key; demo mode makes one under data_dir.")
    trusted_proxies: int = Field(0, ge=0, le=5, description="How many proxies stand in front and append X-Forwarded-For.")
    clinic_zone: str = Field("Europe/Paris", description="IANA time zone of a new clinic.")
    default_language: Literal["fr", "en"] = Field("fr", description="Language when the browser names none of ours.")
    smtp_host: str = Field("", description="SMTP server for invitations and codes. Empty in demo mode: messages show in /demo/mailbox.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Port of the SMTP server.")
    smtp_user: str = Field("", description="SMTP user; empty for none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="SMTP password.")
    smtp_tls: Literal["none", "starttls", "tls"] = Field("starttls", description="How the SMTP connection is protected.")
    mail_from: str = Field("colloque@localhost", description="Sender of our e-mails.")
    sms_gateway_url: str = Field("", description="HTTP gateway that takes POST {to, text}; empty: codes go by e-mail only.")
    sms_gateway_token: SecretStr = Field(SecretStr(""), description="Bearer token for the SMS gateway.")
    caldav_hosts: str = Field("", pattern=r"^[\w.:,\s-]*$", description="Comma-separated hosts (or host:port) whose CalDAV calendars doctors may have block their time; empty: none.")
    media_nodes: int = Field(0, ge=0, le=64, description="Media node processes that serve starts; 0: one for each core, and at least two, so that another goes on at once with the calls of one that crashed.")
    reminders: str = Field("168,24,1", pattern=r"^(\d{1,4}(,\d{1,4})*)?$", description="Hours before a visit at which patients are reminded, comma-separated; empty: never.")
    unconfirmed_hours: int = Field(18, ge=0, le=168, description="Hours before a visit at which one that its patient was asked about and has not confirmed becomes a task; 0: never.")
    media_addresses: str = Field("", description="Comma-separated addresses the media node offers; empty: all of the machine, loopback included in demo mode.")
    media_public_address: str = Field("", description="Public address that stands for the private one (1:1 NAT).")
    media_port_min: int = Field(0, ge=0, le=65535, description="First UDP port for media; 0: any.")
    media_port_max: int = Field(0, ge=0, le=65535, description="Last UDP port for media; 0: any.")
    stun_url: str = Field("", description="stun: URL handed to browsers; empty: none.")
    turn_urls: str = Field("", description="Comma-separated turn: and turns: URLs handed to browsers (docs/turn.md); empty: none.")
    turn_secret: SecretStr = Field(SecretStr(""), description="Secret shared with the TURN server (short-lived credentials are made from it).")
    whisper_model: str = Field("", description="A .pt path or a Whisper model name; empty: the pinned base weights.")
    transcription_workers: int = Field(1, ge=0, le=16, description="Transcription processes that serve starts.")
    llm_url: str = Field("", description="OpenAI-compatible endpoint on the site's own network that may reword drafts, such as http://127.0.0.1:11434/v1; empty: none.")
    llm_model: str = Field("", description="Name of the model that the endpoint serves.")
    llm_key: SecretStr = Field(SecretStr(""), description="Bearer token for that endpoint; empty for none.")
    llm_seconds: float = Field(20.0, ge=1, le=60, description="A draft waits this long for the model, then stays as the rules wrote it.")
    llm_anywhere: bool = Field(False, description="Also endpoints outside private and loopback addresses: speech of patients goes there.")
    machine: Literal["clinic", "speech", "media"] = Field("clinic", description="clinic: everything; speech: transcription workers alone, media: media nodes alone, both for the clinic's machine (docs/machines.md).")
    nats_url: SecretStr = Field(SecretStr(""), description="NATS server that joins several machines: tls://user:password@host:4222; empty: one machine.")
    machines_key_file: Path | None = Field(None, description="Key that the machines share, made with `colloque keys new`.")
    session_minutes: int = Field(60, ge=5, le=720, description="A staff session ends after this long without use.")
    audio_days: int = Field(7, ge=1, le=30, description="Sealed speech is destroyed after this many days even if no note was signed.")

    @field_validator("base_url")
    @classmethod
    def origin(cls, value: str) -> str:
        """An origin as browsers send it: scheme, host and port. Links and the check of where forms come from need it."""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") \
                or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("COLLOQUE_BASE_URL must be an origin such as https://visits.clinic.example, without a path")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("turn_urls")
    @classmethod
    def relays(cls, value: str) -> str:
        """URLs as browsers take them: one that is malformed would keep every browser out of its call."""
        for url in filter(None, (part.strip() for part in value.split(","))):
            if not TURN_URL.fullmatch(url):
                raise ValueError(f"COLLOQUE_TURN_URLS: {url} is no URL such as turn:turn.clinic.example:3478?transport=udp")
        return value

    @field_validator("stun_url")
    @classmethod
    def reflector(cls, value: str) -> str:
        """As turn_urls: browsers refuse to connect at all with a URL that is none."""
        if value and not STUN_URL.fullmatch(value):
            raise ValueError(f"COLLOQUE_STUN_URL: {value} is no URL such as stun:stun.clinic.example:3478")
        return value

    @field_validator("llm_url")
    @classmethod
    def endpoint(cls, value: str) -> str:
        """An address to which /chat/completions is added."""
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or "@" in parts.netloc):
            raise ValueError("COLLOQUE_LLM_URL must be an address such as http://127.0.0.1:11434/v1")
        return value

    @model_validator(mode="after")
    def joined(self) -> Self:
        """Several machines need a server between them, and a key of their own."""
        if self.machine != "clinic" and not self.nats_url.get_secret_value():
            raise ValueError(f"COLLOQUE_MACHINE={self.machine} needs COLLOQUE_NATS_URL: the server that joins it to the clinic's.")
        if self.nats_url.get_secret_value() and self.machines_key_file is None:
            raise ValueError("COLLOQUE_NATS_URL needs COLLOQUE_MACHINES_KEY_FILE: make it with `colloque keys new`, and "
                             "copy it to every machine.")
        return self

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over https."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def effective_database_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'colloque.db'}"

    @property
    def effective_media_nodes(self) -> int:
        """How many media nodes serve starts."""
        return self.media_nodes or max(2, os.cpu_count() or 1)

    @property
    def reminder_hours(self) -> tuple[int, ...]:
        """Hours before a visit at which patients are reminded."""
        return tuple(int(hours) for hours in self.reminders.split(",") if hours)

    @property
    def calendar_hosts(self) -> tuple[str, ...]:
        """Servers whose calendars may be read."""
        return tuple(host.strip().lower() for host in self.caldav_hosts.split(",") if host.strip())

    @property
    def turn_servers(self) -> list[str]:
        """The TURN servers' URLs, best first."""
        return [url.strip() for url in self.turn_urls.split(",") if url.strip()]

    @property
    def spool_dir(self) -> Path:
        """Where sealed speech waits."""
        return self.data_dir / "spool"

    @property
    def heard_dir(self) -> Path:
        """The spool that this machine's workers follow: the taps' own, or on several machines copies of streams."""
        return self.data_dir / "heard" if self.nats_url.get_secret_value() else self.spool_dir

    @property
    def control_socket(self) -> Path:
        """The Unix socket on which web waits for media nodes and workers."""
        return self.data_dir / "run" / "control.sock"

    @property
    def node_keys_dir(self) -> Path:
        """Private keys of the workers on this machine."""
        return self.data_dir / "keys"

    @property
    def demo_kek_path(self) -> Path:
        """The key that demo mode makes for itself; production refuses it."""
        return self.data_dir / "keys" / "demo.kek"

    def refuse_unsafe_production(self) -> Self:
        """These settings; raises UnsafeSettings where production would start unsafely."""
        if self.mode == "production":
            faults = [text for wrong, text in self._production_faults() if wrong]
            if faults:
                raise UnsafeSettings("Production mode refuses to start:\n- " + "\n- ".join(faults))
        return self

    def _production_faults(self) -> list[tuple[bool, str]]:
        nats = urlsplit(self.nats_url.get_secret_value())
        unsealed = bool(nats.scheme) and nats.scheme != "tls" and nats.hostname not in ("127.0.0.1", "::1", "localhost")
        faults = [(unsealed, "COLLOQUE_NATS_URL must be tls://: its password would cross the network in the clear.")]
        return faults + self._clinic_faults() if self.machine == "clinic" else faults

    def _clinic_faults(self) -> list[tuple[bool, str]]:
        llm = urlsplit(self.llm_url)
        llm_in_clear = llm.scheme == "http" and llm.hostname not in ("127.0.0.1", "::1", "localhost")
        has_kek = self.kek is not None or self.kek_file is not None
        return [
            (not self.secure, "COLLOQUE_BASE_URL must be an https:// origin; put Caddy in front (see Caddyfile)."),
            (not has_kek, "No key encryption key: make one with `colloque keys new`, keep it safe, set COLLOQUE_KEK_FILE."),
            (self._is_demo_kek(), "COLLOQUE_KEK_FILE names the demo key: make your own with `colloque keys new`."),
            (not self.smtp_host, "COLLOQUE_SMTP_HOST is empty: patients could not be invited."),
            (llm_in_clear, "COLLOQUE_LLM_URL must be https:// unless it is on this machine: what patients said would cross "
             "the network in the clear."),
            (bool(self.turn_urls) and not self.turn_secret.get_secret_value(), "COLLOQUE_TURN_URLS is set without "
             "COLLOQUE_TURN_SECRET: the relay would refuse every browser. Put its static-auth-secret there (docs/turn.md)."),
            (not self.trusted_proxies, "COLLOQUE_TRUSTED_PROXIES is 0, yet https ends at a proxy: say how many there are "
             "(Caddy alone: 1). Otherwise limits and audit trail take everybody for the proxy."),
        ]

    def _is_demo_kek(self) -> bool:
        if self.kek_file is None:
            return False
        copied = self.kek_file.is_file() and self.demo_kek_path.is_file() and (
            self.kek_file.read_bytes().strip() == self.demo_kek_path.read_bytes().strip())
        return copied or self.kek_file.name == self.demo_kek_path.name
