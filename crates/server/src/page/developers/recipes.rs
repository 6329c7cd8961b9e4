//! What to write into each client: the blocks of the pages on clients, with this server's address.

use crate::docs;

/// Addresses that stand for the reader's own in the pages.
const EXAMPLES: [&str; 2] = ["https://sextant.example.com", "http://127.0.0.1:8080"];

/// One client.
pub(super) struct Recipe {
    pub(super) title: String,
    pub(super) url: String,
    /// What stands there when the user signs in, and with an access token.
    pub(super) blocks: Vec<Block>,
}

/// One block of a page.
pub(super) struct Block {
    pub(super) label: &'static str,
    pub(super) text: String,
}

/// Every client whose page tells how it calls a server that runs.
pub(super) fn all(origin: &str) -> Vec<Recipe> {
    let clients = docs::pages().iter().filter(|page| page.slug.starts_with("clients/"));
    let recipes = clients.map(|page| Recipe {
        title: page.title.clone(),
        url: page.url(),
        blocks: blocks(&page.markdown, origin),
    });
    recipes.filter(|recipe| !recipe.blocks.is_empty()).collect()
}

/// The blocks whose first line says that they are for a server's address.
fn blocks(markdown: &str, origin: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if !(info.contains(" connect ") && info.contains("--url")) {
            continue;
        }
        let label = if info.contains("--with-key") { "With an access token" } else { "By signing in" };
        if !blocks.iter().any(|block| block.label == label) {
            let mut text = inside.join("\n");
            for example in EXAMPLES {
                text = text.replace(example, origin);
            }
            blocks.push(Block { label, text });
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_this_servers_address_and_no_example() {
        let recipes = all("https://metrics.test");
        let clients =
            docs::pages().iter().filter(|page| page.slug.starts_with("clients/") && page.slug != "clients/index");
        assert_eq!(recipes.len(), clients.count(), "every client that has a page");
        for recipe in &recipes {
            for block in &recipe.blocks {
                assert!(block.text.contains("https://metrics.test"), "{}: {}", recipe.title, block.text);
                assert!(EXAMPLES.iter().all(|example| !block.text.contains(example)), "{}", block.text);
            }
        }
    }
}
