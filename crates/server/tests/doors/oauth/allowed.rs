//! What works: both ways to be known as a client, the callbacks of the clients people use, rotation, giving back.

use axum::http::StatusCode;
use serde_json::json;
use sextant_server::store::Store;
use sextant_server::store::tokens::Owner;

use super::{CALLBACK, Reply, Site, text};

#[tokio::test]
async fn a_client_finds_everything_from_the_resource() {
    let site = Site::start().await;
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
        let resource = site.get(path).await.json();
        assert_eq!(resource["resource"], format!("{}/mcp", site.origin));
        assert_eq!(resource["authorization_servers"], json!([site.origin]));
        assert_eq!(resource["bearer_methods_supported"], json!(["header"]));
    }
    let reply = site.get("/.well-known/oauth-authorization-server").await;
    let server = reply.json();
    assert_eq!(server["issuer"], site.origin.as_str());
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server["token_endpoint_auth_methods_supported"], json!(["none"]));
    assert_eq!(server["authorization_response_iss_parameter_supported"], true);
    assert_eq!(server["client_id_metadata_document_supported"], true);
    assert!(!reply.body.contains("null"));
    let by_name = site.origin.replace("127.0.0.1", "localhost");
    let request = site.client.get(format!("{}/.well-known/oauth-authorization-server", site.origin));
    let named = site.send(request.header("Host", by_name.trim_start_matches("http://"))).await;
    assert_eq!(named.json()["issuer"], by_name, "the name by which the client knows the server");
}

