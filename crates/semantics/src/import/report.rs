//! What reading another tool's files found: faults, and losses.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{LeftOut, LeftOutKind, convert};
use crate::source::{Span, Spanned};

/// What a report holds when everything is read.
pub(super) struct Done {
    pub(super) findings: Diagnostics,
    pub(super) losses: Vec<Diagnostic>,
    pub(super) unread: BTreeSet<String>,
    pub(super) left_out: Vec<LeftOut>,
}

/// Faults and losses as they are found, in any order.
#[derive(Default)]
pub(super) struct Report {
    findings: RefCell<Diagnostics>,
    losses: RefCell<Vec<Diagnostic>>,
    /// Names of what was left out; a reference to one of them is not another fault.
    unread: RefCell<BTreeSet<String>>,
    left_out: RefCell<Vec<LeftOut>>,
}

impl Report {
    pub(super) fn new(findings: Diagnostics, unread: BTreeSet<String>) -> Report {
        Report {
            findings: RefCell::new(findings),
            losses: RefCell::default(),
            unread: RefCell::new(unread),
            left_out: RefCell::default(),
        }
    }

    /// The model cannot be used as it is.
    pub(super) fn fault(&self, fault: Diagnostic) {
        self.findings.borrow_mut().push(fault);
    }

    /// Something was left out or is read otherwise; the rest goes on. Whatever the reason is, the
    /// code is that of losses.
    pub(super) fn loss(&self, loss: Diagnostic) {
        self.losses.borrow_mut().push(Diagnostic { code: Code::NotImported, ..loss });
    }

    /// A loss in the words of `message`.
    pub(super) fn lose(&self, span: Span, message: impl Into<String>, help: &str) {
        self.loss(Diagnostic::new(Code::NotImported, message).at(span).help(help));
    }

    /// A metric is left out because of `reason`: a loss where the model could not say it, a fault
    /// where the file contradicts itself.
    pub(super) fn leave_out(&self, noun: &str, name: &Spanned<String>, reason: Diagnostic) {
        self.leave(LeftOutKind::Metric, noun, name, reason);
    }

    /// As [`Report::leave_out`], of a dimension of the dataset that the files call `dataset`.
    pub(super) fn leave_out_of(&self, dataset: &str, noun: &str, name: &Spanned<String>, reason: Diagnostic) {
        let dataset = convert::as_name(dataset).unwrap_or_else(|| dataset.to_string());
        self.leave(LeftOutKind::Dimension { dataset }, noun, name, reason);
    }

    fn leave(&self, kind: LeftOutKind, noun: &str, name: &Spanned<String>, reason: Diagnostic) {
        self.unread.borrow_mut().insert(name.value.clone());
        let told = Diagnostic { span: reason.span.or(Some(name.span)), ..reason };
        let message = format!("{noun} `{}` is left out: {}", name.value, told.message);
        let reason = Diagnostic { message, ..told.clone() };
        match reason.code {
            Code::UnsupportedExpression
            | Code::InvalidExpression
            | Code::NotSupportedYet
            | Code::NotImported
            | Code::MissingTimeAxis => {
                let ours = convert::as_name(&name.value).unwrap_or_else(|| name.value.clone());
                self.left_out.borrow_mut().push(LeftOut { kind, name: ours, reason: told });
                self.loss(reason);
            }
            _ => self.fault(reason),
        }
    }

    pub(super) fn is_unread(&self, name: &str) -> bool {
        self.unread.borrow().contains(name)
    }

    pub(super) fn unread(&self, name: &str) {
        self.unread.borrow_mut().insert(name.to_string());
    }

    /// The name that a thing has here: its own, or the nearest that is one.
    pub(super) fn name(&self, noun: &str, written: &Spanned<String>) -> Option<Spanned<String>> {
        if convert::is_name(&written.value) {
            return Some(written.clone());
        }
        let Some(name) = convert::as_name(&written.value) else {
            let fault = Diagnostic::new(Code::InvalidName, format!("`{}` is not a name", written.value));
            let help = "names have lower-case letters, digits and single `_`, and start with a letter";
            self.fault(fault.at(written.span).help(help));
            return None;
        };
        let message = format!("{noun} `{}` is called `{name}`", written.value);
        self.lose(written.span, message, "names have lower-case letters, digits and single `_`");
        Some(Spanned::new(name, written.span))
    }

    /// Everything found; losses in the order of the files, none twice.
    pub(super) fn done(self) -> Done {
        let mut losses = self.losses.into_inner();
        losses.sort_by_key(|loss| loss.span);
        losses.dedup();
        Done {
            findings: self.findings.into_inner(),
            losses,
            unread: self.unread.into_inner(),
            left_out: self.left_out.into_inner(),
        }
    }
}
