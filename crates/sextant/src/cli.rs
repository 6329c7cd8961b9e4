//! What can be typed: commands, flags, their defaults and their help.

mod doors;
mod identity;
mod user;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::import::Format as ModelFormat;

pub(crate) use doors::{Auth, Connect, Doctor, Serve};
pub(crate) use identity::{
    AuditLog, AuditLogAction, Backup, Org, OrgAction, OrgCreate, OrgSet, Partner, PartnerAction, Restore, Token,
    TokenAction, TokenCreate, TokenKind, Unset,
};
pub(crate) use user::{Membership, User, UserAction};

use crate::fault::Fault;
use crate::fixtures::Scale;

/// Ask a semantic model for business numbers.
#[derive(Debug, Parser)]
#[command(name = "sextant", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Exit status: 0 answered, 1 a fault of ours, 2 usage or a refused request, 3 a faulty model,
4 data that cannot be read, 5 a limit, 6 a failed test of the model, 7 a change that audit --fail-on
asks for, 8 a fault that doctor or audit-log verify found. Start with: sextant demo";

/// Where the model and the data are.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// The directory of one model [default: models of sextant.toml, else ./semantic-models]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Place")]
    pub(crate) models: Option<PathBuf>,
    /// The format of the model's files [default: what they look like]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = model_format, help_heading = "Place")]
    pub(crate) model_format: Option<ModelFormat>,
    /// The directory that the model's sources are relative to [default: data of sextant.toml, else ./data]
    #[arg(long, global = true, value_name = "DIR", num_args = 0..=1, help_heading = "Place")]
    pub(crate) data: Option<Option<PathBuf>>,
    /// The file of tokens, organizations, the audit log and feedback [default: state of sextant.toml, else in the user's state directory]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Place")]
    pub(crate) state: Option<PathBuf>,
    /// What the model's policies know of who asks; given again it is a list
    #[arg(long, global = true, value_name = "KEY=VALUE", help_heading = "Place")]
    pub(crate) caller: Vec<String>,
}

/// The format of that name.
fn model_format(word: &str) -> Result<ModelFormat, String> {
    let words = ModelFormat::ALL.map(ModelFormat::as_str).join(", ");
    ModelFormat::parse(word).ok_or_else(|| format!("one of {words}"))
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make example data and show KPIs, a trend and an audit
    Demo(Demo),
    /// Check a model, and with --data [DIR] the data it speaks of
    Validate,
    /// Ask the questions of the model's tests and hold the answers against the rows they expect
    Test(Test),
    /// Write another tool's model (dbt, MetricFlow, Ossie, Cube) in the format of Sextant
    Import(Import),
    /// Write the model as another tool's file
    Export(Export),
    /// List metrics or dimensions
    List(List),
    /// Ask for metrics over a period
    Query(Query),
    /// Ask what changed against the period before, whether it is unusual, and where it lies
    Audit(Audit),
    /// Ask in SQL, over metrics, dimensions and the rows beneath them
    Sql(Sql),
    /// Say what a time range and a comparison mean now
    Time(Time),
    /// Show how a question is understood and run
    Explain(Explain),
    /// Serve MCP over standard input and output, or MCP and the open API over HTTP
    Serve(Serve),
    /// Let an assistant in: write its configuration, or say what to write
    Connect(Connect),
    /// Make real calls along the whole way from the files to an assistant, and name what is wrong
    Doctor(Doctor),
    /// Say who may sign in to a server, and what each may do there
    User(User),
    /// Create, list and revoke access tokens
    Token(Token),
    /// Create, list and change organizations
    Org(Org),
    /// Create, list and change partners
    Partner(Partner),
    /// List the audit log, or show that nobody changed it
    AuditLog(AuditLog),
    /// Copy the state file while servers use it
    Backup(Backup),
    /// Put a backup of the state file in place
    Restore(Restore),
    /// Run one tool with JSON arguments, exactly as batch does
    Call(Call),
    /// Answer one JSON request a line on standard input with one JSON answer a line
    Batch(Batch),
    /// Make the example data of the commerce model
    Fixtures(Fixtures),
    /// Print a completion script for a shell
    Completions(Completions),
}

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// How much data to make
    #[arg(long, value_enum, default_value_t = Scale::Tiny)]
    pub(crate) scale: Scale,
    /// The instant the demo answers for, instead of the clock
    #[arg(long, value_name = "INSTANT")]
    pub(crate) now: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Test {
    /// Only tests whose name or metrics hold this text
    #[arg(value_name = "TEXT")]
    pub(crate) only: Option<String>,
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextFormat {
    Text,
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The directory to write the model into
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// Whose file
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// The file to write, JSON where its name ends in .json [default: YAML on standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Apache Ossie, formerly OSI
    Ossie,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[arg(value_enum)]
    pub(crate) kind: Listed,
    /// Only dimensions that all of these metrics can be grouped by
    #[arg(long = "metric", value_name = "NAME", value_delimiter = ',')]
    pub(crate) metrics: Vec<String>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    Metrics,
    Dimensions,
}

/// What a question says about time; the names are those of the request.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct When {
    /// A period: last_7_days, mtd, 2026-Q3, 2026-03-01..2026-03-31
    #[arg(long = "time", value_name = "RANGE", allow_hyphen_values = true)]
    pub(crate) range: Option<String>,
    /// The first day, instead of --time
    #[arg(long = "start", value_name = "DATE")]
    pub(crate) start: Option<String>,
    /// The last day, instead of --time
    #[arg(long = "end", value_name = "DATE")]
    pub(crate) end: Option<String>,
    /// Another period to compare with: previous_period, previous_year, 2025-03-01..2025-03-31
    #[arg(long = "compare", value_name = "PERIOD")]
    pub(crate) compare: Option<String>,
    /// The instant to answer for: a timestamp (local without an offset), a date, or data [default: the clock]
    #[arg(long, value_name = "INSTANT")]
    pub(crate) now: Option<String>,
    /// The time zone whose days count [default: the model's]
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// Let a range reach today
    #[arg(long)]
    pub(crate) include_today: bool,
    /// Leave out days that are not over
    #[arg(long)]
    pub(crate) complete_days_only: bool,
    /// Widen the range to whole periods of the granularity
    #[arg(long)]
    pub(crate) align_to_granularity: bool,
}

