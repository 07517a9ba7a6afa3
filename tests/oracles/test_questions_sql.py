"""The common questions answered another way: in SQL, by DuckDB, over the saved Parquet files.

Each is asked about everything that is active, and about random days and terms.
"""

import datetime
import inspect
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from helpers.dated import Moment, dated, moment
from helpers.district import small_district
from helpers.thorough import cases
from helpers.untidy import worse

import oneroster_nb as onb
from oneroster_nb.tables.table import TABLES, join_values

# These districts have references that point nowhere, days on which no term is running, and some no
# school; other tests are about what is said then.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::oneroster_nb.{name}")
    for name in (
        *("DanglingReferenceWarning", "SeveralRecordsWarning", "UnknownRoleWarning"),
        *("NoMatchWarning", "NotSharedWarning"),
    )
]
SEEDS = [None, *range(cases(4, 12))]
"""The demo district, and random ones."""

Rows = list[tuple[Any, ...]]
Sql = Callable[..., Rows]


@dataclass(frozen=True)
class Dated:
    """A random district in which people come and go."""

    seed: int


MOMENTS = [
    (Dated(seed), 4 * seed + number)
    for seed in range(cases(2, 50))
    for number in range(cases(2, 4))
]
"""Districts, and moments to ask them about."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask of each district, and about moments what a question can be asked about."""
    if "roster" in metafunc.fixturenames:
        pairs: list[tuple[object, int | None]] = [(seed, None) for seed in SEEDS]
        if "at" in inspect.signature(metafunc.function).parameters:
            pairs += MOMENTS
        ids = [f"seed {seed}" if n is None else f"moment {n}" for seed, n in pairs]
        metafunc.parametrize(("roster", "at"), pairs, indirect=True, scope="module", ids=ids)


@pytest.fixture(scope="module")
def roster(request: pytest.FixtureRequest) -> onb.Roster:
    seed = request.param
    if isinstance(seed, Dated):
        return onb.Roster(dated(seed.seed))
    return onb.Roster(small_district() if seed is None else worse(seed))


