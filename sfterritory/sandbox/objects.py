"""The org's objects and fields, declared as data.

Names, types, lengths and flags are those of a standard org without state and country picklists;
the custom fields at the end of Account and Lead are what a territory team adds.
"""

from __future__ import annotations

from sfterritory.sandbox.org_schema import OrgSchema
from sfterritory.sandbox.schema import FieldDef, FieldType, ObjectDef

GEOCODE_ACCURACIES = (
    "Address",
    "NearAddress",
    "Block",
    "Street",
    "ExtendedZip",
    "Zip",
    "Neighborhood",
    "City",
    "County",
    "State",
    "Unknown",
)
INDUSTRIES = (
    "Agriculture",
    "Biotechnology",
    "Construction",
    "Education",
    "Electronics",
    "Energy",
    "Engineering",
    "Finance",
    "Food & Beverage",
    "Healthcare",
    "Hospitality",
    "Manufacturing",
    "Media",
    "Retail",
    "Technology",
    "Transportation",
)
ACCOUNT_TYPES = ("Prospect", "Customer - Direct", "Customer - Channel", "Partner", "Other")
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
RATINGS = ("Hot", "Warm", "Cold")
LEAD_STATUSES = (
    "Open - Not Contacted",
    "Working - Contacted",
    "Closed - Converted",
    "Closed - Not Converted",
)
STAGES = (
    "Prospecting",
    "Qualification",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
)
CASE_STATUSES = ("New", "Working", "Escalated", "Closed")


def _field(name: str, label: str, kind: FieldType, **facts: object) -> FieldDef:
    return FieldDef(name=name, label=label, type=kind, **facts)  # type: ignore[arg-type]  # checked by the dataclass's own names


def _text(name: str, label: str, length: int, **facts: object) -> FieldDef:
    return _field(name, label, "string", length=length, **facts)


def _picklist(name: str, label: str, values: tuple[str, ...], **facts: object) -> FieldDef:
    facts.setdefault("length", 255)
    return _field(name, label, "picklist", picklist=values, **facts)


def _reference(name: str, label: str, to: tuple[str, ...], **facts: object) -> FieldDef:
    relationship = name.removesuffix("Id") if name.endswith("Id") else None
    facts.setdefault("relationship_name", relationship)
    return _field(name, label, "reference", length=18, reference_to=to, **facts)


_READ_ONLY = {"createable": False, "updateable": False}
_ID = _field("Id", "Record ID", "id", length=18, nillable=False, **_READ_ONLY)
_DELETED = _field("IsDeleted", "Deleted", "boolean", nillable=False, default=0, **_READ_ONLY)
_STAMPS = (
    _field("CreatedDate", "Created Date", "datetime", nillable=False, **_READ_ONLY),
    _reference("CreatedById", "Created By ID", ("User",), nillable=False, **_READ_ONLY),
    _field("LastModifiedDate", "Last Modified Date", "datetime", nillable=False, **_READ_ONLY),
    _reference("LastModifiedById", "Last Modified By ID", ("User",), nillable=False, **_READ_ONLY),
    _field("SystemModstamp", "System Modstamp", "datetime", nillable=False, **_READ_ONLY),
)


def _owner(*to: str) -> FieldDef:
    return _reference(
        "OwnerId", "Owner ID", to, nillable=False, tracked=True, name_in_history="Owner"
    )


