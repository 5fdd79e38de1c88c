"""Lists and reads are rendered by PostgreSQL, writes by Python: both must say the same, to the byte."""

from datetime import datetime

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from tests.test_docs import incidents, instants
from tracker.incidents.models import Incident
from tracker.incidents.queries import represent
from tracker.incidents.schemas import WIRE_FIELDS
from tracker.wire import dumps, instant

# Whatever can be stored: control characters too, which only the API refuses.
summaries = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(incident=incidents, summary=summaries, begin=instants)
def test_both_ways_of_rendering_agree(
    client: FlaskClient, connection: Connection, incident: Incident, summary: str | None, begin: datetime
) -> None:
    incident.summary = summary
    times = sorted([incident.started_at, *filter(None, [incident.mitigated_at, incident.resolved_at])])
    incident.started_at, rest = times[0], times[1:]
    incident.resolved_at = rest.pop() if incident.resolved_at else None
    incident.mitigated_at = rest.pop() if incident.mitigated_at else None
    expected = dumps(represent(incident))
    with connection.begin_nested() as example:
        values = {attribute: getattr(incident, attribute) for attribute in WIRE_FIELDS.values()}
        connection.execute(insert(Incident), values)
        assert client.get(f"/api/incidents/{incident.id}").data == expected
        assert client.get("/api/incidents").data.startswith(b'{"items":[' + expected + b"],")
        example.rollback()


@given(st.lists(instants, min_size=2, max_size=2))
def test_times_sort_as_text(moments: list[datetime]) -> None:
    assert sorted(map(instant, moments)) == [instant(moment) for moment in sorted(moments)]
    assert [datetime.fromisoformat(instant(moment)) for moment in moments] == moments
