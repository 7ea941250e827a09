"""The values of the org's picklists."""

from __future__ import annotations

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
TASK_STATUSES = ("Not Started", "In Progress", "Waiting on someone else", "Deferred", "Completed")
CURRENCIES = ("USD", "CAD", "EUR", "GBP")
TEAM_ROLES = ("Account Manager", "Executive Sponsor", "Pre-Sales Consultant", "Sales Rep")
