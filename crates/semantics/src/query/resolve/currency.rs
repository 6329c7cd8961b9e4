//! Amounts in one currency: converted row by row at their own day, or held to have one already.

use super::super::request::MetricsRequest;
use super::super::resolved::{Attached, OneCurrency};
use super::super::row::{ColumnRef, On, RowExpr, RowRef, Table, TimeColumn};
use super::rows::{FactBuilder, column_ref};
use crate::catalog::bind::BoundCatalog;
use crate::catalog::currency::Conversion;
use crate::catalog::join_graph::Hop;
use crate::catalog::{Catalog, Metric};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind, Literal, Name, parse, typing};
use crate::source::Span;
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;

/// Amounts by the rates to their base, exact.
const TO_BASE: &str = "CASE WHEN own = target THEN CAST(amount AS DECIMAL(28, 4)) \
    ELSE CAST(amount * rate AS DECIMAL(28, 4)) END";
/// Amounts by way of the base.
const BY_BASE: &str = "CASE WHEN own = target THEN CAST(amount AS DECIMAL(28, 4)) \
    WHEN own = base THEN CAST(amount / target_rate AS DECIMAL(28, 4)) \
    ELSE CAST(amount * rate / target_rate AS DECIMAL(28, 4)) END";

/// The currency that amounts are answered in; none where neither the question nor the model names one.
pub(super) fn target(catalog: &Catalog, request: &MetricsRequest) -> Result<Option<String>, Diagnostic> {
    let Some(asked) = &request.output.currency else {
        return Ok(catalog.currency.clone());
    };
    let is_code = asked.len() == 3 && asked.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_code {
        return Err(Diagnostic::new(Code::InvalidArgument, "a currency is a code of three letters")
            .field("currency")
            .received(asked.clone())
            .help("write an ISO 4217 code, such as USD"));
    }
    Ok(Some(asked.to_ascii_uppercase()))
}

impl FactBuilder {
    /// A measure's argument in the currency of the question, and what it was before where it is converted.
    pub(super) fn in_currency(
        &mut self,
        bound: &BoundCatalog,
        metric: &Metric,
        argument: Option<RowExpr>,
        target: Option<&str>,
    ) -> Result<(Option<RowExpr>, Option<RowExpr>), Diagnostic> {
        let catalog = &bound.catalog;
        let Some(amount) = argument else {
            return Ok((None, None));
        };
        if !catalog.is_money(metric) {
            return Ok((Some(amount), None));
        }
        match (&catalog.dataset(self.dataset).currency, target) {
            (Some(currency), Some(target)) if bound.measure(metric.id)?.converts && currency.rates.is_some() => {
                let conversion = bound.conversion(self.dataset)?.expect("a currency with rates converts");
                let converted = self.converted(bound, &conversion, &amount, target)?;
                Ok((Some(converted), Some(amount)))
            }
            (Some(currency), wanted) => {
                let column = bound.currency_column(self.dataset, currency)?;
                self.one_currency = Some(OneCurrency { column, wanted: wanted.map(str::to_string) });
                Ok((Some(amount), None))
            }
            (None, Some(target)) if catalog.currency.as_deref() != Some(target) => {
                Err(not_convertible(catalog, metric))
            }
            (None, _) => Ok((Some(amount), None)),
        }
    }

    fn converted(
        &mut self,
        bound: &BoundCatalog,
        of: &Conversion,
        amount: &RowExpr,
        target: &str,
    ) -> Result<RowExpr, Diagnostic> {
        let span = amount.span;
        let at = self.axis_column(bound)?;
        let own = column_ref(Table::FACT, &of.own);
        let rate = self.rate(of, Of::Row(own.clone()), &at, span);
        let by_base = target != of.base;
        let target_rate = by_base.then(|| self.rate(of, Of::Named(target), &at, span));
        let column = |column: &ColumnRef| Expr::new(Kind::Ref(RowRef::Column(column.clone())), span);
        let text = |text: &str| Expr::new(Kind::Literal(Literal::Text(text.to_string())), span);
        let formula = parse::parse(if by_base { BY_BASE } else { TO_BASE }, span)?;
        let formula = formula.try_substitute(&mut |name: &Name, _| {
            Ok::<_, Diagnostic>(match (name.dotted().as_str(), &target_rate) {
                ("own", _) => column(&own),
                ("amount", _) => amount.clone(),
                ("rate", _) => column(&rate),
                ("target_rate", Some(rate)) => column(rate),
                ("base", _) => text(&of.base),
                (_, _) => text(target),
            })
        })?;
        Ok(typing::coerce(formula, &mut RowRef::data_type)?.0)
    }

    /// The column of the rate that holds on the day of a row.
    fn rate(&mut self, of: &Conversion, currency: Of<'_>, at: &TimeColumn, span: Span) -> ColumnRef {
        let hop = Hop::Rates(of.hop.clone());
        let on = |table: Table| {
            let far = column_ref(table, &of.currency);
            let day = Expr::new(Kind::Ref(column_ref(table, &of.day)), span);
            vec![
                match &currency {
                    Of::Row(near) => On::Equal { near: near.clone(), far },
                    Of::Named(text) => On::Is { far, text: (*text).to_string() },
                },
                On::SameBucket {
                    near: at.clone(),
                    far: TimeColumn { expr: day, stored: StoredAs::Date },
                    granularity: Granularity::Day,
                },
            ]
        };
        let is_same = |t: &&Attached| {
            let alike = |(a, b): (&On, &On)| match (a, b) {
                (On::Equal { near: a, .. }, On::Equal { near: b, .. }) => a == b,
                (On::Is { text: a, .. }, On::Is { text: b, .. }) => a == b,
                (On::SameBucket { near: a, .. }, On::SameBucket { near: b, .. }) => a == b,
                _ => false,
            };
            t.hop == hop && t.on.iter().zip(&on(t.table)).all(alike)
        };
        let table = match self.tables.iter().find(is_same) {
            Some(known) => known.table,
            None => {
                let table = self.next_table();
                self.tables.push(Attached { hop: hop.clone(), on: on(table), table });
                table
            }
        };
        column_ref(table, &of.rate)
    }
}

/// Whose rate is wanted.
enum Of<'a> {
    Row(ColumnRef),
    Named(&'a str),
}

fn not_convertible(catalog: &Catalog, metric: &Metric) -> Diagnostic {
    let own = match &catalog.currency {
        Some(own) => format!("are in {own}"),
        None => "have no currency".to_string(),
    };
    let dataset = metric.dataset.map_or("", |id| catalog.dataset(id).name.as_str());
    Diagnostic::new(
        Code::CurrencyNotAvailable,
        format!("the amounts of `{}` {own}, and nothing says how to convert them", metric.name),
    )
    .field("currency")
    .help(format!("give dataset `{dataset}` a `currency: {{column: …, rates: …}}`, or ask without `currency`"))
}
