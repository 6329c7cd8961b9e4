//! A dataset of which a caller sees half: the other half holds canaries, and cells on which functions fail.

use std::path::Path;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Workspace;
use sextant_engine::write::{Column, write_csv, write_json_lines, write_parquet};
use sextant_semantics::query::caller::Caller;
use sextant_tests::ask;

/// What no answer may hold.
pub(super) const CANARY: &str = "canary";

/// How the rows are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Parquet,
    Csv,
    JsonLines,
}

impl Storage {
    pub(super) const ALL: [Storage; 3] = [Storage::Parquet, Storage::Csv, Storage::JsonLines];

    pub(super) fn word(self) -> &'static str {
        match self {
            Storage::Parquet => "parquet",
            Storage::Csv => "csv",
            Storage::JsonLines => "jsonl",
        }
    }
}

/// A function that fails on a hidden cell, and on no visible one.
pub(super) struct Fallible {
    pub(super) name: &'static str,
    pub(super) value: &'static str,
}

/// Fourteen of them; `try_cast` and `quotient` are null where others fail.
pub(super) const FALLIBLE: [Fallible; 14] = [
    Fallible { name: "cast_integer", value: "CAST(raw AS integer)" },
    Fallible { name: "cast_decimal", value: "CAST(raw AS decimal(10, 2))" },
    Fallible { name: "cast_float", value: "CAST(raw AS float)" },
    Fallible { name: "cast_date", value: "CAST(moment AS date)" },
    Fallible { name: "cast_timestamp", value: "CAST(moment AS timestamp)" },
    Fallible { name: "cast_boolean", value: "CAST(flag AS boolean)" },
    Fallible { name: "try_cast", value: "TRY_CAST(raw AS integer)" },
    Fallible { name: "to_date", value: "to_date(moment)" },
    Fallible { name: "date_trunc", value: "date_trunc('month', CAST(moment AS timestamp))" },
    Fallible { name: "narrow", value: "CAST(n AS decimal(5, 0))" },
    Fallible { name: "product", value: "big * 100" },
    Fallible { name: "substr", value: "substr(raw, 1, n)" },
    Fallible { name: "split_part", value: "split_part(raw, '-', n)" },
    Fallible { name: "quotient", value: "1000 / n" },
];

/// Which rows a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    All,
    Visible,
}

/// How the rows are guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    None,
    /// By a column of their own, and a column is hidden from everybody.
    Own,
    /// By who holds what they belong to, and the column is hidden from all but some.
    Reached,
}

impl Guard {
    fn policies(self) -> Value {
        match self {
            Guard::None => json!([]),
            Guard::Own => json!([
                {"name": "own_tenants", "dataset": "visits", "filter": "tenant IN (:caller.tenants)"},
                {"dataset": "visits", "hide": ["email"]},
            ]),
            Guard::Reached => json!([
                {"name": "held", "dataset": "visits", "filter": "owners.holder IN (:caller.tenants)"},
                {"dataset": "visits", "hide": ["email"], "unless": ":caller.role IN ('support', 'admin')"},
            ]),
        }
    }
}

/// The model, with policies or without.
pub(super) fn model(storage: Storage, guard: Guard) -> String {
    let number = ["narrow", "quotient", "product", "cast_integer", "cast_decimal", "cast_float", "try_cast"];
    let time = ["cast_date", "cast_timestamp", "to_date", "date_trunc"];
    let mut dimensions = vec![
        json!({"name": "tenant"}),
        json!({"name": "raw"}),
        json!({"name": "moment"}),
        json!({"name": "flag"}),
        json!({"name": "n", "type": "number"}),
        json!({"name": "big", "type": "number"}),
        json!({"name": "day", "type": "time", "granularity": "day"}),
    ];
    let mut metrics = vec![
        json!({"name": "events", "type": "simple", "agg": "count"}),
        json!({"name": "total", "type": "simple", "agg": "sum", "expr": "n"}),
        json!({"name": "payers", "type": "simple", "agg": "count_distinct", "expr": "email"}),
    ];
    for of in &FALLIBLE {
        let kind = match of.name {
            name if number.contains(&name) => "number",
            name if time.contains(&name) => "time",
            "cast_boolean" => "boolean",
            _ => "categorical",
        };
        dimensions.push(json!({"name": of.name, "expr": of.value, "type": kind}));
        let metric = format!("distinct_{}", of.name);
        metrics.push(json!({"name": metric, "type": "simple", "agg": "count_distinct", "expr": of.value}));
    }
    let mut model = json!({
        "version": 1, "name": "guarded", "calendar": {"timezone": "UTC"},
        "datasets": [{
            "name": "visits", "source": {storage.word(): format!("visits.{}", storage.word())},
            "primary_key": ["id"], "time": "day",
            "columns": [
                {"name": "id", "type": "integer"}, {"name": "tenant", "type": "text"}, {"name": "raw", "type": "text"},
                {"name": "moment", "type": "text"}, {"name": "flag", "type": "text"},
                {"name": "n", "type": "integer"}, {"name": "big", "type": "decimal(38, 0)"},
                {"name": "day", "type": "date"}, {"name": "email", "type": "text"},
                {"name": "owner_id", "type": "integer"},
            ],
            "dimensions": dimensions, "metrics": metrics,
        }, {
            "name": "owners", "source": {storage.word(): format!("owners.{}", storage.word())}, "primary_key": ["id"],
            "columns": [{"name": "id", "type": "integer"}, {"name": "holder", "type": "text"}],
            "dimensions": [{"name": "holder"}],
        }],
        "relationships": [
            {"name": "held_by", "from": "visits", "from_columns": ["owner_id"], "to": "owners", "to_columns": ["id"]},
        ],
    });
    if guard != Guard::None {
        model["policies"] = guard.policies();
    }
    model.to_string()
}

