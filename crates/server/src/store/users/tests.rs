//! Users and their browsers, in a store in memory.

use chrono::TimeDelta;
use serde_json::Map;

use super::*;
use crate::identity::scope::Scopes;
use crate::identity::secret::Secret;
use crate::store::tokens::{NewToken, Owner};

fn now() -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn member(organization: &str, scopes: &str) -> Membership {
    Membership {
        organization: organization.into(),
        scopes: Scopes::parse(scopes).unwrap(),
        attributes: Map::from_iter([("country".to_string(), "DE".into())]),
    }
}

fn store_with_user() -> (Store, User) {
    let store = Store::in_memory();
    let user = store.create_user("Ada@Example.com", "Ada", &[member("default", "query:sql")], now()).unwrap();
    (store, user)
}

#[test]
fn a_user_is_found_by_address_in_any_case_and_belongs_to_organizations() {
    let (store, user) = store_with_user();
    assert_eq!(store.user_by_email(" ada@example.COM ").unwrap(), Some(user.clone()));
    assert_eq!(store.users().unwrap(), std::slice::from_ref(&user));
    let members = store.memberships(&user.id).unwrap();
    assert_eq!(
        (members[0].organization_name.as_str(), members[0].scopes.to_string().as_str()),
        ("Default", "query:sql")
    );
    assert_eq!(members[0].attributes["country"], "DE");
    assert!(store.create_user("ADA@example.com", "Other", &[], now()).is_err());
    assert!(store.create_user("b@example.com", "B", &[member("nobody", "admin")], now()).is_err());
    assert_eq!(store.user_by_email("b@example.com").unwrap(), None, "all of it or nothing");
    for email in ["", "ada", "@x", "a@", "a@b@c", "a b@c", "a\n@c", "<a@b>"] {
        assert!(store.create_user(email, "X", &[], now()).is_err(), "{email}");
    }
    for name in ["", " ", "a\u{1b}[31m"] {
        assert!(store.create_user("c@example.com", name, &[], now()).is_err(), "{name}");
    }
}

#[test]
fn a_link_works_once_and_not_for_ever() {
    let (store, user) = store_with_user();
    let link = store.create_link(&user.id, now()).unwrap();
    assert_eq!(store.use_link(link.expose(), now()).unwrap(), Some(user.clone()));
    assert_eq!(store.use_link(link.expose(), now()).unwrap(), None);
    let late = store.create_link(&user.id, now()).unwrap();
    assert_eq!(store.use_link(late.expose(), now() + TimeDelta::minutes(15)).unwrap(), None);
    assert!(store.use_link(late.expose(), now() + TimeDelta::minutes(14)).unwrap().is_some());
    assert_eq!(store.use_link("guess", now()).unwrap(), None);
}

#[test]
fn a_browser_is_known_until_it_signs_out_or_twelve_hours_are_over() {
    let (store, user) = store_with_user();
    let cookie = store.open_session(&user.id, now()).unwrap();
    assert_eq!(store.session(cookie.expose(), now() + TimeDelta::hours(11)).unwrap(), Some(user.clone()));
    assert_eq!(store.session(cookie.expose(), now() + TimeDelta::hours(12)).unwrap(), None);
    store.close_session(cookie.expose()).unwrap();
    assert_eq!(store.session(cookie.expose(), now()).unwrap(), None);
    let again = store.open_session(&user.id, now()).unwrap();
    store.set_password(&user.id, "$argon2id$").unwrap();
    assert_eq!(store.session(again.expose(), now()).unwrap(), None, "a new password signs out");
}

#[test]
fn nothing_of_a_disabled_user_is_left() {
    let (store, user) = store_with_user();
    store.set_password(&user.id, "$argon2id$").unwrap();
    let (cookie, link) = (store.open_session(&user.id, now()).unwrap(), store.create_link(&user.id, now()).unwrap());
    let owner = Owner::User { user: user.id.clone(), organization: "default".into(), grant: None };
    let new = NewToken { name: "app".into(), owner, scopes: Scopes::MINIMAL, attributes: Map::new(), expires: None };
    let (_, token) = store.create_token(&new, now()).unwrap();
    store.disable_user(&user.id, now()).unwrap();
    assert_eq!(store.session(cookie.expose(), now()).unwrap(), None);
    assert_eq!(store.use_link(link.expose(), now()).unwrap(), None);
    assert!(!store.find_token(token.expose()).unwrap().unwrap().is_live(now()));
    assert!(store.password_of("ada@example.com").unwrap().is_none());
    assert_eq!(store.membership(&user.id, "default").unwrap(), None);
    store.enable_user(&user.id).unwrap();
    assert!(store.password_of("ada@example.com").unwrap().is_some());
    assert_eq!(store.session(cookie.expose(), now()).unwrap(), None, "what ended stays ended");
}

#[test]
fn what_is_not_said_about_a_member_stays() {
    let (store, user) = store_with_user();
    let live = |token: &Secret| store.find_token(token.expose()).unwrap().unwrap().is_live(now());
    let owner = Owner::User { user: user.id.clone(), organization: "default".into(), grant: None };
    let new = NewToken { name: "app".into(), owner, scopes: Scopes::MINIMAL, attributes: Map::new(), expires: None };
    let (_, token) = store.create_token(&new, now()).unwrap();
    let nothing = store.change_member(&user.id, "default", None, None, now()).unwrap();
    assert_eq!((nothing.is_new, live(&token)), (false, true));
    let admin = Scopes::parse("admin").unwrap();
    let changed = store.change_member(&user.id, "default", Some(admin), None, now()).unwrap();
    assert_eq!((changed.is_new, changed.kept.scopes, live(&token)), (true, admin, false));
    assert_eq!(changed.kept.attributes["country"], "DE");
    let changed = store.change_member(&user.id, "default", None, Some(Map::new()), now()).unwrap();
    assert_eq!((changed.kept.scopes, changed.kept.attributes.len()), (admin, 0));
}

#[test]
fn what_a_member_may_changes_and_ends() {
    let (store, user) = store_with_user();
    store.add_member(&user.id, &member("default", "admin"), now()).unwrap();
    assert_eq!(store.membership(&user.id, "default").unwrap().unwrap().scopes.to_string(), "admin");
    assert!(store.add_member(&user.id, &member("nobody", "admin"), now()).is_err());
    assert_eq!(store.remove_member(&user.id, "default", now()).unwrap(), Some(vec![]));
    assert_eq!(store.remove_member(&user.id, "default", now()).unwrap(), None);
    assert_eq!(store.membership(&user.id, "default").unwrap(), None);
}
