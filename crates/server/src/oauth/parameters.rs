//! The parameters of a request, of which each may stand once (RFC 6749 §3.1 and §3.2).

use url::form_urlencoded;

/// Names and values as they were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

/// A parameter that stands more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated(pub(crate) &'static str);

impl Parameters {
    /// The pairs of a query or of a form's body.
    pub(crate) fn parse(encoded: &[u8]) -> Parameters {
        Parameters(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value; without one it is as if the parameter were absent.
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(Repeated(name)),
            (Some(""), None) | (None, _) => Ok(None),
            (Some(value), None) => Ok(Some(value)),
        }
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The first value, for forms of ours.
    pub(crate) fn first(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// The pairs whose names are among these, in the order of the names.
    pub(crate) fn among<'a>(&'a self, names: &'a [&'static str]) -> impl Iterator<Item = (&'static str, &'a str)> {
        names.iter().flat_map(|name| self.all(name).map(|value| (*name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_stands_once_and_has_a_value() {
        let parameters = Parameters::parse(b"a=1&b=&c=2&c=3&d=x%20y+z");
        assert_eq!(parameters.one("a"), Ok(Some("1")));
        assert_eq!(parameters.one("b"), Ok(None));
        assert_eq!(parameters.one("c"), Err(Repeated("c")));
        assert_eq!(parameters.one("d"), Ok(Some("x y z")));
        assert_eq!(parameters.one("e"), Ok(None));
        assert_eq!(parameters.among(&["c", "a"]).collect::<Vec<_>>(), [("c", "2"), ("c", "3"), ("a", "1")]);
    }
}
