"""The demo incidents: believable, consistent with their histories, and the same every time."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from uuid import UUID

import pytest

from tracker.demo import discussion, story
from tracker.demo.generator import generate
from tracker.demo.history import DemoIncident
from tracker.demo.services import PEOPLE, SERVICES
from tracker.incidents.models import SUMMARY_MAX, TITLE_MAX, TITLE_MIN, Incident, Severity, Status
from tracker.wire import NAME_MAX

NOW = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)
# Among others: night, weekend, the end of a year, a leap day.
MOMENTS = [
    NOW,
    datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC),
    datetime(2028, 2, 29, 3, 14, 15, tzinfo=UTC),
    datetime(2026, 7, 18, 23, 59, 59, 999999, tzinfo=UTC),
]


def at(text: str) -> datetime:
    """The moment of an RFC 3339 text."""
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def incidents() -> list[DemoIncident]:
    """The 200 of a new installation."""
    return list(generate(200, now=NOW))


@pytest.fixture(scope="module")
def many() -> list[DemoIncident]:
    """More than a new installation has."""
    return list(generate(6_000, now=NOW))


def test_the_same_seed_and_time_give_the_same_incidents(incidents: list[DemoIncident]) -> None:
    assert list(generate(200, now=NOW)) == incidents


def test_another_seed_gives_other_incidents(incidents: list[DemoIncident]) -> None:
    other = list(generate(200, now=NOW, seed=1))
    assert {incident.id for incident in other}.isdisjoint(incident.id for incident in incidents)
    assert [incident.title for incident in other] != [incident.title for incident in incidents]


def test_the_demo_reads_the_same_on_another_day(incidents: list[DemoIncident]) -> None:
    later = list(generate(200, now=NOW + timedelta(days=33, hours=5)))
    clock = re.compile(r"\d\d:\d\d UTC")
    titles = [[clock.sub("", incident.title) for incident in demo] for demo in (incidents, later)]
    assert titles[0] == titles[1]


def test_times_of_day_in_titles_are_just_before_creation(many: list[DemoIncident]) -> None:
    gaps = []
    for incident in many:
        if said := re.search(r"(\d\d):(\d\d) UTC", incident.title):
            created = at(incident.created_at)
            gaps.append((created.hour * 60 + created.minute - int(said[1]) * 60 - int(said[2])) % 1_440)
    assert len(gaps) > 100
    assert all(2 <= gap < 8 for gap in gaps)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 17, 199, 2_001])
def test_as_many_as_were_asked_for(count: int) -> None:
    assert sum(1 for _ in generate(count, now=NOW)) == count


@pytest.mark.parametrize("now", MOMENTS)
@pytest.mark.parametrize("count", [3, 200, 5_000])
def test_creation_rises_strictly_and_nothing_is_in_the_future(now: datetime, count: int) -> None:
    created = []
    for incident in generate(count, now=now):
        created.append(at(incident.created_at))
        times = [at(event.at) for event in incident.events]
        assert all(earlier < later for earlier, later in pairwise(times))
        assert times[-1] <= now
    assert all(earlier < later for earlier, later in pairwise(created))


def test_ids_are_uuids_of_version_7_in_order_of_time(many: list[DemoIncident]) -> None:
    ids = [incident.id for incident in many]
    assert ids == sorted(ids)
    for incident in many[::100]:
        made = UUID(incident.id)
        assert (str(made), made.version, made.variant) == (incident.id, 7, "specified in RFC 4122")
        assert made.int >> 80 == int(at(incident.created_at).timestamp() * 1_000)
    changes = [event.change_id for incident in many for event in incident.events]
    assert len({*changes, *ids}) == len(changes) + len(ids)


def test_replaying_the_events_gives_the_incident(many: list[DemoIncident]) -> None:
    for incident in many:
        fields: dict[str, Any] = {}
        for place, event in enumerate(incident.events):
            assert (event.type == "created") == (place == 0)
            assert (event.type == "commented") == (not event.changes) == (event.comment is not None)
            for name, (before, after) in event.changes.items():
                assert fields.get(name) == before
                assert before != after
                fields[name] = after
        expected = {
            "title": incident.title,
            "service": incident.service,
            "severity": incident.severity,
            "status": incident.status,
            "owner": incident.owner,
            "summary": incident.summary,
            "startedAt": incident.started_at,
            "mitigatedAt": incident.mitigated_at,
            "resolvedAt": incident.resolved_at,
        }
        assert {name: fields.get(name) for name in expected} == expected
        assert set(fields) <= set(expected)
        changes = [event for event in incident.events if event.type != "commented"]
        assert incident.version == len(changes)
        assert incident.created_at == changes[0].at
        assert incident.updated_at == changes[-1].at


def test_a_revert_takes_back_what_its_change_set(many: list[DemoIncident]) -> None:
    reverts = 0
    for incident in many:
        made = {event.change_id: event for event in incident.events}
        for event in incident.events:
            assert (event.type == "reverted") == (event.reverts_change_id is not None)
            if event.reverts_change_id is not None:
                mistake = made[event.reverts_change_id]
                assert at(mistake.at) < at(event.at)
                assert event.changes == {name: [after, before] for name, (before, after) in mistake.changes.items()}
                reverts += 1
    assert 20 < reverts < 100


def test_the_worse_an_incident_the_more_is_said(many: list[DemoIncident]) -> None:
    said = {severity: [0, 0] for severity in Severity}
    for incident in many:
        comments = [event for event in incident.events if event.type == "commented"]
        said[Severity(incident.severity)][0] += len(comments)
        said[Severity(incident.severity)][1] += 1
    assert 0.5 < sum(comments for comments, _ in said.values()) / len(many) < 0.8
    means = [comments / incidents for comments, incidents in said.values()]
    assert means == sorted(means, reverse=True)
    assert means[0] > 3
    assert means[-1] < 0.25


def test_comments_are_varied_and_stand_between_the_changes(many: list[DemoIncident]) -> None:
    comments = [event.comment for incident in many for event in incident.events if event.comment is not None]
    assert len(set(comments)) > len(comments) / 3
    assert sum("`" in comment for comment in comments) > len(comments) / 4
    assert any("\n- " in comment for comment in comments)
    between = [
        incident.events[place - 1].type != "commented" != incident.events[place + 1].type
        for incident in many
        for place in range(1, len(incident.events) - 1)
        if incident.events[place].type == "commented"
    ]
    assert sum(between) > len(comments) / 5


def test_a_question_is_answered_soon_by_somebody_else(many: list[DemoIncident]) -> None:
    answers = {failure.question: failure.answer for service in SERVICES for failure in service.failures}
    asked = 0
    for incident in many:
        for question, answer in pairwise(incident.events):
            if question.comment is not None and answers.get(question.comment, "{") == answer.comment:
                assert question.actor != answer.actor
                assert at(answer.at) - at(question.at) < timedelta(minutes=15)
                asked += 1
    assert asked > 100


def test_what_is_said_leaves_the_incident_as_it_is(
    incidents: list[DemoIncident], monkeypatch: pytest.MonkeyPatch
) -> None:
    silent: dict[int, tuple[discussion.Talk, ...]] = {severity: (discussion.Talk(),) for severity in range(1, 5)}
    monkeypatch.setattr(discussion, "_TALKS", silent)
    for incident, before in zip(generate(200, now=NOW), incidents, strict=True):
        assert (
            incident[: DemoIncident._fields.index("updated_at")] == before[: DemoIncident._fields.index("updated_at")]
        )


def test_stamps_are_those_of_the_state_machine(many: list[DemoIncident]) -> None:
    reopened = 0
    for incident in many:
        model = Incident(status=Status.OPEN, mitigated_at=None, resolved_at=None)
        for event in incident.events[1:]:
            if "status" in event.changes:
                model.move_to(Status(str(event.changes["status"][1])), now=at(event.at))
                reopened += event.changes["status"][1] == "OPEN"
        stamps = [incident.mitigated_at, incident.resolved_at]
        assert [model.mitigated_at, model.resolved_at] == [stamp and at(stamp) for stamp in stamps]
        assert model.status == incident.status
        reached = [at(time) for time in (incident.started_at, *stamps) if time is not None]
        assert reached == sorted(reached)
        assert at(incident.started_at) <= at(incident.created_at)
    assert reopened > 20


@pytest.mark.parametrize("now", MOMENTS)
def test_a_new_installation_looks_alive(now: datetime) -> None:
    incidents = list(generate(200, now=now))
    statuses = Counter(incident.status for incident in incidents)
    assert 20 <= statuses["OPEN"] <= 40
    assert 8 <= statuses["MITIGATED"] <= 14
    opened = [incident for incident in incidents if incident.status == "OPEN"]
    recent = [incident for incident in opened if now - at(incident.created_at) < timedelta(hours=12)]
    severities = Counter(incident.severity for incident in recent)
    assert severities["SEV1"] >= 1
    assert severities["SEV2"] >= 2
    assert min(now - at(incident.created_at) for incident in recent) < timedelta(minutes=10)
    targets = {"SEV1": 1, "SEV2": 4, "SEV3": 24, "SEV4": 72}
    late = [
        incident for incident in opened if now - at(incident.created_at) > timedelta(hours=targets[incident.severity])
    ]
    assert 3 <= len(late) < len(opened)
    assert 3 <= sum(incident.owner is None for incident in opened) < len(opened) - 5
    assert all(incident.severity in ("SEV3", "SEV4") for incident in opened if incident not in recent)


def test_the_mix_is_believable(incidents: list[DemoIncident]) -> None:
    severities = Counter(incident.severity for incident in incidents)
    bounds = {"SEV1": (6, 16), "SEV2": (28, 46), "SEV3": (72, 104), "SEV4": (50, 78)}
    assert all(low <= severities[severity] <= high for severity, (low, high) in bounds.items())
    services = Counter(incident.service for incident in incidents)
    assert 13 <= len(services) <= len(SERVICES)
    assert services.most_common(1)[0][1] >= 5 * min(services.values())
    assert {incident.owner for incident in incidents} == {None, *PEOPLE}
    assert len({incident.title for incident in incidents}) == 200
    lengths = [len(incident.summary or "") for incident in incidents]
    assert lengths.count(0) >= 8
    assert sum(length > 500 for length in lengths) >= 10
    assert 2.5 <= sum(incident.version for incident in incidents) / 200 <= 5
    spread = NOW - at(incidents[0].created_at)
    assert timedelta(days=80) < spread <= timedelta(days=90)


def test_lifetimes_grow_as_severity_falls(many: list[DemoIncident]) -> None:
    medians = []
    for severity in Severity:
        lifetimes = sorted(
            at(incident.resolved_at) - at(incident.created_at)
            for incident in many
            if incident.severity == severity and incident.resolved_at is not None
        )
        medians.append(lifetimes[len(lifetimes) // 2])
    assert medians == sorted(medians)
    assert timedelta(minutes=30) < medians[0] < timedelta(hours=3)
    assert timedelta(days=2) < medians[-1] < timedelta(days=6)


def test_days_are_busier_than_nights_and_weekends(many: list[DemoIncident]) -> None:
    created = [at(incident.created_at) for incident in many]
    by_day = sum(7 <= moment.hour < 19 for moment in created)
    weekend = sum(moment.weekday() >= 5 for moment in created)
    assert 0.65 < by_day / len(created) < 0.9
    assert 0.08 < weekend / len(created) < 0.2


def test_fields_keep_their_limits(many: list[DemoIncident]) -> None:
    for incident in many:
        assert TITLE_MIN <= len(incident.title) <= TITLE_MAX
        assert incident.title == incident.title.strip()
        assert 0 < len(incident.service) <= NAME_MAX
        assert incident.owner is None or 0 < len(incident.owner) <= NAME_MAX
        assert incident.summary is None or 0 < len(incident.summary) <= SUMMARY_MAX
        assert all(0 < len(event.actor) <= NAME_MAX for event in incident.events)
        comments = [event.comment for event in incident.events if event.comment is not None]
        assert all(0 < len(comment) <= SUMMARY_MAX for comment in comments)
        for text in (incident.title, incident.summary or "", *comments):
            # Nothing of the templates is left over.
            assert not re.search(r"%\(|%%|\{(?!id\}|sku\})|[\x00-\x09\x0b-\x1f]", text), text


def test_of_a_million_only_a_few_thousand_are_unresolved_and_most_titles_differ() -> None:
    sample = list(islice(generate(1_000_000, now=NOW), 20_000))
    assert all(incident.status == "RESOLVED" for incident in sample)
    assert len({incident.title for incident in sample}) > 17_000
    assert NOW - at(sample[0].created_at) > timedelta(days=900)


def test_unresolved_are_recent_where_there_are_many() -> None:
    unresolved = [incident for incident in generate(40_000, now=NOW) if incident.status != "RESOLVED"]
    assert 1_500 < len(unresolved) < 4_000
    ages = sorted(NOW - at(incident.created_at) for incident in unresolved)
    assert ages[len(ages) // 2] < timedelta(days=30)


def test_incidents_are_made_one_at_a_time() -> None:
    # All of these would fill any memory.
    assert next(generate(10**12, now=NOW)).version >= 1


def test_a_text_that_names_an_unknown_fact_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(next(iter(SERVICES[0].failures)), titles=("{nonsense} is broken",))
    monkeypatch.setattr(story, "SERVICES", (replace(SERVICES[0], failures={wrong: 1}),))
    with pytest.raises(KeyError, match="nonsense"):
        next(generate(1, now=NOW))