def _address(prefix: str, label: str) -> tuple[FieldDef, ...]:
    """The parts of an address and the compound field over them."""
    spoken = f"{label} " if label else ""
    parts = {
        "street": _field(f"{prefix}Street", f"{spoken}Street", "textarea", length=255),
        "city": _text(f"{prefix}City", f"{spoken}City", 40),
        "state": _text(f"{prefix}State", f"{spoken}State/Province", 80),
        "postalCode": _text(f"{prefix}PostalCode", f"{spoken}Zip/Postal Code", 20),
        "country": _text(f"{prefix}Country", f"{spoken}Country", 80),
        "latitude": _field(
            f"{prefix}Latitude", f"{spoken}Latitude", "double", precision=18, scale=15
        ),
        "longitude": _field(
            f"{prefix}Longitude", f"{spoken}Longitude", "double", precision=18, scale=15
        ),
        "geocodeAccuracy": _field(
            f"{prefix}GeocodeAccuracy",
            f"{spoken}Geocode Accuracy",
            "picklist",
            length=40,
            picklist=GEOCODE_ACCURACIES,
            restricted=True,
        ),
    }
    compound = _field(
        f"{prefix}Address",
        f"{spoken}Address",
        "address",
        components=tuple((part, field.name) for part, field in parts.items()),
        filterable=False,
        **_READ_ONLY,
    )
    return (*parts.values(), compound)


_TERRITORY_FIELDS = (
    _text("First_Owner__c", "First Owner", 18),
    _field("First_Assigned_At__c", "First Assigned At", "datetime"),
    _text("Previous_Owner__c", "Previous Owner", 18),
    _field("Owner_Since__c", "Owner Since", "datetime"),
    _text("Assignment_Reason__c", "Assignment Reason", 255),
    _text("Territory_Plan__c", "Territory Plan", 64),
    _text("Original_Campaign__c", "Original Campaign", 80),
)

ACCOUNT = ObjectDef(
    name="Account",
    label="Account",
    label_plural="Accounts",
    key_prefix="001",
    auto_assigned=True,
    fields=(
        _ID,
        _DELETED,
        _reference(
            "MasterRecordId",
            "Master Record ID",
            ("Account",),
            relationship_name="MasterRecord",
            **_READ_ONLY,
        ),
        _text("Name", "Account Name", 255, nillable=False),
        _picklist("Type", "Account Type", ACCOUNT_TYPES, tracked=True),
        _reference("ParentId", "Parent Account ID", ("Account",)),
        *_address("Billing", "Billing"),
        *_address("Shipping", "Shipping"),
        _field("Phone", "Account Phone", "phone", length=40),
        _text("AccountNumber", "Account Number", 40),
        _field("Website", "Website", "url", length=255),
        _text("Sic", "SIC Code", 20),
        _picklist("Industry", "Industry", INDUSTRIES),
        _field("AnnualRevenue", "Annual Revenue", "currency", precision=18),
        _field("NumberOfEmployees", "Employees", "int", precision=8),
        _picklist("Rating", "Account Rating", RATINGS),
        _field("Description", "Account Description", "textarea", length=32000, filterable=False),
        _picklist("AccountSource", "Account Source", SOURCES),
        _text("Site", "Account Site", 80),
        _owner("User"),
        *_STAMPS,
        _field("LastActivityDate", "Last Activity", "date", **_READ_ONLY),
        *_TERRITORY_FIELDS,
        _field("Territory_Locked__c", "Territory Locked", "boolean", nillable=False, default=0),
        _field("Calls_Per_Year__c", "Calls Per Year", "double", precision=6, scale=1),
        _field("Visit_Minutes__c", "Visit Minutes", "double", precision=6, scale=0),
    ),
)

