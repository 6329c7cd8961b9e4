//! What amounts are in, and the rates that convert them.

use super::bind::{BoundCatalog, PhysicalColumn};
use super::id::DatasetId;
use super::join_graph::RatesHop;
use super::{Catalog, Metric, MetricKind};
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::model::metric::Format;
use crate::source::Span;

/// The type of a converted amount: exact, to four digits after the point.
pub const CONVERTED: DataType = DataType::Decimal { precision: 28, scale: 4 };

/// The currency of a dataset's amounts.
#[derive(Clone, Debug, PartialEq)]
pub struct Currency {
    /// The column that names the currency of a row.
    pub column: String,
    /// Without rates all rows must have one currency.
    pub rates: Option<Rates>,
    pub span: Span,
}

/// Rates by day: one unit of a currency is so many of the base.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    pub hop: RatesHop,
    pub base: String,
}

/// The columns that a conversion reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    /// Of the dataset: what a row's amounts are in.
    pub own: PhysicalColumn,
    /// Of the rates.
    pub currency: PhysicalColumn,
    pub day: PhysicalColumn,
    pub rate: PhysicalColumn,
    pub hop: RatesHop,
    pub base: String,
}

impl Catalog {
    /// Whether a simple metric's values are amounts: by its format, or by a unit that is the model's currency.
    pub fn is_money(&self, metric: &Metric) -> bool {
        let named = metric.unit.is_some() && metric.unit == self.currency;
        let of_values = matches!(&metric.kind, MetricKind::Simple(measure) if measure.aggregation.is_of_values());
        of_values && (metric.format == Format::Currency || named)
    }
}

impl BoundCatalog {
    /// The column that names the currency of a dataset's rows.
    pub fn currency_column(&self, dataset: DatasetId, currency: &Currency) -> Result<PhysicalColumn, Diagnostic> {
        self.typed_column(dataset, &currency.column, currency.span, "text", |is| is == DataType::Text)
    }

    /// What converts a dataset's amounts; none where nothing does.
    pub fn conversion(&self, dataset: DatasetId) -> Result<Option<Conversion>, Diagnostic> {
        let Some(currency) = &self.catalog.dataset(dataset).currency else {
            return Ok(None);
        };
        let own = self.currency_column(dataset, currency)?;
        let Some(Rates { hop, base }) = &currency.rates else {
            return Ok(None);
        };
        let of = |name: &str, wanted: &str, fits: fn(DataType) -> bool| {
            self.typed_column(hop.to(), name, currency.span, wanted, fits)
        };
        Ok(Some(Conversion {
            own,
            currency: of(hop.currency(), "text", |is| is == DataType::Text)?,
            day: of(hop.day(), "a date", |is| is == DataType::Date)?,
            rate: of(hop.rate(), "a number", DataType::is_number)?,
            hop: hop.clone(),
            base: base.clone(),
        }))
    }

    fn typed_column(
        &self,
        dataset: DatasetId,
        name: &str,
        span: Span,
        wanted: &str,
        fits: fn(DataType) -> bool,
    ) -> Result<PhysicalColumn, Diagnostic> {
        let column = self.column(dataset, name).map_err(|fault| fault.at(span))?;
        if fits(column.data_type) {
            return Ok(column);
        }
        let dataset = &self.catalog.dataset(dataset).name;
        let fact = format!("column `{name}` of `{dataset}` is {}, not {wanted}", column.data_type);
        Err(Diagnostic::new(Code::TypeMismatch, fact)
            .at(span)
            .help("declare the column's type under the `columns` of its dataset"))
    }
}
