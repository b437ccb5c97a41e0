"""What our messages say, in French and English. Pure: facts in, text and HTML out.

No clinical word, no name of the patient, no motif, no speciality: an e-mail is read by whoever holds
the phone. Who, when, where to go; nothing about why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import i18n

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "mail"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a message may know of a visit."""

    doctor: str
    start_at: datetime
    clinic: str
    clinic_phone: str
    zone: str
    language: str
    address: str = ""  # where it takes place, if at the clinic
    number: str = ""   # the patient's, masked, if it is by phone
    documents: bool = False  # the clinic asks for some; which ones is said behind the link

    @property
    def by_video(self) -> bool:
        """Neither at the clinic nor by phone."""
        return not self.address and not self.number

    @property
    def when(self) -> str:
        """Day and time in the clinic's wall clock, and which clock that is."""
        _ = i18n.translator(self.language).gettext
        city = i18n.zone_city(self.zone, self.language)
        moment = i18n.moment(self.start_at, self.language, self.zone)
        return _("%(moment)s (%(city)s time)") % {"moment": moment, "city": city}

    def in_language(self, language: str) -> "Visit":
        """The same, told in another language."""
        return replace(self, language=language)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message before it is laid out: short, one thing to do."""

    language: str
    subject: str
    clinic: str
    paragraphs: list[str]
    details: list[tuple[str, str]] = field(default_factory=list)
    action: tuple[str, str] | None = None  # label, address
    code: str = ""
    times: list[tuple[str, str]] = field(default_factory=list)  # of several visits: when, address
    footer: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """For mail readers without HTML."""
        blocks = [*self.paragraphs]
        if self.code:
            blocks.append(self.code)  # in one piece: phones and mail readers offer to copy it
        if self.details:
            blocks.append("\n".join(_pair(self.language, label, value) for label, value in self.details))
        blocks += ["\n".join(each) for each in self.times]
        if self.action and not self.times:
            blocks.append("\n".join(self.action))
        return "\n\n".join([*blocks, "-- \n" + "\n".join([self.clinic, *self.footer])]) + "\n"

    @property
    def html(self) -> str:
        """The same with one button; no picture, nothing loaded from anywhere."""
        return _environment().get_template("letter.j2").render(letter=self)


def invitation(visit: Visit, link: str) -> Letter:
    """You have an appointment, and this is where to go."""
    _ = i18n.translator(visit.language).gettext
    return Letter(
        visit.language, _by_mode(visit, _("Your video visit on %(when)s"), _("Your appointment on %(when)s")),
        visit.clinic, [_("Hello,"), *_first_words(visit)], _details(visit),
        (_("Open my visit") if visit.by_video else _("See my appointment"), link), footer=_personal(visit),
    )


def invitation_to_series(told: Sequence[tuple[Visit, str]]) -> Letter:
    """You have several appointments; each with its link."""
    visit, link = told[0]
    _ = i18n.translator(visit.language).gettext
    several = _("These are %(num)s appointments. Each has its own link, and the calendar file holds them all.")
    times = [(i18n.moment(each.start_at, each.language, each.zone), address) for each, address in told]
    subject = (_("Your %(num)s video visits from %(when)s") if visit.by_video
               else _("Your %(num)s appointments from %(when)s"))
    return Letter(
        visit.language, subject % {"num": len(told), "when": _short(visit)}, visit.clinic,
        [_("Hello,"), *_first_words(visit), several % {"num": len(told)}],
        [(label, value) for label, value in _details(visit) if value != visit.when],
        (_("Open my first visit") if visit.by_video else _("See my first appointment"), link),
        times=times, footer=_personal(visit),
    )


def _first_words(visit: Visit) -> list[str]:
    _ = i18n.translator(visit.language).gettext
    asked = _("Please have some documents at hand: which ones is said behind the link.")
    documents = [asked] if visit.documents else []
    if visit.by_video:
        return [_("You have an appointment by video. There is nothing to install and no account to make."), *documents,
                _("Open this link up to 30 minutes before. A code sent to your phone or e-mail will confirm that it "
                  "is you.")]
    how = _("You have an appointment at the clinic.") if visit.address else _(
        "You have an appointment by phone: your doctor calls you at the time booked.")
    return [how, *documents, _("Behind this link you can see, move or cancel it. A code sent to your phone or e-mail "
                               "will confirm that it is you.")]


def moved(visit: Visit, link: str) -> Letter:
    """The appointment has a new time."""
    _ = i18n.translator(visit.language).gettext
    return Letter(
        visit.language, _by_mode(visit, _("New time for your video visit: %(when)s"), _("New time: %(when)s")),
        visit.clinic, [_("Hello,"), _("Your appointment by video has a new time. The link below is good for it.")
                       if visit.by_video else _("Your appointment has a new time. The link below is good for it.")],
        _details(visit), (_("Open my visit") if visit.by_video else _("See my appointment"), link),
        footer=_personal(visit),
    )


def cancelled(visit: Visit) -> Letter:
    """The appointment will not take place."""
    _ = i18n.translator(visit.language).gettext
    return Letter(
        visit.language, _by_mode(visit, _("Your video visit on %(when)s is cancelled"),
                                 _("Your appointment on %(when)s is cancelled")), visit.clinic,
        [_("Hello,"), _("The appointment below is cancelled. There is nothing to do.")], _details(visit),
        footer=_footer(visit),
    )


def offer(visit: Visit, until: datetime, link: str) -> Letter:
    """Somebody gave a time back: it is held for who waited for an earlier one."""
    _ = i18n.translator(visit.language).gettext
    held = _("You asked for an earlier time. This one is held for you until %(moment)s.") % {
        "moment": i18n.moment(until, visit.language, visit.zone)}
    return Letter(
        visit.language, _("An earlier time is free: %(when)s") % {"when": _short(visit)}, visit.clinic,
        [_("Hello,"), held,
         _("If you do not answer, you keep the appointment you have, and the next person is asked.")],
        _details(visit), (_("Answer"), link), footer=_personal(visit),
    )


def reminder(visit: Visit, link: str, *, asks: bool) -> Letter:
    """The appointment comes near; what to do now. With `asks`, please say whether you come."""
    _ = i18n.translator(visit.language).gettext
    return Letter(
        visit.language, _by_mode(visit, _("Reminder: your video visit on %(when)s"),
                                 _("Reminder: your appointment on %(when)s")), visit.clinic,
        [_("Hello,"), *_comes_near(visit, asks=asks)], _details(visit),
        (_("Confirm, move or cancel") if asks else _("Open my visit") if visit.by_video else _("See my appointment"),
         link), footer=_personal(visit),
    )


def _comes_near(visit: Visit, *, asks: bool) -> list[str]:
    _ = i18n.translator(visit.language).gettext
    if not visit.by_video:
        ask = [_("Behind this link you can confirm, move or cancel.")] if asks else []
        return [_("Your appointment comes near. Nothing has changed."), *ask]
    return [_("Your appointment by video comes near. Nothing has changed."),
            _("Behind this link you can confirm, move or cancel, and test your camera and microphone now.") if asks
            else _("Behind this link you can test your camera and microphone now.")]


def delayed(visit: Visit, expected_at: datetime) -> Letter:
    """The doctor runs late: when the visit is likely to begin."""
    _ = i18n.translator(visit.language).gettext
    around = {"time": i18n.hour(expected_at, visit.language, visit.zone)}
    return Letter(
        visit.language, (_("Your video visit will begin later, around %(time)s") if visit.by_video else
                         _("Your appointment will begin later, around %(time)s")) % around, visit.clinic,
        [_("Hello,"), *_late(visit, around)],
        _details(visit), footer=_footer(visit),
    )


def _late(visit: Visit, around: dict[str, str]) -> list[str]:
    _ = i18n.translator(visit.language).gettext
    if not visit.by_video:
        return [_("Your doctor is running late. Your appointment will probably begin around %(time)s.") % around]
    return [_("Your doctor is running late. Your video visit will probably begin around %(time)s.") % around,
            _("There is nothing to do: open the link of your invitation as planned, your place is kept.")]


def ready(visit: Visit, link: str) -> Letter:
    """The doctor is free for who waited away from the page."""
    _ = i18n.translator(visit.language).gettext
    return Letter(
        visit.language, _("Your doctor is ready for you"), visit.clinic,
        [_("Hello,"), _("It is your turn. Please open the link now; your place is kept.")],
        _details(visit), (_("Open my visit"), link), footer=_personal(visit),
    )


def by_phone(visit: Visit) -> Letter:
    """The visit takes place by phone; the number is masked."""
    _ = i18n.translator(visit.language).gettext
    return Letter(
        visit.language, _("Your visit on %(when)s will be by phone") % {"when": _short(visit)}, visit.clinic,
        [_("Hello,"),
         _("Your doctor calls you at the time booked, at the number %(number)s.") % {"number": visit.number},
         _("There is nothing to open and nothing to install. If the number is wrong, please call the clinic.")],
        _details(visit), footer=_footer(visit),
    )


def summary(visit: Visit, link: str) -> Letter:
    """The doctor released a summary."""
    _ = i18n.translator(visit.language).gettext
    return Letter(
        visit.language, _("A document from your clinic"), visit.clinic,
        [_("Hello,"), _("Your doctor has released a document about your visit for you."),
         _("A code sent to your phone or e-mail will confirm that it is you.")],
        _details(visit), (_("Read the document"), link), footer=_personal(visit),
    )


def code(visit: Visit, digits: str) -> Letter:
    """The six digits that prove who opens a link."""
    _ = i18n.translator(visit.language).gettext
    return Letter(
        visit.language, _("Your code: %(code)s") % {"code": digits}, visit.clinic,
        [_("Type this code on the page you opened. It is good for ten minutes.")], code=digits,
        footer=_footer(visit, _("Nobody from the clinic will ever ask you for it.")),
    )


def code_sms(language: str, clinic: str, digits: str, host: str) -> str:
    """The code as a text message; the last line lets phones fill it in (WICG sms-one-time-codes)."""
    _ = i18n.translator(language).gettext
    said = _("%(clinic)s: your code is %(code)s, good for ten minutes.") % {"clinic": clinic, "code": digits}
    return f"{said}\n\n@{host} #{digits}"


def sms(letter: Letter) -> str:
    """A letter as a text message: what it is about, and the link."""
    return "\n".join([f"{letter.clinic}. {letter.subject}", *(letter.action or ())[1:]])


def masked_phone(phone: str) -> str:
    """Enough to know one's own number by: "+33 ·· ·· ·· 42"."""
    return f"{phone[:3]} ·· ·· ·· {phone[-2:]}" if phone.startswith("+") else f"·· ·· ·· {phone[-2:]}"


