"""Users, their roles and profiles, queues and their members."""

from __future__ import annotations

from sfterritory.sandbox.objects.making import (
    CURRENCY,
    ID,
    READ_ONLY,
    STAMPS,
    address,
    field,
    picklist,
    reference,
    text,
)
from sfterritory.sandbox.schema import ObjectDef

USER = ObjectDef(
    name="User",
    label="User",
    label_plural="Users",
    key_prefix="005",
    deletable=False,
    fields=(
        ID,
        text("Username", "Username", 80, nillable=False),
        text("LastName", "Last Name", 80, nillable=False),
        text("FirstName", "First Name", 40),
        text("Name", "Full Name", 121, nillable=False, **READ_ONLY),
        text("CompanyName", "Company Name", 80),
        text("Division", "Division", 80),
        text("Department", "Department", 80),
        text("Title", "Title", 80),
        *address("", ""),
        field("Email", "Email", "email", length=128, nillable=False),
        field("Phone", "Phone", "phone", length=40),
        text("Alias", "Alias", 8, nillable=False),
        field("IsActive", "Active", "boolean", nillable=False, default=1),
        picklist("TimeZoneSidKey", "Time Zone", (), length=40, nillable=False),
        reference("UserRoleId", "Role ID", ("UserRole",)),
        picklist("LocaleSidKey", "Locale", (), nillable=False),
        picklist("LanguageLocaleKey", "Language", (), nillable=False),
        picklist("EmailEncodingKey", "Email Encoding", ("UTF-8",), nillable=False),
        reference("ProfileId", "Profile ID", ("Profile",), nillable=False),
        picklist(
            "UserType",
            "User Type",
            ("Standard", "AutomatedProcess", "Guest"),
            nillable=False,
            default="Standard",
            **READ_ONLY,
        ),
        text("EmployeeNumber", "Employee Number", 20),
        reference("ManagerId", "Manager ID", ("User",)),
        *STAMPS,
        CURRENCY,
    ),
)

USER_LOGIN = ObjectDef(
    name="UserLogin",
    label="User Login",
    label_plural="User Login",
    key_prefix="0Yw",
    createable=False,
    deletable=False,
    fields=(
        ID,
        reference("UserId", "User ID", ("User",), nillable=False, **READ_ONLY),
        field("IsFrozen", "Frozen", "boolean", nillable=False, default=0),
        field("IsPasswordLocked", "Password Locked", "boolean", nillable=False, default=0),
        *STAMPS[2:4],
    ),
)

USER_ROLE = ObjectDef(
    name="UserRole",
    label="Role",
    label_plural="Role",
    key_prefix="00E",
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        ID,
        text("Name", "Name", 80, nillable=False),
        reference("ParentRoleId", "Parent Role ID", ("UserRole",), relationship_name=None),
        text("DeveloperName", "Developer Name", 80),
        *STAMPS[2:],
    ),
)

PROFILE = ObjectDef(
    name="Profile",
    label="Profile",
    label_plural="Profile",
    key_prefix="00e",
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        ID,
        text("Name", "Name", 255, nillable=False),
        picklist("UserType", "User Type", ("Standard",)),
        *STAMPS,
    ),
)

GROUP = ObjectDef(
    name="Group",
    label="Group",
    label_plural="Group",
    key_prefix="00G",
    fields=(
        ID,
        text("Name", "Name", 40, nillable=False),
        text("DeveloperName", "Developer Name", 80),
        picklist("Type", "Type", ("Queue", "Regular"), nillable=False),
        field("Email", "Email", "email", length=255),
        reference("OwnerId", "Owner ID", ("Organization", "User"), **READ_ONLY),
        *STAMPS,
    ),
)

QUEUE_SOBJECT = ObjectDef(
    name="QueueSobject",
    label="Queue Sobject",
    label_plural="Queue Sobject",
    key_prefix="03g",
    updateable=False,
    fields=(
        ID,
        reference("QueueId", "Queue ID", ("Group",), nillable=False),
        text("SobjectType", "sObject Type", 40, nillable=False),
        reference("CreatedById", "Created By ID", ("User",), **READ_ONLY),
        STAMPS[4],
    ),
)

GROUP_MEMBER = ObjectDef(
    name="GroupMember",
    label="Group Member",
    label_plural="Group Member",
    key_prefix="011",
    updateable=False,
    fields=(
        ID,
        reference("GroupId", "Group ID", ("Group",), nillable=False),
        reference(
            "UserOrGroupId",
            "User/Group ID",
            ("Group", "User"),
            nillable=False,
            relationship_name=None,
        ),
        STAMPS[4],
    ),
)