/// A question for metrics.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Question {
    /// The metrics, by name (see: sextant list metrics)
    #[arg(value_name = "METRIC", value_delimiter = ',')]
    pub(crate) metrics: Vec<String>,
    #[command(flatten)]
    pub(crate) when: When,
    /// One row a period: hour, day, week, month, quarter, year
    #[arg(long, value_name = "UNIT")]
    pub(crate) granularity: Option<String>,
    /// One row for each value of a dimension; may be repeated
    #[arg(long = "by", value_name = "DIMENSION", value_delimiter = ',')]
    pub(crate) by: Vec<String>,
    /// Keep rows where this holds: "country = 'US'"; may be repeated
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) filters: Vec<String>,
    /// Keep groups where this holds: "orders > 10"; may be repeated
    #[arg(long = "having", value_name = "CONDITION")]
    pub(crate) having: Vec<String>,
    /// Sort by a column; -column for descending; may be repeated
    #[arg(long = "order", value_name = "COLUMN", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) order: Vec<String>,
    /// Keep the first rows only
    #[arg(long, value_name = "ROWS")]
    pub(crate) limit: Option<u64>,
    /// A saved query of the model; other flags override its parts
    #[arg(long, value_name = "NAME")]
    pub(crate) saved_query: Option<String>,
    /// The currency of amounts, by its code [default: the model's]
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,
    /// Give rows for periods without data too
    #[arg(long)]
    pub(crate) include_empty: bool,
    /// Leave out the totals over the whole range
    #[arg(long)]
    pub(crate) no_totals: bool,
}

