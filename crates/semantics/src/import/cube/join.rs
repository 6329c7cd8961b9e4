//! Joins as relationships: equalities of columns, from the many side to the one.

use super::Cube;
use super::sql::{self, Meaning};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::parse;
use crate::expr::{BinaryOp, Expr, Kind, Name};
use crate::import::object::{Keys, Object};
use crate::import::project::{Project, Relationship, free};
use crate::source::{Span, Spanned};
use crate::yaml::make::Map;

const JOIN: Keys =
    Keys { noun: "join", read: &["name", "relationship", "sql"], left_out: &[("meta", "a model has no place for it")] };

/// Which sides of a join have one row for each row of the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sides {
    ManyToOne,
    OneToOne,
    OneToMany,
}

const WORDS: [&str; 3] = ["many_to_one", "one_to_one", "one_to_many"];

/// Adds the joins of the cube at `here`.
pub(super) fn add(project: &mut Project<'_>, cubes: &[Cube<'_>], here: usize) {
    for node in cubes[here].object.list("joins") {
        let Some(join) = Object::open(project.report, &JOIN, node) else { continue };
        let (name, word, text) = (join.required("name"), join.required("relationship"), join.required("sql"));
        let (Some(name), Some(word), Some(text)) = (name, word, text) else { continue };
        let Some(there) = cubes.iter().position(|cube| cube.name == name.value) else {
            project.report.fault(sql::unknown(cubes, &name.value, name.span));
            continue;
        };
        let sides = match word.value.as_str() {
            "many_to_one" | "belongs_to" | "belongsTo" => Sides::ManyToOne,
            "one_to_one" | "has_one" | "hasOne" => Sides::OneToOne,
            "one_to_many" | "has_many" | "hasMany" => Sides::OneToMany,
            _ => {
                join.unknown_word("relationship", &word, &WORDS);
                continue;
            }
        };
        match pairs(project, cubes, here, there, &text) {
            Ok(pairs) => relate(project, node.span, &name, sides, (here, there), pairs),
            Err(refused) => {
                let message =
                    format!("the join of `{}` to `{}` is refused: {}", cubes[here].name, name.value, refused.message);
                let span = refused.span.unwrap_or(text.span);
                project.report.fault(Diagnostic { message, span: Some(span), ..refused });
            }
        }
    }
}

type Pairs = Vec<(Spanned<String>, Spanned<String>)>;

/// The columns of both sides that a join holds equal.
fn pairs(
    project: &Project<'_>,
    cubes: &[Cube<'_>],
    here: usize,
    there: usize,
    text: &Spanned<String>,
) -> Result<Pairs, Diagnostic> {
    let quoted = sql::quoted(text)?;
    let condition = parse(&quoted.value, quoted.span)?;
    let mut equalities = Vec::new();
    flatten(&condition, &mut equalities)?;
    equalities
        .into_iter()
        .map(|(left, right)| {
            let side = |expr: &Expr<Name>| column(project, cubes, here, expr);
            let ((one, a), (other, b)) = (side(left)?, side(right)?);
            match (one, other) {
                (one, other) if one == here && other == there => Ok((a, b)),
                (one, other) if one == there && other == here => Ok((b, a)),
                _ => {
                    Err(Diagnostic::new(Code::NotSupportedYet, "a condition is not between the two cubes")
                        .at(text.span))
                }
            }
        })
        .collect()
}

fn flatten<'e>(expr: &'e Expr<Name>, found: &mut Vec<(&'e Expr<Name>, &'e Expr<Name>)>) -> Result<(), Diagnostic> {
    match expr.kind.as_ref() {
        Kind::Binary { op: BinaryOp::And, left, right } => {
            flatten(left, found)?;
            flatten(right, found)
        }
        Kind::Binary { op: BinaryOp::Equal, left, right } => {
            found.push((left, right));
            Ok(())
        }
        _ => Err(Diagnostic::new(Code::NotSupportedYet, "a join is more than equal columns")
            .at(expr.span)
            .help("joins are equalities of columns: `{CUBE}.customer_id = {customers}.id`, with AND between them")),
    }
}

/// The cube and the column that one side of an equality is.
fn column(
    project: &Project<'_>,
    cubes: &[Cube<'_>],
    here: usize,
    expr: &Expr<Name>,
) -> Result<(usize, Spanned<String>), Diagnostic> {
    let refused = |why: &str| {
        Err(Diagnostic::new(Code::NotSupportedYet, why.to_string())
            .at(expr.span)
            .help("joins are equalities of columns: `{CUBE}.customer_id = {customers}.id`, with AND between them"))
    };
    let Kind::Ref(name) = expr.kind.as_ref() else { return refused("a side of it is more than a column") };
    let (of, member) = match sql::meaning(cubes, here, name, expr.span)? {
        Meaning::Column(of, column) => return Ok((of, Spanned::new(column, expr.span))),
        Meaning::Member(of, member) => (of, member),
    };
    match project.datasets[of].dimensions.iter().find(|d| d.written == member).map(|d| d.expr.kind.as_ref()) {
        Some(Kind::Ref(column)) => Ok((of, Spanned::new(column.dotted(), expr.span))),
        Some(_) => refused("a side of it is a dimension that is more than a column"),
        None => {
            let known = project.datasets[of].dimensions.iter().map(|d| d.written.as_str());
            let message = format!("cube `{}` has no dimension `{member}`", cubes[of].name);
            Err(Diagnostic::new(Code::UnknownReference, message).at(expr.span).suggest(&member, known))
        }
    }
}

/// Adds the relationship, unless the other cube's join said the same.
fn relate(
    project: &mut Project<'_>,
    span: Span,
    name: &Spanned<String>,
    sides: Sides,
    (here, there): (usize, usize),
    pairs: Pairs,
) {
    let (ours, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let (from, from_columns, to, to_columns) = match sides {
        Sides::ManyToOne | Sides::OneToOne => (here, ours, there, theirs),
        Sides::OneToMany => (there, theirs, here, ours),
    };
    let values = |columns: &[Spanned<String>]| columns.iter().map(|c| c.value.clone()).collect::<Vec<_>>();
    let from_is_key = sides == Sides::OneToOne;
    let same = |r: &Relationship| {
        let forth = (r.from, values(&r.from_columns), r.to, values(&r.to_columns))
            == (from, values(&from_columns), to, values(&to_columns));
        let back = (r.to, values(&r.to_columns), r.from, values(&r.from_columns))
            == (from, values(&from_columns), to, values(&to_columns));
        forth && r.from_is_key == from_is_key || back && r.from_is_key && from_is_key
    };
    if project.relationships.iter().any(same) {
        let message = format!("the join of `{}` to `{}` is read once", project.datasets[here].written, name.value);
        return project.report.lose(name.span, message, "the other cube says the same");
    }
    let wanted = format!("{}_{}", project.datasets[from].name.value, project.datasets[to].name.value);
    let taken = |name: &str| project.relationships.iter().any(|r| r.name.value == name);
    let called = Spanned::new(free(&wanted, taken), name.span);
    project.relationships.push(Relationship {
        name: called,
        from,
        from_columns,
        to,
        to_columns,
        to_is_key: true,
        from_is_key,
        map: Map::new(span),
    });
}
