//! Writing an expression back as text.
