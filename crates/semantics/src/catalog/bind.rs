//! The catalog held against the data's schemas: every expression typed against real columns.
//!
//! A fault belongs to the dimension or metric that has it; the rest of the model keeps answering.

use std::collections::HashMap;
use std::sync::Arc;

use super::aggregation::Aggregation;
use super::currency::CONVERTED;
use super::id::{DatasetId, DimensionId, MetricId};
use super::{Catalog, Dataset, Dimension, Measure, Metric, MetricKind, policy};
use crate::code::Code;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Expr, Function, Kind, Name, typing};
use crate::model::dataset::Normalization;
use crate::model::metric::Format;
use crate::model::{DimensionKind, Naming};
use crate::time::stored::StoredAs;

/// The columns of one dataset's files, united.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    pub columns: Vec<(String, DataType)>,
}

impl Schema {
    pub fn data_type(&self, column: &str) -> Option<DataType> {
        self.columns.iter().find(|(name, _)| name == column).map(|(_, data_type)| *data_type)
    }
}

/// Each dataset's schema, or why it has none, by [`DatasetId::index`].
pub type Schemas = Vec<Result<Schema, Diagnostic>>;

/// A column of a dataset's files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PhysicalColumn {
    pub name: String,
    pub data_type: DataType,
}

/// A dimension's expression over real columns.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundDimension {
    pub expr: Expr<PhysicalColumn>,
    pub data_type: DataType,
    /// Of a time dimension.
    pub stored: Option<StoredAs>,
}

/// A measure's argument over real columns, and the type of its aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundMeasure {
    pub aggregation: Aggregation,
    pub argument: Option<Expr<PhysicalColumn>>,
    /// Digits after the point that a float argument is cast to before an exact sum.
    pub money_scale: Option<u8>,
    /// Whether the argument is an amount that is converted, row by row, before it is aggregated.
    pub converts: bool,
    pub data_type: DataType,
}

/// A catalog whose expressions are typed.
#[derive(Clone, Debug)]
pub struct BoundCatalog {
    pub catalog: Arc<Catalog>,
    schemas: Schemas,
    dimensions: Vec<Result<BoundDimension, Diagnostic>>,
    measures: HashMap<MetricId, Result<BoundMeasure, Diagnostic>>,
}

/// Digits after the point of money stored as floats, unless a metric gives its `scale`.
const MONEY_SCALE: u8 = 4;

/// Types every expression of the catalog.
///
/// A dataset whose policies do not fit it has no schema: nobody reads what was meant to be hidden.
pub fn bind(catalog: Arc<Catalog>, mut schemas: Schemas) -> BoundCatalog {
    let all = |schemas: &Schemas| catalog.dimensions().iter().map(|d| bind_dimension(&catalog, schemas, d)).collect();
    let mut dimensions: Vec<Result<BoundDimension, Diagnostic>> = all(&schemas);
    for dataset in catalog.datasets() {
        let schema = &mut schemas[dataset.id.index()];
        let checked = schema.as_ref().map(|schema| policy::check(&catalog, dataset, schema, &dimensions));
        if let Ok(Err(fault)) = checked {
            *schema = Err(fault);
        }
    }
    dimensions = all(&schemas);
    let measures = catalog
        .metrics()
        .iter()
        .filter_map(|metric| match (&metric.kind, metric.dataset) {
            (MetricKind::Simple(measure), Some(dataset)) => {
                Some((metric.id, bind_measure(&catalog, &schemas, dataset, metric, measure)))
            }
            _ => None,
        })
        .collect();
    BoundCatalog { catalog, schemas, dimensions, measures }
}

impl BoundCatalog {
    pub fn dimension(&self, id: DimensionId) -> Result<&BoundDimension, Diagnostic> {
        self.dimensions[id.index()].as_ref().map_err(Clone::clone)
    }

    /// The measure of a simple metric.
    pub fn measure(&self, id: MetricId) -> Result<&BoundMeasure, Diagnostic> {
        self.measures.get(&id).expect("a simple metric is bound").as_ref().map_err(Clone::clone)
    }

    /// A column of a dataset, for joins and keys.
    pub fn column(&self, dataset: DatasetId, name: &str) -> Result<PhysicalColumn, Diagnostic> {
        let schema = self.schemas[dataset.index()].as_ref().map_err(Clone::clone)?;
        match schema.data_type(name) {
            Some(data_type) => Ok(PhysicalColumn { name: name.to_string(), data_type }),
            None => Err(unknown_column(self.catalog.dataset(dataset), schema, name)),
        }
    }

