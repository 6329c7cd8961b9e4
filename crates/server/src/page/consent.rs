//! The page on which a user lets an application in, or does not.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::browser::Browser;
use super::document;
use crate::identity::scope::Scope;
use crate::oauth::authorize::Asked;
use crate::oauth::redirect;
use crate::store::users::Member;

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    client: &'a str,
    /// The host of the client's document.
    host: Option<&'a str>,
    place: &'a str,
    redirect_uri: &'a str,
    email: &'a str,
    mark: &'a str,
    fields: &'a [(&'static str, String)],
    scopes: &'a [Scope],
    choices: &'a [Choice<'a>],
}

impl Consent<'_> {
    fn has_choice(&self) -> bool {
        self.choices.iter().any(|choice| choice.is_possible)
    }

    fn asks_for_all(&self) -> bool {
        self.scopes.contains(&Scope::Admin)
    }
}

/// One organization of the user.
struct Choice<'a> {
    member: &'a Member,
    is_possible: bool,
    is_first: bool,
    /// What of the scopes the user cannot give there.
    less: String,
}

/// The page; `fields` are the parameters of the request, which the form sends again.
pub(crate) fn ask(asked: &Asked, browser: &Browser, members: &[Member], fields: &[(&'static str, String)]) -> Response {
    let scopes: Vec<Scope> = asked.scopes.iter().collect();
    let mut choices: Vec<Choice<'_>> = members
        .iter()
        .map(|member| {
            let missing = scopes.iter().filter(|scope| !member.scopes.allows(**scope)).map(|scope| scope.as_str());
            Choice {
                member,
                is_possible: !asked.scopes.common(member.scopes).is_empty(),
                is_first: false,
                less: missing.collect::<Vec<&str>>().join(", "),
            }
        })
        .collect();
    if let Some(first) = choices.iter_mut().find(|choice| choice.is_possible) {
        first.is_first = true;
    }
    let consent = Consent {
        client: &asked.client.name,
        host: asked.client.host.as_deref(),
        place: &redirect::place(&asked.redirect_uri),
        redirect_uri: &asked.redirect_uri,
        email: &browser.user.email,
        mark: &browser.mark,
        fields,
        scopes: &scopes,
        choices: &choices,
    };
    document::page(StatusCode::OK, &consent, &redirect::source(&asked.redirect_uri))
}
