//! What can be typed about the users of a server.

use clap::{Args, Subcommand};

use super::TextFormat;

#[derive(Args, Debug)]
pub(crate) struct User {
    #[command(subcommand)]
    pub(crate) action: UserAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserAction {
    /// Add a user to the server, and to an organization
    Create {
        #[arg(value_name = "EMAIL")]
        email: String,
        /// How pages call the user [default: the address]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        membership: Membership,
    },
    /// Let a user into another organization, or change what the user may do in one
    Add {
        #[arg(value_name = "EMAIL")]
        email: String,
        #[command(flatten)]
        membership: Membership,
    },
    /// Take a user out of an organization, and end what applications may do there for the user
    Remove {
        #[arg(value_name = "EMAIL")]
        email: String,
        /// The organization
        #[arg(long, value_name = "ID")]
        org: String,
    },
    /// List the users and their organizations
    List {
        #[arg(long, value_enum, default_value_t = TextFormat::Text)]
        format: TextFormat,
    },
    /// Set a password, read from the terminal or from one line of standard input
    Password {
        #[arg(value_name = "EMAIL")]
        email: String,
    },
    /// Print an address that signs the user in once, within 15 minutes
    Link {
        #[arg(value_name = "EMAIL")]
        email: String,
        /// The address of the server as the user's browser knows it
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
        url: String,
    },
    /// Let a user sign in by an account at an OpenID provider that says no verified address
    Connect {
        #[arg(value_name = "EMAIL")]
        email: String,
        /// The provider, as `serve --oidc-issuer` names it
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// What the provider calls the account: the `sub` of its tokens
        #[arg(long, value_name = "SUB")]
        subject: String,
    },
    /// Forget the accounts at OpenID providers by which a user signs in, and sign the user's browsers out
    Disconnect {
        #[arg(value_name = "EMAIL")]
        email: String,
    },
    /// Lock a user out: sessions, grants, access tokens and the tokens that the user made end
    Disable {
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Of this organization alone [default: of the server]
        #[arg(long, value_name = "ID")]
        org: Option<String>,
    },
    /// Let a disabled user in again
    Enable {
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Into this organization, whose administrator locked the user out [default: into the server]
        #[arg(long, value_name = "ID")]
        org: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Membership {
    /// The organization
    #[arg(long, value_name = "ID", default_value = "default")]
    pub(crate) org: String,
    /// What the user may do there at most: metrics:read, query:sql, feedback:write, tokens:manage, admin [default: as it
    /// is; of somebody new metrics:read,feedback:write]
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    pub(crate) scopes: Option<Vec<String>>,
    /// What policies know of the user there, instead of what they knew; several of one key are a list
    #[arg(long = "attribute", value_name = "KEY=VALUE")]
    pub(crate) attributes: Vec<String>,
    /// Take away what policies know of the user there
    #[arg(long, conflicts_with = "attributes")]
    pub(crate) no_attributes: bool,
}