#[tokio::test]
async fn switched_off_nothing_of_it_is_there() {
    let site = Site::with(Store::in_memory(), |authority| authority.without_oauth()).await;
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/oauth/authorize",
    ] {
        assert_eq!(site.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/oauth/token", "/oauth/register", "/oauth/revoke"] {
        assert_eq!(site.post(path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let page = site.get("/settings/developers").await;
    assert_eq!(page.status, StatusCode::OK, "tokens are managed without it");
    assert!(!page.body.contains("id=\"applications\""));
}

#[tokio::test]
async fn an_application_is_let_in_and_refreshes_and_goes() {
    let site = Site::start().await;
    let client = site.registered().await;
    let back = site.agree(&site.asked(&client)).await;
    assert_eq!((back["state"].as_str(), back["iss"].as_str()), ("s t=&%?", site.origin.as_str()));
    let reply = site.token(&site.presented(&client, &back["code"])).await;
    assert_eq!((reply.status, reply.header("cache-control")), (StatusCode::OK, "no-store"));
    let first = reply.json();
    assert_eq!((text(&first, "token_type"), first["expires_in"].as_i64()), ("Bearer", Some(3_600)));
    assert_eq!(text(&first, "scope"), "metrics:read feedback:write");
    let token = site.store.find_token(text(&first, "access_token")).unwrap().expect("it is kept");
    let Owner::User { user, organization, grant: Some(grant) } = &token.owner else { panic!("{:?}", token.owner) };
    assert_eq!((user, organization.as_str()), (&site.user.id, "default"));
    assert_eq!(token.expires.expect("an hour"), token.created + chrono::TimeDelta::hours(1));

    let second = site.refresh(&client, text(&first, "refresh_token"), &[("scope", "metrics:read")]).await.json();
    assert_eq!(text(&second, "scope"), "metrics:read", "narrower when asked");
    let third = site.refresh(&client, text(&second, "refresh_token"), &[]).await.json();
    assert_eq!(text(&third, "scope"), "metrics:read feedback:write", "and as wide as granted again");
    assert!(site.is_live(text(&third, "access_token")));

    let given_back = [("token", text(&third, "refresh_token")), ("client_id", client.as_str())];
    assert_eq!(site.post("/oauth/revoke", &given_back).await.status, StatusCode::OK);
    for tokens in [&first, &second, &third] {
        assert!(!site.is_live(text(tokens, "access_token")));
    }
    assert!(site.store.grant(grant).unwrap().expect("kept").revoked.is_some());
}

#[tokio::test]
async fn an_access_token_is_given_back_alone() {
    let site = Site::start().await;
    let client = site.registered().await;
    let tokens = site.tokens(&client).await;
    let given_back = [("token", text(&tokens, "access_token")), ("client_id", client.as_str())];
    assert_eq!(site.post("/oauth/revoke", &given_back).await.status, StatusCode::OK);
    assert!(!site.is_live(text(&tokens, "access_token")));
    assert_eq!(site.refresh(&client, text(&tokens, "refresh_token"), &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_callbacks_of_the_clients_people_use_are_accepted() {
    let site = Site::start().await;
    for (registered, asked) in [
        ("https://claude.ai/api/mcp/auth_callback", "https://claude.ai/api/mcp/auth_callback"),
        ("https://claude.com/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"),
        ("http://localhost/callback", "http://localhost:54212/callback"),
        ("http://127.0.0.1:33418/", "http://127.0.0.1:50001/"),
        (
            "https://chatgpt.com/connector_platform_oauth_redirect",
            "https://chatgpt.com/connector_platform_oauth_redirect",
        ),
        ("https://chatgpt.com/connector/oauth/a1B2c3", "https://chatgpt.com/connector/oauth/a1B2c3"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback"),
    ] {
        // As such a client registers: with what it has no value for left as null, and a secret's method asked for.
        let metadata = json!({
            "client_name": "A client", "redirect_uris": [registered], "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"], "token_endpoint_auth_method": "client_secret_post", "client_uri": null,
        });
        let reply = site.register(&metadata).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{registered}: {}", reply.body);
        assert!(!reply.body.contains("null") && !reply.body.contains("secret"), "{}", reply.body);
        let mut parameters = site.asked(text(&reply.json(), "client_id"));
        parameters.iter_mut().find(|(name, _)| name == "redirect_uri").expect("there").1 = asked.to_string();
        let page = site.authorize(&parameters).await;
        assert_eq!(page.status, StatusCode::OK, "{asked}: {}", page.body);
        let mut fields = page.fields();
        fields
            .extend([("organization", "default"), ("decision", "allow")].map(|(a, b)| (a.to_string(), b.to_string())));
        let back = site.submit("/oauth/authorize", &fields).await;
        assert!(back.header("location").starts_with(&format!("{asked}?code=")), "{}", back.header("location"));
    }
}

#[tokio::test]
async fn a_user_gives_no_more_than_the_user_has() {
    let site = Site::start().await;
    let client = site.registered().await;
    let mut asked = site.asked(&client);
    asked.iter_mut().find(|(name, _)| name == "scope").expect("there").1 = "admin offline_access".into();
    let page = site.authorize(&asked).await;
    assert!(page.body.contains("It asks for everything"), "{}", page.body);
    let code = site.agree(&asked).await.remove("code").expect("a code");
    let tokens = site.token(&site.presented(&client, &code)).await.json();
    assert_eq!(text(&tokens, "scope"), "metrics:read query:sql feedback:write tokens:manage");
    let member = super::membership("default", "metrics:read");
    site.store.add_member(&site.user.id, &member, chrono::Utc::now()).unwrap();
    assert!(!site.is_live(text(&tokens, "access_token")), "what the user may not do any more ends at once");
    let next = site.refresh(&client, text(&tokens, "refresh_token"), &[]).await.json();
    assert_eq!(text(&next, "scope"), "metrics:read");
    site.store.disable_user(&site.user.id, chrono::Utc::now()).unwrap();
    let after = site.refresh(&client, text(&next, "refresh_token"), &[]).await;
    assert_eq!((after.status, after.json()["error"].clone()), (StatusCode::BAD_REQUEST, "invalid_grant".into()));
}

#[tokio::test]
async fn one_code_at_the_same_time_gives_tokens_once_at_most() {
    let site = Site::start().await;
    let client = site.registered().await;
    let code = site.code(&client).await;
    let presented = site.presented(&client, &code);
    let (a, b, c, d) =
        tokio::join!(site.token(&presented), site.token(&presented), site.token(&presented), site.token(&presented));
    let given: Vec<&Reply> = [&a, &b, &c, &d].into_iter().filter(|reply| reply.status == StatusCode::OK).collect();
    assert!(given.len() <= 1, "{given:?}");
    for reply in given {
        assert!(!site.is_live(text(&reply.json(), "access_token")), "the second use ended the grant");
    }
}

#[tokio::test]
async fn nothing_that_is_secret_is_in_the_file() {
    let folder = std::env::temp_dir().join(format!("sextant-oauth-{}", std::process::id()));
    let site = Site::with(Store::at(folder.join("state.db")), |authority| authority).await;
    let client = site.registered().await;
    let code = site.code(&client).await;
    let tokens = site.token(&site.presented(&client, &code)).await.json();
    let next = site.refresh(&client, text(&tokens, "refresh_token"), &[]).await.json();
    let link = site.store.create_link(&site.user.id, chrono::Utc::now()).unwrap();
    let cookie = site.cookie.trim_start_matches("sextant=");
    let tokens = [&tokens, &next].map(|tokens| [text(tokens, "access_token"), text(tokens, "refresh_token")]);
    let secrets = tokens.into_iter().flatten().chain([code.as_str(), link.expose(), cookie]);
    let secrets: Vec<&str> = secrets.collect();
    let mut kept = Vec::new();
    for file in std::fs::read_dir(&folder).unwrap() {
        kept.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(CALLBACK), "the files and the log beside them were read");
    for secret in secrets {
        assert!(!holds(secret), "a secret of {} characters", secret.len());
    }
    std::fs::remove_dir_all(folder).unwrap();
}