/// How an answer is shown.
#[derive(Args, Clone, Debug)]
pub(crate) struct Show {
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Print the request as one line of batch, and do not run it
    #[arg(long)]
    pub(crate) print_request: bool,
    /// Rows to show at most; the answer says when it is cut
    #[arg(long, value_name = "ROWS")]
    pub(crate) max_rows: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct Query {
    #[command(flatten)]
    pub(crate) question: Question,
    #[command(flatten)]
    pub(crate) show: Show,
}

#[derive(Args, Debug)]
pub(crate) struct Audit {
    /// The metrics, by name [default: the model's audit set]
    #[arg(value_name = "METRIC", value_delimiter = ',')]
    pub(crate) metrics: Vec<String>,
    #[command(flatten)]
    pub(crate) when: When,
    /// Where to look for what moved, instead of the model's dimensions; may be repeated
    #[arg(long = "dimension", visible_alias = "by", value_name = "DIMENSION", value_delimiter = ',')]
    pub(crate) dimensions: Vec<String>,
    /// Keep rows where this holds: "country = 'US'"; may be repeated
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) filters: Vec<String>,
    /// The lowest level to list
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) min_level: Option<MinLevel>,
    /// Highlights at most [default: 6]
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_highlights: Option<u64>,
    /// The currency of amounts, by its code [default: the model's]
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,
    /// Take every metric apart, by every dimension, not only the highlights
    #[arg(long)]
    pub(crate) details: bool,
    /// End with status 7 when a listed metric's change is of this level or above
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// The lowest level of the metrics that an audit lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MinLevel {
    None,
    Notable,
    Major,
}

/// The level of a change from which on an audit ends with a status of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Notable,
    Major,
}

#[derive(Args, Debug)]
pub(crate) struct Sql {
    /// One statement that reads, or - to read it from standard input; without it, a terminal opens a shell
    #[arg(value_name = "STATEMENT")]
    pub(crate) statement: Option<String>,
    #[command(flatten)]
    pub(crate) when: When,
    #[command(flatten)]
    pub(crate) show: Show,
}

#[derive(Args, Debug)]
pub(crate) struct Time {
    /// A period: last_7_days, mtd, 2026-Q3, 2026-03-01..2026-03-31
    #[arg(value_name = "RANGE", allow_hyphen_values = true, required_unless_present_any = ["range", "start", "end"])]
    pub(crate) asked: Option<String>,
    #[command(flatten)]
    pub(crate) when: When,
    #[arg(long, value_enum, default_value_t = TimeFormat::Table)]
    pub(crate) format: TimeFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimeFormat {
    Table,
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) question: Question,
    /// Which form of the question to show
    #[arg(long, value_enum, default_value_t = Stage::Semantic)]
    pub(crate) stage: Stage,
    /// The warehouse whose SQL `--stage sql` shows
    #[arg(long, value_enum, default_value_t = Dialect::Duckdb)]
    pub(crate) dialect: Dialect,
}

/// The forms a question takes on its way to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    Resolved,
    Semantic,
    Logical,
    Physical,
    /// The SQL that a warehouse would run
    Sql,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    Duckdb,
    Postgres,
    Snowflake,
    Bigquery,
}

#[derive(Args, Debug)]
pub(crate) struct Call {
    /// get_metrics, audit_performance, search, resolve_time_range, …
    pub(crate) tool: String,
    /// The arguments as a JSON object, or - to read them from standard input
    #[arg(value_name = "JSON", default_value = "{}")]
    pub(crate) arguments: String,
}

#[derive(Args, Debug)]
pub(crate) struct Batch {
    /// Rows of an answer at most
    #[arg(long, value_name = "ROWS")]
    pub(crate) max_rows: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct Fixtures {
    /// How much data to make
    #[arg(long, value_enum, default_value_t = Scale::Tiny)]
    pub(crate) scale: Scale,
    /// The directory to write into; it becomes the data root of the commerce model
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The last day with data [default: yesterday]
    #[arg(long, value_name = "DATE")]
    pub(crate) end: Option<chrono::NaiveDate>,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// The whole answer
    Json,
    /// One row a line
    Jsonl,
    Csv,
    Markdown,
}

/// The command line of this process; usage faults end it with status 2.
pub(crate) fn parse() -> Result<Cli, Fault> {
    if identity::holds_token(std::env::args_os()) {
        let message = "an argument holds an access token: others of this machine can read it, and the shell keeps it";
        let help = "give tokens in SEXTANT_API_KEY; to revoke one, name it: sextant token list";
        return Err(Failure(Diagnostic::new(Code::InvalidArgument, message).help(help).into()).into());
    }
    Ok(Cli::parse())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
