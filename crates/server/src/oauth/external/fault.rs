//! What can go wrong at the provider: a word of ours for the person, a little more for the log, and nothing that the
//! provider wrote for either.

use openidconnect::core::CoreErrorResponseType;
use openidconnect::{ClaimsVerificationError, DiscoveryError, RequestTokenError, StandardErrorResponse, UserInfoError};

use super::carrier::Lost;

type CoreErrorResponse = StandardErrorResponse<CoreErrorResponseType>;

/// Why nobody is signed in. The log has more; a person is told no text of the provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not answer, or not in time.
    Unreachable,
    /// It does not take the code, or does not know this server.
    Refused,
    /// What it says is not in order.
    Unfit(&'static str),
}

/// A word that the provider has for an error, as the log may have it.
pub(crate) fn word(error: &str) -> String {
    error.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).take(40).collect()
}

pub(super) fn of_exchange(fault: &RequestTokenError<Lost, CoreErrorResponse>) -> Fault {
    let (kind, fault) = match fault {
        RequestTokenError::Request(lost) => (lost.kind().to_string(), Fault::Unreachable),
        RequestTokenError::ServerResponse(answer) => (word(answer.error().as_ref()), Fault::Refused),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            ("form".to_string(), Fault::Unfit("its answer has no tokens"))
        }
    };
    tracing::warn!(kind, "the OpenID provider gives nothing for the code");
    fault
}

pub(super) fn of_token(fault: &ClaimsVerificationError) -> Fault {
    let kind = match fault {
        ClaimsVerificationError::Expired(_) => "it has expired",
        ClaimsVerificationError::InvalidAudience(_) => "it was made for another client",
        ClaimsVerificationError::InvalidIssuer(_) => "it names another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "it is not for this sign-in",
        ClaimsVerificationError::SignatureVerification(_) => "its signature does not hold",
        _ => "it is not in order",
    };
    tracing::warn!(kind, "an identity token is refused");
    Fault::Unfit("its identity token does not hold")
}

pub(super) fn of_discovery(fault: &DiscoveryError<Lost>) -> Fault {
    let (kind, fault) = match fault {
        DiscoveryError::Request(lost) => (lost.kind(), Fault::Unreachable),
        DiscoveryError::Response(status, ..) if status.is_server_error() => ("status", Fault::Unreachable),
        DiscoveryError::Response(..) => ("status", Fault::Unfit("its configuration is not there")),
        DiscoveryError::Validation(_) => ("issuer", Fault::Unfit("its configuration names another issuer")),
        _ => ("form", Fault::Unfit("its configuration cannot be read")),
    };
    tracing::warn!(kind, "the OpenID provider cannot be asked what it offers");
    fault
}

pub(super) fn of_user_info(fault: &UserInfoError<Lost>) -> Fault {
    let (kind, fault) = match fault {
        UserInfoError::Request(lost) => (lost.kind(), Fault::Unreachable),
        UserInfoError::ClaimsVerification(_) => ("subject", Fault::Unfit("it tells of somebody else")),
        UserInfoError::Response(..) => ("status", Fault::Unfit("it does not say who signed in")),
        _ => ("form", Fault::Unfit("it does not say who signed in")),
    };
    tracing::warn!(kind, "the OpenID provider does not say who signed in");
    fault
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn the_log_has_words_and_no_text() {
        assert_eq!(word("invalid_client"), "invalid_client");
        assert_eq!(word("<script>a\nb</script>"), "scriptabscript");
        assert_eq!(word(&"x".repeat(100)).len(), 40);
    }
}
