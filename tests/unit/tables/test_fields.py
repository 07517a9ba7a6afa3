"""The table of fields: its rows fit together, and files and records have the standard's order."""

import pytest

from oneroster_nb.tables.field import BOTH, COMMON, Field, Kind, Shape
from oneroster_nb.tables.fields import FIELDS

EACH = [(name, each) for name, table in FIELDS.items() for each in table.own]


def test_what_a_row_says_fits_together() -> None:
    for table, one in EACH:
        label = f"{table}.{one.name}"
        said = {*one.versions, *(one.csv or ()), *(one.rest or ()), *one.required}
        assert said <= set(BOTH), label
        assert one.to in ("", *FIELDS), label
        assert one.to or not one.link, label
        if one.name != "sourcedId":
            # A version that requires a column has it in its file.
            assert all(one.in_files(v) and v in FIELDS[table].csv for v in one.required), label


def test_every_table_begins_with_its_key() -> None:
    assert {table.rows[0].name for table in FIELDS.values()} == {"sourcedId"}
    assert [each.name for each in COMMON] == ["sourcedId", "status", "dateLastModified"]


RECORDS = {
    ("users", "1.1"): "username userIds enabledUser givenName familyName middleName role identifier"
    " email sms phone agents orgs grades",
    ("users", "1.2"): "userMasterIdentifier username userIds enabledUser givenName familyName"
    " middleName preferredFirstName preferredMiddleName preferredLastName pronouns roles"
    " userProfiles primaryOrg identifier email sms phone agents grades resources",
    ("courses", "1.2"): "title schoolYear courseCode grades subjects org subjectCodes resources",
    ("classes", "1.1"): "title classCode classType location grades subjects course school terms"
    " subjectCodes periods resources",
    ("enrollments", "1.2"): "user class school role primary beginDate endDate",
    ("resources", "1.1"): "title roles importance vendorResourceId vendorId applicationId",
    ("results", "1.1"): "lineItem student scoreStatus score scoreDate comment",
    ("categories", "1.1"): "title",
    ("categories", "1.2"): "title weight",
}


@pytest.mark.parametrize(("table", "version"), RECORDS)
def test_a_record_has_the_fields_of_its_version_in_their_order(table: str, version: str) -> None:
    keys = [each.json_key for each in FIELDS[table].in_record(version)]
    assert keys[3:] == RECORDS[table, version].split()


def test_a_role_within_a_user_has_no_key_of_its_own() -> None:
    keys = [each.json_key for each in FIELDS["roles"].in_record("1.2")]
    assert keys == ["roleType", "role", "org", "userProfile", "beginDate", "endDate"]
    assert FIELDS["roles"].in_record("1.1") == FIELDS["roles"].in_file("1.1") == []


@pytest.mark.parametrize(
    ("one", "key", "shape"),
    [
        (Field("title"), "title", Shape.TEXT),
        (Field("grades", Kind.VALUES), "grades", Shape.VALUES),
        (Field("weight", Kind.NUMBER), "weight", Shape.NUMBER),
        (Field("late", Kind.BOOLEAN), "late", Shape.TEXT),
        (Field("orgSourcedId", to="orgs"), "org", Shape.REF),
        (Field("termSourcedIds", Kind.VALUES, to="academicSessions"), "terms", Shape.REFS),
        (Field("preferredGivenName", key="preferredFirstName"), "preferredFirstName", Shape.TEXT),
    ],
)
def test_the_key_and_shape_in_json_follow_from_the_name_and_kind(
    one: Field, key: str, shape: Shape
) -> None:
    assert (one.json_key, one.shape) == (key, shape)
    assert one.in_files("1.1")
    assert one.in_records("1.2")