@pytest.fixture(scope="module")
def saved(roster: onb.Roster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return roster.save(tmp_path_factory.mktemp("saved") / "kept.roster")


@pytest.fixture(scope="module")
def at(request: pytest.FixtureRequest, roster: onb.Roster) -> Moment:
    """Return what a question is told about the moment; nothing, if it is about none."""
    return {} if request.param is None else moment(roster.academic_sessions, request.param)


@pytest.fixture(scope="module")
def sql(saved: Path, at: Moment) -> Sql:
    ask = sql_of(saved)
    if at:
        only_at(ask, at)
    return ask


def sql_of(folder: Path, prefix: str = "", db: Any = None) -> Sql:
    """Return what asks a saved roster in SQL; beside the tables there are views of what is live."""
    db = db or duckdb.connect(config={"threads": 1})
    for name, table in TABLES.items():
        file = folder / f"{name}.parquet"
        if file.is_file():
            db.execute(f"""
                create table {prefix}{name} as
                select *, row_number() over () as n from read_parquet('{file}')
            """)
        else:
            nulls = ", ".join(f'null::varchar as "{column}"' for column in table.columns)
            db.execute(f"create table {prefix}{name} as select {nulls}, 0 as n where false")
        db.execute(f"""
            create view live_{prefix}{name} as
            select * from {prefix}{name} where status is distinct from 'tobedeleted'
        """)
    for view, whole in (
        ("enrolled", f"live_{prefix}enrollments"),
        ("meeting", f"live_{prefix}classes"),
        ("people", f"live_{prefix}users"),
        ("held", f"live_{prefix}roles"),
        ("listed", f"{prefix}roles"),
    ):
        db.execute(f"create view live_{prefix}{view} as select * from {whole}")
    views = VIEWS.replace("live_", f"live_{prefix}").replace("view ", f"view {prefix}")
    db.execute(views.replace("from held_at", f"from {prefix}held_at"))

    def ask(text: str, *values: Any) -> Rows:
        return db.execute(text, values).fetchall()

    ask.db = db  # type: ignore[attr-defined]
    return ask


# Values with commas are never in ids, so that splitting at commas is enough for them. Columns whose
# values are all missing come without a type.
VIEWS = """
create view orgs_of as
    select sourcedId, unnest(string_split(orgSourcedIds::varchar, ',')) as org from live_users;
create view member as
    select distinct u.sourcedId as person, c.sourcedId as class, e.role as role,
        bool_or(coalesce(e."primary"::boolean, false)) over
            (partition by u.sourcedId, c.sourcedId, e.role) as lead
    from live_enrolled e
    join live_users u on u.sourcedId = e.userSourcedId
    join live_classes c on c.sourcedId = e.classSourcedId;
create view holds as
    select sourcedId as person, role::varchar as role from live_users
    union
    select userSourcedId, role::varchar from live_held;
create view held_at as
    select userSourcedId as person, orgSourcedId::varchar as org, role::varchar as role
    from live_held
    union
    select sourcedId, org, role from (
        select sourcedId, role::varchar as role,
            unnest(string_split(orgSourcedIds::varchar, ',')) as org from live_users) u
    where not exists (
        select 1 from live_listed r where r.userSourcedId = u.sourcedId and r.orgSourcedId = u.org);
create view held_anywhere as
    select person, role from held_at
    union
    select sourcedId, role::varchar from live_users
    where nullif(orgSourcedIds::varchar, '') is null
    and sourcedId not in (select userSourcedId from live_listed where userSourcedId is not null);
create view class_terms as
    with recursive said as (
        select sourcedId, unnest(string_split(termSourcedIds::varchar, ',')) as term
        from live_classes
    ),
    meets as (
        select sourcedId, term from said
        union
        select m.sourcedId, s.sourcedId from meets m
        join live_academicSessions p on p.sourcedId = m.term
        join live_academicSessions s on s.parentSourcedId = p.sourcedId
    )
    select sourcedId, term from meets;
"""


def only_at(ask: Sql, told: Moment) -> None:
    """Leave only what counts at a moment: enrollments, classes that meet, people and their roles.

    The rules are those that the documentation of ``get_users`` and of the questions gives.
    """
    db = ask.db  # type: ignore[attr-defined]
    day = told.get("as_of") and datetime.date.fromisoformat(told["as_of"])
    late = day and day - datetime.timedelta(days=told["include_end_date"])
    db.execute("create table moment (day date, late date, term varchar, more integer)")
    more = int(told["include_end_date"])
    db.execute("insert into moment values (?, ?, ?, ?)", [day, late, told.get("term"), more])
    db.execute("create table held_ever as from held_anywhere")
    db.execute(SESSIONS + (AT_DAY if day else IN_TERM) + THOSE_WHO_COUNT)
    # Each question looks at these several times.
    kept = ("live_enrolled", "live_meeting", "live_held", "member", "holds", "live_people")
    for view in (*kept, "held_anywhere"):
        db.execute(f"create table kept as from {view}")
        db.execute(f"drop view {view}")
        db.execute(f"alter table kept rename to {view}")


# Each session with its dates, which may be those of the nearest one above that has some.
SESSIONS = """
create view spans as
    with recursive above as (
        select sourcedId as session, sourcedId as at, 0 as level from live_academicSessions
        union all
        select a.session, s.parentSourcedId, a.level + 1
        from above a join live_academicSessions s on s.sourcedId = a.at
        where a.level < 12
    )
    select a.session, s.startDate::date as starts, s.endDate::date as ends
    from above a join live_academicSessions s on s.sourcedId = a.at
    where s.startDate is not null or s.endDate is not null
    qualify row_number() over (partition by a.session order by a.level) = 1;
create view terms_of as
    select sourcedId as class, unnest(string_split(termSourcedIds::varchar, ',')) as session
    from classes;
create view dated_terms as
    select class, starts, ends from terms_of join spans using (session);
"""

# What begins on the day counts; what ends must end after `late`: the day, or the one before it, if
# the last day counts. Which dates an enrollment lacks, its class has to make up for.
AT_DAY = """
create or replace view live_enrolled as
    select e.* from live_enrollments e, moment m
    where coalesce(e.beginDate::date <= m.day, true) and coalesce(e.endDate::date > m.late, true)
    and (
        (e.beginDate is not null and e.endDate is not null)
        or not exists (select 1 from dated_terms t where t.class = e.classSourcedId)
        or exists (
            select 1 from dated_terms t where t.class = e.classSourcedId
            and (e.beginDate is not null or coalesce(t.starts <= m.day, true))
            and (e.endDate is not null or coalesce(m.day <= t.ends, true))));
create or replace view live_meeting as
    select c.* from live_classes c, moment m
    where not exists (select 1 from dated_terms t where t.class = c.sourcedId)
    or exists (
        select 1 from dated_terms t where t.class = c.sourcedId
        and coalesce(t.starts <= m.day, true) and coalesce(m.day <= t.ends, true));
create or replace view live_held as
    select r.* from live_roles r, moment m
    where coalesce(r.beginDate::date <= m.day, true) and coalesce(r.endDate::date > m.late, true);
"""

IN_TERM = """
create view named as
    select s.sourcedId as session from live_academicSessions s, moment m
    where lower(trim(m.term)) in (lower(s.sourcedId), lower(trim(s.title)));
create view named_spans as
    select n.session, s.starts, s.ends from named n left join spans s using (session);
create view around as
    with recursive below as (
        select session from named
        union
        select s.sourcedId from below b
        join live_academicSessions s on s.parentSourcedId = b.session
    ),
    above as (
        select session from named
        union
        select p.sourcedId from above a
        join live_academicSessions s on s.sourcedId = a.session
        join live_academicSessions p on p.sourcedId = s.parentSourcedId
    )
    select session from below union select session from above;
create or replace view live_meeting as
    select * from live_classes
    where sourcedId in (select class from terms_of join around using (session));
create or replace view live_enrolled as
    select * from live_enrollments e
    where (
        classSourcedId in (select class from terms_of join around using (session))
        -- No term is said of a class that is not there, so that none is ruled out.
        or classSourcedId is null or classSourcedId not in (select sourcedId from classes)
    )
    and exists (
        select 1 from named_spans n
        where coalesce(e.beginDate::date <= n.ends, true)
        and coalesce(e.endDate::date + (select more from moment) > n.starts, true));
create or replace view live_held as
    select * from live_roles r where exists (
        select 1 from named_spans n
        where coalesce(r.beginDate::date <= n.ends, true)
        and coalesce(r.endDate::date + (select more from moment) > n.starts, true));
"""

THOSE_WHO_COUNT = """
create or replace view holds as select person, role from held_anywhere;
create or replace view live_people as
    select * from live_users
    where sourcedId in (select person from holds where role not in ('', 'student', 'teacher'))
    or sourcedId in (select person from member)
    -- Who holds no role at all is not one of those who need an enrollment.
    or (
        nullif(role::varchar, '') is null
        and sourcedId not in (select userSourcedId from roles where userSourcedId is not null)
    );
"""


def answer(frame: pd.DataFrame, *columns: str) -> Rows:
    """Return the rows of an answer with None for what is missing, sorted."""
    rows = frame[list(columns)].astype(object)
    return in_order(rows.where(rows.notna(), None).itertuples(index=False, name=None))


def in_order(rows: Any) -> Rows:
    return sorted((tuple(row) for row in rows), key=lambda row: [str(value) for value in row])


def test_people_are_described_as_sql_does(roster: onb.Roster, sql: Sql) -> None:
    found = pd.concat([roster.without_classes(), roster.multi_school()])[
        ["sourcedId", "givenName", "familyName", "role", "grades", "schoolNames"]
    ]
    rows = {row[0]: row for row in sql("""
        select sourcedId, givenName, familyName, role, grades from live_users
    """)}  # fmt: skip
    orgs = sql("select sourcedId, name from live_orgs where type = 'school'")
    names = dict(orgs)
    places: dict[str, list[str]] = {}
    for person, text in sql("select sourcedId, orgSourcedIds from live_users"):
        places[person] = [names[o] for o in (text or "").split(",") if o in names]
    for row in answer(found, *found.columns):
        assert row[:5] == rows[row[0]]
        assert row[5] == (join_values(places[row[0]]) or None)


def test_students_per_school_and_grade(roster: onb.Roster, sql: Sql) -> None:
    table = onb.crosstab(roster.get_users("students", "schools"), "schoolName", "grades")
    expected = {
        (school or "All", grade or "All"): count
        for school, grade, count in sql("""
            select coalesce(s.name, '(missing)'),
                coalesce(nullif(u.grades, ''), '(missing)'), count(distinct u.sourcedId)
            from live_users u
            join held_at h on h.person = u.sourcedId and h.role = 'student'
            join live_orgs s on s.sourcedId = h.org and s.type = 'school'
            group by cube (1, 2)
        """)
    }
    shown = {
        (school, grade): int(table.loc[school, grade])
        for school in table.index
        for grade in table.columns
        if table.loc[school, grade]
    }
    assert shown == {key: count for key, count in expected.items() if count}


def test_class_sizes(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    found = roster.class_sizes(over=9, **at)
    expected = sql("""
        select c.sourcedId, c.title, k.title, s.name,
            count(distinct m.person) as students, students > 9
        from live_meeting c
        left join courses k on k.sourcedId = c.courseSourcedId
        left join orgs s on s.sourcedId = c.schoolSourcedId
        left join member m on m.class = c.sourcedId and m.role = 'student'
        group by 1, 2, 3, 4
    """)
    columns = ["classSourcedId", "classTitle", "courseTitle", "schoolName", "students", "over"]
    assert answer(found, *columns) == in_order(expected)


@pytest.mark.parametrize("by", [["schoolName"], ["schoolName", "courseTitle"], ["location"]])
def test_class_sizes_summed_up(roster: onb.Roster, sql: Sql, by: list[str]) -> None:
    found = roster.class_sizes(by=by, over=8)
    names = {"schoolName": "s.name", "courseTitle": "k.title", "location": "c.location"}
    keys = ", ".join(f"coalesce(nullif({names[name]}, ''), '(missing)')" for name in by)
    expected = sql(f"""
        with sized as (
            select c.*, count(distinct m.person) as students
            from live_classes c
            left join member m on m.class = c.sourcedId and m.role = 'student'
            group by all
        )
        select {keys}, count(*), round(avg(students), 9), min(students), max(students),
            count(*) filter (students > 8)
        from sized c
        left join courses k on k.sourcedId = c.courseSourcedId
        left join orgs s on s.sourcedId = c.schoolSourcedId
        group by {", ".join(str(place + 1) for place in range(len(by)))}
    """)
    found["mean"] = found["mean"].round(9)
    assert answer(found, *by, "classes", "mean", "min", "max", "over") == in_order(expected)


def test_teacher_loads(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    expected = sql("""
        with taught as (select person, class from member where role = 'teacher')
        select u.sourcedId,
            (select count(*) from taught t where t.person = u.sourcedId),
            (select count(distinct m.person) from taught t
             join member m on m.class = t.class and m.role = 'student'
             where t.person = u.sourcedId),
            (select count(*) from taught t
             join member m on m.class = t.class and m.role = 'student'
             where t.person = u.sourcedId)
        from live_users u
        where u.sourcedId in (select person from holds where role = 'teacher')
           or u.sourcedId in (select person from taught)
    """)
    found = roster.teacher_loads(**at)
    assert answer(found, "sourcedId", "sections", "students", "contacts") == in_order(expected)


def test_without_classes(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    expected = sql("""
        select sourcedId from live_users
        where sourcedId in (select person from holds where role = 'student')
        and sourcedId not in (select person from member)
    """)
    assert answer(roster.without_classes(**at), "sourcedId") == in_order(expected)


def test_empty_classes(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    expected = sql("""
        select * from (
            select c.sourcedId,
                count(distinct m.person) filter (m.role = 'student') as students,
                count(distinct m.person) filter (m.role = 'teacher') as teachers,
                teachers = 0 as a,
                count(*) filter (m.role = 'teacher' and m.lead) = 0 as b,
                students = 0 as d
            from live_meeting c left join member m on m.class = c.sourcedId group by 1
        ) where a or b or d
    """)
    lacks = ["withoutTeacher", "withoutPrimaryTeacher", "withoutStudents"]
    found = answer(roster.empty_classes(**at), "classSourcedId", "students", "teachers", *lacks)
    assert found == in_order(expected)


def test_email_problems(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    expected = sql("""
        with written as (
            select sourcedId, email, nullif(lower(trim(email)), '') as address from live_people
        )
        select sourcedId, email, case when address is null then 'missing' else 'shared' end as p,
            case when address is null then 1
            else (select count(*) from written w where w.address = written.address) end as people
        from written where p = 'missing' or people > 1
    """)
    found = answer(roster.email_problems(**at), "sourcedId", "email", "problem", "people")
    assert found == in_order(expected)


def test_duplicate_people(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    rows = sql("""
        with recursive person as (
            select u.sourcedId as id, d.birthDate::date as born, coalesce(u.grades, '') as grade,
                strip_accents(lower(trim(coalesce(givenName, '')))) || '|' ||
                strip_accents(lower(trim(familyName))) || '|' || u.role as name
            from live_people u left join live_demographics d on d.sourcedId = u.sourcedId
            where coalesce(familyName, '') <> '' and coalesce(u.role, '') <> ''
        ),
        school as (
            select o.sourcedId as id, o.org from orgs_of o
            where o.org in (select sourcedId from live_orgs where type = 'school')
        ),
        place as (
            select * from school
            union
            select sourcedId, org from orgs_of where sourcedId not in (select id from school)
        ),
        pairs as (
            select a.id as one, b.id as other from person a join person b on a.name = b.name
            where a.id <> b.id and (
                a.born = b.born
                or (a.born is null and b.born is null and a.grade = b.grade and exists (
                    select 1 from place p join place q on p.org = q.org
                    where p.id = a.id and q.id = b.id)))
        ),
        reached as (
            select one, other from pairs
            union
            select r.one, p.other from reached r join pairs p on p.one = r.other
        )
        select one, if(any_value(born) is null, 'school and grade', 'birthDate'),
            least(one, min(other))
        from reached join person on person.id = one group by one
    """)
    found = roster.duplicate_people(**at)
    first = found.groupby("group")["sourcedId"].transform("min")
    assert answer(found.assign(first=first), "sourcedId", "sameBy", "first") == in_order(rows)
    assert found["group"].tolist() == sorted(found["group"])
    assert found["group"].nunique() == found["group"].max() or found.empty


def test_dangling_enrollments(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    parts = [
        f"""
        select e.sourcedId, '{field}', case
            when nullif(e.{field}::varchar, '') is null then 'blank'
            when e.{field} in (select sourcedId from {table}) then 'tobedeleted'
            else 'missing' end as reason
        from live_enrolled e
        where (e.{field} is null or e.{field} not in (select sourcedId from live_{table}))
        {"and nullif(e.schoolSourcedId::varchar, '') is not null" if table == "orgs" else ""}
        """
        for field, table in (
            ("userSourcedId", "users"),
            ("classSourcedId", "classes"),
            ("schoolSourcedId", "orgs"),
        )
    ]
    found = answer(roster.dangling_enrollments(**at), "enrollmentSourcedId", "field", "reason")
    assert found == in_order(sql(" union all ".join(parts)))


def test_grade_and_role_problems(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    grades = ["IT", "PR", "PK", "TK", "KG", *(f"{n:02d}" for n in range(1, 14)), "PS", "UG"]
    roles = [
        *("administrator", "aide", "counselor", "districtAdministrator", "guardian", "parent"),
        *("principal", "proctor", "relative", "siteAdministrator", "student"),
        *("systemAdministrator", "teacher"),
    ]
    expected = sql(
        """
        select sourcedId, 'grades', grade, 'unknown'
        from (select sourcedId, unnest(string_split(nullif(grades, ''), ',')) as grade
              from live_people)
        where grade not in (select unnest(?::varchar[]))
        union all
        select sourcedId, 'grades', null, 'missing' from live_people
        where nullif(grades, '') is null
        and sourcedId in (select person from holds where role = 'student')
        union all
        select distinct u.sourcedId, 'role', h.role, 'unknown'
        from live_people u join (
            select person, role from holds
            union
            select sourcedId, role::varchar from live_users
        ) h on h.person = u.sourcedId
        where h.role not in (select unnest(?::varchar[])) and h.role <> ''
        union all
        select sourcedId, 'role', null, 'missing' from live_people where nullif(role, '') is null
        """,
        [*grades, "Other"],
        roles,
    )
    found = roster.grade_and_role_problems(**at)
    assert answer(found, "sourcedId", "field", "value", "problem") == in_order(expected)


def test_multi_school(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    expected = sql("""
        select h.person, count(distinct h.org)
        from held_at h
        join live_orgs s on s.sourcedId = h.org and s.type = 'school'
        join live_people u on u.sourcedId = h.person
        where h.role = 'student'
        group by 1 having count(distinct h.org) > 1
    """)
    assert answer(roster.multi_school(**at), "sourcedId", "schoolCount") == in_order(expected)


# In a term, who changed sections is in one of them at a time.
AT_ONE_TIME = """
    and exists (
        select 1 from moment, live_enrolled e
        join live_enrolled o on o.userSourcedId = e.userSourcedId
        join live_classes k on k.sourcedId = o.classSourcedId
        where e.userSourcedId = m.person and e.classSourcedId = m.class
        and k.courseSourcedId = c.courseSourcedId and o.classSourcedId <> m.class
        and e.role = 'student' and o.role = 'student'
        and coalesce(e.beginDate::date < o.endDate::date + more, true)
        and coalesce(o.beginDate::date < e.endDate::date + more, true))
"""


def test_repeated_courses(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    rows = sql(f"""
        with pairs as (
            select m.person, c.courseSourcedId as course, c.sourcedId as class, c.title, c.n
            from member m join live_classes c on c.sourcedId = m.class
            where m.role = 'student' and c.courseSourcedId is not null
            {AT_ONE_TIME if "term" in at else ""}
        )
        select person, course,
            (select title from courses where sourcedId = course),
            count(*), list(class order by n), list(coalesce(title, '') order by n),
            exists (
                select 1 from pairs a join pairs b
                    on a.person = b.person and a.course = b.course and a.class <> b.class
                join class_terms s on s.sourcedId = a.class
                join class_terms t on t.sourcedId = b.class and s.term = t.term
                where a.person = p.person and a.course = p.course
            )
        from pairs p group by person, course having count(*) > 1
    """)
    expected = [(*row[:4], join_values(row[4]), join_values(row[5]), row[6]) for row in rows]
    columns = ["sourcedId", "courseSourcedId", "courseTitle", "classCount", "classSourcedIds"]
    found = answer(roster.repeated_courses(**at), *columns, "classTitles", "sameTerm")
    assert found == in_order(expected)


def test_cross_listed(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    rows = sql("""
        with recursive taught as (
            select c.sourcedId as class, c.schoolSourcedId as school,
                nullif(strip_accents(lower(trim(c.location))), '') as room,
                unnest(string_split(c.periods::varchar, ',')) as period, m.person
            from live_meeting c join member m on m.class = c.sourcedId and m.role = 'teacher'
        ),
        pairs as (
            select distinct a.class as one, b.class as other
            from taught a join taught b on a.school = b.school and a.room = b.room
                and a.period = b.period and a.person = b.person
            join class_terms s on s.sourcedId = a.class
            join class_terms t on t.sourcedId = b.class and s.term = t.term
        ),
        reached as (
            select one, other from pairs
            union
            select r.one, p.other from reached r join pairs p on p.one = r.other
        )
        select one, min(other), count(distinct other),
            (select count(distinct person) from member m
             where m.class = one and m.role = 'student'),
            (select count(distinct person) from member m join reached q on m.class = q.other
             where q.one = reached.one and m.role = 'student')
        from reached group by one having count(distinct other) > 1
    """)
    found = roster.cross_listed(**at)
    groups = found.groupby("group")["classSourcedId"]
    found = found.assign(first=groups.transform("min"), size=groups.transform("size"))
    columns = ["classSourcedId", "first", "size", "students", "groupStudents"]
    assert answer(found, *columns) == in_order(rows)
    teachers = dict(
        sql("""
        select class, list(person order by n) from member m
        join live_users u on u.sourcedId = m.person where m.role = 'teacher' group by class
    """)
    )
    for key, told in found[["classSourcedId", "teacherSourcedIds"]].itertuples(index=False):
        assert told == join_values(teachers[key])


def test_users_of_classes(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    for who, roles in {"users": ["student", "teacher"], "aides": ["aide"]}.items():
        expected = sql("""
            select distinct person, class from member
            where role in (select unnest(?::varchar[]))
        """, roles)  # fmt: skip
        found = roster.get_users(who, "classes", **at)
        assert answer(found, "sourcedId", "groupSourcedId") == in_order(expected), who


def test_users_of_courses(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    for who, role in {"students": "student", "teachers": "teacher"}.items():
        expected = sql("""
            select distinct m.person, k.sourcedId, m.class
            from member m join live_classes c on c.sourcedId = m.class
            join live_courses k on k.sourcedId = c.courseSourcedId
            where m.role = ?
        """, role)  # fmt: skip
        found = roster.get_users(who, "courses", **at)
        columns = ["sourcedId", "groupSourcedId", "classSourcedId"]
        assert answer(found, *columns) == in_order(expected), who


def test_users_of_schools(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    for who, role in {
        "students": "student",
        "teachers": "teacher",
        "guardians": "guardian",
    }.items():
        expected = sql("""
            select distinct h.person, h.org from held_at h
            join live_users u on u.sourcedId = h.person
            join live_orgs s on s.sourcedId = h.org and s.type = 'school'
            where h.role = $1
            and (not $2 or $1 not in ('student', 'teacher')
                or h.person in (select person from member))
        """, role, bool(at))  # fmt: skip
        found = roster.get_users(who, "schools", **at)
        assert answer(found, "sourcedId", "groupSourcedId") == in_order(expected), who


def test_users_without_a_group(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    assert answer(roster.get_users(**at), "sourcedId") == in_order(
        sql("select sourcedId from live_people")
    )
    for who, role in {"students": "student", "teachers": "teacher", "aides": "aide"}.items():
        expected = sql("""
            select sourcedId from live_users
            where sourcedId in (select person from held_anywhere where role = $1)
            and (not $2 or $1 not in ('student', 'teacher')
                or sourcedId in (select person from member))
        """, role, bool(at))  # fmt: skip
        assert answer(roster.get_users(who, **at), "sourcedId") == in_order(expected), who


def test_classes_with_names(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    rows = sql("""
        select c.sourcedId, k.title, s.name,
            count(distinct m.person) filter (m.role = 'student'),
            count(distinct m.person) filter (m.role = 'teacher')
        from live_meeting c
        left join courses k on k.sourcedId = c.courseSourcedId
        left join orgs s on s.sourcedId = c.schoolSourcedId
        left join member m on m.class = c.sourcedId
        group by 1, 2, 3
    """)
    teachers: dict[str, list[str]] = {}
    for class_, name in sql("""
        select m.class, trim(concat_ws(' ', u.givenName, u.familyName))
        from member m join live_users u on u.sourcedId = m.person where m.role = 'teacher'
        order by u.familyName nulls last, u.givenName nulls last, u.sourcedId
    """):
        teachers.setdefault(class_, []).append(name)
    found = roster.get_classes(with_names=True, **at)
    columns = ["sourcedId", "courseTitle", "schoolName", "studentCount", "teacherCount"]
    assert answer(found, *columns, "teacherNames") == in_order(
        (*row, join_values(filter(None, teachers.get(row[0], []))) or None) for row in rows
    )
    full = roster.get_classes({"studentCount": {">": 4}}, with_names=True, **at)
    assert answer(full, "sourcedId") == in_order((row[0],) for row in rows if row[3] > 4)


# What get_users is told, and the same in SQL about a user u, a class c, its course k and school s.
CONDITIONS: list[tuple[dict[str, Any], str]] = [
    ({"grades": ["06", "Lions"]}, "list_has_any(string_split(u.grades, ','), ['06', 'Lions'])"),
    (
        {"grades": {"!=": "6"}},
        "not coalesce(list_contains(string_split(u.grades, ','), '06'), false)",
    ),
    (
        {"grades": {">=": "05", "<": "08"}},
        # Any element fits the one condition, and any the other.
        """list_has_any(string_split(u.grades, ','), string_split('05,06,07,08,09,10,11,12', ','))
        and list_has_any(string_split(u.grades, ','), string_split('KG,01,02,03,04,05,06,07', ','))
        """,
    ),
    ({"email": None}, "u.email is null"),
    (
        {"email": {"!=": None}, "familyName": {"~": "A"}},
        "u.email is not null and u.familyName ilike '%a%'",
    ),
    ({"givenName": {">": "M"}}, "u.givenName > 'M'"),
    ({"role": {"!=": ["student", "aide"]}}, "coalesce(u.role not in ('student', 'aide'), true)"),
]
CLASS_CONDITIONS: list[tuple[dict[str, Any], str]] = [
    ({"courseTitle": {"~": ["ELA", "art"]}}, "k.title ilike '%ela%' or k.title ilike '%art%'"),
    (
        {"courseTitle": None, "grades": "06"},
        "k.title is null and list_contains(string_split(u.grades, ','), '06')",
    ),
    ({"classTitle": {"!=": "Art"}}, "coalesce(c.title <> 'Art', true)"),
    (
        {"termSourcedIds": ["s1", "gp2"]},
        "list_has_any(string_split(c.termSourcedIds::varchar, ','), ['s1', 'gp2'])",
    ),
    ({"schoolName": {"<=": "North"}}, "s.name <= 'North'"),
]


def test_users_who_fit_conditions(
    roster: onb.Roster, sql: Sql, at: Moment, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(request.node.name)
    for where, text in chance.sample(CONDITIONS, cases(1, len(CONDITIONS))):
        found = roster.get_users(where=where, **at)
        expected = sql(f"select u.sourcedId from live_people u where {text}")
        assert answer(found, "sourcedId") == in_order(expected), where
    every = [*CONDITIONS, *CLASS_CONDITIONS]
    for where, text in chance.sample(every, cases(1, len(every))):
        expected = sql(f"""
            select distinct m.person, c.sourcedId from member m
            join live_users u on u.sourcedId = m.person
            join live_classes c on c.sourcedId = m.class
            left join courses k on k.sourcedId = c.courseSourcedId
            left join orgs s on s.sourcedId = c.schoolSourcedId
            where m.role = 'student' and ({text})
        """)
        found = roster.get_users("students", "classes", where=where, **at)
        assert answer(found, "sourcedId", "groupSourcedId") == in_order(expected), where
        people = roster.get_users("students", "classes", where=where, unique=True, **at)
        assert answer(people, "sourcedId") == in_order({row[:1] for row in expected}), where


def test_users_of_one_school(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    schools = [*sql("select name from live_orgs where type = 'school' order by n desc limit 1")]
    if not schools:
        with pytest.raises(onb.QueryError):
            roster.get_users("students", "classes", school="1", **at)
        return
    school = schools[0][0]
    here = "(select sourcedId from live_orgs where type = 'school' and name = $1)"
    columns = ["sourcedId", "groupSourcedId", "classSourcedId"]
    for kind, group in {"classes": "c.sourcedId", "courses": "k.sourcedId"}.items():
        expected = sql(f"""
            select distinct m.person, {group}, m.class
            from member m join live_classes c on c.sourcedId = m.class
            left join live_courses k on k.sourcedId = c.courseSourcedId
            where m.role = 'student' and c.schoolSourcedId in {here} and {group} is not null
        """, school)  # fmt: skip
        found = roster.get_users("students", kind, school=f" {school.upper()}", **at)
        assert answer(found, *columns) == in_order(expected), kind
    expected = sql(f"""
        select distinct g.person, m.class, m.person
        from member g join member m on m.class = g.class and m.person <> g.person
        join live_classes c on c.sourcedId = m.class
        where g.role = 'teacher' and m.role = 'student' and c.schoolSourcedId in {here}
        and g.person in (select o.sourcedId from orgs_of o where o.org in {here})
    """, school)  # fmt: skip
    found = roster.get_users("students", "teachers", school=school, **at)
    assert answer(found, "groupSourcedId", "classSourcedId", "sourcedId") == in_order(expected)


def test_users_of_people(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    columns = ["groupSourcedId", "classSourcedId", "sourcedId"]
    for group, role in (("teachers", "student"), ("students", "teacher"), ("students", "student")):
        expected = sql("""
            select distinct g.person, m.class, m.person
            from member g join member m on m.class = g.class and m.person <> g.person
            where g.role = $1 and m.role = $2
        """, group[:-1], role)  # fmt: skip
        assert answer(roster.get_users(f"{role}s", group, **at), *columns) == in_order(expected)


# Who is linked to whom, at whichever of the two it is written.
LINKS = """
    with said as (
        select sourcedId as one, unnest(string_split(agentSourcedIds::varchar, ',')) as other
        from live_users
    ),
    links as (
        select one, other from said union select other, one from said
    ),
    guardian as (
        select l.one as student, l.other as person from links l
        join live_users u on u.sourcedId = l.other and l.one <> l.other
        where l.other in (select person from held_anywhere where role = 'guardian')
    )
"""


def test_guardians(roster: onb.Roster, sql: Sql, at: Moment) -> None:
    expected = sql(f"""
        {LINKS}
        select distinct g.person, m.class from member m join guardian g on g.student = m.person
        where m.role = 'student'
    """)
    found = roster.get_users("guardians", "classes", **at)
    assert answer(found, "sourcedId", "groupSourcedId") == in_order(expected)
    # Whose role or class is over is still the student who is meant.
    expected = sql(f"""
        {LINKS}
        select g.student, g.person from guardian g join live_users u on u.sourcedId = g.student
        where g.student in (select person from {"held_ever" if at else "held_anywhere"}
            where role = 'student')
        or g.student in (select userSourcedId from live_enrollments where role = 'student')
    """)
    found = roster.get_users("guardians", "students", **at)
    assert answer(found, "groupSourcedId", "sourcedId") == in_order(expected)
    assert found["classSourcedId"].isna().all()


def test_seats(roster: onb.Roster, sql: Sql) -> None:
    # Apart from its commas and bars, a title can stand in a rule.
    (title, school) = sql("""
        select (select title from live_courses order by n limit 1),
            (select name from live_orgs where type = 'school' order by n limit 1)
    """)[0]
    rules = [f"courses::{title}::students", f"schools::{school}::students", "classes::*::teachers"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", onb.RosterWarning)
        found = onb.seats(roster, rules)
    queries = (
        """select distinct m.person from member m
        join live_classes c on c.sourcedId = m.class
        join live_courses k on k.sourcedId = c.courseSourcedId
        where m.role = 'student' and lower(trim(k.title)) = lower(trim($title))""",
        """select distinct h.person from held_at h
        join live_orgs s on s.sourcedId = h.org and s.type = 'school' and lower(s.name) =
        lower($school) join live_users u on u.sourcedId = h.person where h.role = 'student'""",
        "select distinct person from member where role = 'teacher'",
    )
    meant = " union all ".join(
        f"select {at} as rule, person from ({q})" for at, q in enumerate(queries)
    )
    expected = sql.db.execute(  # type: ignore[attr-defined]
        f"""
        with meant as ({meant}), alone as (
            select person, any_value(rule) as rule from meant group by 1 having count(*) = 1
        )
        select (select count(*) from meant m where m.rule = r.rule),
            (select count(*) from alone a where a.rule = r.rule)
        from (select unnest([0, 1, 2]) as rule) r
        union all
        select (select count(distinct person) from meant), (select count(*) from alone)
        """,
        {"title": title, "school": school},
    ).fetchall()
    assert list(zip(found["people"], found["onlyHere"], strict=True)) == expected
    assert found["shared"].tolist() == [people - only for people, only in expected]
    people = found.attrs["people"]
    assert people["sourcedId"].is_unique
    assert len(people) == expected[-1][0]
    assert (people["ruleCount"] == 1).sum() == expected[-1][1]


# Two rosters


def changed(tables: dict[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """Change a district a little, everywhere."""
    chance = random.Random(seed)
    after = {name: table.copy() for name, table in tables.items()}
    users, enrollments = after["users"], after["enrollments"]
    classes = after["classes"]["sourcedId"].tolist()
    for row in users.index:
        if chance.random() < 0.1:
            users.loc[row, "grades"] = chance.choice(["05", "06", None])
        if chance.random() < 0.05:
            users.loc[row, "email"] = chance.choice([None, "new@x.example"])
        if chance.random() < 0.05:
            users.loc[row, "status"] = chance.choice(["active", "tobedeleted"])
        if chance.random() < 0.05:
            users.loc[row, "orgSourcedIds"] = chance.choice(["2", "3", "2,3", None])
    for row in enrollments.index:
        if chance.random() < 0.1:
            enrollments.loc[row, "classSourcedId"] = chance.choice(classes)
    come = users.sample(5, random_state=seed).copy()
    come["sourcedId"] = "new-" + come["sourcedId"]
    lost = users.sample(5, random_state=seed + 1).index
    after["users"] = pd.concat([users.drop(index=lost), come], ignore_index=True)
    more = enrollments.sample(10, random_state=seed).copy()
    more["sourcedId"] = "new-" + more["sourcedId"]
    more["userSourcedId"] = chance.choice(come["sourcedId"].tolist())
    after["enrollments"] = pd.concat([enrollments.iloc[7:], more], ignore_index=True)
    return after


@pytest.mark.parametrize("seed", range(cases(3, 8)))
def test_what_changed(seed: int, tmp_path: Path) -> None:
    tables = worse(seed) if seed else dict(small_district())
    before, after = onb.Roster(tables), onb.Roster(changed(tables, seed))
    found = onb.diff(before, after)
    db = duckdb.connect()
    sql_of(before.save(tmp_path / "before"), "b_", db)
    sql = sql_of(after.save(tmp_path / "after"), "a_", db)
    for side in "ab":
        db.execute(f"create view ids_{side} as select sourcedId from live_{side}_users")

    came, went = (
        sql(f"select sourcedId from live_{here}_users except from ids_{there}")
        for here, there in ("ab", "ba")
    )
    columns = [c for c in before.users if c not in ("sourcedId", "status", "dateLastModified")]
    columns = [c for c in columns if c not in TABLES["users"].sensitive]
    fields = []
    for column in columns:
        fields += sql(f"""
            select a.sourcedId, '{column}', nullif(b."{column}"::varchar, ''),
                nullif(a."{column}"::varchar, '')
            from live_a_users a join live_b_users b using (sourcedId)
            where coalesce(a."{column}"::varchar, '') <> coalesce(b."{column}"::varchar, '')
        """)
    people = found.people
    of = {change: people.loc[people["change"] == change] for change in people["change"].unique()}
    assert answer(of["added"], "sourcedId") == in_order(came)
    assert answer(of["removed"], "sourcedId") == in_order(went)
    assert {row[0] for row in answer(of["changed"], "sourcedId")} == {row[0] for row in fields}
    assert answer(found.fields, "sourcedId", "field", "before", "after") == in_order(fields)
    assert sum(len(text.split(",")) for text in of["changed"]["fields"]) == len(fields)

    sides = {
        "gone": ("b_", "a_"),
        "come": ("a_", "b_"),
    }
    moves: dict[str, Rows] = {}
    for side, (here, there) in sides.items():
        moves[side] = sql(f"""
            select distinct m.person, m.role, c.courseSourcedId, m.class, u.n, c.n
            from {here}member m join {here}classes c on c.sourcedId = m.class
            join {here}users u on u.sourcedId = m.person
            where not exists (
                select 1 from {there}member o where o.person = m.person and o.class = m.class
                and o.role is not distinct from m.role)
            order by u.n, c.n
        """)
    expected = []
    come = list(moves["come"])
    for person, role, course, klass, *_ in moves["gone"]:
        fitting = [row for row in come if course and row[:3] == (person, role, course)]
        if fitting:
            come.remove(fitting[0])
            expected.append(("moved", person, role, course, klass, fitting[0][3]))
        else:
            expected.append(("dropped", person, role, course, klass, None))
    expected += [("added", *row[:3], None, row[3]) for row in come]
    columns = ["change", "userSourcedId", "role", "courseSourcedId"]
    shown = answer(found.enrollments, *columns, "fromClassSourcedId", "toClassSourcedId")
    assert shown == in_order(expected)

    numbers = found.by_school.set_index("schoolName")
    assert numbers.loc["All", ["added", "removed", "changed"]].tolist() == [
        len(came),
        len(went),
        len({row[0] for row in fields}),
    ]
    for column, change in (
        ("enrollmentsAdded", "added"),
        ("enrollmentsDropped", "dropped"),
        ("enrollmentsMoved", "moved"),
    ):
        who = {(row[1], row[4], row[5]) for row in expected if row[0] == change}
        assert numbers.loc["All", column] == len({person for person, *_ in who})
        names = dict(
            sql("""
            select c.sourcedId, s.name from b_classes c
            join b_orgs s on s.sourcedId = c.schoolSourcedId
        """)
        )
        at: dict[str, set[str]] = {}
        for person, *classes in who:
            for klass in classes:
                if klass is not None:
                    at.setdefault(names.get(klass, "(missing)"), set()).add(person)
        shown_at = {name: n for name, n in numbers[column].items() if n and name != "All"}
        assert shown_at == {name: len(members) for name, members in at.items()}
    schools = "(select sourcedId as org, name from live_a_orgs where type = 'school')"
    added = dict(sql(f"""
        select coalesce(s.name, '(missing)'), count(distinct u.sourcedId)
        from live_a_users u left join a_orgs_of o using (sourcedId)
        left join {schools} s using (org)
        where u.sourcedId in (select unnest(?::varchar[]))
        and (s.name is not null or not exists (
            select 1 from a_orgs_of p join {schools} q using (org)
            where p.sourcedId = u.sourcedId))
        group by 1
        """, [row[0] for row in came]))  # fmt: skip
    assert {name: n for name, n in numbers["added"].items() if n and name != "All"} == added


@pytest.mark.parametrize("seed", range(cases(3, 8)))
def test_two_lists(seed: int) -> None:
    tables = worse(seed)
    left = onb.Roster(tables).get_users()[["sourcedId", "email", "grades", "givenName"]]
    right = onb.Roster(changed(tables, seed)).get_users()
    right = right[["sourcedId", "email", "grades", "familyName"]]
    db = duckdb.connect()
    db.register("l", left)
    db.register("r", right)
    found = onb.compare_lists(left, right)
    expected = db.execute("""
        with joined as (
            select coalesce(l.sourcedId, r.sourcedId) as id, l.sourcedId as a, r.sourcedId as b,
                l.givenName as given, r.familyName as family,
                coalesce(l.email, '') <> coalesce(r.email, '') as e,
                coalesce(l.grades, '') <> coalesce(r.grades, '') as g
            from l full join r on l.sourcedId = r.sourcedId
        )
        select id, given, family,
            case when b is null then 'only left' when a is null then 'only right'
            when e or g then 'different' else 'same' end,
            case when a is null or b is null then null
            else nullif(concat_ws(',', if(e, 'email', null), if(g, 'grades', null)), '') end
        from joined
    """).fetchall()
    columns = ["sourcedId", "givenName", "familyName", "status", "fields"]
    assert answer(found, *columns) == in_order(expected)
    assert found.columns.tolist()[:5] == columns
    by_mail = onb.compare_lists(left, right, on="email")
    (counts,) = db.execute("""
        with a as (select distinct lower(trim(email)) as k from l where trim(email) <> ''),
            b as (select distinct lower(trim(email)) as k from r where trim(email) <> '')
        select (select count(*) from a where k not in (from b)) + (
                select count(*) from l where coalesce(trim(email), '') = ''),
            (select count(*) from b where k not in (from a)) + (
                select count(*) from r where coalesce(trim(email), '') = '')
    """).fetchall()
    status = by_mail["status"].value_counts()
    assert (status.get("only left", 0), status.get("only right", 0)) == counts


@pytest.mark.parametrize("seed", range(cases(3, 8)))
def test_people_and_accounts(seed: int) -> None:
    left = onb.Roster(worse(seed)).get_users()
    right = onb.Roster(changed(worse(seed), seed)).get_users().sample(frac=1, random_state=seed)
    chance = random.Random(seed)
    right = right.assign(
        sourcedId="account-" + right["sourcedId"],
        identifier=[None if chance.random() < 0.3 else text for text in right["identifier"]],
        email=[None if chance.random() < 0.3 else text for text in right["email"]],
    )
    names = ["sourcedId", "email", "identifier", "givenName", "familyName"]
    db = duckdb.connect()
    db.register("raw_l", left[names])
    db.register("raw_r", right[names])
    for side in "lr":
        plain = ", ".join(
            f"nullif(strip_accents(lower(trim({name}))), '') as {name}" for name in names[1:]
        )
        db.execute(f"create table {side} as select sourcedId as id, {plain} from raw_{side}")
    db.execute("create table matched (l varchar, r varchar, label varchar)")
    db.execute("create table unclear (l varchar, r varchar, label varchar, step int)")
    for step, fields in enumerate([["email"], ["identifier"], ["givenName", "familyName"]]):
        label = ",".join(fields)
        agree = " and ".join(f"l.{name} = r.{name}" for name in fields)
        db.execute(f"""
            create or replace table pairs as
            select l.id as l, r.id as r from l join r on {agree}
            where l.id not in (select l from matched) and r.id not in (select r from matched)
        """)
        once = "count(*) over (partition by l) = 1 and count(*) over (partition by r) = 1"
        db.execute(
            f"insert into unclear select l, r, '{label}', {step} from pairs qualify not ({once})"
        )
        db.execute(f"insert into matched select l, r, '{label}' from pairs qualify {once}")
    expected = db.execute("""
        with open_pairs as (
            select l, r, arg_min(label, step) as label from unclear
            where l not in (select l from matched) and r not in (select r from matched)
            group by l, r
        )
        , pairs as (
            select l, r, label, 'matched' as status from matched
            union all select l, r, label, 'ambiguous' from open_pairs
            union all select id, null, null, 'only left' from l
                where id not in (select l from matched) and id not in (select l from open_pairs)
            union all select null, id, null, 'only right' from r
                where id not in (select r from matched) and id not in (select r from open_pairs)
        )
        select pairs.*, nullif(concat_ws(',',
            if(l.email <> r.email, 'email', null),
            if(l.identifier <> r.identifier, 'identifier', null),
            if(l.givenName <> r.givenName, 'givenName', null),
            if(l.familyName <> r.familyName, 'familyName', null)), '')
        from pairs left join l on l.id = pairs.l left join r on r.id = pairs.r
    """).fetchall()
    found = onb.match_people(left, right)
    columns = ["leftId", "rightId", "matchedOn", "status", "differs"]
    assert answer(found, *columns) == in_order(expected)
    assert {"matched", "ambiguous", "only left", "only right"} == set(found["status"])
    number = int((found["status"] == "matched").sum())
    assert found.attrs["footnote"].startswith(f"{number} matched (")


def test_every_question_finds_something() -> None:
    """See that the random districts are worth asking: each question has answers in half of them."""
    names = [
        *("without_classes", "empty_classes", "email_problems", "duplicate_people"),
        *("dangling_enrollments", "grade_and_role_problems", "multi_school"),
        *("repeated_courses", "cross_listed"),
    ]
    rosters = [onb.Roster(worse(seed)) for seed in SEEDS[1:]]
    for name in names:
        found = sum(bool(len(getattr(roster, name)())) for roster in rosters)
        assert found >= len(rosters) / 2, name


def test_every_moment_leaves_something_and_something_out() -> None:
    """See that the random moments are worth asking about: most leave out some students."""
    shares = []
    for seed, number in MOMENTS[:4]:
        roster = onb.Roster(dated(seed.seed))
        enrolled = roster.enrollments.query("role == 'student'")["userSourcedId"].dropna()
        people = set(enrolled)
        then = moment(roster.academic_sessions, number)
        some = set(roster.get_users("students", "classes", **then)["sourcedId"])
        assert some <= people
        shares.append(len(some) / len(people))
    assert sum(0 < share < 1 for share in shares) >= len(shares) / 2
