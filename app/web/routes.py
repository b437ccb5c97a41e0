"""The one page of URLs: method, path, handler, name, audience, action."""

from app.access.policy import Action
from app.web import admin, call, demo, doctor, links, note, patient, record_pages, signin, site
from app.web.routing import Audience, Route

PUBLIC, STAFF, PATIENT = Audience.PUBLIC, Audience.STAFF, Audience.PATIENT

# fmt: off
ROUTES: list[Route] = [
    # --- home, health, demo -------------------------------------------------------------------
    Route("GET", "/", site.home, "home", PUBLIC),
    Route("GET", "/health", site.health, "health", PUBLIC),
    Route("GET", "/metrics", site.metrics, "metrics", PUBLIC),
    Route("GET", "/design", site.design, "design", PUBLIC),
    Route("GET", "/demo/mailbox", demo.mailbox, "mailbox", PUBLIC),
    # --- sign-in ------------------------------------------------------------------------------
    Route("GET", "/sign-in", signin.form, "sign-in", PUBLIC),
    Route("POST", "/sign-in", signin.password, "sign-in", PUBLIC),
    Route("GET", "/sign-in/code", signin.code_form, "sign-in-code", PUBLIC),
    Route("POST", "/sign-in/code", signin.code, "sign-in-code", PUBLIC),
    Route("POST", "/sign-out", signin.sign_out, "sign-out", PUBLIC),
    # --- scheduler ----------------------------------------------------------------------------
    # --- patient ------------------------------------------------------------------------------
    Route("GET", "/l/{token}", links.link, "link", PUBLIC),
    Route("POST", "/l/{token}", links.send_code, "link", PUBLIC),
    Route("GET", "/l/{token}/code", links.code_form, "link-code", PUBLIC),
    Route("POST", "/l/{token}/code", links.check_code, "link-code", PUBLIC),
    Route("GET", "/visit", patient.visit, "patient-visit", PATIENT, Action.VISIT_WAIT),
    Route("GET", "/visit/device", patient.device_test, "device-test", PATIENT, Action.VISIT_WAIT),
    Route("POST", "/visit/device", patient.save_device_test, "device-test", PATIENT, Action.VISIT_WAIT),
    Route("GET", "/visit/consent", patient.consent, "consent", PATIENT, Action.CONSENT_READ),
    Route("POST", "/visit/consent", patient.save_consent, "consent", PATIENT, Action.CONSENT_GIVE),
    Route("POST", "/visit/consent/withdrawal", patient.withdraw_consent, "consent-withdrawal", PATIENT,
          Action.CONSENT_GIVE),
    Route("GET", "/visit/waiting", patient.waiting_room, "waiting", PATIENT, Action.VISIT_WAIT),
    Route("POST", "/visit/waiting", patient.enter_waiting_room, "waiting", PATIENT, Action.VISIT_WAIT),
    # --- doctor -------------------------------------------------------------------------------
    Route("GET", "/queue", doctor.queue, "queue", STAFF, Action.QUEUE_READ),
    Route("GET", "/queue/socket", call.queue_socket, "queue-socket", STAFF, Action.QUEUE_READ),
    Route("GET", "/visits/{id}", doctor.visit, "visit", STAFF, Action.VISIT_CONDUCT),
    Route("GET", "/visits/{id}/socket", call.doctor_socket, "visit-socket", STAFF, Action.VISIT_JOIN),
    Route("POST", "/visits/{id}/admission", doctor.admission, "visit-admission", STAFF, Action.VISIT_CONDUCT),
    Route("POST", "/visits/{id}/facts", doctor.facts, "visit-facts", STAFF, Action.VISIT_CONDUCT),
    Route("POST", "/visits/{id}/end", doctor.end, "visit-end", STAFF, Action.VISIT_CONDUCT),
    # --- the patient's call -------------------------------------------------------------------
    Route("GET", "/visit/call", call.call_page, "patient-call", PATIENT, Action.VISIT_WAIT),
    Route("GET", "/visit/ended", call.ended_page, "patient-ended", PATIENT, Action.VISIT_WAIT),
    Route("GET", "/visit/socket", call.patient_socket, "patient-socket", PATIENT, Action.VISIT_WAIT),
    Route("GET", "/visit/probe", call.probe_socket, "patient-probe", PATIENT, Action.VISIT_WAIT),
    # --- note ---------------------------------------------------------------------------------
    Route("GET", "/visits/{id}/note", note.page, "note", STAFF, Action.COMPOSITION_READ),
    Route("GET", "/visits/{id}/note/progress", note.progress, "note-progress", STAFF, Action.COMPOSITION_READ),
    Route("POST", "/visits/{id}/note/sentences", note.sentences, "note-sentences", STAFF, Action.COMPOSITION_WRITE),
    Route("POST", "/visits/{id}/note/sentences/{sentence}", note.sentence, "note-sentence", STAFF,
          Action.COMPOSITION_WRITE),
    Route("POST", "/visits/{id}/note/sentences/{sentence}/removal", note.removal, "note-removal", STAFF,
          Action.COMPOSITION_WRITE),
    Route("POST", "/visits/{id}/note/sentences/{sentence}/confirmation", note.confirmation, "note-confirmation", STAFF,
          Action.COMPOSITION_WRITE),
    Route("POST", "/visits/{id}/note/omissions/{item}", note.omission, "note-omission", STAFF,
          Action.COMPOSITION_WRITE),
    Route("POST", "/visits/{id}/note/conflicts/{item}", note.conflict, "note-conflict", STAFF,
          Action.COMPOSITION_WRITE),
    Route("POST", "/visits/{id}/note/proposals/{item}", note.proposal, "note-proposal", STAFF,
          Action.COMPOSITION_WRITE),
    Route("POST", "/visits/{id}/note/restoration", note.restoration, "note-restoration", STAFF,
          Action.COMPOSITION_WRITE),
    Route("POST", "/visits/{id}/note/signature", note.signature, "note-signature", STAFF, Action.COMPOSITION_SIGN),
    Route("POST", "/visits/{id}/note/addenda", note.addenda, "note-addenda", STAFF, Action.COMPOSITION_SIGN),
    Route("GET", "/visits/{id}/note/versions/{number}", note.version, "note-version", STAFF,
          Action.COMPOSITION_READ),
    Route("GET", "/visits/{id}/note/document", note.document, "note-document", STAFF, Action.COMPOSITION_READ),
    Route("GET", "/visits/{id}/audio", note.audio, "note-audio", STAFF, Action.TRANSCRIPT_READ),
    Route("GET", "/visits/{id}/summary", record_pages.summary, "summary", STAFF, Action.SUMMARY_READ),
    Route("POST", "/visits/{id}/summary", record_pages.save_summary, "summary", STAFF, Action.SUMMARY_RELEASE),
    Route("POST", "/visits/{id}/summary/release", record_pages.release_summary, "summary-release", STAFF,
          Action.SUMMARY_RELEASE),
    Route("GET", "/records", record_pages.records, "records", STAFF, Action.RECORD_READ),
    Route("GET", "/records/{id}", record_pages.record, "record", STAFF, Action.RECORD_READ),
    Route("POST", "/records/{id}/entries", record_pages.add_entry, "record-entries", STAFF, Action.RECORD_WRITE),
    Route("POST", "/entries/{entry}/end", record_pages.end_entry, "entry-end", STAFF, Action.RECORD_WRITE),
    Route("POST", "/entries/{entry}/resumption", record_pages.resume_entry, "entry-resumption", STAFF,
          Action.RECORD_WRITE),
    Route("GET", "/visit/summary", record_pages.own_summary, "own-summary", PATIENT, Action.SUMMARY_READ),
    Route("GET", "/visit/accesses", record_pages.own_accesses, "own-accesses", PATIENT, Action.AUDIT_READ_OWN),
    # --- administrator ------------------------------------------------------------------------
    Route("GET", "/audit", admin.audit, "audit", STAFF, Action.AUDIT_SEARCH),
    Route("GET", "/audit/verification", admin.verification, "audit-verification", STAFF, Action.AUDIT_SEARCH),
    Route("GET", "/audit/export", admin.export, "audit-export", STAFF, Action.AUDIT_SEARCH),
]
