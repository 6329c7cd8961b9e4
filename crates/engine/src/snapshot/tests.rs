//! Files of each format in each layout, read through DataFusion; broken ones and their messages;
//! files that change.

use std::fs;

use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::{SessionConfig, SessionContext};
use sextant_semantics::data_type::{Clock, DataType};
use sextant_semantics::diagnostic::Diagnostic;

use super::Snapshot;
use crate::execute::ExecuteError;
use crate::source::tests::{Root, csv, files, json_lines, parquet, shown, table, with};
use crate::source::{CsvOptions, DatasetSource, Format};
use crate::write::{Column, write_csv, write_json_lines, write_parquet};

mod broken;
mod changes;
mod extents;
mod layouts;

const MONEY: DataType = DataType::Decimal { precision: 12, scale: 2 };

fn integers(values: &[i64]) -> Column {
    Column::Integer(values.iter().copied().map(Some).collect())
}

fn texts(values: &[&str]) -> Column {
    Column::Text(values.iter().map(|text| Some(text.to_string())).collect())
}

fn session() -> SessionContext {
    SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2))
}

/// The rows of a statement over the table `orders`, cells separated by `|`.
async fn rows(context: &SessionContext, snapshot: &Snapshot, sql: &str) -> Result<Vec<String>, Diagnostic> {
    let table = snapshot.provider("orders").await?;
    context.deregister_table("orders").unwrap();
    context.register_table("orders", table).unwrap();
    let frame = context.sql(sql).await.unwrap();
    let batches = match frame.collect().await {
        Ok(batches) => batches,
        Err(error) => return Err(ExecuteError::from(error).diagnostic()),
    };
    let options = FormatOptions::default().with_null("null");
    let mut rows = Vec::new();
    for batch in &batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
            rows.push(cells.join("|"));
        }
    }
    Ok(rows)
}

async fn query(root: &Root, source: &DatasetSource, sql: &str) -> Result<Vec<String>, Diagnostic> {
    let snapshot = root.snapshot(std::slice::from_ref(source)).await;
    rows(&session(), &snapshot, sql).await
}

async fn schema(root: &Root, source: &DatasetSource) -> Result<String, Diagnostic> {
    let snapshot = root.snapshot(std::slice::from_ref(source)).await;
    let dataset = snapshot.dataset("orders")?;
    let columns: Vec<String> =
        dataset.schema().columns.iter().map(|column| format!("{} {}", column.name, column.data_type)).collect();
    Ok(columns.join(", "))
}
