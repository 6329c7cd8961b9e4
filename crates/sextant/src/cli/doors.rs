//! What can be typed to open a door, to let an assistant in, and to find what is wrong on the way.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sextant_server::identity::limits::{ORGANIZATION_RATE, TOKEN_RATE};

use super::TextFormat;
use crate::clients::Client;

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("door").required(true).args(["stdio", "http"]))]
pub(crate) struct Serve {
    /// MCP over standard input and output
    #[arg(long)]
    pub(crate) stdio: bool,
    /// MCP at /mcp and the open API at an address: 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) http: Option<String>,
    /// Rows of a page, at most 50000
    #[arg(long, value_name = "ROWS", default_value_t = 1_000)]
    pub(crate) max_rows: usize,
    /// A web origin whose pages may call the server; may be repeated
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<String>,
    /// A name by which the server is reached from outside, behind TLS; may be repeated
    #[arg(long = "allowed-host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,
    /// Where clients reach the server [default: https and the first --allowed-host]
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Who is let in: who presents a token, or everybody who reaches a loopback address
    #[arg(long, value_enum, default_value_t = Auth::Token)]
    pub(crate) auth: Auth,
    /// Give no tokens by OAuth: only those that people create
    #[arg(long)]
    pub(crate) no_oauth: bool,
    /// A host whose client documents may lie on private addresses, for development; may be repeated
    #[arg(long = "oauth-client-host", value_name = "HOST")]
    pub(crate) client_hosts: Vec<String>,
    /// An OpenID provider where users may sign in too: its issuer, https://login.example.com
    #[arg(long, value_name = "URL", requires = "oidc_client_id")]
    pub(crate) oidc_issuer: Option<String>,
    /// What that provider knows this server by; a secret comes from SEXTANT_OIDC_CLIENT_SECRET
    #[arg(long, value_name = "ID", requires = "oidc_issuer")]
    pub(crate) oidc_client_id: Option<String>,
    /// What the button calls that provider [default: its host]
    #[arg(long, value_name = "NAME", requires = "oidc_issuer")]
    pub(crate) oidc_name: Option<String>,
    /// Calls a minute of one token; 0 for any number
    #[arg(long, value_name = "CALLS", default_value_t = TOKEN_RATE)]
    pub(crate) token_rate: u32,
    /// Calls a minute of all tokens of one organization; 0 for any number
    #[arg(long, value_name = "CALLS", default_value_t = ORGANIZATION_RATE)]
    pub(crate) organization_rate: u32,
}

/// Who is let in over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    Token,
    None,
}

#[derive(Args, Debug)]
pub(crate) struct Connect {
    /// The assistant
    #[arg(value_enum)]
    pub(crate) client: Client,
    /// A running server, instead of one that the assistant starts itself: http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Have the assistant send the SEXTANT_API_KEY of its own environment to that server
    #[arg(long, requires = "url")]
    pub(crate) with_key: bool,
    /// What the assistant calls the server
    #[arg(long, value_name = "NAME", default_value = "sextant")]
    pub(crate) name: String,
    /// The configuration to write, instead of the assistant's own
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print what the configuration needs to hold, and write nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) print: bool,
    /// Print the configuration as it would become, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// A running server to call too: http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// A configuration of an assistant to look into too; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    /// The instant to judge freshness at, with its offset [default: the clock]
    #[arg(long, value_name = "INSTANT")]
    pub(crate) now: Option<String>,
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

impl ValueEnum for Client {
    fn value_variants<'a>() -> &'a [Self] {
        &Client::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.word()).help(self.label()))
    }
}
