"""The command line: colloque serve | web | media | transcribe | courier | migrate | demo | rehearse | draft | ..."""

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
import uvloop
from aiohttp import web

from app import confine, logs, supervisor
from app.actor import system
from app.errors import Unavailable
from app.settings import Settings, UnsafeSettings

if TYPE_CHECKING:  # a media node that starts again loads neither the pages nor the database: calls wait for it
    from app.db import Database, Tx

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Colloque: a self-hosted medical teleconsultation platform.")
audit_cli = typer.Typer(no_args_is_help=True, help="Look after the audit trail.")
keys_cli = typer.Typer(no_args_is_help=True, help="Look after the key encryption key (KEK).")
cli.add_typer(audit_cli, name="audit")
cli.add_typer(keys_cli, name="keys")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on standard output.")]


@cli.callback()
def keep_to_ourselves() -> None:
    """What any command writes (database, keys, sealed speech) is for this user alone, whatever the shell's umask."""
    os.umask(0o077)


def fail(text: str) -> NoReturn:
    """Say what is wrong and leave with exit code 1."""
    typer.secho(text, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


def settings_or_fail() -> Settings:
    """The settings in force, or what to change about them."""
    try:
        return Settings().refuse_unsafe_production()
    except UnsafeSettings as refusal:
        fail(str(refusal))
    except ValueError as faults:
        fail(f"The settings cannot be used:\n{faults}")


def settings_of_a_server() -> Settings:
    """The settings in force for a process that stays: it logs, and in production nobody reads its memory."""
    settings = settings_or_fail()
    logs.configure()
    if settings.mode == "production":
        confine.keep_memory_private()
    return settings


def database_or_fail(settings: Settings) -> "Database":
    """The migrated database of these settings, with its own key, and without demo accounts in production."""
    from sqlalchemy.exc import DatabaseError

    from app import seed
    from app.application import open_database
    from app.migrations import migrate as migrate_database

    try:
        db = open_database(settings)
    except PermissionError as refusal:
        fail(f"{refusal.filename} belongs to another user: start as the one who owns {settings.data_dir}.")
    except (ValueError, OSError) as fault:
        fail(f"The key encryption key cannot be used: {fault}.")
    try:
        migrate_database(db.engine)
        if not db.read_sync(system("start"), lambda tx: tx.keyring.fits(tx.session)):
            fail("This database was sealed with another key encryption key. Start with that one: without it nothing "
                 "opens. (After `colloque keys rotate` it is the new file.)")
        if settings.mode == "production":
            seed.refuse_demo_accounts(db)
    except UnsafeSettings as refusal:
        fail(str(refusal))
    except (DatabaseError, Unavailable) as trouble:
        fail(f"The database cannot be used: {getattr(trouble, 'orig', trouble)}")
    return db


def machines_key_or_fail(settings: Settings) -> bytes:
    """The key that the machines share."""
    from app.crypto.keyring import load_kek

    try:
        return load_kek(None, settings.machines_key_file, None)
    except (ValueError, OSError) as fault:
        fail(f"The machines' key cannot be used: {fault}.")


@cli.command()
def serve() -> None:
    """Start everything of this machine; in demo mode seed an empty database first."""
    settings = settings_of_a_server()
    runs = {"clinic": ("web", "media", "transcribe", "courier"), "speech": ("transcribe", "courier"),
            "media": ("media", "courier")}[settings.machine]
    counts = {"web": 1, "media": settings.effective_media_nodes, "transcribe": settings.transcription_workers,
              "courier": int(bool(settings.nats_url.get_secret_value()))}
    commands = {command: counts[command] for command in runs}
    listens_at = (settings.host, settings.port)
    welcome = _clinic_ready(settings) if settings.machine == "clinic" else ""
    asyncio.run(supervisor.supervise(commands, listens_at, lambda: typer.echo(welcome)))


def _clinic_ready(settings: Settings) -> str:
    """The clinic's database is there, its port is free: what to say once the pages can be opened."""
    from app import seed

    if supervisor.port_is_taken(settings.host, settings.port):
        fail(f"Port {settings.port} on {settings.host} is in use: is Colloque running already? Stop that program, "
             f"or set COLLOQUE_PORT and COLLOQUE_BASE_URL to another port.")
    db = database_or_fail(settings)
    if settings.mode == "demo" and seed.seed_when_empty(db, settings):
        typer.echo("A demo clinic was made.")
    welcome = seed.welcome(db, settings)
    db.close()
    return welcome


@cli.command("web")
def web_process() -> None:
    """Start the web process alone: pages, signalling, domain, jobs."""
    from app.application import build

    settings = settings_of_a_server()
    if settings.nats_url.get_secret_value():
        machines_key_or_fail(settings)
    app = build(settings, database_or_fail(settings), work=True)
    web.run_app(app, host=settings.host, port=settings.port, print=None, access_log=None,
                shutdown_timeout=3.0)


@cli.command()
def media() -> None:
    """Start a media node alone: forwards the encrypted calls, never decodes them."""
    from webrtc import node

    settings = settings_of_a_server()
    addresses = [a.strip() for a in settings.media_addresses.split(",") if a.strip()]
    ports = (settings.media_port_min, settings.media_port_max) if settings.media_port_max else None
    uvloop.run(node.run(
        control=str(settings.control_socket), spool=settings.spool_dir, addresses=addresses or None,
        public_address=settings.media_public_address or None, ports=ports,
    ))


@cli.command()
def transcribe() -> None:
    """Start a transcription worker alone: opens sealed speech, recognises it with Whisper."""
    from transcription import worker

    settings = settings_of_a_server()
    asyncio.run(worker.run(control=str(settings.control_socket), spool=settings.heard_dir,
                           keys=settings.node_keys_dir, weights=settings.whisper_model or None))


@cli.command()
def courier() -> None:
    """Start the courier alone: carries sealed speech and control messages between machines, over NATS."""
    from app.machines import courier

    settings = settings_of_a_server()
    if not settings.nats_url.get_secret_value():
        fail("COLLOQUE_NATS_URL is empty: there are no other machines (docs/machines.md).")
    courier.run(settings, machines_key_or_fail(settings))


@cli.command()
def clinic(
    name: Annotated[str, typer.Option(help="The clinic's name, as patients read it.")],
    phone: Annotated[str, typer.Option(help="The number patients call when something fails.")],
    email: Annotated[str, typer.Option(help="The first administrator's e-mail.")],
    administrator: Annotated[str, typer.Option(help="The first administrator's name.")],
    address: Annotated[str, typer.Option(help="Postal address.")] = "",
) -> None:
    """Found the clinic of a new installation: prints its first administrator's password and TOTP key, once."""
    from app import founding
    from app.people import Organization
    from app.scheduling import french_days

    settings = settings_or_fail()
    db = database_or_fail(settings)
    organization = Organization(name=name, zone=settings.clinic_zone, phone=phone, address=address,
                                language=settings.default_language,
                                holiday_place=french_days.usual_place(settings.clinic_zone))
    try:
        made = db.write_sync(system("clinic"), founding.found, organization, email=email, name=administrator)
    except founding.AlreadyFounded:
        fail("There is a clinic already: its administrator adds accounts at /accounts.")
    finally:
        db.close()
    typer.echo(f"{name} is founded. Sign in at {settings.base_url}/sign-in\n"
               f"  e-mail    {made.email}\n  password  {made.password}\n  TOTP key  {made.totp_secret}\n"
               f"  {made.totp_uri}\nKeep them now: they are not shown again. Add doctors and schedulers at /accounts.")


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema; safe to run again."""
    db = database_or_fail(settings_or_fail())
    db.close()
    typer.echo("The database is at the newest schema.")


@cli.command()
def demo(as_json: AsJson = False) -> None:
    """Print the demo clinic: addresses, accounts with TOTP secrets, a patient link that can be joined now."""
    from app import seed

    settings = settings_or_fail()
    if settings.mode != "demo":
        fail("This installation is not in demo mode: there are no demo accounts.")
    db = database_or_fail(settings)
    seed.seed_when_empty(db, settings)
    facts = seed.demo_facts(db, settings)
    typer.echo(json.dumps(facts, ensure_ascii=False, indent=2) if as_json else seed.describe(facts))
    db.close()


@cli.command()
def rehearse(
    base_url: Annotated[str, typer.Option(help="The running installation, such as https://clinic.example.")],
    patient_wav: Annotated[Path | None, typer.Option(exists=True, help="What the patient says (WAV).")] = None,
    doctor_wav: Annotated[Path | None, typer.Option(exists=True, help="What the doctor says (WAV).")] = None,
    lang: Annotated[str, typer.Option(help="Language of the visit: fr or en.")] = "fr",
    seconds: Annotated[float | None, typer.Option(help="Stop talking after so many seconds.")] = None,
    relay: Annotated[bool, typer.Option("--relay", help="All media through the TURN server: the doctor's by the first "
                                                        "of COLLOQUE_TURN_URLS, the patient's by the last.")] = False,
    as_json: AsJson = False,
) -> None:
    """Hold a whole visit with two synthetic participants against a running installation, and time it."""
    from app import rehearsal

    if lang not in ("fr", "en"):
        fail("--lang is fr or en.")
    language: Literal["fr", "en"] = "fr" if lang == "fr" else "en"
    settings = settings_or_fail()
    if relay and not settings.turn_servers:
        fail("--relay: COLLOQUE_TURN_URLS names no TURN server (docs/turn.md).")
    relays = rehearsal.Relays(settings.turn_servers[0], settings.turn_servers[-1]) if relay else None
    db = database_or_fail(settings)
    try:
        report = asyncio.run(rehearsal.rehearse(
            db, base_url.rstrip("/"), patient_wav=patient_wav, doctor_wav=doctor_wav, language=language,
            seconds=seconds, relays=relays))
    except rehearsal.RehearsalFailed as failure:
        fail(str(failure))
    finally:
        db.close()
    typer.echo(json.dumps(report, ensure_ascii=False, indent=2) if as_json else rehearsal.describe(report))


@cli.command()
def draft(
    transcript: Annotated[Path, typer.Option(help="A transcript as JSON: lang, motif, patient, dialogue.")],
    as_json: AsJson = False,
) -> None:
    """Draft a consultation note from a transcript alone; nothing is stored."""
    from app.notes import drafting

    try:
        note = drafting.draft(drafting.Transcript.from_json(transcript.read_text(encoding="utf-8")))
    except (OSError, ValueError) as fault:
        fail(f"The transcript cannot be read: {fault}")
    if as_json:
        typer.echo(json.dumps(note.to_json(), ensure_ascii=False, indent=2))
        return
    typer.echo(note.to_text())


@audit_cli.command("verify")
def audit_verify(
    known: Annotated[str, typer.Option(help="A mark noted after an earlier check, such as 120:9f2c…")] = "",
    as_json: AsJson = False,
) -> None:
    """Check the whole trail: an edited, removed, reordered or cut-off entry is found. Exit code 2 if so."""
    from app.application import trail_of

    settings = settings_or_fail()
    db = database_or_fail(settings)
    verdict = db.read_sync(system("audit verify"), trail_of(settings).verify, known)
    db.close()
    if as_json:
        typer.echo(json.dumps({"entries": verdict.entries, "fault": verdict.fault, "seq": verdict.seq,
                               "head": verdict.head}))
    elif verdict.fault:
        typer.secho(f"The trail is broken at entry {verdict.seq}: {verdict.fault}.", fg=typer.colors.RED)
    else:
        typer.echo(f"The trail is whole: {verdict.entries} entries.\nNote {verdict.head} on paper or another machine:"
                   f" `colloque audit verify --known {verdict.head}` finds even a trail rewritten with its keys.")
    raise typer.Exit(2 if verdict.fault else 0)


@audit_cli.command("acknowledge")
def audit_acknowledge(
    why: Annotated[str, typer.Option(help="What happened, such as: backup of Monday restored. No patient's name.")],
) -> None:
    """Explain why the trail and its anchor file do not agree (a restored backup, say); this is an entry itself."""
    from app.application import trail_of
    from app.audit import TrailBroken

    settings = settings_or_fail()
    db = database_or_fail(settings)
    try:
        db.write_sync(system("audit acknowledge"), trail_of(settings).acknowledge, why)
    except TrailBroken as broken:
        fail(f"This cannot be explained away: {broken}.")
    finally:
        db.close()
    typer.echo("Noted in the trail. `colloque audit verify` is quiet again about what came before.")


@keys_cli.command("new")
def keys_new(path: Annotated[Path, typer.Argument(help="Where to write the key; must not exist yet.")]) -> None:
    """Make a key encryption key. Keep a copy apart from the database's backups: without it nothing opens."""
    from app.crypto.keyring import write_kek

    try:
        write_kek(path)
    except FileExistsError:
        fail(f"{path} exists already: a key is never overwritten.")
    typer.echo(f"Written to {path}. Set COLLOQUE_KEK_FILE={path} and keep a copy in a safe. (For several machines: "
               f"COLLOQUE_MACHINES_KEY_FILE, the same on all.)")


@keys_cli.command("rotate")
def keys_rotate(new_file: Annotated[Path, typer.Argument(exists=True, help="The new key (see `keys new`).")]) -> None:
    """Rewrap every data key under a new KEK. Stop the servers first; afterwards set COLLOQUE_KEK_FILE."""
    from app.crypto.keyring import Keyring, load_kek

    settings = settings_or_fail()
    db = database_or_fail(settings)
    new_kek = load_kek(None, new_file, None)

    def rotate(tx: "Tx") -> int:
        return tx.keyring.rotate(tx.session, new_kek)

    count = db.write_sync(system("keys rotate"), rotate)
    db.close()
    typer.echo(f"{count} keys rewrapped under {Keyring(new_kek).kek_id}. Now set COLLOQUE_KEK_FILE={new_file}.")


def main() -> None:
    """Entry point of the colloque command."""
    cli(prog_name="colloque")


if __name__ == "__main__":
    main()
