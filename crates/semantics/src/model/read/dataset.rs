//! Reading datasets and what ties them together.

use super::super::dataset::{CsvOptions, Currency, Entity, Validity};
use super::super::fields::Fields;
use super::super::format::Shape;
use super::super::relationship::{Relationship, SharedDimension};
use super::super::{Column, Dataset, Dimension, DimensionKind, Location, Watermark, convert};
use super::metric::{self, Home};
use crate::source::Spanned;

pub(super) fn dataset(f: &Fields<'_>) -> Option<Dataset> {
    let name = f.text("name");
    let label = f.text("label");
    let description = f.text("description");
    let source = f.object("source", location);
    let columns = f.objects("columns", |f| f.or_left_out(column(f)));
    let primary_key = f.texts("primary_key");
    let unique_keys = f.text_lists("unique_keys");
    let time = f.text("time");
    let watermark = f.object("watermark", watermark);
    let dimensions = f.objects("dimensions", |f| f.or_left_out(dimension(f)));
    let entities = f.objects("entities", |f| f.or_left_out(entity(f)));
    let validity = f.object("validity", validity);
    let metrics = f.objects("metrics", |f| f.or_left_out(metric::metric(f, Home::Dataset)));
    let currency = f.object("currency", currency);
    let normalize = f.words("normalize");
    let columns = f.reader.distinct("column", columns, |c| &c.name);
    let dimensions = f.reader.distinct("dimension", dimensions, |d| &d.name);
    let entities = f.reader.distinct("entity", entities, |e| &e.name);
    // A dataset without a readable source keeps its place, so that what refers to it is checked.
    let stand_in = name.clone().map(|name| Location::Table { name });
    let mut lost = f.reader.unread.borrow_mut();
    let (Some(name), Some(source)) = (name, source.or(stand_in)) else {
        // Without its name nothing in it can be reached.
        lost.extend(dimensions.into_iter().map(|d| d.name.value));
        lost.extend(entities.into_iter().map(|e| e.name.value));
        lost.extend(
            metrics.into_iter().flat_map(|m| [vec![m.name], m.aliases, m.deprecated_names].concat()).map(|n| n.value),
        );
        return None;
    };
    drop(lost);
    Some(Dataset {
        name,
        label,
        description,
        source,
        columns,
        primary_key,
        unique_keys,
        time,
        watermark,
        dimensions,
        entities,
        validity,
        metrics,
        currency,
        normalize,
        span: f.span,
    })
}

/// `source:` of a dataset or a target.
pub(super) fn location(f: &Fields<'_>) -> Option<Location> {
    let parquet = f.text("parquet");
    let csv = f.text("csv");
    let jsonl = f.text("jsonl");
    let table = f.text("table");
    let sql = f.text("sql");
    let delimiter = f.parsed(
        "delimiter",
        |s| matches!(s, Shape::Character),
        |text| match text.as_bytes() {
            [byte] if byte.is_ascii() => Some(*byte),
            _ => None,
        },
    );
    let header = f.flag("header");
    let null = f.text("null");
    let spans = [delimiter.as_ref().map(|d| d.span), header.as_ref().map(|h| h.span), null.as_ref().map(|n| n.span)];
    if let Some(span) = spans.into_iter().flatten().next().filter(|_| csv.is_none()) {
        f.contradiction(span, "`delimiter`, `header` and `null` are of CSV files".to_string(), "use them with `csv`");
    }
    match (parquet, csv, jsonl, table, sql) {
        (Some(path), None, None, None, None) => Some(Location::Parquet { path }),
        (None, Some(path), None, None, None) => {
            Some(Location::Csv { path, options: CsvOptions { delimiter, header, null } })
        }
        (None, None, Some(path), None, None) => Some(Location::JsonLines { path }),
        (None, None, None, Some(name), None) => Some(Location::Table { name }),
        (None, None, None, None, Some(query)) => Some(Location::Sql { query }),
        _ => None,
    }
}

fn column(f: &Fields<'_>) -> Option<Column> {
    let name = f.text("name");
    let data_type = f.parsed("type", |s| matches!(s, Shape::ColumnType), convert::column_type);
    let optional = f.flag("optional").is_some_and(|o| o.value);
    let description = f.text("description");
    Some(Column { name: name?, data_type: data_type?, optional, description, span: f.span })
}

fn watermark(f: &Fields<'_>) -> Option<Watermark> {
    let column = f.text("column");
    let lag = f.parsed("lag", |s| matches!(s, Shape::Length), convert::length);
    Some(Watermark { column: column?, lag, span: f.span })
}

