//! What a component is made of, read without compiling it.

use contract::Problem;
use wasmparser::{MemoryType, Parser, Payload, TableType, TypeRef};

use super::problem;
use crate::UploadLimits;
use crate::v0_1;

/// What was read, when nothing is wrong.
#[derive(Debug)]
pub(crate) struct Anatomy {
    /// Interfaces that it imports, without package and version, sorted.
    pub permissions: Vec<String>,
}

/// Reads the whole component and judges its imports, exports and sizes.
///
/// # Errors
///
/// All that is wrong, each with what to do.
pub(crate) fn examine(
    component: &[u8],
    limits: &UploadLimits,
    memory_limit: usize,
) -> Result<Anatomy, Vec<Problem>> {
    let mut reader = Reader {
        limits,
        memory_limit: memory_limit as u64,
        depth: 0,
        functions: 0,
        exports_guest: false,
        permissions: Vec::new(),
        problems: Vec::new(),
    };
    for payload in Parser::new(0).parse_all(component) {
        let read = payload.and_then(|payload| reader.take(payload));
        if let Err(error) = read {
            reader.refuse(format!(
                "the component cannot be read: {error}; upload it as it was built"
            ));
            return Err(reader.problems);
        }
    }
    reader.finish()
}

struct Reader<'a> {
    limits: &'a UploadLimits,
    memory_limit: u64,
    /// 0 at the outermost component.
    depth: u32,
    functions: u32,
    exports_guest: bool,
    permissions: Vec<String>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn take(&mut self, payload: Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => self.depth += 1,
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if self.depth == 0 => {
                for import in imports {
                    self.import(import?.name.name);
                }
            }
            Payload::ComponentExportSection(exports) if self.depth == 0 => {
                for export in exports {
                    self.exports_guest |= export?.name.name == name_of(v0_1::GUEST);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.memory(&memory?);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    self.table(&table?.ty);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import?.ty {
                        TypeRef::Memory(memory) => self.memory(&memory),
                        TypeRef::Table(table) => self.table(&table),
                        _ => {}
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.function(body.as_bytes().len()),
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, name: &str) {
        match classify(name) {
            Import::Words => {}
            Import::Offered(interface) => self.permissions.push(interface.to_owned()),
            Import::Later(interface) => self.refuse(format!(
                "`{}/{interface}` is not offered here yet: remove what uses it, or wait for a version of the \
                 exchange that offers it",
                v0_1::PACKAGE
            )),
            Import::OtherVersion => self.refuse(format!(
                "the host does not offer `{name}`, only version {} of that package: rebuild with its SDK",
                v0_1::VERSION
            )),
            Import::Wasi => self.refuse(format!(
                "the host does not offer `{name}`: behaviours have no WASI; build for wasm32-unknown-unknown"
            )),
            Import::Unknown => self.refuse(format!(
                "the host does not offer `{name}`: import only interfaces of {}@{}",
                v0_1::PACKAGE,
                v0_1::VERSION
            )),
        }
    }

    fn memory(&mut self, memory: &MemoryType) {
        let page = 1u64 << memory.page_size_log2.unwrap_or(16).min(16);
        if memory.initial.saturating_mul(page) > self.memory_limit {
            let (wanted, limit) = (memory.initial.saturating_mul(page) >> 20, self.memory_limit >> 20);
            self.refuse(format!(
                "it starts with {wanted} MiB of memory, {limit} MiB are allowed: reduce static data and stack size"
            ));
        }
        if memory.memory64 || memory.shared {
            self.refuse(
                "it has a shared or 64-bit memory: build for wasm32 without the `atomics` feature".into(),
            );
        }
    }

    fn table(&mut self, table: &TableType) {
        let limit = self.limits.table_elements;
        if table.initial > limit {
            self.refuse(format!(
                "a table has {} elements, {limit} are allowed: use fewer indirect functions",
                table.initial
            ));
        }
    }

    fn function(&mut self, bytes: usize) {
        self.functions = self.functions.saturating_add(1);
        let limits = self.limits;
        if self.functions == limits.functions.saturating_add(1) {
            self.refuse(format!(
                "it has more than {} functions: build it with optimisation and link-time optimisation",
                limits.functions
            ));
        }
        if bytes > limits.function_bytes {
            self.refuse(format!(
                "a function has {bytes} bytes, {} are allowed: split it, or build with opt-level \"s\"; an interpreter needs the \
                 grant `large-modules`",
                limits.function_bytes
            ));
        }
    }

    fn finish(mut self) -> Result<Anatomy, Vec<Problem>> {
        if !self.exports_guest {
            self.refuse(format!(
                "it does not export `{}`: implement the world `behaviour` of {}@{}",
                name_of(v0_1::GUEST),
                v0_1::PACKAGE,
                v0_1::VERSION
            ));
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        self.permissions.sort_unstable();
        let permissions = self.permissions;
        Ok(Anatomy { permissions })
    }

    /// Keeps the list readable: a hostile component could fill it with a million lines.
    fn refuse(&mut self, message: String) {
        if self.problems.len() < 100 {
            self.problems.push(problem(message));
        }
    }
}

fn name_of(interface: &str) -> String {
    format!("{}/{interface}@{}", v0_1::PACKAGE, v0_1::VERSION)
}

#[derive(Debug, PartialEq, Eq)]
enum Import<'a> {
    Words,
    Offered(&'a str),
    Later(&'a str),
    /// Of our package, in a version that is not linked here.
    OtherVersion,
    Wasi,
    Unknown,
}

fn classify(name: &str) -> Import<'_> {
    if name.starts_with("wasi:") {
        return Import::Wasi;
    }
    let interface = name
        .strip_prefix(v0_1::PACKAGE)
        .and_then(|rest| rest.strip_prefix('/'));
    let Some((interface, version)) = interface.and_then(|rest| rest.split_once('@')) else {
        return Import::Unknown;
    };
    if version != v0_1::VERSION {
        return Import::OtherVersion;
    }
    match interface {
        words if v0_1::WORDS.contains(&words) => Import::Words,
        offered if v0_1::OFFERED.contains(&offered) => Import::Offered(offered),
        later if v0_1::LATER.contains(&later) => Import::Later(later),
        _ => Import::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_import_is_known_later_or_unknown() {
        assert_eq!(classify("cordboard:behaviour/types@0.1.0"), Import::Words);
        assert_eq!(
            classify("cordboard:behaviour/legs@0.1.0"),
            Import::Offered("legs")
        );
        assert_eq!(
            classify("cordboard:behaviour/recording@0.1.0"),
            Import::Later("recording")
        );
        assert_eq!(classify("cordboard:behaviour/legs@0.9.0"), Import::OtherVersion);
        assert_eq!(classify("wasi:cli/environment@0.2.0"), Import::Wasi);
        assert_eq!(classify("cordboard:behaviour/guest@0.1.0"), Import::Unknown);
        assert_eq!(classify("env"), Import::Unknown);
    }
}
