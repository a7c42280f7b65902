//! Small guests written in WebAssembly text.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where a guest finds room for what its own code needs; the host writes from 0x10000 on.
pub const SCRATCH: u32 = 0x8000;

/// A guest's parts, as WebAssembly text; see [`Guest::core`] for what is around them.
#[derive(Clone, Copy)]
pub struct Guest<'a> {
    pub imports: &'a str,
    /// Body of `handle`. `(local.get $args)` points at session, state (+32) and event (+48); it
    /// leaves a pointer to the result: see `$ok`, `$refuse`.
    pub handle: &'a str,
    pub more: &'a str,
    pub pages: u32,
    pub name: &'a str,
    /// Bodies of the other exports.
    pub describe: &'a str,
    pub check: &'a str,
    pub migrate: &'a str,
    /// What stands where the others say `LEG`: the leg that the session holds.
    pub leg: &'a str,
}

/// Writes the manifest, and leaves a pointer to it.
const DESCRIBE: &str =
    "(i32.store (i32.const 0x00) (i32.const 0x100)) (i32.store (i32.const 0x04) (i32.const LENGTH))
    (i32.store (i32.const 0x08) (i32.const 0x180)) (i32.store (i32.const 0x0c) (i32.const 5))
    (i32.store (i32.const 0x10) (i32.const 0x190)) (i32.store (i32.const 0x14) (i32.const 10))
    (i32.store (i32.const 0x18) (i32.const 0x1a0)) (i32.store (i32.const 0x1c) (i32.const 41))
    (i32.const 0)";

impl Guest<'_> {
    /// Does nothing, well.
    pub const PLAIN: Self = Self {
        imports: "",
        handle: "(call $ok (i32.const 0) (i32.const 0))",
        more: "",
        pages: 4,
        name: "probe",
        describe: DESCRIBE,
        check: "(i32.const 0x60)",
        migrate: "(call $ok (local.get $state) (local.get $length))",
        leg: "(i64.const 7)",
    };
}

impl Default for Guest<'_> {
    fn default() -> Self {
        Self::PLAIN
    }
}

impl Guest<'_> {
    /// The core module.
    pub fn core(&self) -> Vec<u8> {
        let Self {
            imports,
            handle,
            more,
            pages,
            name,
            describe,
            check,
            migrate,
            leg,
        } = self;
        let handle = handle.replace("LEG", leg);
        let describe = describe.replace("LENGTH", &name.len().to_string());
        let text = format!(
            r#"(module $probe
              {imports}
              (memory (export "memory") {pages})
              (global $free (mut i32) (i32.const 0x10000))
              (data (i32.const 0x100) "{name}")
              (data (i32.const 0x180) "1.2.3")
              (data (i32.const 0x190) "For tests.")
              (data (i32.const 0x1a0) "{{\"properties\":{{\"attempts\":{{\"default\":3}}}}}}")
              (func $cabi_realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                (global.set $free (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
              (func $ok (param $at i32) (param $length i32) (result i32)
                (i32.store (i32.const 0x40) (i32.const 0))
                (i32.store (i32.const 0x44) (local.get $at))
                (i32.store (i32.const 0x48) (local.get $length))
                (i32.const 0x40))
              (func $refuse (param $at i32) (param $length i32) (result i32)
                (drop (call $ok (local.get $at) (local.get $length)))
                (i32.store (i32.const 0x40) (i32.const 1))
                (i32.const 0x40))
              {more}
              (func (export "cordboard:behaviour/guest@0.1.0#describe") (result i32)
                {describe})
              (func (export "cordboard:behaviour/guest@0.1.0#check") (param i32 i32) (result i32)
                {check})
              (func $handle (export "cordboard:behaviour/guest@0.1.0#handle") (param $args i32) (result i32)
                {handle})
              (func (export "cordboard:behaviour/guest@0.1.0#migrate")
                (param i32 i32) (param $state i32) (param $length i32) (result i32)
                {migrate})
            )"#
        );
        let mut module = wat::parse_str(text).unwrap();
        let mut resolve = Resolve {
            all_features: true,
            ..Resolve::default()
        };
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let (package, _) = resolve.push_dir(wit).unwrap();
        let world = resolve.select_world(&[package], Some("behaviour")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
        module
    }

    pub fn component(&self) -> Vec<u8> {
        let mut encoder = ComponentEncoder::default();
        let encoder = encoder.module(&self.core()).unwrap();
        encoder.validate(true).encode().unwrap()
    }
}

pub const LOG: &str = r#"(import "cordboard:behaviour/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#;
pub const RING: &str = r#"(import "cordboard:behaviour/legs@0.1.0" "ring" (func $ring (param i64 i64 i32)))"#;
pub const RANDOM: &str = r#"(import "cordboard:behaviour/random@0.1.0" "next" (func $random (result i64)))"#;
