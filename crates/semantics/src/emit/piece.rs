//! Pieces of SQL: an expression's text with how strongly it binds, so that parentheses stand where they are needed
//! and nowhere else.

use crate::data_type::DataType;

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sql {
    text: String,
    binds: Binds,
}

/// What holds an expression together, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Binds {
    Or,
    And,
    Not,
    Compare,
    /// `||` and other operators that dialects place differently: always in parentheses beside others.
    Other,
    Add,
    Multiply,
    Unary,
    Atom,
}

/// An expression and the type of its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Typed {
    pub(super) sql: Sql,
    pub(super) data_type: DataType,
}

impl Typed {
    pub(super) fn new(sql: Sql, data_type: DataType) -> Typed {
        Typed { sql, data_type }
    }
}

impl Sql {
    /// What needs no parentheses anywhere: a name, a literal, a call.
    pub(super) fn atom(text: impl Into<String>) -> Sql {
        Sql { text: text.into(), binds: Binds::Atom }
    }

    pub(super) fn of(text: impl Into<String>, binds: Binds) -> Sql {
        Sql { text: text.into(), binds }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn call(name: &str, arguments: &[&Sql]) -> Sql {
        let arguments: Vec<&str> = arguments.iter().map(|of| of.text()).collect();
        Sql::atom(format!("{name}({})", arguments.join(", ")))
    }

    /// The text as an operand of something that binds so strongly.
    pub(super) fn within(&self, binds: Binds) -> String {
        if self.binds < binds { format!("({})", self.text) } else { self.text.clone() }
    }

    /// `left operator right`, of a group that leans to the left.
    pub(super) fn infix(operator: &str, binds: Binds, left: &Sql, right: &Sql) -> Sql {
        Sql::of(format!("{} {operator} {}", left.within(binds), right.above(binds)), binds)
    }

    /// A comparison: its operands are none themselves.
    pub(super) fn compare(operator: &str, left: &Sql, right: &Sql) -> Sql {
        Sql::of(format!("{} {operator} {}", left.above(Binds::Compare), right.above(Binds::Compare)), Binds::Compare)
    }

    /// What follows an expression: `IS NULL`.
    pub(super) fn followed_by(&self, what: &str) -> Sql {
        Sql::of(format!("{} {what}", self.above(Binds::Compare)), Binds::Compare)
    }

    pub(super) fn not(&self) -> Sql {
        Sql::of(format!("NOT {}", self.above(Binds::Not)), Binds::Not)
    }

    pub(super) fn negated(&self) -> Sql {
        Sql::of(format!("-{}", self.above(Binds::Unary)), Binds::Unary)
    }

    pub(super) fn and(&self, other: &Sql) -> Sql {
        Sql::of(format!("{} AND {}", self.within(Binds::And), other.within(Binds::And)), Binds::And)
    }

    pub(super) fn or(&self, other: &Sql) -> Sql {
        Sql::of(format!("{} OR {}", self.within(Binds::Or), other.within(Binds::Or)), Binds::Or)
    }

    pub(super) fn add(&self, other: &Sql) -> Sql {
        Sql::infix("+", Binds::Add, self, other)
    }

    pub(super) fn minus(&self, other: &Sql) -> Sql {
        Sql::infix("-", Binds::Add, self, other)
    }

    /// `CASE WHEN … THEN … [ELSE …] END`.
    pub(super) fn case(branches: &[(Sql, Sql)], otherwise: Option<&Sql>) -> Sql {
        let mut text = "CASE".to_string();
        for (when, then) in branches {
            text.push_str(&format!(" WHEN {} THEN {}", when.text, then.text));
        }
        if let Some(otherwise) = otherwise {
            text.push_str(&format!(" ELSE {}", otherwise.text));
        }
        text.push_str(" END");
        Sql::atom(text)
    }

    /// `CASE WHEN condition THEN value END`.
    pub(super) fn when(condition: &Sql, value: &Sql) -> Sql {
        Sql::case(&[(condition.clone(), value.clone())], None)
    }

    pub(super) fn all(conditions: impl IntoIterator<Item = Sql>) -> Option<Sql> {
        conditions.into_iter().reduce(|left, right| left.and(&right))
    }

    pub(super) fn any(conditions: impl IntoIterator<Item = Sql>) -> Option<Sql> {
        conditions.into_iter().reduce(|left, right| left.or(&right))
    }

    fn above(&self, binds: Binds) -> String {
        if self.binds <= binds && self.binds != Binds::Atom { format!("({})", self.text) } else { self.text.clone() }
    }
}
