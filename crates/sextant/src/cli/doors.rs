//! What can be typed to let an assistant in, and to find what is wrong on the way.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::TextFormat;
use crate::clients::Client;

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
