//! `config:` and `meta:` of dbt's objects: what of them means something here.

use super::fields::Fields;
use crate::source::Spanned;

/// What is read of an object's configuration.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) enabled: bool,
    pub(super) owner: Option<Spanned<String>>,
    pub(super) synonyms: Vec<Spanned<String>>,
}

/// `config: {enabled, meta: {owner, synonyms}}` and `meta` beside it; the rest is counted.
pub(super) fn read(f: &Fields<'_>) -> Config {
    let mut config = Config { enabled: true, owner: None, synonyms: Vec::new() };
    if let Some(inner) = f.node("config").and_then(|node| Fields::open(f.report, "config", node)) {
        config.enabled = inner.flag("enabled").is_none_or(|flag| flag.value);
        meta(&inner, &mut config);
        for key in ["group", "tags"] {
            inner.ignore(key);
        }
        inner.finish();
    }
    meta(f, &mut config);
    config
}

fn meta(f: &Fields<'_>, config: &mut Config) {
    let Some(meta) = f.node("meta").and_then(|node| Fields::open(f.report, "meta", node)) else { return };
    if meta.is_text("owner") {
        config.owner = meta.text("owner");
    }
    if meta.is_text_list("synonyms") {
        config.synonyms = meta.texts("synonyms");
    }
    meta.count_rest();
}
