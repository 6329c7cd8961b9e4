//! Statements around questions for metrics: the syntax tree that `semantics` has guarded and lifted, planned over
//! the answers, the datasets and the tables of the model that it names, and over nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::config::SqlParserOptions;
use datafusion::datasource::provider_as_source;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::planner::{NullOrdering, ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast;

use crate::session::Session;

mod arithmetic;
mod doubles;
pub(crate) mod fault;
mod names;
mod sum;
pub(crate) mod table;

use names::Names;

/// The plan of `query` over these tables, by the names that it has for them. Types are checked.
pub(crate) fn plan(
    session: &Session,
    query: &ast::Query,
    tables: HashMap<String, Arc<dyn TableProvider>>,
) -> Result<LogicalPlan, DataFusionError> {
    let state = session.context.state();
    let sources = tables.into_iter().map(|(name, table)| (name, provider_as_source(table))).collect();
    let names = Names::new(&state, sources);
    let statement = ast::Statement::Query(Box::new(query.clone()));
    let work = || {
        let planned = SqlToRel::new_with_options(&names, options()).sql_statement_to_plan(statement)?;
        state.optimize(&planned)
    };
    // The engine's planner recurses at each operator.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("plan".into()).stack_size(64 << 20).spawn_scoped(scope, work);
        thread?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Names are as written, and nulls stand last both ways.
fn options() -> ParserOptions {
    let defaults = SqlParserOptions::default();
    ParserOptions {
        enable_ident_normalization: false,
        collect_spans: true,
        parse_float_as_decimal: true,
        default_null_ordering: NullOrdering::NullsLast,
        ..ParserOptions::from(&defaults)
    }
}
