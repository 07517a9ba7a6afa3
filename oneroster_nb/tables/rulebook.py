"""The rules that a roster can break: what is wrong, why it matters, and how to fix it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Rule:
    """A rule that a roster can break.

    Attributes
    ----------
    code : str
        Its stable name.
    severity : str
        ``"error"`` (against the standard, or people or classes are lost), ``"warning"`` (allowed,
        and rarely meant), ``"info"`` (good to know).
    sentence : str
        What is wrong where it is broken.
    why : str
        Why that matters.
    fix : str
        How to fix it.
    """

    code: str
    severity: str
    sentence: str
    why: str = ""
    fix: str = ""


_TEXT = """
error manifest-file The manifest and the files of the bundle do not agree.
  A file that is named and not there may be a failed export, and then people are missing.
  Export the bundle again, or correct the manifest.
warning manifest-missing The bundle has no manifest, so every file was taken as a whole table.
  If the files hold only changes, all that did not change seems to be gone.
  Export manifest.csv, too: the standard requires it.
error file-unreadable A file cannot be read; its table was left out.
  Every row of that table is missing in all answers.
  Export the file again; the message says what stopped the reading.
warning file-empty A file holds not even a header; it was read as a table without rows.
  An export that stopped early looks the same.
  Export the file again, with its header.
warning manifest-format The manifest is not written as the standard writes it.
  Other programs may refuse the bundle, or take changes for a whole table.
  Write the properties of the manifest and their values as in the standard.
info file-name A file's name is written otherwise than the standard writes it.
  Programs that look for the exact name do not find the file.
  Name the file as in the standard, for example academicSessions.csv.
info file-folder The files are in a folder inside the bundle.
  Other programs look for the files at the top of the bundle.
  Zip the files themselves instead of the folder that holds them.
info file-unknown A file is not one of the standard's.
  No answer has its rows.
  Rename the file if its name is misspelt; otherwise leave it out of the bundle.
info encoding-mark A file begins with a byte order mark.
  Programs that do not expect it read a wrong name for the first column.
  Export in UTF-8 without a byte order mark.
warning encoding-other A file is not in UTF-8; it was read as Windows-1252 where it is not.
  Names with accents may be read wrongly.
  Export in UTF-8, which the standard requires.
warning encoding-utf16 A file is in UTF-16, not in UTF-8.
  Programs that follow the standard cannot read the file.
  Export in UTF-8, which the standard requires.
warning separator-other Values are not separated by commas.
  Programs that follow the standard read each row as one value.
  Export with commas between the values.
info separator-line A file begins with a line sep=, which tells spreadsheets the separator.
  Other programs take that line for the header.
  Remove the first line of the file.
info line-ends Lines end with a carriage return alone.
  Many programs read such a file as one line.
  Export with a line feed at the end of each line.
error quote-alone A quote lacks its partner; the rows that it would hide were recovered.
  Other programs read the rows after the quote as one value, and lose them.
  Put a value that holds a quote in quotes, and double the quote inside.
info column-name A column's name is written in other case than the standard's.
  Programs that compare names exactly do not find the column.
  Write the header as in the standard, with the same capitals.
info column-old A column is named as in OneRoster 1.0; it was taken as the one of today.
  Programs for newer versions do not find the column under its old name.
  Export in OneRoster 1.1 or 1.2.
warning column-misspelt A column's name is misspelt; it was taken as the one that is meant.
  The guess may be wrong, and other programs ignore the column.
  Correct the name in the header.
info column-unknown A column is not one of the standard's; it was kept as metadata.
  Other programs may ignore its values.
  Correct the name if it is misspelt; otherwise begin it with metadata.
warning column-repeated A column is there twice; the second was kept as metadata.
  It is unclear which of the two holds the right values.
  Export the column once.
info column-empty A column has no name.
  It is unknown what its values mean.
  Name the column in the header, or leave it out.
warning row-ragged Rows have more or fewer values than there are columns.
  Values may stand in the wrong columns.
  Put values that hold commas in quotes, and export the file again.
warning date-format Dates are not written as the standard writes them.
  A date such as 03/04/2026 can be read in two ways.
  Write dates as YYYY-MM-DD.
info boolean-format Booleans are not written as true and false.
  Other programs may read such a value as false or as missing.
  Write true and false.
info status-in-bulk A bulk file says status or dateLastModified, which belong in a delta.
  The standard wants both empty there, and other programs may refuse the file.
  Leave both columns empty in bulk files.
error value-unreadable A value is not of the type that its column has.
  The value is missing in all answers.
  Correct the value in the student information system, or the way it is exported.
