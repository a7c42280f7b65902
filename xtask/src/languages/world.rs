//! The world of one behaviour: what it imports, which is what people are asked to permit.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::files;
use crate::run::root;

/// Its name in the package that is written.
pub const NAME: &str = "this";

/// Interfaces of the contract that only have words in them: no permission, and there without being imported.
const WORDS: [&str; 2] = ["types", "events"];

/// Writes a package with a world that imports these interfaces of the contract and exports `guest`.
pub fn write(folder: &Path, interfaces: &BTreeSet<String>) -> Result<()> {
    let contract = folder.join("deps").join("behaviour");
    files::copy(&root().join("wit"), &contract)?;
    let imports = interfaces
        .iter()
        .filter(|name| !WORDS.contains(&name.as_str()))
        .map(|name| format!("  import cordboard:behaviour/{name}@0.1.0;\n"));
    let imports: String = imports.collect();
    let text = format!(
        "package local:project;\n\nworld {NAME} {{\n{imports}  export cordboard:behaviour/guest@0.1.0;\n}}\n"
    );
    fs::write(folder.join("world.wit"), text)?;
    Ok(())
}
