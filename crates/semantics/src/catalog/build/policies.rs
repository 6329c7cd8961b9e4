//! Policies as written to filters over dimensions, and to what nobody sees.

use super::Builder;
use crate::catalog::id::{DatasetId, DimensionId};
use crate::catalog::policy::{HiddenColumn, Operand, RowPolicy};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::{Place, parse_in};
use crate::expr::{BinaryOp, Expr, Kind, Name};
use crate::model::Policy;
use crate::source::{Span, Spanned};

/// Resolves every policy; what one hides is hidden in the whole model.
pub(super) fn build(builder: &mut Builder) {
    let model = builder.model;
    for policy in &model.policies {
        let Some(dataset) = builder.dataset_id(&policy.dataset) else { continue };
        if let Some(written) = &policy.filter
            && let Some(filter) = filter(builder, dataset, written)
        {
            let row_policy = RowPolicy {
                name: policy.name.as_ref().map(|name| name.value.clone()),
                filter,
                text: written.value.split_whitespace().collect::<Vec<_>>().join(" "),
                span: written.span,
            };
            builder.catalog.datasets[dataset.index()].policies.push(row_policy);
        }
        hide(builder, dataset, policy);
    }
    conceal(builder);
}

fn filter(builder: &mut Builder, dataset: DatasetId, written: &Spanned<String>) -> Option<Expr<Operand>> {
    let parsed = parse_in(&written.value, written.span, Place::Policy).and_then(|expr| match misplaced(&expr) {
        None => Ok(expr),
        Some(at) => Err(Diagnostic::new(Code::UnsupportedExpression, "an attribute of the caller out of its place")
            .at(at)
            .help(
                "an attribute is one side of a comparison, a bound of BETWEEN, or in the list of IN; \
                 AND, OR and NOT stand around such conditions",
            )),
    });
    let expr = match parsed {
        Ok(expr) => expr,
        Err(fault) => {
            builder.found.push(fault);
            return None;
        }
    };
    let resolved: Result<Expr<Operand>, Option<Diagnostic>> = expr.try_substitute(&mut |name: &Name, span| {
        let operand = operand(builder, dataset, name, span)?;
        Ok(Expr::new(Kind::Ref(operand), span))
    });
    match resolved {
        Ok(expr) => Some(expr),
        Err(fault) => {
            builder.found.0.extend(fault);
            None
        }
    }
}

/// What a name in a filter means; nothing where the fault is known already.
fn operand(builder: &mut Builder, dataset: DatasetId, name: &Name, span: Span) -> Result<Operand, Option<Diagnostic>> {
    if let Some(attribute) = name.attribute() {
        return Ok(Operand::Attribute(attribute.to_string()));
    }
    let own = builder.catalog.dataset(dataset).name.clone();
    let dimension = match name.parts.as_slice() {
        [only] if name.metric_and_keys().is_none() => only,
        [of, only] if *of == own => only,
        _ => {
            let fact = format!("`{}` in the filter of a policy is not supported yet", name.dotted());
            let help = format!(
                "a filter is over the dimensions of `{own}`; give the other dataset a policy of its own: a join to a \
                 hidden row is a null group"
            );
            return Err(Some(Diagnostic::new(Code::NotSupportedYet, fact).at(span).help(help)));
        }
    };
    builder.dimension_of(dataset, dimension, span).map(Operand::Dimension).ok_or(None)
}

/// Where an attribute stands that no value can be put in the place of.
fn misplaced(of: &Expr<Name>) -> Option<Span> {
    let is_attribute = |of: &Expr<Name>| matches!(of.kind.as_ref(), Kind::Ref(name) if name.attribute().is_some());
    let inside = |of: &Expr<Name>| of.refs().into_iter().find(|n| n.value.attribute().is_some()).map(|n| n.span);
    let operand = |of: &Expr<Name>| if is_attribute(of) { None } else { inside(of) };
    match of.kind.as_ref() {
        Kind::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => misplaced(left).or_else(|| misplaced(right)),
        Kind::Not(of) => misplaced(of),
        Kind::Binary {
            op:
                BinaryOp::Equal
                | BinaryOp::NotEqual
                | BinaryOp::Less
                | BinaryOp::LessOrEqual
                | BinaryOp::Greater
                | BinaryOp::GreaterOrEqual
                | BinaryOp::IsDistinctFrom
                | BinaryOp::IsNotDistinctFrom,
            left,
            right,
        } => {
            if is_attribute(left) && is_attribute(right) {
                return Some(of.span);
            }
            operand(left).or_else(|| operand(right))
        }
        Kind::InList { of, list, negated: _ } => inside(of).or_else(|| list.iter().find_map(operand)),
        Kind::Between { of, low, high, negated: _ } => inside(of).or_else(|| operand(low)).or_else(|| operand(high)),
        Kind::Literal(_)
        | Kind::Ref(_)
        | Kind::Negate(_)
        | Kind::Binary { .. }
        | Kind::IsNull { .. }
        | Kind::IsTruth { .. }
        | Kind::Like { .. }
        | Kind::Case { .. }
        | Kind::Cast { .. }
        | Kind::Call { .. } => inside(of),
    }
}

/// A name hides the dimension and the column that have it, and the column that such a dimension is.
fn hide(builder: &mut Builder, dataset: DatasetId, policy: &Policy) {
    for name in &policy.hide {
        let of = builder.catalog.dataset(dataset);
        let named = of.dimensions.iter().copied().find(|id| builder.catalog.dimension(*id).name == name.value);
        let mut columns = vec![HiddenColumn { name: name.clone(), is_only_column: named.is_none() }];
        if let Some(id) = named {
            let dimension = &mut builder.catalog.dimensions[id.index()];
            dimension.concealed = true;
            if let Kind::Ref(column) = dimension.expr.kind.as_ref() {
                let name = Spanned::new(column.dotted(), name.span);
                columns.push(HiddenColumn { name, is_only_column: false });
            }
        }
        builder.catalog.datasets[dataset.index()].hidden_columns.extend(columns);
    }
}

/// Hides dimensions that read a hidden column, shared dimensions whose members are all hidden, and drivers of an audit
/// that no dimension is left of.
fn conceal(builder: &mut Builder) {
    let catalog = &mut builder.catalog;
    let reads_hidden = |id: &DimensionId| {
        let dimension = &catalog.dimensions[id.index()];
        let dataset = &catalog.datasets[dimension.dataset.index()];
        dimension.expr.refs().iter().any(|column| dataset.hides(&column.value.dotted()))
    };
    let all = catalog.dimensions.iter().map(|dimension| dimension.id);
    let reading: Vec<DimensionId> = all.filter(reads_hidden).collect();
    for id in reading {
        catalog.dimensions[id.index()].concealed = true;
    }
    for dimension in catalog.dimensions.iter_mut().filter(|dimension| dimension.concealed) {
        dimension.hidden = true;
    }
    for at in 0..catalog.shared.len() {
        let members = &catalog.shared[at].members;
        let is_gone = !members.is_empty() && members.iter().all(|id| catalog.dimensions[id.index()].concealed);
        catalog.shared[at].hidden |= is_gone;
    }
    let is_concealed = |name: &String| {
        let last = name.rsplit(['.']).next().unwrap_or_default();
        let mut named = catalog.dimensions.iter().filter(|dimension| dimension.name == last).peekable();
        named.peek().is_some() && named.all(|dimension| dimension.concealed)
    };
    let kept: Vec<String> = catalog.audit_dimensions.iter().filter(|name| !is_concealed(name)).cloned().collect();
    catalog.audit_dimensions = kept;
}