    pub fn schema(&self, dataset: DatasetId) -> Result<&Schema, Diagnostic> {
        self.schemas[dataset.index()].as_ref().map_err(Clone::clone)
    }

    /// Everything that does not fit the data: each fault once.
    pub fn findings(&self) -> Diagnostics {
        let mut found = Diagnostics::default();
        let mut add = |fault: &Diagnostic| {
            if !found.0.contains(fault) {
                found.push(fault.clone());
            }
        };
        self.schemas.iter().filter_map(|s| s.as_ref().err()).for_each(&mut add);
        self.dimensions.iter().filter_map(|d| d.as_ref().err()).for_each(&mut add);
        let mut measures: Vec<_> = self.measures.iter().collect();
        measures.sort_by_key(|(id, _)| **id);
        measures.iter().filter_map(|(_, m)| m.as_ref().err()).for_each(&mut add);
        for (dataset, column, span) in self.times_of_rows() {
            if let Err(fault) = self.column(dataset, column) {
                add(&fault.at(span));
            }
        }
        for dataset in self.catalog.datasets().iter().filter(|dataset| self.schema(dataset.id).is_ok()) {
            if let Err(fault) = self.conversion(dataset.id) {
                add(&fault);
            }
        }
        for relationship in self.catalog.relationships() {
            for (dataset, column) in relationship.needs() {
                if let Err(fault) = self.column(dataset, column) {
                    add(&fault.at(relationship.span));
                }
            }
        }
        found
    }
}

impl BoundCatalog {
    /// Columns that say when rows hold: bounds of validity, and what time spines have.
    fn times_of_rows(&self) -> Vec<(DatasetId, &str, crate::source::Span)> {
        let mut found = Vec::new();
        for dataset in self.catalog.datasets() {
            if let Some(validity) = &dataset.validity {
                found.push((dataset.id, validity.from.as_str(), validity.span));
                found.push((dataset.id, validity.to.as_str(), validity.span));
            }
        }
        let spines = self.catalog.time_spines();
        found.extend(spines.iter().map(|spine| (spine.dataset, spine.column.as_str(), spine.span)));
        found.extend(self.catalog.custom_granularities().iter().map(|custom| {
            let spine = &spines[custom.spine];
            (spine.dataset, custom.column.as_str(), spine.span)
        }));
        found
    }
}

fn bind_dimension(catalog: &Catalog, schemas: &Schemas, dimension: &Dimension) -> Result<BoundDimension, Diagnostic> {
    let (mut expr, mut data_type) = typed(catalog, schemas, dimension.dataset, &dimension.expr)?;
    // Other tools' models leave it to their database to read a time from a text.
    let is_foreign_time = dimension.kind == DimensionKind::Time && catalog.naming == Naming::EntityPaths;
    if is_foreign_time && data_type == DataType::Text {
        data_type = DataType::Timestamp(Clock::Local);
        let span = expr.span;
        expr = Expr::new(Kind::Cast { of: expr, to: data_type, or_null: false }, span);
    }
    let wrong = |wanted: &str| {
        let message = format!("dimension `{}` is {data_type}, not {wanted}", dimension.name);
        Err(Diagnostic::new(Code::TypeMismatch, message)
            .at(dimension.span)
            .help("declare the column's type under `columns`, or cast it in `expr`"))
    };
    let stored = match (dimension.kind, data_type) {
        (DimensionKind::Time, DataType::Date) => Some(StoredAs::Date),
        (DimensionKind::Time, DataType::Timestamp(Clock::Instant)) => Some(StoredAs::Instant),
        (DimensionKind::Time, DataType::Timestamp(Clock::Local)) => Some(dimension.stored_as),
        (DimensionKind::Time, _) => return wrong("a date or a timestamp"),
        (DimensionKind::Boolean, DataType::Boolean) => None,
        (DimensionKind::Boolean, _) => return wrong("a boolean"),
        (DimensionKind::Number, other) if other.is_number() => None,
        (DimensionKind::Number, _) => return wrong("a number"),
        (DimensionKind::Categorical, _) => None,
    };
    for normalization in &dimension.normalize {
        if data_type != DataType::Text {
            return wrong("text that can be normalized");
        }
        let function = match normalization {
            Normalization::Trim => Function::Trim,
            Normalization::Lower => Function::Lower,
            Normalization::Upper => Function::Upper,
        };
        let span = expr.span;
        expr = Expr::new(Kind::Call { function, arguments: vec![expr] }, span);
    }
    Ok(BoundDimension { expr, data_type, stored })
}

