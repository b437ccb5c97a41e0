"""The way into one visit's record: the guard first, then the row."""

from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.encounters import Encounter
from app.errors import AccessDenied, NotFound


def visit_for(tx: Tx, action: Action, encounter_id: str, *, entity: str = "Composition",
              quiet: bool = False, **detail: str) -> Encounter:
    """The encounter, once the actor may do `action` to it. Raises AccessDenied, NotFound.

    A visit that is not there is refused like one that is not yours: the answer reveals nothing.
    """
    encounter = tx.session.get(Encounter, encounter_id)
    try:
        guard.permit(
            tx, action, entity=entity, entity_id=encounter_id, quiet=quiet,
            patient_id=encounter.patient_id if encounter else None,
            practitioner_id=encounter.practitioner_id if encounter else None, **detail,
        )
    except AccessDenied:
        raise NotFound from None
    if encounter is None:
        raise NotFound
    return encounter