def event_title(visit: Visit) -> str:
    """What the patient's calendar shows."""
    _ = i18n.translator(visit.language).gettext
    said = _("Video visit with %(doctor)s") if visit.by_video else _("Appointment with %(doctor)s")
    return said % {"doctor": i18n.in_sentence(visit.doctor, visit.language)}


def event_text(visit: Visit) -> str:
    """What the calendar's entry says when it is opened."""
    _ = i18n.translator(visit.language).gettext
    if not visit.by_video:
        return _("If something is wrong, call the clinic: %(phone)s") % {"phone": visit.clinic_phone}
    return _("Open the link up to 30 minutes before. If something is wrong, call the clinic: %(phone)s") % {
        "phone": visit.clinic_phone}


def _short(visit: Visit) -> str:
    return i18n.moment(visit.start_at, visit.language, visit.zone)


def _by_mode(visit: Visit, by_video: str, otherwise: str) -> str:
    return (by_video if visit.by_video else otherwise) % {"when": _short(visit)}


def _details(visit: Visit) -> list[tuple[str, str]]:
    _ = i18n.translator(visit.language).gettext
    where = [(_("Where"), visit.address)] if visit.address else []
    number = [(_("By phone"), visit.number)] if visit.number else []
    return [(_("With"), visit.doctor), (_("When"), visit.when), *where, *number]


def _footer(visit: Visit, *first: str) -> list[str]:
    _ = i18n.translator(visit.language).gettext
    call = [_("Questions? Call %(phone)s") % {"phone": visit.clinic_phone}] if visit.clinic_phone else []
    return [*first, *call]


def _personal(visit: Visit) -> list[str]:
    _ = i18n.translator(visit.language).gettext
    return _footer(visit, _("This link is personal: do not forward it."))


def _pair(language: str, label: str, value: str) -> str:
    return f"{label}{i18n.NBSP if language == 'fr' else ''}: {value}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)
