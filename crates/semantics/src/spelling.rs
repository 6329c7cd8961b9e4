//! Names as people spell them: what is one name but for case, hyphens, spaces and underscores.

/// The spelling that all such forms of a name share. Points stay: they lead from a dataset to its dimension.
pub fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.trim().chars().flat_map(char::to_lowercase) {
        let letter = if letter == '-' || letter.is_whitespace() { '_' } else { letter };
        out.push(letter);
    }
    out
}

/// The only candidate that is `name` in another spelling; none when `name` is one of them as it is.
pub fn only<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(name);
    let mut found: Option<&str> = None;
    for candidate in candidates {
        if candidate == name {
            return None;
        }
        if plain(candidate) == wanted {
            match found {
                Some(other) if other != candidate => return None,
                Some(_) | None => found = Some(candidate),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one() {
        for spelt in ["net_sales", "NET_SALES", "net-sales", "Net Sales", " net sales "] {
            assert_eq!(plain(spelt), "net_sales", "{spelt}");
        }
        assert_eq!(plain("Orders.Sales-Channel"), "orders.sales_channel");
    }

    #[test]
    fn only_one_candidate_may_fit() {
        assert_eq!(only("NET-SALES", ["net_sales", "orders"]), Some("net_sales"));
        assert_eq!(only("net_sales", ["net_sales", "orders"]), None);
        assert_eq!(only("AOV", ["aov", "Aov"]), None);
        assert_eq!(only("net_sale", ["net_sales"]), None);
    }
}