fn bind_measure(
    catalog: &Catalog,
    schemas: &Schemas,
    dataset: DatasetId,
    metric: &Metric,
    measure: &Measure,
) -> Result<BoundMeasure, Diagnostic> {
    let argument = measure.expr.as_ref().map(|expr| typed(catalog, schemas, dataset, expr)).transpose()?;
    if argument.is_none() {
        schemas[dataset.index()].as_ref().map_err(Clone::clone)?;
    }
    let aggregation = measure.aggregation;
    let money = metric.format == Format::Currency || measure.scale.is_some();
    let argument_type = argument.as_ref().map(|(_, data_type)| *data_type);
    let converts = catalog.is_money(metric)
        && argument_type.is_some_and(DataType::is_number)
        && catalog.dataset(dataset).currency.as_ref().is_some_and(|currency| currency.rates.is_some());
    let argument_type = if converts { Some(CONVERTED) } else { argument_type };
    let money_scale = match (money, argument_type) {
        (true, Some(DataType::Float)) => Some(measure.scale.unwrap_or(MONEY_SCALE)),
        _ => None,
    };
    let data_type = aggregate_type(metric, aggregation, argument_type, money_scale)?;
    Ok(BoundMeasure { aggregation, argument: argument.map(|(expr, _)| expr), money_scale, converts, data_type })
}

/// The type of an aggregate over values of a type; the rules of `settled.md` §4.2.
pub(crate) fn aggregate_type(
    metric: &Metric,
    aggregation: Aggregation,
    argument: Option<DataType>,
    money_scale: Option<u8>,
) -> Result<DataType, Diagnostic> {
    let wrong = |wanted: &str, have: DataType| {
        let message = format!("metric `{}` aggregates {have}, not {wanted}", metric.name);
        Err(Diagnostic::new(Code::TypeMismatch, message)
            .at(metric.span)
            .help("declare the column's type under `columns`, or cast it in `expr`"))
    };
    let exact = |scale: i8| DataType::Decimal { precision: 38, scale };
    let sum = |have: DataType| match (have, money_scale) {
        (DataType::Float, Some(scale)) => Ok(exact(scale as i8)),
        (DataType::Float, None) => Ok(DataType::Float),
        (DataType::Integer, _) => Ok(exact(0)),
        (DataType::Decimal { scale, .. }, _) => Ok(exact(scale)),
        _ => wrong("a number", have),
    };
    let Some(have) = argument else {
        return Ok(DataType::Integer);
    };
    match aggregation {
        Aggregation::Count | Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => Ok(DataType::Integer),
        Aggregation::Sum => sum(have),
        Aggregation::SumBoolean if have == DataType::Boolean => Ok(DataType::Integer),
        Aggregation::SumBoolean => wrong("a boolean", have),
        Aggregation::Average | Aggregation::Median | Aggregation::Percentile { .. } if have.is_number() => {
            Ok(DataType::Float)
        }
        Aggregation::Average | Aggregation::Median | Aggregation::Percentile { .. } => wrong("a number", have),
        Aggregation::Min | Aggregation::Max | Aggregation::First | Aggregation::Last => match (have, money_scale) {
            (DataType::Float, Some(scale)) => Ok(exact(scale as i8)),
            _ => Ok(have),
        },
    }
}

/// An expression of a dataset over its columns, with its type.
fn typed(
    catalog: &Catalog,
    schemas: &Schemas,
    dataset: DatasetId,
    expr: &Expr<Name>,
) -> Result<(Expr<PhysicalColumn>, DataType), Diagnostic> {
    let schema = schemas[dataset.index()].as_ref().map_err(Clone::clone)?;
    let over = expr.try_substitute(&mut |name: &Name, span| {
        let column = name.dotted();
        match schema.data_type(&column) {
            Some(data_type) => Ok(Expr::new(Kind::Ref(PhysicalColumn { name: column, data_type }), span)),
            None => Err(unknown_column(catalog.dataset(dataset), schema, &column).at(span)),
        }
    })?;
    typing::coerce(over, &mut |column: &PhysicalColumn| column.data_type)
}

/// The refusal of a column that the files do not have; those that nobody sees are not named.
pub(super) fn unknown_column(dataset: &Dataset, schema: &Schema, column: &str) -> Diagnostic {
    let names = || schema.columns.iter().map(|(name, _)| name.as_str()).filter(|name| !dataset.hides(name));
    let unknown =
        Diagnostic::new(Code::UnknownColumn, format!("unknown column `{column}` in dataset `{}`", dataset.name));
    let some: Vec<String> = names().take(20).map(|name| format!("`{name}`")).collect();
    unknown.help(format!("the files have {}", some.join(", "))).suggest(column, names())
}
