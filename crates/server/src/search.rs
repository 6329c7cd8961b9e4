//! `search`: the model, the values in its data, the operations and the documentation, in one ranking, each
//! result with the call that uses it.

use std::sync::LazyLock;

use serde_json::{Value, json};
use sextant_engine::json::cursor::Slice;
use sextant_engine::json::{listing, schema};
use sextant_engine::workspace::values::Values;
use sextant_engine::workspace::{CallContext, Failure, Workspace};
use sextant_semantics::catalog::search::{self, Entry, What};
use sextant_semantics::query::request::{SearchKind, SearchRequest};

use crate::docs::{self, Page};
use crate::identity::caller::Caller;
use crate::operations::{Operation, executable};

pub(crate) mod result;

use result::Results;

/// Results of a page unless the request says otherwise.
const RESULTS: usize = 20;
/// Bytes of a page at most, whatever the door: it ends before it would have more.
const BYTES: usize = 28_000;

pub(crate) async fn answer(
    workspace: &Workspace,
    caller: &Caller,
    asked: &SearchRequest,
    context: &CallContext,
) -> Result<Value, Failure> {
    let values = if wants_values(asked) { Some(workspace.values(context).await?) } else { None };
    let here = entries(workspace, caller);
    let of_data = values.iter().flat_map(|values| &values.entries);
    let wanted = |entry: &&Entry| asked.kind.is_none_or(|kind| kind == kind_of(&entry.what));
    let found = search::ranked(here.iter().chain(PAGES.iter()).chain(of_data).filter(wanted), &asked.query);
    let snapshot = values.as_ref().map_or("", |values| values.snapshot.as_str());
    let bound_to = ["search", &asked.query, asked.kind.map_or("", SearchKind::as_str), snapshot];
    let (cursors, total) = (workspace.cursors(), found.len());
    let limit = asked.limit.map_or(RESULTS, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let page = Slice::of(cursors, &bound_to, total, asked.cursor.as_deref(), limit)?;
    let write = Results { catalog: workspace.catalog(), values: values.as_deref() };
    let results: Vec<Value> = found[page.from..page.to].iter().map(|entry| write.result(entry)).collect();
    let results = listing::within(results, Some(BYTES));
    let to = page.from + results.len();
    let page = page.shortened(cursors, &bound_to, total, to);
    let is_more = page.next.is_some();
    let mut answer = json!({ "results": results, "total": total, "truncated": is_more, "next_cursor": page.next });
    if let Some(left_out) = values.as_deref().map(|values| &values.left_out).filter(|names| !names.is_empty()) {
        answer["values_left_out"] = json!(left_out);
    }
    Ok(answer)
}

/// Values are read from the data: only for words, or when they are asked for.
fn wants_values(asked: &SearchRequest) -> bool {
    match asked.kind {
        None => !asked.query.trim().is_empty(),
        Some(kind) => kind == SearchKind::DimensionValue,
    }
}

/// The pages of the documentation, the same for every model.
static PAGES: LazyLock<Vec<Entry>> = LazyLock::new(|| docs::pages().iter().map(of_page).collect());

/// What a model has without its data, and the operations that the caller may run over it.
pub(crate) fn entries(workspace: &Workspace, caller: &Caller) -> Vec<Entry> {
    let mut all = search::entries(workspace.catalog());
    all.extend(
        executable(caller)
            .filter(|operation| result::example(operation, workspace.catalog()).is_some())
            .map(of_operation),
    );
    all
}

fn of_operation(operation: &Operation) -> Entry {
    let what = What::Operation(operation.name.to_string());
    Entry::new(what, operation.name, [operation.title], Some(operation.description))
}

fn of_page(page: &Page) -> Entry {
    let headings = page.markdown.lines().filter(|line| line.starts_with("##")).map(|line| line.trim_start_matches('#'));
    let words: Vec<&str> = [page.description.as_str()].into_iter().chain(headings).collect();
    Entry::new(What::Page(page.slug.clone()), &page.slug, [page.title.as_str()], Some(&words.join(" ")))
}

pub(crate) fn kind_of(what: &What) -> SearchKind {
    match what {
        What::Metric(_) => SearchKind::Metric,
        What::Dimension(_) => SearchKind::Dimension,
        What::Value { .. } => SearchKind::DimensionValue,
        What::SavedQuery(_) => SearchKind::SavedQuery,
        What::Operation(_) => SearchKind::Operation,
        What::Page(_) => SearchKind::Documentation,
    }
}

/// The entry of an id that a search gave.
pub(crate) fn entry_of(workspace: &Workspace, caller: &Caller, values: Option<&Values>, id: &str) -> Option<Entry> {
    let is_it = |entry: &&Entry| result::id(entry) == id;
    match values {
        Some(values) => values.entries.iter().find(is_it).cloned(),
        None => entries(workspace, caller).iter().chain(PAGES.iter()).find(is_it).cloned(),
    }
}

/// The ids of everything but values.
pub(crate) fn ids(workspace: &Workspace, caller: &Caller) -> Vec<String> {
    entries(workspace, caller).iter().chain(PAGES.iter()).map(result::id).collect()
}

/// The schema of the answer.
pub(crate) fn answer_schema() -> Value {
    let any = || json!({ "type": "object" });
    let result = schema::object(
        "",
        json!({
            "kind": schema::text(""),
            "id": schema::text("What fetch takes."),
            "name": schema::text(""),
            "title": schema::text(""),
            "description": schema::anything(""),
            "definition": schema::text(""),
            "dimension": schema::text(""),
            "url": schema::text(""),
            "call": {"type": "object", "description": "What execute takes as it is."},
            "method": schema::text(""),
            "path": schema::text(""),
            "argument_schema": any(),
            "pagination": any(),
            "authorization": any(),
        }),
        &["kind", "id", "name", "title", "url", "call"],
    );
    schema::object(
        "",
        json!({
            "results": schema::list("Best first.", result),
            "total": schema::integer(""),
            "truncated": schema::boolean(""),
            "next_cursor": schema::anything(""),
            "values_left_out": schema::list("Dimensions too large to search.", json!({"type": "string"})),
            "read_as": schema::list("", json!({"type": "string"})),
        }),
        &["results", "total", "truncated", "next_cursor"],
    )
}
