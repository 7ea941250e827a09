"""Words that fictional companies, people and streets are put together from."""

from __future__ import annotations

FIRST_NAMES = (
    "Ada", "Amir", "Bea", "Carl", "Chloe", "Dana", "Diego", "Elena", "Emil", "Farah", "Felix",
    "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jade", "Jonas", "Kara", "Kofi", "Lena", "Liam",
    "Mei", "Milo", "Nadia", "Noah", "Olga", "Omar", "Paula", "Pete", "Quinn", "Rosa", "Ravi",
    "Sara", "Simon", "Tara", "Theo", "Uma", "Vera", "Walt", "Xenia", "Yara", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Alvarez", "Banerjee", "Barlow", "Castillo", "Chen", "Dunn", "Eriksen", "Farrow",
    "Flores", "Gallagher", "Goto", "Hale", "Haddad", "Ito", "Jensen", "Kaminski", "Kerr",
    "Laurent", "Lindqvist", "Marsh", "Mbeki", "Novak", "O'Brien", "Okafor", "Park", "Petrov",
    "Quigley", "Ramos", "Rossi", "Sandoval", "Schmitt", "Tanaka", "Thorne", "Usman", "Vance",
    "Weiss", "Whitlock", "Yilmaz", "Zhang",
)  # fmt: skip
COMPANY_HEADS = (
    "Amber", "Arbor", "Beacon", "Birch", "Blue Heron", "Bridgeport", "Canyon", "Cedar", "Cobalt",
    "Copper", "Crescent", "Delta", "Driftwood", "Eastgate", "Elm Hill", "Evergreen", "Falcon",
    "Fairview", "Granite", "Harbor", "Highland", "Ironwood", "Juniper", "Keystone", "Lakeside",
    "Lantern", "Maple", "Meridian", "Millstone", "Northfield", "Oak Ridge", "Orchard", "Pioneer",
    "Prairie", "Quarry", "Redwood", "Riverbend", "Saddleback", "Sierra", "Silver Lake", "Summit",
    "Tidewater", "Timber", "Union", "Valley", "Westbrook", "Willow", "Yellowstone",
)  # fmt: skip
COMPANY_TRADES = (
    "Analytics", "Bakery", "Brewing", "Builders", "Cold Storage", "Dental", "Electric",
    "Engineering", "Farms", "Foods", "Freight", "Furniture", "Health", "Hotels", "Instruments",
    "Insurance", "Kitchens", "Labs", "Logistics", "Machine Works", "Medical", "Metals", "Motors",
    "Optics", "Outfitters", "Packaging", "Paper", "Pharmacy", "Plastics", "Plumbing", "Printing",
    "Robotics", "Software", "Solar", "Steel", "Supply", "Systems", "Textiles", "Tools", "Toys",
)  # fmt: skip
COMPANY_FORMS = ("Inc.", "LLC", "Corp.", "Co.", "Group", "Partners", "")
STREET_NAMES = (
    "Ash", "Broad", "Cherry", "Church", "Clay", "College", "Commerce", "Dogwood", "First",
    "Forest", "Franklin", "Front", "Garden", "Hickory", "Hill", "Industrial", "Jackson", "Lake",
    "Liberty", "Locust", "Main", "Market", "Mill", "Oak", "Park", "Pine", "Railroad", "River",
    "School", "Second", "Spring", "Spruce", "State", "Sunset", "Walnut", "Water", "Woodland",
)  # fmt: skip
STREET_KINDS = ("St", "Ave", "Rd", "Blvd", "Dr", "Ln", "Pkwy", "Street", "Avenue")
CAMPAIGNS = (
    "Spring Roadshow", "Trade Fair Booth", "Partner Webinar", "Autumn Mailing", "Referral Drive",
)  # fmt: skip
JOB_TITLES = (
    "Purchasing Manager", "Owner", "Operations Director", "Office Manager", "Plant Manager",
    "Chief Financial Officer", "Facilities Lead",
)  # fmt: skip
COUNTRY_SPELLINGS = (
    "USA", "U.S.A.", "United States", "united states", "Etats-Unis", "United States of America",
    "us", "U.S.",
)  # fmt: skip
CANADIAN_PLACES = (
    ("Toronto", "ON", "M5V 2T6"), ("Vancouver", "BC", "V6B 1A1"), ("Calgary", "AB", "T2P 1J9"),
    ("Ottawa", "ON", "K1P 5M7"), ("Winnipeg", "MB", "R3C 0B8"),
)  # fmt: skip
GERMAN_PLACES = (
    ("Berlin", "BE", "10115"), ("München", "BY", "80331"), ("Hamburg", "HH", "20095"),
    ("Köln", "NW", "50667"), ("Dresden", "SN", "01067"),
)  # fmt: skip
STATE_NAMES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia",
    "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
    "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York",
    "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon",
    "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
