//! Policies as written to filters over dimensions, and to what is hidden from whom.

use super::Builder;
use crate::catalog::conceal::Hiding;
use crate::catalog::id::DatasetId;
use crate::catalog::join_graph::Path;
use crate::catalog::locate::Written;
use crate::catalog::policy::{Operand, Reached, RowPolicy};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::{Place, parse_in};
use crate::expr::{BinaryOp, Expr, Kind, Literal, Name, typing};
use crate::source::{Span, Spanned};

/// Resolves every policy; gives what they hide.
pub(super) fn build(builder: &mut Builder) -> Vec<Hiding> {
    let model = builder.model;
    let mut hidings = Vec::new();
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
        let unless = policy.unless.as_ref().map(unless).transpose();
        match unless {
            Ok(_) if policy.hide.is_empty() => {}
            Ok(unless) => hidings.push(Hiding { dataset, names: policy.hide.clone(), unless }),
            Err(fault) => builder.found.push(fault),
        }
    }
    hidings
}

/// A condition over attributes and literals alone.
fn unless(written: &Spanned<String>) -> Result<Expr<Operand>, Diagnostic> {
    let parsed = parse_in(&written.value, written.span, Place::Policy)?;
    if let Some(name) = parsed.refs().into_iter().find(|name| name.value.attribute().is_none()) {
        let fact = format!("`{}` in `unless`", name.value.dotted());
        return Err(Diagnostic::new(Code::UnsupportedExpression, fact).at(name.span).help(
            "`unless` is over attributes of the caller alone, such as `:caller.role = 'admin'`; rows are hidden by a \
             `filter`",
        ));
    }
    if let Some(at) = unreadable(&parsed) {
        let fact = "no comparison of an attribute with values in `unless`";
        return Err(Diagnostic::new(Code::UnsupportedExpression, fact).at(at).help(
            "`unless` compares attributes with values, by an operator, BETWEEN or IN; AND, OR and NOT stand around \
             such conditions",
        ));
    }
    let condition = parsed.map_refs(&mut |name: &Name| Operand::Attribute(name.attribute().unwrap_or_default().into()));
    // An attribute may be of any type until the caller is known.
    let of_null = condition.try_substitute(&mut |_: &Operand, span| -> Result<Expr<Name>, Diagnostic> {
        Ok(Expr::new(Kind::Literal(Literal::Null), span))
    })?;
    typing::coerce_condition(of_null, &mut |_: &Name| crate::data_type::DataType::Null)?;
    Ok(condition)
}

/// What of a condition is neither a comparison of attributes with literals nor made of such ones.
fn unreadable(of: &Expr<Name>) -> Option<Span> {
    let is_value = |of: &Expr<Name>| matches!(of.kind.as_ref(), Kind::Literal(_) | Kind::Ref(_));
    match of.kind.as_ref() {
        Kind::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => {
            unreadable(left).or_else(|| unreadable(right))
        }
        Kind::Not(of) => unreadable(of),
        Kind::Binary { left, right, .. } if misplaced(of).is_none() && is_value(left) && is_value(right) => None,
        Kind::InList { .. } | Kind::Between { .. } if misplaced(of).is_none() => {
            of.children().into_iter().find(|child| !is_value(child)).map(|child| child.span)
        }
        Kind::Literal(Literal::Boolean(_)) => None,
        Kind::Literal(_)
        | Kind::Ref(_)
        | Kind::Negate(_)
        | Kind::Binary { .. }
        | Kind::InList { .. }
        | Kind::Between { .. }
        | Kind::IsNull { .. }
        | Kind::IsTruth { .. }
        | Kind::Like { .. }
        | Kind::Case { .. }
        | Kind::Cast { .. }
        | Kind::Call { .. } => Some(of.span),
    }
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

/// What a name in a filter means; nothing where the fault is known already. A dimension of the policy's own dataset
/// comes first, then what the name means in a question over its rows.
fn operand(builder: &mut Builder, dataset: DatasetId, name: &Name, span: Span) -> Result<Operand, Option<Diagnostic>> {
    if let Some(attribute) = name.attribute() {
        return Ok(Operand::Attribute(attribute.to_string()));
    }
    let asked = name.dotted();
    let of = builder.catalog.dataset(dataset);
    let has = |word: &str| of.dimensions.iter().any(|id| builder.catalog.dimension(*id).name == word);
    let own = match name.parts.as_slice() {
        [word] if has(word) => Some(word),
        [first, word] if *first == of.name => Some(word),
        _ => None,
    };
    let of_its_own = |dimension| Operand::Dimension(Reached { path: Path::default(), dimension });
    if let Some(own) = own {
        return builder.dimension_of(dataset, own, span).map(of_its_own).ok_or(None);
    }
    if name.metric_and_keys().is_some() {
        return Err(Some(not_yet(&asked, "a filter is over dimensions").at(span)));
    }
    let Written { path, name, suffix } = builder.catalog.read_name(&asked);
    if suffix.is_some() {
        return Err(Some(not_yet(&asked, "declare a dimension that is what the filter needs of the time").at(span)));
    }
    if path.iter().chain([&name]).any(|word| builder.model.unread.contains(word)) {
        return Err(None);
    }
    match builder.catalog.locate(dataset, &path, &name) {
        Ok(found) => {
            walkable(builder, dataset, &asked, &found.path).map_err(|fault| Some(fault.at(span)))?;
            Ok(Operand::Dimension(Reached { path: found.path, dimension: found.dimension }))
        }
        Err(fault) if path.is_empty() && fault.code == Code::UnknownDimension => {
            builder.dimension_of(dataset, &name, span).map(of_its_own).ok_or(None)
        }
        Err(fault) => Err(Some(fault.at(span))),
    }
}

fn not_yet(asked: &str, help: &str) -> Diagnostic {
    Diagnostic::new(Code::NotSupportedYet, format!("`{asked}` in the filter of a policy is not supported yet"))
        .help(help)
}

/// Refuses paths to several rows, to one of several versions, and to a row of the same partition.
fn walkable(builder: &Builder, from: DatasetId, asked: &str, path: &Path) -> Result<(), Diagnostic> {
    let catalog = &builder.catalog;
    if let Some(bridge) = path.bridge() {
        return Err(catalog.beyond_a_bridge(asked, bridge));
    }
    let partitions = |dataset: DatasetId| {
        let own = catalog.dataset(dataset).dimensions.iter().map(|id| catalog.dimension(*id));
        own.filter(|dimension| dimension.partition).map(|dimension| dimension.name.as_str()).collect::<Vec<_>>()
    };
    let mut met = partitions(from);
    for step in path.steps() {
        let to = &catalog.dataset(step.to()).name;
        if step.is_versioned() {
            return Err(not_yet(
                asked,
                &format!("`{to}` has a row for each version, and no time says which one holds"),
            ));
        }
        let far = partitions(step.to());
        if let Some(partition) = far.iter().find(|partition| met.contains(partition)) {
            return Err(not_yet(asked, &format!("rows of `{to}` are joined by their partition `{partition}` as well")));
        }
        met.extend(far);
    }
    Ok(())
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
        // The list is of one type with what is looked for in it, which one side has to have.
        Kind::InList { of, list, negated: _ } if is_attribute(of) => list.iter().find_map(inside),
        Kind::InList { of, list, negated: _ } => inside(of).or_else(|| list.iter().find_map(operand)),
        Kind::Between { of, low, high, negated: _ } if is_attribute(of) => inside(low).or_else(|| inside(high)),
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
