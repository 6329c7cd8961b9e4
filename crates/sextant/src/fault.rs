//! How a run can end badly: what is said on standard error, and the exit status.

use std::process::ExitCode;

use sextant_engine::workspace::Failure;
use sextant_semantics::code::{Class, Code};
use sextant_server::wire;

use crate::output::paint::Paint;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A question, a model or its data were refused.
    Refused(Failure),
    /// A refusal that standard output has said already, as JSON.
    Said(Failure),
    /// Faults of a model or its data: as text with carets, and the code of the first.
    Found { text: String, code: Code },
    /// Tests of the model failed; standard output says which.
    Failed,
    /// An audit found a change of the level that was to end the run so; standard output says which.
    Reached,
    /// `doctor` or `audit-log verify` found a fault; standard output says which.
    Ill,
    /// The reader of standard output went away.
    Closed,
    /// Interrupted by a signal.
    Interrupted,
    /// Reading or writing failed.
    Io(std::io::Error),
}

impl Fault {
    /// Says what happened, once, on standard error.
    pub(crate) fn report(self) -> ExitCode {
        match &self {
            Fault::Refused(failure) => say(&wire::error_text(failure)),
            Fault::Found { text, .. } => say_plain(text),
            Fault::Io(fault) => say(&format!("{}: {fault}", Code::Internal)),
            Fault::Said(_) | Fault::Failed | Fault::Reached | Fault::Ill | Fault::Closed | Fault::Interrupted => {}
        }
        ExitCode::from(self.status())
    }

    /// 0 answered, 1 a fault of ours, 2 usage or a refused request, 3 a faulty model, 4 data that cannot
    /// be read, 5 a limit, 6 a failed test of the model, 7 a change that `audit --fail-on` asks for,
    /// 8 a fault that `doctor` or `audit-log verify` found, 130 interrupted. `docs/command-line.md` has the table.
    fn status(&self) -> u8 {
        match self {
            Fault::Refused(failure) | Fault::Said(failure) => {
                failure.0.iter().next().map_or(1, |first| status_of(first.code))
            }
            Fault::Found { code, .. } => status_of(*code),
            Fault::Failed => 6,
            Fault::Reached => 7,
            Fault::Ill => 8,
            Fault::Closed => 0,
            Fault::Interrupted => 130,
            Fault::Io(_) => 1,
        }
    }
}

fn status_of(code: Code) -> u8 {
    match (code, code.class()) {
        (Code::Internal, _) => 1,
        (Code::Cancelled, _) => 130,
        (Code::NoModel, _) | (_, Class::Model) => 3,
        (_, Class::Request | Class::Warning) => 2,
        (_, Class::Data) => 4,
        (_, Class::Limit) => 5,
    }
}

/// `code: message …`, the code in red on a terminal.
fn say(line: &str) {
    let paint = Paint::stderr();
    match line.split_once(": ") {
        Some((code, rest)) => say_plain(&format!("{}: {rest}", paint.red(code))),
        None => say_plain(line),
    }
}

#[allow(clippy::print_stderr, reason = "the one place where a fault is said")]
fn say_plain(text: &str) {
    eprintln!("{text}");
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Fault::Refused(failure)
    }
}

impl From<std::io::Error> for Fault {
    fn from(fault: std::io::Error) -> Self {
        if fault.kind() == std::io::ErrorKind::BrokenPipe { Fault::Closed } else { Fault::Io(fault) }
    }
}
