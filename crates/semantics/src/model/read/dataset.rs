//! Reading datasets and what ties them together.

use super::super::dataset::{CsvOptions, Currency, Entity, Validity};
use super::super::fields::Fields;
use super::super::format::Shape;
use super::super::relationship::{Cardinality, Relationship, SharedDimension, Through};
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
    let settles_after = f.parsed("settles_after", |s| matches!(s, Shape::Length), convert::length);
    let attribution_window = f.parsed("attribution_window", |s| matches!(s, Shape::Length), convert::length);
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
        settles_after,
        attribution_window,
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
    let cardinality: Option<Spanned<Cardinality>> = f.word("cardinality");
    let through = through(f, &from_columns, &to_columns)?;
    if through.is_none() && !are_paired(f, ("from_columns", &from_columns), ("to_columns", &to_columns)) {
        return None;
    }
    (!from_columns.is_empty() && !to_columns.is_empty()).then_some(())?;
    if let (Some(said), Some(_)) = (cardinality.as_ref().filter(|c| c.value == Cardinality::ManyToOne), &through) {
        let message = format!("{} is `many_to_one` and leads `through` pairs", f.label());
        f.contradiction(said.span, message, "leave one of the two out");
    }
    Some(Relationship {
        name: name?,
        description,
        entity,
        from: from?,
        from_columns,
        to: to?,
        to_columns,
        cardinality,
        through,
        span: f.span,
    })
}

/// The pairs of a relationship; the outer none where they cannot be read.
fn through(f: &Fields<'_>, from: &[Spanned<String>], to: &[Spanned<String>]) -> Option<Option<Through>> {
    let dataset = f.text("through");
    let (near, far) = (f.texts("through_from_columns"), f.texts("through_to_columns"));
    if !f.has("through") {
        if let Some(first) = near.iter().chain(&far).next() {
            let message = format!("{} has columns of pairs and no `through`", f.label());
            f.contradiction(first.span, message, "add `through`: the dataset that has them");
        }
        return Some(None);
    }
    let columns = |written: Vec<Spanned<String>>, same: &[Spanned<String>]| {
        if written.is_empty() { same.to_vec() } else { written }
    };
    let through = Through { dataset: dataset?, from_columns: columns(near, from), to_columns: columns(far, to) };
    let are_paired = are_paired(f, ("from_columns", from), ("through_from_columns", &through.from_columns))
        & are_paired(f, ("to_columns", to), ("through_to_columns", &through.to_columns));
    are_paired.then_some(Some(through))
}

/// Whether two lists of columns are equal one by one; what is missing altogether was a finding already.
fn are_paired(f: &Fields<'_>, one: (&str, &[Spanned<String>]), other: (&str, &[Spanned<String>])) -> bool {
    let (name, of) = other;
    if one.1.len() == of.len() {
        return true;
    }
    if let Some(first) = of.first().filter(|_| !one.1.is_empty()) {
        let message = format!("{} has {} columns in `{}` and {} in `{name}`", f.label(), one.1.len(), one.0, of.len());
        f.contradiction(first.span, message, "the columns are equal one by one");
    }
    false
}
