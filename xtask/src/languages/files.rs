//! Folders of sources: copied, listed, and told apart by what is in them.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// What npm and Python leave in a folder of sources, which is none of ours.
const NOT_SOURCES: [&str; 2] = ["node_modules", "__pycache__"];

/// All files under a folder, sorted.
pub fn all(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let ours = path
            .file_name()
            .is_none_or(|name| !NOT_SOURCES.iter().any(|other| name == *other));
        if path.is_dir() && ours {
            found.extend(all(&path)?);
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Copies all files, and makes the folder.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for file in all(from)? {
        let target = to.join(file.strip_prefix(from)?);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(&file, &target).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    Ok(())
}

/// A number that changes with any of the files in these folders.
pub fn print(folders: &[&Path]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for folder in folders {
        for file in all(folder)? {
            file.strip_prefix(folder)?.hash(&mut hasher);
            fs::read(&file)?.hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}
