//! Patterns of paths: `*`, `?` and `[…]` within a name, `**` for any number of directories.

/// Whether a path is a pattern rather than a name.
pub fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Whether `name` (no `/` in it) matches one component of a pattern.
pub fn matches_name(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // Where the last `*` stood and how much of the name it has eaten: the only choice to revise.
    let mut star: Option<(usize, usize)> = None;
    let (mut at, mut eaten) = (0, 0);
    while eaten < name.len() {
        let step = match pattern.get(at) {
            Some('*') => {
                star = Some((at, eaten));
                at += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => class(&pattern[at..], name[eaten]),
            Some(literal) if *literal == name[eaten] => Some(1),
            Some(_) | None => None,
        };
        match (step, star) {
            (Some(length), _) => {
                at += length;
                eaten += 1;
            }
            (None, Some((star_at, star_eaten))) => {
                star = Some((star_at, star_eaten + 1));
                at = star_at + 1;
                eaten = star_eaten + 1;
            }
            (None, None) => return false,
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// The length of the class that `pattern` begins with when it holds `character`: `[abc]`,
/// `[a-z]`, `[!a-z]`. A `[` that is not closed stands for itself.
fn class(pattern: &[char], character: char) -> Option<usize> {
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    let first = if negated { 2 } else { 1 };
    let Some(close) = (first + 1..pattern.len()).find(|&index| pattern[index] == ']') else {
        return (character == '[').then_some(1);
    };
    let members = &pattern[first..close];
    let mut index = 0;
    let mut found = false;
    while index < members.len() {
        if members.get(index + 1) == Some(&'-') && index + 2 < members.len() {
            found |= (members[index]..=members[index + 2]).contains(&character);
            index += 3;
        } else {
            found |= members[index] == character;
            index += 1;
        }
    }
    (found != negated).then_some(close + 1)
}

#[cfg(test)]
mod tests {
    use super::matches_name;

    #[test]
    fn names() {
        for (pattern, name, expected) in [
            ("*", "a.csv", true),
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("o*-?.csv", "orders-1.csv", true),
            ("o*-?.csv", "orders-10.csv", false),
            ("*a*a*", "banana", true),
            ("*a*b", "banana", false),
            ("200[0-3]", "2002", true),
            ("200[!0-3]", "2002", false),
            ("200[!0-3]", "2004", true),
            ("[]x]", "]", true),
            ("[x", "[x", true),
            ("é?", "éa", true),
            ("", "", true),
        ] {
            assert_eq!(matches_name(pattern, name), expected, "{pattern} {name}");
        }
    }
}
