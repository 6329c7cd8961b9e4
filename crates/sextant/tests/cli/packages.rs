//! The files that package registries read: one version, one name, and the shapes that registries ask for.

use serde_json::Value;

use crate::process::repository;

fn json(path: &str) -> Value {
    let text = std::fs::read_to_string(repository().join(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"));
    serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("`{key}` of {value}"))
}

#[test]
fn every_package_has_the_version_of_the_binary() {
    let registry = json("server.json");
    let versions = [
        text(&registry, "version").to_string(),
        text(&registry["packages"][0], "version").to_string(),
        text(&json("packages/npm/package.json"), "version").to_string(),
        text(&json("packages/mcpb/manifest.json"), "version").to_string(),
    ];
    for version in versions {
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
    }
}

/// The rules of the registry's schema of 2025-12-11 that a file of ours could break.
#[test]
fn the_registry_entry_has_its_shape() {
    let entry = json("server.json");
    assert!(text(&entry, "$schema").ends_with("/schemas/2025-12-11/server.schema.json"));
    let known = ["$schema", "name", "title", "description", "version", "packages"];
    assert!(entry.as_object().expect("an object").keys().all(|key| known.contains(&key.as_str())), "{entry}");
    let name = text(&entry, "name");
    let (namespace, own) = name.split_once('/').expect("one slash");
    let is_word = |word: &str, more: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    assert!(is_word(namespace, ".-") && is_word(own, "._-") && (3..=200).contains(&name.len()), "{name}");
    for (key, longest) in [("description", 100), ("title", 100)] {
        assert!((1..=longest).contains(&text(&entry, key).chars().count()), "{key}");
    }
    let packages = entry["packages"].as_array().expect("packages");
    assert_eq!(packages.len(), 1);
    let package = &packages[0];
    assert_eq!((text(package, "registryType"), text(package, "runtimeHint")), ("npm", "npx"));
    assert_eq!(package["transport"], serde_json::json!({"type": "stdio"}));
    let readme = std::fs::read_to_string(repository().join("packages/npm/README.md")).expect("the page");
    for variable in package["environmentVariables"].as_array().expect("variables") {
        let name = text(variable, "name");
        assert!(readme.contains(&format!("`{name}`")), "{name} is not on the package's page");
        assert!(!text(variable, "description").is_empty());
        assert_eq!(variable["isSecret"] == true, name.ends_with("_KEY"), "{name}");
        let formats = [Value::Null, "filepath".into(), "string".into()];
        assert!(formats.contains(&variable["format"]), "{name}");
    }
}

#[test]
fn the_npm_package_is_whole_and_without_dependencies() {
    let (package, registry) = (json("packages/npm/package.json"), json("server.json"));
    assert_eq!(text(&package, "name"), text(&registry["packages"][0], "identifier"));
    assert_eq!(text(&package, "mcpName"), text(&registry, "name"));
    assert_eq!((text(&package, "license"), text(&package, "type")), ("Apache-2.0", "module"));
    for kind in ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] {
        assert!(package.get(kind).is_none(), "{kind}");
    }
    let directory = repository().join("packages/npm");
    let programs = package["bin"].as_object().expect("programs");
    let files = package["files"].as_array().expect("files");
    for path in programs.values().chain(files).filter_map(Value::as_str) {
        assert!(directory.join(path).exists(), "{path}");
    }
    // `npx` starts the only program there is.
    assert_eq!(programs.len(), 1);
    let licence = |path: &str| std::fs::read(repository().join(path)).expect("a licence");
    assert_eq!(licence("packages/npm/LICENSE"), licence("LICENSE"));
}

#[test]
fn the_bundle_asks_for_what_it_uses() {
    let manifest = json("packages/mcpb/manifest.json");
    for key in ["manifest_version", "name", "display_name", "version", "description"] {
        assert!(!text(&manifest, key).is_empty());
    }
    assert!(!text(&manifest["author"], "name").is_empty());
    let server = &manifest["server"];
    assert_eq!(text(server, "type"), "binary");
    let config = &server["mcp_config"];
    assert_eq!(text(config, "command"), format!("${{__dirname}}/{}", text(server, "entry_point")));
    let asked = manifest["user_config"].as_object().expect("settings");
    let used: Vec<&str> = config["env"].as_object().expect("env").values().filter_map(Value::as_str).collect();
    assert_eq!(used.len(), asked.len());
    for (name, setting) in asked {
        assert!(used.contains(&format!("${{user_config.{name}}}").as_str()), "{name} is asked for and not used");
        assert!(["type", "title", "description"].iter().all(|key| setting[*key].is_string()), "{name}");
        assert_eq!(setting["required"], true, "{name}");
    }
}
