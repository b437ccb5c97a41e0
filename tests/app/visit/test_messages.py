"""Messages, photos and documents of a visit: who may send and read them, what is kept of a photo, what is doubled."""

import io
import uuid

import pytest
from PIL import Image, ImageCms

from app import audit, encounters
from app.crypto.envelope import Tampered
from app.errors import AccessDenied, Conflict, Invalid
from app.record import communications, photos
from app.record.tables import Communication, DocumentContent
from tests.app.visit.conftest import SYSTEM
from tests.app.visit.test_sockets import in_call

PDF_FILE = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
GPS, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F


def key() -> str:
    return uuid.uuid4().hex


def photo(size=(60, 40), kind="JPEG", **more) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **more)
    return out.getvalue()


def phone_photo() -> bytes:
    """Lying on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "Secretphone"
    exif.get_ifd(GPS)[1] = "N"
    return photo(exif=exif, comment=b"at home")


@pytest.fixture
def running(clinic, db):
    """The clinic with its first visit in progress."""
    clinic.consent(0)
    db.write_sync(clinic.patient(0), encounters.arrive, clinic.visits[0])
    db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    return clinic


# --- photos -----------------------------------------------------------------------------------------------------------


def test_of_a_photo_only_the_picture_is_kept() -> None:
    sent = phone_photo()
    assert b"Secretphone" in sent
    media_type, kept = photos.clean(sent)
    with Image.open(io.BytesIO(kept)) as seen:
        assert (media_type, seen.format, seen.size) == ("image/jpeg", "JPEG", (40, 60)), "upright"
        assert not seen.getexif()
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(seen.info)
    assert b"Secretphone" not in kept
    assert b"at home" not in kept


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_kinds_of_photos_become_jpeg(kind) -> None:
    _, kept = photos.clean(photo(kind=kind))
    with Image.open(io.BytesIO(kept)) as seen:
        assert seen.getpixel((5, 5))[0] > 240
        assert seen.format == "JPEG"


def test_what_is_transparent_is_white_and_what_is_large_gets_smaller() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (4000, 1000), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(photos.clean(out.getvalue())[1])) as seen:
        assert seen.size == (2560, 640)
        assert seen.getpixel((9, 9)) == (255, 255, 255)


def test_colours_of_a_profile_are_brought_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with Image.open(io.BytesIO(photos.clean(photo(icc_profile=lab))[1])) as seen:
        assert seen.getpixel((5, 5))[0] > 240
    with Image.open(io.BytesIO(photos.clean(photo(icc_profile=b"no profile"))[1])) as seen:
        assert seen.getpixel((5, 5))[0] > 240


def test_a_pdf_is_kept_as_it_is() -> None:
    assert photos.clean(PDF_FILE) == ("application/pdf", PDF_FILE)


@pytest.mark.parametrize("data", [
    b"", b"<html><script>", b"GIF89a" + bytes(50), b"\xff\xd8\xff" + bytes(50), photo()[:300], b"MZ" + bytes(100),
    b"<svg xmlns='http://www.w3.org/2000/svg'/>", photo(kind="BMP"),
])
def test_anything_else_is_refused_whatever_its_name(data) -> None:
    with pytest.raises(Invalid, match="neither a photo"):
        photos.clean(data)


def test_a_picture_that_unfolds_to_gigabytes_is_refused_before() -> None:
    bomb = io.BytesIO()
    Image.new("1", (60_000, 60_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < photos.FILE_LIMIT_BYTES
    with pytest.raises(Invalid, match="too large"):
        photos.clean(bomb.getvalue())


# --- the record -------------------------------------------------------------------------------------------------------


def test_what_is_sent_twice_is_there_once(running, db, clock) -> None:
    visit, first, second = running.visits[0], key(), key()
    for _ in range(2):
        db.write_sync(running.patient(0), communications.send, visit, first, " Bonjour ")
        clock.forward(seconds=1)
        db.write_sync(running.patient(0), communications.attach, visit, second, "dos/../é\u202e.jpg", "image/jpeg", b"x")
    words, file = db.read_sync(running.doctor, communications.read, visit)
    assert (words.id, words.role, words.text, words.document) == (first, "patient", "Bonjour", None)
    assert (file.document.name, file.document.size_bytes) == ("dos .. é .jpg", 1)


def test_the_doctor_finds_it_in_the_record_afterwards_and_the_trail_knows(running, db) -> None:
    visit, document = running.visits[0], key()
    db.write_sync(running.patient(0), communications.attach, visit, document, "dos.jpg", "image/jpeg", b"picture")
    db.write_sync(running.doctor, encounters.finish, visit)
    [message] = db.read_sync(running.doctor, communications.past, running.patients[0])
    assert message.document.name == "dos.jpg"
    about, data = db.read_sync(running.doctor, communications.content, document)
    assert (about.media_type, data) == ("image/jpeg", b"picture")
    assert db.read_sync(running.patient(0), communications.content, document)[1] == b"picture"
    deeds = {(e.action, e.actor_id) for e in db.read_sync(SYSTEM, audit.search)}
    assert {("communication:send", running.patients[0]), ("document:read", running.doctor.id),
            ("communication:read", running.doctor.id)} <= deeds


def test_a_visit_that_is_over_or_has_not_begun_takes_nothing_and_says_so(running, db) -> None:
    with pytest.raises(Conflict, match="has not begun"):
        db.write_sync(running.doctor, communications.send, running.visits[1], key(), "Bonjour")
    db.write_sync(running.doctor, encounters.finish, running.visits[0])
    for actor in (running.patient(0), running.doctor):
        with pytest.raises(Conflict, match="is over"):
            db.write_sync(actor, communications.send, running.visits[0], key(), "Encore")
        with pytest.raises(Conflict, match="is over"):
            db.write_sync(actor, communications.attach, running.visits[0], key(), "x", "image/jpeg", b"x")


def test_nobody_else_reads_or_writes(running, db) -> None:
    visit, document = running.visits[0], key()
    db.write_sync(running.patient(0), communications.attach, visit, document, "dos.jpg", "image/jpeg", b"x")
    for actor in (running.patient(1), running.other_doctor):
        for call in ((communications.read, visit), (communications.content, document)):
            with pytest.raises(AccessDenied):
                db.read_sync(actor, *call)
        with pytest.raises(AccessDenied):
            db.write_sync(actor, communications.send, visit, key(), "Bonjour")
    with pytest.raises(AccessDenied):
        db.read_sync(running.doctor, communications.content, key())
    with pytest.raises(AccessDenied):
        db.read_sync(running.other_doctor, communications.past, running.patients[0])


def test_one_persons_id_is_not_anothers(running, db) -> None:
    taken = key()
    db.write_sync(running.patient(0), communications.send, running.visits[0], taken, "Bonjour")
    with pytest.raises(Conflict):
        db.write_sync(running.doctor, communications.send, running.visits[0], taken, "Non")
    for bad in ("", "x" * 32, "../" + key()):
        with pytest.raises(Invalid):
            db.write_sync(running.doctor, communications.send, running.visits[0], bad, "Non")


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_nothing_and_too_much_are_refused(running, db, text) -> None:
    with pytest.raises(Invalid):
        db.write_sync(running.patient(0), communications.send, running.visits[0], key(), text)


def test_a_full_visit_takes_no_more(running, db, monkeypatch) -> None:
    monkeypatch.setattr(communications, "DOCUMENTS_OF_A_VISIT", 1)
    first = key()
    for _ in range(2):  # again is no second one
        db.write_sync(running.patient(0), communications.attach, running.visits[0], first, "x", "image/jpeg", b"x")
    with pytest.raises(Conflict, match="too much"):
        db.write_sync(running.patient(0), communications.attach, running.visits[0], key(), "y", "image/jpeg", b"x")


def test_words_and_pictures_are_sealed_and_do_not_open_in_another_row(running, db) -> None:
    ids = [key(), key()]
    for each in ids:
        db.write_sync(running.patient(0), communications.attach, running.visits[0], each, "Kanarienvogel", "image/jpeg",
                      b"Kanarienvogel" + each.encode())

    def rows(tx):
        return [tx.session.get(kind, each) for each in ids for kind in (Communication, DocumentContent)]

    for row in db.read_sync(SYSTEM, rows):
        assert b"Kanarien" not in row.sealed

    def swap(tx):
        one, other = (tx.session.get(DocumentContent, each) for each in ids)
        one.sealed = other.sealed
        tx.session.add(one)

    db.write_sync(SYSTEM, swap)
    with pytest.raises(Tampered):
        db.read_sync(running.doctor, communications.content, ids[0])


# --- over the wire ----------------------------------------------------------------------------------------------------


async def upload(browser, path, data, name="dos.jpg", **headers):
    sent = browser.headers | {"X-CSRF-Token": browser.csrf, "X-File-Name": name, "Accept": "application/json",
                              "Content-Type": "application/octet-stream"} | headers
    return await browser.client.post(path, data=data, headers=sent, allow_redirects=False)


async def test_both_sides_get_what_is_written_at_once(house, clinic, clock) -> None:
    patient, doctor = await in_call(house, clinic)
    answer = await house.patient().post("/visit/messages", script=True, id=key(), text="<b>Bonjour</b>")
    assert answer.status == 200
    for socket in (patient, doctor):
        told = await socket.hear("message")
        assert (told["text"], told["participant"], told["document"]) == ("<b>Bonjour</b>", "patient", None)
    clock.forward(seconds=1)
    answer = await house.doctor().post(f"/visits/{clinic.visits[0]}/messages", script=True, id=key(), text="Bonjour !")
    assert (await patient.hear("message"))["name"] == "Dr 0"
    for browser, path in ((house.patient(), "/visit/messages"), (house.doctor(), f"/visits/{clinic.visits[0]}/messages")):
        listed = (await (await browser.get(path)).json())["messages"]
        assert [m["role"] for m in listed] == ["patient", "doctor"], "a reload finds them all"


async def test_a_photo_goes_to_the_other_side_and_into_the_record(house, clinic) -> None:
    _, doctor = await in_call(house, clinic)
    document = key()
    for _ in range(2):
        answer = await upload(house.patient(), f"/visit/documents/{document}", phone_photo(), "mon%20dos%20%C3%A9.png")
        assert answer.status == 200, await answer.text()
    about = (await doctor.hear("message"))["document"]
    assert about == {"id": document, "name": "mon dos é.png", "media_type": "image/jpeg", "size_bytes": about["size_bytes"]}
    for browser, path in ((house.doctor(), f"/documents/{document}"), (house.patient(), f"/visit/documents/{document}")):
        shown = await browser.get(path)
        assert shown.headers["Content-Type"] == "image/jpeg"
        assert shown.headers["Content-Disposition"] == "inline; filename*=UTF-8''mon%20dos%20%C3%A9.jpg"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert b"Secretphone" not in await shown.read()
    page = await (await house.doctor().get(f"/records/{clinic.patients[0]}")).text()
    assert page.count("mon dos é.png") == 1
    assert f"/documents/{document}" in page


async def test_a_pdf_is_for_download_not_for_our_pages(house, clinic) -> None:
    await in_call(house, clinic)
    document = key()
    path = f"/visits/{clinic.visits[0]}/documents/{document}"
    assert (await upload(house.doctor(), path, PDF_FILE, "ordonnance.pdf")).status == 200
    shown = await house.patient().get(f"/visit/documents/{document}")
    assert shown.headers["Content-Disposition"] == "attachment; filename*=UTF-8''ordonnance.pdf"
    assert await shown.read() == PDF_FILE


async def test_bad_files_are_refused_with_what_to_do_and_nothing_is_kept(house, clinic, monkeypatch) -> None:
    await in_call(house, clinic)
    answer = await upload(house.patient(), f"/visit/documents/{key()}", b"#!/bin/sh", "photo.jpg")
    assert answer.status == 422
    assert "Please send another" in (await answer.json())["error"]["message"]
    assert (await upload(house.patient(), f"/visit/documents/{key()}", phone_photo(), **{"X-CSRF-Token": ""})).status == 403
    monkeypatch.setattr(photos, "FILE_LIMIT_BYTES", 100)
    assert (await upload(house.patient(), f"/visit/documents/{key()}", phone_photo())).status == 413

    async def pieces():
        yield bytes(90)
        yield bytes(90)

    assert (await upload(house.patient(), f"/visit/documents/{key()}", pieces())).status == 413, "without a length too"
    assert (await (await house.patient().get("/visit/messages")).json()) == {"messages": []}


async def test_a_closed_visit_refuses_a_file_before_it_is_read(house, clinic) -> None:
    await in_call(house, clinic)
    await house.doctor().post(f"/visits/{clinic.visits[0]}/end", outcome="completed")
    answer = await upload(house.patient(), f"/visit/documents/{key()}", phone_photo())
    assert answer.status == 409
    assert "is over" in (await answer.json())["error"]["message"]


async def test_another_patient_sees_nothing(house, clinic) -> None:
    await in_call(house, clinic)
    document = key()
    await upload(house.patient(), f"/visit/documents/{document}", phone_photo())
    assert (await house.patient(1).get(f"/visit/documents/{document}")).status == 403
    assert (await (await house.patient(1).get("/visit/messages")).json()) == {"messages": []}
    assert (await house.other_doctor().get(f"/documents/{document}")).status == 403
