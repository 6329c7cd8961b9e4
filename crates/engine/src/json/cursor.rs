//! Cursors: where the next page begins, opaque to callers and bound to one question.
//!
//! A cursor is base64url of 8 bytes of offset and 16 bytes of a keyed BLAKE3 over the offset and what it is bound
//! to. The key comes from the model's texts alone: every process that serves the model reads the cursors of
//! every other, and no secret has to be kept. A cursor keeps nothing from anybody; it must only not lead astray.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

/// Writes and reads the cursors of one model.
#[derive(Clone, Debug)]
pub struct Cursors([u8; 32]);

const CONTEXT: &str = "sextant 2026-11 cursors of pages";
const OFFSET: usize = 8;
const SIGNATURE: usize = 16;

impl Cursors {
    /// `model` is a text that stands for the definitions.
    pub fn of(model: &[u8]) -> Cursors {
        Cursors(blake3::derive_key(CONTEXT, model))
    }

    /// The cursor of the page at `offset` of what `bound_to` names.
    pub fn write(&self, bound_to: &[&str], offset: usize) -> String {
        let offset = (offset as u64).to_be_bytes();
        let mut bytes = Vec::with_capacity(OFFSET + SIGNATURE);
        bytes.extend_from_slice(&offset);
        bytes.extend_from_slice(&self.sign(bound_to, offset));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The offset that a cursor of `bound_to` says.
    pub fn read(&self, bound_to: &[&str], cursor: &str) -> Result<usize, Diagnostic> {
        self.offset(bound_to, cursor).ok_or_else(|| {
            Diagnostic::new(Code::CursorExpired, "the cursor belongs to another question or to data that has changed")
                .field("cursor")
                .help("ask again without cursor; keep `as_of` and the other arguments the same from page to page")
        })
    }

    fn offset(&self, bound_to: &[&str], cursor: &str) -> Option<usize> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor.trim()).ok()?;
        let (offset, signature) = bytes.split_at_checked(OFFSET)?;
        let offset: [u8; OFFSET] = offset.try_into().ok()?;
        (signature == self.sign(bound_to, offset)).then(|| usize::try_from(u64::from_be_bytes(offset)).ok())?
    }

    fn sign(&self, bound_to: &[&str], offset: [u8; OFFSET]) -> [u8; SIGNATURE] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&offset);
        for part in bound_to {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut signature = [0; SIGNATURE];
        signature.copy_from_slice(&hasher.finalize().as_bytes()[..SIGNATURE]);
        signature
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    pub from: usize,
    pub to: usize,
    pub next: Option<String>,
}

impl Slice {
    /// `limit` items from where `cursor` says, of `total`.
    pub fn of(
        cursors: &Cursors,
        bound_to: &[&str],
        total: usize,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Slice, Diagnostic> {
        let from = cursor.map_or(Ok(0), |cursor| cursors.read(bound_to, cursor))?.min(total);
        Ok(Slice { from, to: from.saturating_add(limit).min(total), next: None }.ending(cursors, bound_to, total))
    }

    /// The same beginning, no further than `to`.
    pub fn shortened(self, cursors: &Cursors, bound_to: &[&str], total: usize, to: usize) -> Slice {
        Slice { to: self.to.min(to), ..self }.ending(cursors, bound_to, total)
    }

    fn ending(self, cursors: &Cursors, bound_to: &[&str], total: usize) -> Slice {
        Slice { next: (self.to < total).then(|| cursors.write(bound_to, self.to)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_on_in_its_own_question_only() {
        let cursors = Cursors::of(b"model");
        let cursor = cursors.write(&["list_metrics", "sales"], 40);
        assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{cursor}");
        assert_eq!(cursors.read(&["list_metrics", "sales"], &cursor), Ok(40));
        assert_eq!(Cursors::of(b"model").read(&["list_metrics", "sales"], &cursor), Ok(40));
        let refused = |read: Result<usize, Diagnostic>| read.expect_err("a refusal").code;
        assert_eq!(refused(cursors.read(&["list_metrics", "orders"], &cursor)), Code::CursorExpired);
        assert_eq!(refused(cursors.read(&["list_metricss", "ales"], &cursor)), Code::CursorExpired);
        assert_eq!(refused(Cursors::of(b"other").read(&["list_metrics", "sales"], &cursor)), Code::CursorExpired);
    }

    #[test]
    fn no_altered_cursor_is_read() {
        let cursors = Cursors::of(b"model");
        let cursor = cursors.write(&["q"], 1);
        for at in 0..cursor.len() {
            let mut other = cursor.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).expect("ASCII");
            assert!(cursors.read(&["q"], &other).is_err(), "{other}");
        }
        for other in ["", "1", "40", "AAAA", "!", &cursor[..20], &format!("{cursor}AAAA")] {
            assert!(cursors.read(&["q"], other).is_err(), "{other}");
        }
    }
}