info word-written-otherwise A status, role or type is in other case or spacing than the standard's.
  Programs that compare words exactly do not count such rows.
  Write the word as in the standard, for example student.
error id-number Ids are written as a spreadsheet writes numbers, so rows do not fit.
  Other programs do not find the rows that belong together.
  Export again, and do not save the files in a spreadsheet.
error id-case Ids are written in other case elsewhere, so rows do not fit.
  Other programs do not find the rows that belong together.
  Export each id with the same capitals in all tables.
error id-braces Ids stand in braces or spaces elsewhere, so rows do not fit.
  Other programs do not find the rows that belong together.
  Export each id in all tables with braces, or in all without, and never with spaces.
error id-composition Ids compose their accents otherwise elsewhere, so rows do not fit.
  Other programs do not find the rows that belong together, although their ids look the same.
  Use ids without accents, or export all of them in one Unicode form.
error id-other A column refers to rows by other ids than their sourcedIds.
  Other programs look for sourcedIds there, and find nothing.
  Export the sourcedId of the row that is meant.
warning record-per-school One person or org has several records, under different sourcedIds.
  It is counted once for each record, and its classes are divided among them.
  Export one record for each person and org; a person's orgs can be several.
warning value-number Values are written as a spreadsheet writes numbers.
  A value such as 100.0 does not match 100 in other systems.
  Export the column as text, not as a number.
error required-missing A field that the standard requires is empty.
  Other programs may refuse the row, or cannot use it.
  Fill the field in the student information system, or add it to the export.
warning field-missing A field that the standard requires in CSV files is empty.
  Other programs may refuse a CSV bundle of this roster.
  Fill the field if you export CSV files.
info field-never-sent The source never sends fields that the standard requires.
  Questions about these fields find nothing.
  Ask the provider to share them if you need them.
info guardian-incomplete Guardians lack fields that the standard requires.
  Other programs may refuse these guardians.
  Fill the fields if the guardians need accounts.
error value-unknown A value is not one that the standard allows here.
  Other programs may leave the row out, or misread it.
  Use a value of the standard's list.
error key-missing A row has no sourcedId.
  No other row can refer to it, and nothing can update it.
  Export an id for each row.
error key-repeated A sourcedId is there more than once.
  It is unclear which row is meant, and only one of them is kept.
  Export each id once.
warning id-signs Ids hold signs that OneRoster 1.2 does not allow in its files.
  Programs for OneRoster 1.2 may refuse these rows.
  Use at most 255 letters, digits and the signs . / @ _ - in ids.
warning role-of-other-version A role is one that only the other version of the standard has.
  Programs that know one version do not know what these people are.
  Export the role that the version of the source has.
error school-year-malformed A school year is not written as a year.
  Other programs cannot tell which year is meant.
  Write the year in which the school year ends, for example 2027.
warning subjects-unequal There are more subjects than subject codes, or fewer.
  It is unclear which code belongs to which subject.
  Export one code for each subject, in the same order.
info row-repeated Rows are there more than once, word for word.
  One copy was kept; other programs may count all of them.
  Export each row once.
info rows-joined Rows of one person were joined.
  Other programs may keep only one of the rows, and lose roles or schools.
  Export one row for each person, with all orgs.
info row-superseded A delta changes rows more than once; the latest change was taken.
  Other programs may keep an earlier change.
  Export only the latest change of each row.
warning version-mixed Roles and orgs of people are written as in another version of OneRoster.
  Other programs may miss roles or schools of these people.
  Export people and their roles in one version.
error reference-unknown Rows refer to something that is not in the roster.
  Those rows have no school, course, class or term in the answers.
  Share or export what is missing, or correct the ids that refer to it.
warning person-not-shared People are referred to and not there; perhaps they are not shared.
  Answers show fewer people than the classes have.
  Share these people with the application, or end their enrollments.
warning table-not-shared Rows refer to a table without rows; perhaps it is not shared.
  Questions about that table find nothing.
  Share the table with the application if you need it.
error cycle Things are below one another in a circle.
  It is unclear which of them is the highest, and other programs may never end.
  Correct the parent of one of them.
error dates-reversed Something ends before it begins.
  No day lies between the two dates, so answers for a day leave it out.
  Correct one of the two dates.
error student-without-school A student is at no school.
  Lists and counts of schools leave the student out.
  Add the student's school in the student information system.
warning student-without-grade A student has no grade.
  Lists and counts by grade leave the student out.
  Add the student's grade in the student information system.
info student-with-two-schools A student is at more than one school.
  The student is counted at each of them, so schools add up to more than the district.
  Remove a school that the student has left; if the student attends both, all is well.