LEAD = ObjectDef(
    name="Lead",
    label="Lead",
    label_plural="Leads",
    key_prefix="00Q",
    auto_assigned=True,
    queue_owners=True,
    fields=(
        _ID,
        _DELETED,
        _reference(
            "MasterRecordId",
            "Master Record ID",
            ("Lead",),
            relationship_name="MasterRecord",
            **_READ_ONLY,
        ),
        _text("LastName", "Last Name", 80, nillable=False),
        _text("FirstName", "First Name", 40),
        _text("Name", "Full Name", 121, nillable=False, **_READ_ONLY),
        _text("Title", "Title", 128),
        _text("Company", "Company", 255, nillable=False),
        *_address("", ""),
        _field("Phone", "Phone", "phone", length=40),
        _field("Email", "Email", "email", length=80),
        _field("Website", "Website", "url", length=255),
        _picklist("LeadSource", "Lead Source", SOURCES),
        _picklist(
            "Status",
            "Status",
            LEAD_STATUSES,
            nillable=False,
            default=LEAD_STATUSES[0],
            tracked=True,
        ),
        _picklist("Industry", "Industry", INDUSTRIES),
        _picklist("Rating", "Rating", RATINGS),
        _field("AnnualRevenue", "Annual Revenue", "currency", precision=18),
        _field("NumberOfEmployees", "Employees", "int", precision=8),
        _owner("Group", "User"),
        _field("IsConverted", "Converted", "boolean", nillable=False, default=0, **_READ_ONLY),
        _field("ConvertedDate", "Converted Date", "date", **_READ_ONLY),
        _reference("ConvertedAccountId", "Converted Account ID", ("Account",), **_READ_ONLY),
        _reference("ConvertedContactId", "Converted Contact ID", ("Contact",), **_READ_ONLY),
        _reference(
            "ConvertedOpportunityId", "Converted Opportunity ID", ("Opportunity",), **_READ_ONLY
        ),
        *_STAMPS,
        _field("LastActivityDate", "Last Activity", "date", **_READ_ONLY),
        *_TERRITORY_FIELDS,
    ),
)

CONTACT = ObjectDef(
    name="Contact",
    label="Contact",
    label_plural="Contacts",
    key_prefix="003",
    fields=(
        _ID,
        _DELETED,
        _reference(
            "MasterRecordId",
            "Master Record ID",
            ("Contact",),
            relationship_name="MasterRecord",
            **_READ_ONLY,
        ),
        _reference("AccountId", "Account ID", ("Account",)),
        _text("LastName", "Last Name", 80, nillable=False),
        _text("FirstName", "First Name", 40),
        _text("Name", "Full Name", 121, nillable=False, **_READ_ONLY),
        *_address("Mailing", "Mailing"),
        _field("Phone", "Business Phone", "phone", length=40),
        _field("Email", "Email", "email", length=80),
        _text("Title", "Title", 128),
        _text("Department", "Department", 80),
        _picklist("LeadSource", "Lead Source", SOURCES),
        _owner("User"),
        *_STAMPS,
        _field("LastActivityDate", "Last Activity", "date", **_READ_ONLY),
    ),
)

OPPORTUNITY = ObjectDef(
    name="Opportunity",
    label="Opportunity",
    label_plural="Opportunities",
    key_prefix="006",
    fields=(
        _ID,
        _DELETED,
        _reference("AccountId", "Account ID", ("Account",)),
        _text("Name", "Name", 120, nillable=False),
        _picklist("StageName", "Stage", STAGES, nillable=False, tracked=True),
        _field("Amount", "Amount", "currency", precision=18, scale=2, tracked=True),
        _field("Probability", "Probability (%)", "double", precision=3),
        _field("CloseDate", "Close Date", "date", nillable=False),
        _picklist("Type", "Opportunity Type", ("Existing Business", "New Business")),
        _picklist("LeadSource", "Lead Source", SOURCES),
        _field("IsClosed", "Closed", "boolean", nillable=False, default=0, **_READ_ONLY),
        _field("IsWon", "Won", "boolean", nillable=False, default=0, **_READ_ONLY),
        _owner("User"),
        *_STAMPS,
        _field("LastActivityDate", "Last Activity", "date", **_READ_ONLY),
    ),
)

CASE = ObjectDef(
    name="Case",
    label="Case",
    label_plural="Cases",
    key_prefix="500",
    auto_assigned=True,
    queue_owners=True,
    fields=(
        _ID,
        _DELETED,
        _text("CaseNumber", "Case Number", 30, nillable=False, **_READ_ONLY),
        _reference("ContactId", "Contact ID", ("Contact",)),
        _reference("AccountId", "Account ID", ("Account",)),
        _picklist("Type", "Case Type", ("Problem", "Feature Request", "Question")),
        _picklist("Status", "Status", CASE_STATUSES, nillable=False, default="New", tracked=True),
        _picklist("Origin", "Case Origin", ("Phone", "Email", "Web")),
        _text("Subject", "Subject", 255),
        _picklist("Priority", "Priority", ("High", "Medium", "Low")),
        _field("IsClosed", "Closed", "boolean", nillable=False, default=0, **_READ_ONLY),
        _field("ClosedDate", "Closed Date", "datetime", **_READ_ONLY),
        _owner("Group", "User"),
        *_STAMPS,
    ),
)

