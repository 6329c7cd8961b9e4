//! YAML as one spanned tree, within a budget.