/// One row: tenant, raw, moment, flag, n, big, day of the month.
type Row = (&'static str, &'static str, &'static str, &'static str, i64, i128, u32);

const VISIBLE: [Row; 4] = [
    ("a", "1", "2026-03-01", "true", 1, 10, 1),
    ("a", "2", "2026-03-02", "false", 2, 20, 2),
    ("b", "12", "2026-03-03", "true", 3, 30, 3),
    ("b", "12", "2026-03-03", "true", 3, 30, 4),
];

const MOST: i128 = 10_i128.pow(38) - 1;

const HIDDEN: [Row; 4] = [
    ("canary", "canary-1", "canary-2", "canary-3", -7_654_321, MOST, 5),
    ("canary", "canary-4", "2026-99-99", "maybe", 0, -MOST, 6),
    ("a-canary", "", "canary-5", "", i64::MAX, MOST, 28),
    ("canary", "9e999", "31/31/2026", "canary-6", i64::MIN, MOST, 2),
];

/// Who holds what rows belong to; a key that is null is nobody's.
const OWNERS: [(Option<i64>, &str); 5] =
    [(Some(3), "canary"), (Some(1), "a"), (None, "a"), (Some(2), "b"), (Some(4), "a-canary")];

/// What a row belongs to: a hidden one to what a canary holds, to nothing, or to what is not there.
fn owner_of(id: i64, row: &Row) -> Option<i64> {
    match row.0 {
        "a" => Some(1),
        "b" => Some(2),
        _ => [Some(3), None, Some(4), Some(99)][usize::try_from(id / 2).unwrap_or(0) % 4],
    }
}

/// Writes the model and the rows into a folder and opens it.
pub(super) fn open(folder: &Path, storage: Storage, rows: Rows, guard: Guard) -> Result<Workspace, String> {
    // Hidden rows stand between the visible ones.
    let all = VISIBLE.iter().zip(&HIDDEN).flat_map(|(seen, hidden)| [(seen, true), (hidden, false)]);
    let kept: Vec<(i64, &Row)> = all
        .enumerate()
        .filter(|(_, (_, is_seen))| *is_seen || rows == Rows::All)
        .map(|(id, (row, _))| (id as i64, row))
        .collect();
    let text = |of: fn(&Row) -> &'static str| {
        Column::Text(kept.iter().map(|(_, row)| Some(of(row)).filter(|t| !t.is_empty()).map(str::to_string)).collect())
    };
    let day = |row: &Row| NaiveDate::from_ymd_opt(2026, 3, row.6);
    let columns = vec![
        ("id".to_string(), Column::Integer(kept.iter().map(|(id, _)| Some(*id)).collect())),
        ("tenant".to_string(), text(|row| row.0)),
        ("raw".to_string(), text(|row| row.1)),
        ("moment".to_string(), text(|row| row.2)),
        ("flag".to_string(), text(|row| row.3)),
        ("n".to_string(), Column::Integer(kept.iter().map(|(_, row)| Some(row.4)).collect())),
        ("big".to_string(), Column::Decimal { scale: 0, values: kept.iter().map(|(_, row)| Some(row.5)).collect() }),
        ("day".to_string(), Column::Date(kept.iter().map(|(_, row)| day(row)).collect())),
        ("email".to_string(), Column::Text(kept.iter().map(|(id, _)| Some(format!("{CANARY}{id}@x.y"))).collect())),
    ];
    let columns = columns
        .into_iter()
        .chain([("owner_id".to_string(), Column::Integer(kept.iter().map(|(id, row)| owner_of(*id, row)).collect()))]);
    let owners = vec![
        ("id".to_string(), Column::Integer(OWNERS.iter().map(|(id, _)| *id).collect())),
        ("holder".to_string(), Column::Text(OWNERS.iter().map(|(_, holder)| Some(holder.to_string())).collect())),
    ];
    for (name, columns) in [("visits", columns.collect()), ("owners", owners)] {
        let path = folder.join(format!("{name}.{}", storage.word()));
        let written = match storage {
            Storage::Parquet => write_parquet(&path, &columns, 2),
            Storage::Csv => write_csv(&path, &columns),
            Storage::JsonLines => write_json_lines(&path, &columns),
        };
        written.map_err(|error| error.to_string())?;
    }
    std::fs::write(folder.join("model.yml"), model(storage, guard)).map_err(|error| error.to_string())?;
    let place = ask::Place::new(folder.to_path_buf(), folder.to_path_buf());
    ask::open(&place).map_err(|error| format!("the model is refused: {error}"))
}

/// Somebody of both visible tenants.
pub(super) fn caller() -> Caller {
    Caller::from_pairs(["tenants=a", "tenants=b"]).unwrap()
}

/// An answer or an error, without what names the files.
pub(super) fn said(workspace: &Workspace, caller: &Caller, tool: &str, arguments: &Value) -> String {
    let arguments: &Map<String, Value> = arguments.as_object().unwrap();
    match ask::call_as(workspace, caller, tool, arguments) {
        Ok(mut answer) => {
            if let Some(map) = answer.as_object_mut() {
                ["snapshot", "answer_id", "model_version"].iter().for_each(|key| drop(map.shift_remove(*key)));
            }
            answer.to_string()
        }
        Err(error) => format!("refused: {error}"),
    }
}