USER = ObjectDef(
    name="User",
    label="User",
    label_plural="Users",
    key_prefix="005",
    deletable=False,
    fields=(
        _ID,
        _text("Username", "Username", 80, nillable=False),
        _text("LastName", "Last Name", 80, nillable=False),
        _text("FirstName", "First Name", 40),
        _text("Name", "Full Name", 121, nillable=False, **_READ_ONLY),
        _text("CompanyName", "Company Name", 80),
        _text("Division", "Division", 80),
        _text("Department", "Department", 80),
        _text("Title", "Title", 80),
        *_address("", ""),
        _field("Email", "Email", "email", length=128, nillable=False),
        _field("Phone", "Phone", "phone", length=40),
        _text("Alias", "Alias", 8, nillable=False),
        _field("IsActive", "Active", "boolean", nillable=False, default=1),
        _picklist("TimeZoneSidKey", "Time Zone", (), length=40, nillable=False),
        _reference("UserRoleId", "Role ID", ("UserRole",)),
        _picklist("LocaleSidKey", "Locale", (), nillable=False),
        _picklist("LanguageLocaleKey", "Language", (), nillable=False),
        _picklist("EmailEncodingKey", "Email Encoding", ("UTF-8",), nillable=False),
        _reference("ProfileId", "Profile ID", ("Profile",), nillable=False),
        _picklist(
            "UserType",
            "User Type",
            ("Standard", "AutomatedProcess", "Guest"),
            nillable=False,
            default="Standard",
            **_READ_ONLY,
        ),
        _text("EmployeeNumber", "Employee Number", 20),
        _reference("ManagerId", "Manager ID", ("User",)),
        *_STAMPS,
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
        _ID,
        _text("Name", "Name", 80, nillable=False),
        _reference("ParentRoleId", "Parent Role ID", ("UserRole",), relationship_name=None),
        _text("DeveloperName", "Developer Name", 80),
        *_STAMPS[2:],
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
        _ID,
        _text("Name", "Name", 255, nillable=False),
        _picklist("UserType", "User Type", ("Standard",)),
        *_STAMPS,
    ),
)

GROUP = ObjectDef(
    name="Group",
    label="Group",
    label_plural="Group",
    key_prefix="00G",
    fields=(
        _ID,
        _text("Name", "Name", 40, nillable=False),
        _text("DeveloperName", "Developer Name", 80),
        _picklist("Type", "Type", ("Queue", "Regular"), nillable=False),
        _field("Email", "Email", "email", length=255),
        _reference("OwnerId", "Owner ID", ("Organization", "User"), **_READ_ONLY),
        *_STAMPS,
    ),
)

QUEUE_SOBJECT = ObjectDef(
    name="QueueSobject",
    label="Queue Sobject",
    label_plural="Queue Sobject",
    key_prefix="03g",
    updateable=False,
    fields=(
        _ID,
        _reference("QueueId", "Queue ID", ("Group",), nillable=False),
        _text("SobjectType", "sObject Type", 40, nillable=False),
        _reference("CreatedById", "Created By ID", ("User",), **_READ_ONLY),
        _STAMPS[4],
    ),
)

GROUP_MEMBER = ObjectDef(
    name="GroupMember",
    label="Group Member",
    label_plural="Group Member",
    key_prefix="011",
    updateable=False,
    fields=(
        _ID,
        _reference("GroupId", "Group ID", ("Group",), nillable=False),
        _reference(
            "UserOrGroupId",
            "User/Group ID",
            ("Group", "User"),
            nillable=False,
            relationship_name=None,
        ),
        _STAMPS[4],
    ),
)

