//! The arguments of the operations that administer: organizations, partners, users, tokens.

use super::{Argument, Shape};

/// Characters of a name.
const NAME: usize = 100;
/// Characters of the path of a directory.
const PATH: usize = 1_000;

const SCOPES: Shape = Shape::List {
    of: &Shape::Word(&["metrics:read", "query:sql", "feedback:write", "tokens:manage", "admin"]),
    most: 5,
    item: "scopes",
};
const ORGANIZATIONS: Shape = Shape::List { of: &Shape::Text, most: 1_000, item: "organizations" };

const fn id(description: &'static str) -> Argument {
    Argument::new("id", Shape::Text, description, r#""acme""#).required()
}

const fn name() -> Argument {
    Argument::new("name", Shape::Prose { most: NAME }, "Name for people", r#""Acme""#)
}

const fn directory(name: &'static str, description: &'static str) -> Argument {
    Argument::new(name, Shape::Prose { most: PATH }, description, r#""/srv/acme/models""#)
}

const TIMEZONE: Argument =
    Argument::new("timezone", Shape::Text, "Zone in place of the model's", r#""Europe/Berlin""#).not(&["zone", "tz"]);
const CURRENCY: Argument = Argument::new("currency", Shape::Text, "Currency in place of the model's", r#""EUR""#);
const DISABLED: Argument = Argument::new("disabled", Shape::Flag, "Whether its tokens are refused", "true");
const ATTRIBUTES: Argument =
    Argument::new("attributes", Shape::Arguments, "What policies know of the caller", r#"{"countries": ["DE"]}"#);

pub(super) static CREATE_ORGANIZATION: [Argument; 7] = [
    id("Identifier: lower-case letters, digits and hyphens"),
    name(),
    directory("models", "Directory of its model").required(),
    directory("data", "Directory of its data").required(),
    directory("sandbox_data", "Directory of its sandbox's data (default: an example)"),
    TIMEZONE,
    CURRENCY,
];

pub(super) static UPDATE_ORGANIZATION: [Argument; 8] = [
    id("Identifier of the organization"),
    name(),
    directory("models", "Directory of its model"),
    directory("data", "Directory of its data"),
    directory("sandbox_data", "Directory of its sandbox's data"),
    TIMEZONE,
    CURRENCY,
    DISABLED,
];

pub(super) static CREATE_PARTNER: [Argument; 4] = [
    id("Identifier: lower-case letters, digits and hyphens"),
    name(),
    Argument::new("organizations", ORGANIZATIONS, "Organizations it acts for", r#"["acme"]"#).required(),
    Argument::new(
        "default_organization",
        Shape::Text,
        "Asked unless a call says otherwise (default: the first)",
        r#""acme""#,
    ),
];

pub(super) static UPDATE_PARTNER: [Argument; 5] = [
    id("Identifier of the partner"),
    name(),
    Argument::new("organizations", ORGANIZATIONS, "Organizations it acts for", r#"["acme"]"#),
    Argument::new("default_organization", Shape::Text, "Asked unless a call says otherwise", r#""acme""#),
    DISABLED,
];

pub(super) static CREATE_USER: [Argument; 4] = [
    Argument::new("email", Shape::Text, "Address that the user signs in with", r#""ada@example.com""#).required(),
    name(),
    Argument::new(
        "scopes",
        SCOPES,
        "What the user may do at most (default metrics:read, feedback:write)",
        r#"["metrics:read"]"#,
    ),
    ATTRIBUTES,
];

pub(super) static UPDATE_USER: [Argument; 2] =
    [Argument::new("email", Shape::Text, "Address of the user", r#""ada@example.com""#).required(), DISABLED];

pub(super) static CREATE_TOKEN: [Argument; 5] = [
    Argument::new("name", Shape::Prose { most: NAME }, "What it is for", r#""nightly report""#).required(),
    Argument::new(
        "kind",
        Shape::Word(&["organization", "sandbox"]),
        "Whose data (default organization)",
        r#""sandbox""#,
    )
    .not(&["type", "environment"]),
    Argument::new("scopes", SCOPES, "What it allows (default metrics:read, feedback:write)", r#"["metrics:read"]"#)
        .not(&["scope", "permissions"]),
    Argument::new(
        "expires_in_days",
        Shape::Count { least: 1, most: 3_650 },
        "Days until it ends (default never)",
        "90",
    )
    .not(&["expires", "ttl", "days"]),
    ATTRIBUTES,
];

pub(super) static REVOKE_TOKEN: [Argument; 1] =
    [Argument::new("id", Shape::Text, "Identifier of the token, of list_tokens", r#""tok_…""#)
        .required()
        .not(&["token", "name"])];

pub(super) static LIST_FEEDBACK: [Argument; 1] = [Argument::new(
    "limit",
    Shape::Count { least: 1, most: 1_000 },
    "Pieces at most, the newest first (default 50)",
    "50",
)];