warning student-without-class A student is in no class.
  The student gets nothing that is assigned by class.
  Enroll the student in classes, or remove a student who has left.
warning class-without-teacher A class has no teacher.
  No teacher can use the class in other programs.
  Assign a teacher, or remove the class if it does not meet.
warning class-without-primary-teacher A class has teachers, and none of them is the primary one.
  Programs that show one teacher for each class do not know which.
  Mark one of the teachers as primary.
warning class-with-two-primary-teachers A class has two primary teachers at one time.
  Programs that show one teacher for each class may show the wrong one.
  Mark one of them as not primary, or correct the dates of their enrollments.
warning class-without-student A class has no students.
  Such classes make the average class look smaller.
  Enroll its students, or remove the class if it does not meet.
warning class-not-in-school A class belongs to an org that is not a school.
  Lists and counts of schools leave the class out.
  Assign the class to the school where it meets.
warning school-empty A school has no classes, no students or no teachers.
  Perhaps not everything was shared or exported.
  Share the rest of the school, or remove a school that is closed.
info guardian-one-way Only one of student and guardian names the other.
  Programs that look from the other side do not find the link.
  Export the link with both of them.
error class-without-term A class is in no term.
  It is unknown when the class meets, and lists of a term leave it out.
  Assign the class to its term.
warning person-twice One person seems to be there under two ids.
  The person is counted twice, and may have two accounts.
  Merge the two records if they are one person.
warning email-shared An email address is that of several people.
  Programs that know people by their email mix them up.
  Give each person their own address.
warning email-malformed An email address is malformed.
  Messages do not arrive, and other programs may refuse the person.
  Correct the address.
error username-shared A username is that of several people.
  Only one of them can sign in, or they share one account.
  Give each person their own username.
warning username-malformed A username holds spaces or signs that nobody can type.
  The person may not be able to sign in.
  Remove spaces and invisible signs from the username.
warning enrollment-outside-term An enrollment lies outside the terms of its class.
  The person counts in the class on days on which it does not meet.
  Correct the dates of the enrollment or of the term.
info enrollment-role A person is enrolled in a role that the person does not have.
  Lists of that role at the school leave the person out.
  Give the person the role at that school, or correct the enrollment.
warning enrollment-school An enrollment is at another school than its class.
  Other programs may count the person at the wrong school.
  Correct the school of the enrollment or of the class.
warning enrollment-twice One enrollment is there under two ids.
  Programs that count enrollments count the person twice.
  Remove one of the two.
warning enrollment-overlap Enrollments of one person in one class overlap.
  It is unclear which dates, and which role, hold on the days that they share.
  Make one enrollment of them, or correct their dates.
warning student-primary A student is marked as primary, which is for teachers.
  Other programs may take the student for the teacher of the class.
  Mark the student's enrollment as not primary.
warning grade-unknown A grade is not in the CEDS list.
  Other programs do not know the grade, and it has no place in the order of grades.
  Map the grade to one of the CEDS list, for example 09 or KG.
"""


def _read(text: str) -> Iterable[Rule]:
    """Read the rules: a line with severity, code and sentence, one why, and one how to fix it."""
    lines = text.strip().splitlines()
    for first, why, fix in zip(*[iter(lines)] * 3, strict=True):
        severity, code, sentence = first.split(None, 2)
        yield Rule(code, severity, sentence, why.strip(), fix.strip())


RULES: Mapping[str, Rule] = {rule.code: rule for rule in _read(_TEXT)}
"""The rules by their codes."""


def rule_table(rules: Iterable[Rule]) -> pd.DataFrame:
    """Put rules into a frame: ``code severity means why fix`` (str)."""
    each = list(rules)
    columns = {
        "code": [rule.code for rule in each],
        "severity": [rule.severity for rule in each],
        "means": [rule.sentence for rule in each],
        "why": [rule.why for rule in each],
        "fix": [rule.fix for rule in each],
    }
    return pd.DataFrame(columns, dtype="str")


def rules() -> pd.DataFrame:
    """List the rules of :func:`check`: what is wrong, why it matters, and how to fix it.

    Returns
    -------
    pandas.DataFrame
        A row a rule: ``code severity means why fix`` (str). ``code`` is what ``check(rules=…)`` and
        ``check(severity=…)`` take.

    Examples
    --------
    >>> table = rules().set_index("code")
    >>> table.loc["student-without-class", ["severity", "means"]].tolist()
    ['warning', 'A student is in no class.']
    >>> table.loc["grade-unknown", "fix"]
    'Map the grade to one of the CEDS list, for example 09 or KG.'
    """
    return rule_table(RULES.values())
