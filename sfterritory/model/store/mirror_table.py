"""The mirror: one table per Salesforce object, one row per record, as last pulled.

Each column knows the Salesforce field it holds (`info["salesforce"]`). Tables check nothing but
shape (`table=True` validates nothing): SQLite's STRICT and PostgreSQL refuse text in a number.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from sfterritory.model.store.column_type import Day, Flag, Number, TZDateTime, Words

STRICT = {"sqlite_strict": True}


def _field(salesforce: str) -> dict[str, Any]:
    return {"info": {"salesforce": salesforce}}


def _words(salesforce: str, *, index: bool = False) -> Any:
    return Field(default=None, sa_type=Words, index=index, sa_column_kwargs=_field(salesforce))


def _number(salesforce: str) -> Any:
    return Field(default=None, sa_type=Number, sa_column_kwargs=_field(salesforce))


def _flag(salesforce: str) -> Any:
    return Field(default=None, sa_type=Flag, sa_column_kwargs=_field(salesforce))


def _instant(salesforce: str) -> Any:
    return Field(default=None, sa_type=TZDateTime, sa_column_kwargs=_field(salesforce))


def _day(salesforce: str) -> Any:
    return Field(default=None, sa_type=Day, sa_column_kwargs=_field(salesforce))


def _shape(table: str) -> tuple[Any, ...]:
    """Refuse ids of 15 characters: only the 18-character form is compared."""
    return (CheckConstraint("length(id) = 18", name=f"{table}_id_has_18_characters"), STRICT)


class _Record(SQLModel):
    """What every mirrored record has; `extra` is a JSON object of fields without a column."""

    id: str = Field(primary_key=True, sa_type=Words, sa_column_kwargs=_field("Id"))
    is_deleted: bool = Field(default=False, sa_type=Flag, sa_column_kwargs=_field("IsDeleted"))
    created_date: datetime | None = _instant("CreatedDate")
    last_modified_date: datetime | None = _instant("LastModifiedDate")
    last_modified_by_id: str | None = _words("LastModifiedById")
    system_modstamp: datetime = Field(
        sa_type=TZDateTime, index=True, sa_column_kwargs=_field("SystemModstamp")
    )
    extra: str | None = Field(default=None, sa_type=Words)


class Account(_Record, table=True):
    """Account."""

    __tablename__ = "account"
    __table_args__ = _shape("account")

    master_record_id: str | None = _words("MasterRecordId")
    name: str | None = _words("Name")
    owner_id: str | None = _words("OwnerId", index=True)
    parent_id: str | None = _words("ParentId")
    type: str | None = _words("Type")
    industry: str | None = _words("Industry")
    annual_revenue: float | None = _number("AnnualRevenue")
    number_of_employees: float | None = _number("NumberOfEmployees")
    account_source: str | None = _words("AccountSource")
    rating: str | None = _words("Rating")
    phone: str | None = _words("Phone")
    website: str | None = _words("Website")
    billing_street: str | None = _words("BillingStreet")
    billing_city: str | None = _words("BillingCity")
    billing_state: str | None = _words("BillingState")
    billing_postal_code: str | None = _words("BillingPostalCode")
    billing_country: str | None = _words("BillingCountry")
    billing_latitude: float | None = _number("BillingLatitude")
    billing_longitude: float | None = _number("BillingLongitude")
    billing_geocode_accuracy: str | None = _words("BillingGeocodeAccuracy")


class Lead(_Record, table=True):
    """Lead."""

    __tablename__ = "lead"
    __table_args__ = _shape("lead")

    master_record_id: str | None = _words("MasterRecordId")
    name: str | None = _words("Name")
    owner_id: str | None = _words("OwnerId", index=True)
    company: str | None = _words("Company")
    title: str | None = _words("Title")
    email: str | None = _words("Email")
    phone: str | None = _words("Phone")
    website: str | None = _words("Website")
    status: str | None = _words("Status")
    lead_source: str | None = _words("LeadSource")
    rating: str | None = _words("Rating")
    industry: str | None = _words("Industry")
    annual_revenue: float | None = _number("AnnualRevenue")
    number_of_employees: float | None = _number("NumberOfEmployees")
    street: str | None = _words("Street")
    city: str | None = _words("City")
    state: str | None = _words("State")
    postal_code: str | None = _words("PostalCode")
    country: str | None = _words("Country")
    latitude: float | None = _number("Latitude")
    longitude: float | None = _number("Longitude")
    geocode_accuracy: str | None = _words("GeocodeAccuracy")
    is_converted: bool | None = _flag("IsConverted")
    converted_account_id: str | None = _words("ConvertedAccountId")


class Contact(_Record, table=True):
    """Contact."""

    __tablename__ = "contact"
    __table_args__ = _shape("contact")

    master_record_id: str | None = _words("MasterRecordId")
    name: str | None = _words("Name")
    owner_id: str | None = _words("OwnerId", index=True)
    account_id: str | None = _words("AccountId", index=True)
    email: str | None = _words("Email")
    phone: str | None = _words("Phone")
    title: str | None = _words("Title")
    department: str | None = _words("Department")


class Opportunity(_Record, table=True):
    """Opportunity."""

    __tablename__ = "opportunity"
    __table_args__ = _shape("opportunity")

    name: str | None = _words("Name")
    owner_id: str | None = _words("OwnerId", index=True)
    account_id: str | None = _words("AccountId", index=True)
    type: str | None = _words("Type")
    stage_name: str | None = _words("StageName")
    is_closed: bool | None = _flag("IsClosed")
    is_won: bool | None = _flag("IsWon")
    amount: float | None = _number("Amount")
    close_date: date | None = _day("CloseDate")


class CaseRecord(_Record, table=True):
    """Case; `case` is a word of SQL."""

    __tablename__ = "case_record"
    __table_args__ = _shape("case_record")

    case_number: str | None = _words("CaseNumber")
    owner_id: str | None = _words("OwnerId", index=True)
    account_id: str | None = _words("AccountId", index=True)
    contact_id: str | None = _words("ContactId")
    subject: str | None = _words("Subject")
    status: str | None = _words("Status")
    priority: str | None = _words("Priority")
    origin: str | None = _words("Origin")
    is_closed: bool | None = _flag("IsClosed")


class SalesforceUser(_Record, table=True):
    """User; `user` is a word of SQL."""

    __tablename__ = "sf_user"
    __table_args__ = _shape("sf_user")

    username: str | None = _words("Username")
    name: str | None = _words("Name")
    email: str | None = _words("Email")
    is_active: bool | None = _flag("IsActive")
    user_type: str | None = _words("UserType")
    title: str | None = _words("Title")
    department: str | None = _words("Department")
    division: str | None = _words("Division")
    manager_id: str | None = _words("ManagerId")
    employee_number: str | None = _words("EmployeeNumber")
    street: str | None = _words("Street")
    city: str | None = _words("City")
    state: str | None = _words("State")
    postal_code: str | None = _words("PostalCode")
    country: str | None = _words("Country")
    latitude: float | None = _number("Latitude")
    longitude: float | None = _number("Longitude")
    geocode_accuracy: str | None = _words("GeocodeAccuracy")
    time_zone_sid_key: str | None = _words("TimeZoneSidKey")


class Queue(_Record, table=True):
    """Group, where its type is Queue."""

    __tablename__ = "queue"
    __table_args__ = _shape("queue")

    name: str | None = _words("Name")
    developer_name: str | None = _words("DeveloperName")
    type: str | None = _words("Type")


class QueueObject(SQLModel, table=True):
    """QueueSobject: which objects a queue may own."""

    __tablename__ = "queue_object"
    __table_args__ = _shape("queue_object")

    id: str = Field(primary_key=True, sa_type=Words, sa_column_kwargs=_field("Id"))
    is_deleted: bool = Field(default=False, sa_type=Flag, sa_column_kwargs=_field("IsDeleted"))
    queue_id: str | None = _words("QueueId", index=True)
    sobject_type: str | None = _words("SobjectType")
    system_modstamp: datetime | None = _instant("SystemModstamp")
    extra: str | None = Field(default=None, sa_type=Words)


class OwnerHistory(SQLModel, table=True):
    """Rows of AccountHistory, LeadHistory and the like, which never change."""

    __tablename__ = "owner_history"
    __table_args__ = _shape("owner_history")

    id: str = Field(primary_key=True, sa_type=Words, sa_column_kwargs=_field("Id"))
    is_deleted: bool = Field(default=False, sa_type=Flag, sa_column_kwargs=_field("IsDeleted"))
    object_name: str = Field(sa_type=Words)
    record_id: str = Field(sa_type=Words, index=True)
    field: str | None = _words("Field")
    data_type: str | None = _words("DataType")
    old_value: str | None = _words("OldValue")
    new_value: str | None = _words("NewValue")
    created_by_id: str | None = _words("CreatedById")
    created_date: datetime = Field(sa_type=TZDateTime, sa_column_kwargs=_field("CreatedDate"))
    extra: str | None = Field(default=None, sa_type=Words)


class RelatedRecord(SQLModel, table=True):
    """Small objects around the records (teams, members, territories, rules) share one table.

    What SQL asks of them has a column here; `mirror_registry` tells which field it holds.
    """

    __tablename__ = "related_record"
    __table_args__ = (
        CheckConstraint(
            "length(id) = 18 OR object_name = 'FlowDefinitionView'",
            name="related_record_id_has_18_characters",
        ),
        STRICT,
    )

    id: str = Field(primary_key=True, sa_type=Words)
    is_deleted: bool = Field(default=False, sa_type=Flag)
    object_name: str = Field(sa_type=Words, index=True)
    name: str | None = Field(default=None, sa_type=Words)
    record_id: str | None = Field(default=None, sa_type=Words, index=True)
    user_id: str | None = Field(default=None, sa_type=Words)
    system_modstamp: datetime | None = Field(default=None, sa_type=TZDateTime)
    extra: str | None = Field(default=None, sa_type=Words)


class CustomerActivity(SQLModel, table=True):
    """Task and Event, as far as dates of activity need them."""

    __tablename__ = "customer_activity"
    __table_args__ = _shape("customer_activity")

    id: str = Field(primary_key=True, sa_type=Words, sa_column_kwargs=_field("Id"))
    is_deleted: bool = Field(default=False, sa_type=Flag, sa_column_kwargs=_field("IsDeleted"))
    object_name: str = Field(sa_type=Words)
    what_id: str | None = _words("WhatId")
    who_id: str | None = _words("WhoId")
    account_id: str | None = _words("AccountId", index=True)
    owner_id: str | None = _words("OwnerId")
    activity_date: date | None = _day("ActivityDate")
    completed_at: datetime | None = _instant("CompletedDateTime")
    is_closed: bool | None = _flag("IsClosed")
    system_modstamp: datetime = Field(sa_type=TZDateTime, sa_column_kwargs=_field("SystemModstamp"))
    extra: str | None = Field(default=None, sa_type=Words)


class PullCursor(SQLModel, table=True):
    """How far an unfinished pull of one object got; written with the rows of each page."""

    __tablename__ = "pull_cursor"
    __table_args__ = STRICT

    object_name: str = Field(primary_key=True, sa_type=Words)
    fields: str = Field(sa_type=Words)
    fields_hash: str = Field(sa_type=Words)
    job_id: str = Field(sa_type=Words)
    locator: str | None = Field(default=None, sa_type=Words)
    since: datetime | None = Field(default=None, sa_type=TZDateTime)
    started_at: datetime = Field(sa_type=TZDateTime)
    rows_loaded: int
    pages_loaded: int


class PullWatermark(SQLModel, table=True):
    """Up to when one object has been pulled completely, and with which fields.

    `kept` is a JSON object: fields that can no longer be read, each with the time up to which its
    values are known. `field_types` holds Salesforce's own types.
    """

    __tablename__ = "pull_watermark"
    __table_args__ = STRICT

    object_name: str = Field(primary_key=True, sa_type=Words)
    watermark: datetime = Field(sa_type=TZDateTime)
    fields: str = Field(sa_type=Words)
    kept: str = Field(sa_type=Words)
    field_types: str = Field(sa_type=Words)
    extra_kinds: str = Field(sa_type=Words)
    text_lengths: str = Field(sa_type=Words)
