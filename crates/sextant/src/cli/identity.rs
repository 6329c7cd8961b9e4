//! What can be typed about organizations, partners, tokens, the audit log and the state file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sextant_server::identity::token;

use super::TextFormat;

/// Organizations: whose models and data this server has.
#[derive(Args, Debug)]
pub(crate) struct Org {
    #[command(subcommand)]
    pub(crate) action: OrgAction,
    #[arg(long, value_enum, global = true, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrgAction {
    /// Add an organization over its own --models DIR and --data DIR
    Create(OrgCreate),
    /// List the organizations
    List,
    /// Change settings; --models DIR and --data DIR too
    Set(OrgSet),
    /// Refuse the organization's tokens from now on
    Disable {
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Accept the organization's tokens again
    Enable {
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct OrgCreate {
    /// A word for commands and headers: small letters, digits and hyphens
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// How people call it [default: the identifier]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) settings: OrgSettings,
}

#[derive(Args, Debug)]
pub(crate) struct OrgSet {
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// How people call it
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) settings: OrgSettings,
    /// Take a setting away
    #[arg(long, value_enum, value_name = "SETTING", value_delimiter = ',')]
    pub(crate) unset: Vec<Unset>,
}

#[derive(Args, Debug)]
pub(crate) struct OrgSettings {
    /// The data of its sandbox [default: the shipped model over generated data]
    #[arg(long, value_name = "DIR")]
    pub(crate) sandbox_data: Option<PathBuf>,
    /// The time zone whose days count [default: the model's]
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// The currency of amounts, by its code [default: the model's]
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unset {
    SandboxData,
    Timezone,
    Currency,
}

/// Partners: who acts for several organizations.
#[derive(Args, Debug)]
pub(crate) struct Partner {
    #[command(subcommand)]
    pub(crate) action: PartnerAction,
    #[arg(long, value_enum, global = true, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PartnerAction {
    /// Add a partner
    Create {
        /// A word for commands: small letters, digits and hyphens
        #[arg(value_name = "ID")]
        id: String,
        /// How people call it [default: the identifier]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The organizations that it acts for
        #[arg(long, value_name = "ID,…", value_delimiter = ',', required = true)]
        organizations: Vec<String>,
        /// The one it acts for when nobody says [default: the first]
        #[arg(long, value_name = "ID")]
        default: Option<String>,
    },
    /// List the partners
    List,
    /// Change settings
    Set {
        #[arg(value_name = "ID")]
        id: String,
        /// How people call it
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The organizations that it acts for, instead of those before
        #[arg(long, value_name = "ID,…", value_delimiter = ',')]
        organizations: Option<Vec<String>>,
        /// The one it acts for when nobody says
        #[arg(long, value_name = "ID")]
        default: Option<String>,
    },
    /// Refuse the partner's tokens from now on
    Disable {
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Accept the partner's tokens again
    Enable {
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// Access tokens: who may ask over the network.
#[derive(Args, Debug)]
pub(crate) struct Token {
    #[command(subcommand)]
    pub(crate) action: TokenAction,
    #[arg(long, value_enum, global = true, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenAction {
    /// Make a token and print it once, alone on standard output
    Create(TokenCreate),
    /// List the tokens; nobody can see one again
    List {
        /// Only those of one organization
        #[arg(long, value_name = "ID")]
        org: Option<String>,
        /// Applications' access tokens too that have ended
        #[arg(long)]
        all: bool,
    },
    /// Refuse a token from now on
    Revoke {
        /// Its identifier, its last four characters, or its name
        #[arg(value_name = "TOKEN")]
        which: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct TokenCreate {
    /// What the token is for, as lists show it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The organization [default: default]
    #[arg(long, value_name = "ID", conflicts_with = "partner")]
    pub(crate) org: Option<String>,
    /// Whom it stands for: sandbox sees the sandbox data only [default: organization, or partner with --partner]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<TokenKind>,
    /// The partner of a partner's token
    #[arg(long, value_name = "ID")]
    pub(crate) partner: Option<String>,
    /// What it allows: metrics:read, query:sql, feedback:write, tokens:manage, admin
    #[arg(long, value_name = "SCOPES", default_value = "metrics:read feedback:write")]
    pub(crate) scopes: String,
    /// When it ends: 90d, 12h, 2027-01-31 (that day included, in UTC) [default: when it is revoked]
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<String>,
    /// What policies know of the caller; several of one key are a list
    #[arg(long = "attribute", value_name = "KEY=VALUE")]
    pub(crate) attributes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenKind {
    Organization,
    Sandbox,
    Partner,
}

#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The file to write; one that exists is left alone
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// A file that `sextant backup` wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// The audit log: who asked for what, and how it ended.
#[derive(Args, Debug)]
pub(crate) struct AuditLog {
    #[command(subcommand)]
    pub(crate) action: AuditLogAction,
    #[arg(long, value_enum, global = true, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditLogAction {
    /// Walk the chain, name the first record that is not as it was written, and print the head
    Verify {
        /// A head that an earlier run printed: shows too whether the end was cut off
        #[arg(long, value_name = "SEQUENCE:HASH")]
        head: Option<String>,
    },
    /// List the newest records
    List {
        /// Only those of one organization
        #[arg(long, value_name = "ID")]
        org: Option<String>,
        /// How many
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        limit: usize,
    },
}

/// Whether something typed holds a token. It stands in the list of processes and in the shell's history then, so
/// no command takes one.
pub(super) fn holds_token(arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.into_iter().any(|argument| token::occurs_in(&argument.to_string_lossy()))
}
