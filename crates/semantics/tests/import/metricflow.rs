//! dbt's and MetricFlow's projects.

use std::collections::BTreeMap;

use serde_json::Map;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::import::{self, Format, Imported};
use sextant_semantics::query::saved;
use sextant_semantics::yaml::Node;
use sextant_semantics::{catalog, export, model};

use crate::mutate::{self, Class, Dice, Site};
use crate::projects;

const TOOL: &str = "metricflow";

#[test]
fn every_project_reads_as_its_report_says() {
    for project in projects::names(TOOL) {
        let mut imported = import::read(projects::texts(TOOL, &project), None);
        assert_eq!(imported.format, Format::MetricFlow, "{project}");
        imported.findings.0.extend(saved::check(&imported.model).0);
        projects::compare(TOOL, &project, &projects::report(&imported));
    }
}

/// Every project but the one that is all mistakes.
fn sound() -> Vec<(String, Vec<(String, String)>)> {
    let names = projects::names(TOOL).into_iter().filter(|name| name != "mistakes");
    names.map(|name| (name.clone(), projects::texts(TOOL, &name))).collect()
}

#[test]
fn every_sound_project_makes_a_catalog() {
    for (name, texts) in sound() {
        let (imported, _) = outcome(&texts);
        let faults: String = match catalog::build(&imported.model) {
            Ok(_) => String::new(),
            Err(faults) => faults.iter().map(|fault| projects::line(&imported.model, fault)).collect(),
        };
        assert_eq!(faults, "", "{name}");
    }
}

/// What is read, without places: the model, the findings, the losses.
fn outcome(texts: &[(String, String)]) -> (Imported, String) {
    let mut imported = import::read(texts.to_vec(), Some(Format::MetricFlow));
    imported.findings.0.extend(saved::check(&imported.model).0);
    let messages = |found: &[Diagnostic]| found.iter().map(|f| f.message.clone()).collect::<Vec<_>>().join("\n");
    let model = projects::erased(&imported.model);
    let text = format!("{model}\n{}\n{}", messages(&imported.findings.0), messages(&imported.losses));
    (imported, text)
}

/// Whether the report says of this place that it is not read: by the key on the way to it, by the
/// object that it stands in, or by the name of that object.
fn is_told(site: &Site, losses: &[Diagnostic]) -> bool {
    losses.iter().any(|loss| {
        let span = loss.span.expect("a loss has a place");
        let here = span.source.0 as usize == site.file;
        let by_key = site.path.iter().any(|key| {
            let told = [format!("`{key}` is not read"), format!("`{key}` of a"), format!("unknown key `{key}`")];
            told.iter().any(|start| loss.message.starts_with(start))
        });
        let by_kind = loss.message.contains("without semantics")
            && site.path[0] == "models"
            && site.path.last().is_some_and(|key| key == "name");
        let by_object = site.around.iter().any(|(object, name)| *object == span || *name == Some(span));
        here && (by_key || by_kind || by_object)
    })
}

/// Whether a mutation says the same in other words.
fn says_the_same(class: Class, site: &Site) -> bool {
    // The legacy vocabulary and manifests have these keys at two levels, and one of the two is enough.
    let key = site.path.last().expect("a key").as_str();
    let has_two_places = ["window", "grain_to_date", "join_to_timespine", "fill_nulls_with"].contains(&key)
        && site.path.iter().any(|key| key == "type_params");
    match class {
        Class::Delete => is_default(site) || has_two_places,
        Class::Rename => is_empty(&site.value),
        Class::Indent => has_two_places,
        Class::Retype | Class::Dangle | Class::Duplicate => false,
    }
}

fn is_empty(node: &Node) -> bool {
    let json = node.to_json();
    node.is_null() || json.as_object().is_some_and(Map::is_empty) || json.as_array().is_some_and(Vec::is_empty)
}

/// Whether absence means what is written.
fn is_default(site: &Site) -> bool {
    let Some(scalar) = site.value.scalar() else { return is_empty(&site.value) };
    let key = site.path.last().expect("a key");
    let word = scalar.text.to_ascii_lowercase();
    let defaults = [
        ("type", "simple"),
        ("period_agg", "first"),
        ("calculation", "conversion_rate"),
        ("window_choice", "min"),
        ("enabled", "true"),
        ("version", "2"),
        ("name", "imported"),
    ];
    let absent = ["", "null", "false"].contains(&word.as_str());
    let own_name = site.sibling_name.as_deref() == Some(scalar.text.as_str());
    // The metric and the entity that these make may be written out too.
    let is_made = key == "create_metric" || key == "primary_entity";
    absent || is_made || own_name && key == "expr" || defaults.contains(&(key.as_str(), word.as_str()))
}

#[test]
fn five_hundred_mutations_are_refused_or_told_or_change_the_model() {
    const MUTATIONS: usize = 500;
    let projects: Vec<_> =
        sound().into_iter().map(|(name, texts)| (name, mutate::sites(&texts), outcome(&texts), texts)).collect();
    for seed in [1, 2] {
        let mut dice = Dice(seed);
        let mut counts: BTreeMap<Class, [usize; 4]> = BTreeMap::new();
        let mut silent = Vec::new();
        let mut made = 0;
        while made < MUTATIONS {
            let (name, sites, (before, was), texts) = &projects[dice.below(projects.len())];
            let class = Class::ALL[made % Class::ALL.len()];
            let site = &sites[dice.below(sites.len())];
            let Some(mutation) = mutate::mutate(texts, site, class, &mut dice) else { continue };
            made += 1;
            let (after, is) = outcome(&mutation.texts);
            let refused = after.findings.0.len() > before.findings.0.len();
            let kind = match (refused, *was != is, is_told(&mutation.site, &before.losses)) {
                (true, _, _) => 0,
                (false, true, _) => 1,
                (false, false, true) => 2,
                (false, false, false) => 3,
            };
            counts.entry(mutation.class).or_default()[kind] += 1;
            if kind == 3 && !says_the_same(class, site) {
                let at = before.model.sources.position(site.key);
                silent.push(format!("{name} {}:{} {class:?} {:?}", texts[site.file].0, at.line, site.path));
            }
        }
        for (class, [refused, changed, told, same]) in &counts {
            println!(
                "seed {seed} {class:?}: {refused} refused, {changed} change the model or its losses, {told} where a loss stands, {same} say the same"
            );
            assert!((refused + changed + told + same) * 10 >= MUTATIONS, "{class:?} is under a tenth");
        }
        assert_eq!(silent, Vec::<String>::new(), "neither told nor in the model");
    }
}

/// The model that is written in our own format is the one that was read.
#[test]
fn our_own_yaml_of_an_import_reads_back_the_same() {
    for (name, texts) in sound() {
        let (before, _) = outcome(&texts);
        let text = export::sextant(&before.model);
        let (after, findings) = model::read([("model.yml".to_string(), text.clone())]);
        let faults: String = findings.iter().map(|finding| projects::line(&after, finding)).collect();
        assert_eq!(faults, "", "{name}\n{text}");
        let (before, after) = (projects::erased(&before.model), projects::erased(&after));
        let differing = before.lines().zip(after.lines()).find(|(before, after)| before != after);
        assert_eq!(differing, None, "{name}\n{text}");
        assert_eq!(before, after, "{name}");
    }
}