ORGANIZATION = ObjectDef(
    name="Organization",
    label="Organization",
    label_plural="Organization",
    key_prefix="00D",
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        _ID,
        _text("Name", "Name", 80, nillable=False),
        *_address("", ""),
        _field("IsSandbox", "Is Sandbox", "boolean", nillable=False, default=1),
        _picklist("OrganizationType", "Edition", ("Enterprise Edition",)),
        _text("InstanceName", "Instance Name", 5),
        _picklist("LanguageLocaleKey", "Language", ()),
        _picklist("DefaultLocaleSidKey", "Locale", ()),
        _picklist("TimeZoneSidKey", "Time Zone", ()),
        _text("NamespacePrefix", "Namespace Prefix", 15),
        *_STAMPS,
    ),
)

RECORD_TYPE = ObjectDef(
    name="RecordType",
    label="Record Type",
    label_plural="Record Types",
    key_prefix="012",
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        _ID,
        _text("Name", "Name", 80, nillable=False),
        _text("DeveloperName", "Record Type Name", 80, nillable=False),
        _text("SobjectType", "SObject Type Name", 40, nillable=False),
        _field("IsActive", "Active", "boolean", nillable=False, default=1),
        *_STAMPS,
    ),
)


def _history(name: str, parent: ObjectDef, id_prefix: str) -> ObjectDef:
    parent_field = f"{parent.name}Id"
    return ObjectDef(
        name=name,
        label=f"{parent.label} History",
        label_plural=f"{parent.label} History",
        key_prefix=None,
        id_prefix=id_prefix,
        createable=False,
        updateable=False,
        deletable=False,
        history_of=parent.name,
        history_parent=parent_field,
        fields=(
            _ID,
            _DELETED,
            _reference(parent_field, f"{parent.label} ID", (parent.name,), nillable=False),
            _reference("CreatedById", "Created By ID", ("User",), nillable=False),
            _field("CreatedDate", "Created Date", "datetime", nillable=False),
            _text("Field", "Changed Field", 255, nillable=False),
            _text("DataType", "Datatype", 40),
            _text("OldValue", "Old Value", 255, filterable=False),
            _text("NewValue", "New Value", 255, filterable=False),
        ),
    )


HISTORIES = (
    _history("AccountHistory", ACCOUNT, "017"),
    _history("ContactHistory", CONTACT, "03h"),
    _history("LeadHistory", LEAD, "02o"),
    _history("OpportunityFieldHistory", OPPORTUNITY, "02n"),
    _history("CaseHistory", CASE, "02v"),
)

_ALL = (
    ACCOUNT,
    LEAD,
    CONTACT,
    OPPORTUNITY,
    CASE,
    USER,
    USER_ROLE,
    PROFILE,
    GROUP,
    QUEUE_SOBJECT,
    GROUP_MEMBER,
    ORGANIZATION,
    RECORD_TYPE,
    *HISTORIES,
)

# What a path through a polymorphic lookup (a lead's owner) may name: the fields that users and
# groups have in common, and the kind of the owner.
NAME = ObjectDef(
    name="Name",
    label="Name",
    label_plural="Names",
    key_prefix=None,
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        _ID,
        _text("Name", "Name", 121),
        _text("FirstName", "First Name", 40),
        _text("LastName", "Last Name", 80),
        _text("Type", "Type", 40),
        _text("Username", "Username", 80),
        _field("Email", "Email", "email", length=255),
        _text("Title", "Title", 80),
        _text("Alias", "Alias", 8),
        _field("IsActive", "Active", "boolean"),
        _reference("ProfileId", "Profile ID", ("Profile",)),
        _reference("UserRoleId", "Role ID", ("UserRole",)),
    ),
)

# Everything that some org could have: the tables hold all of it, an org's switches show a part.
EVERYTHING = OrgSchema(_ALL, name=NAME)