fn dimension(f: &Fields<'_>) -> Option<Dimension> {
    let name = f.text("name");
    let written_kind = f.word("type");
    let has_kind = f.has("type");
    let dimension = Dimension {
        label: f.text("label"),
        description: f.text("description"),
        synonyms: f.texts("synonyms"),
        expr: f.text("expr"),
        granularity: f.word("granularity"),
        stored_as: f.parsed("stored_as", |s| matches!(s, Shape::StoredAs), convert::stored_as),
        normalize: f.words("normalize"),
        partition: f.flag("partition").is_some_and(|p| p.value),
        hidden: f.flag("hidden").is_some_and(|h| h.value),
        span: f.span,
        kind: match (written_kind, has_kind) {
            (Some(kind), _) => kind,
            (None, true) => return None,
            (None, false) => Spanned::new(DimensionKind::Categorical, name.as_ref()?.span),
        },
        name: name?,
    };
    let time_only = [
        ("granularity", dimension.granularity.as_ref().map(|g| g.span)),
        ("stored_as", dimension.stored_as.as_ref().map(|s| s.span)),
    ];
    for (key, span) in time_only {
        if let Some(span) = span.filter(|_| dimension.kind.value != DimensionKind::Time) {
            f.contradiction(span, format!("`{key}` of a dimension that is not of `type: time`"), "add `type: time`");
        }
    }
    if let Some(normalize) = dimension.normalize.as_ref().and_then(|n| n.first())
        && dimension.kind.value != DimensionKind::Categorical
    {
        let message = "`normalize` of a dimension that is not categorical".to_string();
        f.contradiction(normalize.span, message, "only texts are normalized");
    }
    if dimension.name.value == "metric_time" {
        let message = "`metric_time` is every metric's own time axis".to_string();
        f.contradiction(dimension.name.span, message, "choose another name, and set the dataset's `time` to it");
    }
    Some(dimension)
}

fn entity(f: &Fields<'_>) -> Option<Entity> {
    let name = f.text("name");
    let kind = f.word("kind");
    let columns = f.texts("columns");
    let description = f.text("description");
    if columns.is_empty() && (f.has("columns") || kind.is_none()) {
        if !f.has("columns") {
            f.missing("columns", "add `columns`: the columns of its key");
        }
        return None;
    }
    Some(Entity { name: name?, kind, columns, description, span: f.span })
}

fn validity(f: &Fields<'_>) -> Option<Validity> {
    let (from, to) = (f.text("from"), f.text("to"));
    Some(Validity { from: from?, to: to?, span: f.span })
}

fn currency(f: &Fields<'_>) -> Option<Currency> {
    let column = f.text("column");
    let rates = f.text("rates");
    let (rates_day, rates_currency) = (f.text("rates_day"), f.text("rates_currency"));
    let (rates_value, rates_base) = (f.text("rates_value"), f.text("rates_base"));
    Some(Currency { column: column?, rates, rates_day, rates_currency, rates_value, rates_base, span: f.span })
}

pub(super) fn shared_dimension(f: &Fields<'_>) -> Option<SharedDimension> {
    let name = f.text("name");
    let label = f.text("label");
    let description = f.text("description");
    let synonyms = f.texts("synonyms");
    let mut of = f.texts("of");
    let hidden = f.flag("hidden").is_some_and(|h| h.value);
    of.retain(|path| {
        let is_path = path.value.split('.').filter(|part| !part.is_empty()).count() == 2;
        if !is_path {
            let message = format!("`{}` is not `dataset.dimension`", path.value);
            f.contradiction(path.span, message, "name the dataset, a point, and its dimension");
        }
        is_path
    });
    Some(SharedDimension { name: name?, label, description, synonyms, of, hidden, span: f.span })
}

pub(super) fn relationship(f: &Fields<'_>) -> Option<Relationship> {
    let name = f.text("name");
    let description = f.text("description");
    let entity = f.text("entity");
    let from = f.text("from");
    let from_columns = f.texts("from_columns");
    let to = f.text("to");
    let to_columns = f.texts("to_columns");
    if !from_columns.is_empty() && !to_columns.is_empty() && from_columns.len() != to_columns.len() {
        let message = format!(
            "{} has {} columns in `from_columns` and {} in `to_columns`",
            f.label(),
            from_columns.len(),
            to_columns.len()
        );
        f.contradiction(to_columns[0].span, message, "the columns are equal one by one");
    }
    (!from_columns.is_empty() && from_columns.len() == to_columns.len()).then_some(())?;
    Some(Relationship {
        name: name?,
        description,
        entity,
        from: from?,
        from_columns,
        to: to?,
        to_columns,
        span: f.span,
    })
}
