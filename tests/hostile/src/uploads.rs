//! Uploads that mean harm: what is refused before anybody can call it.

use crate::guest::Guest;

/// An upload that must be refused.
pub struct Upload {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    /// Some problem's message says this.
    pub reason: &'static str,
}

/// All of them.
pub fn uploads() -> Vec<Upload> {
    let grows = "(func (export \"grow\") (result i32) (i32.const 0))".repeat(30_000);
    let branches = format!(
        "(func $many (param i32) (result i32) {} (i32.const 0))",
        "(if (local.get 0) (then (nop)))".repeat(60_000)
    );
    let text = |text: String| wat::parse_str(text).unwrap();
    let core = |guest: Guest<'_>| guest.core();
    let uploads: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "a trap in describe",
            core(Guest {
                describe: "(unreachable)",
                ..Guest::default()
            }),
            "`describe` gave no manifest",
        ),
        (
            "a loop in describe",
            core(Guest {
                describe: "(loop $again (br $again)) (unreachable)",
                ..Guest::default()
            }),
            "`describe` gave no manifest",
        ),
        (
            "a trap in check",
            core(Guest {
                check: "(unreachable)",
                ..Guest::default()
            }),
            "`check` gave no answer",
        ),
        (
            "a describe that lies about its name",
            core(Guest {
                name: "../../etc",
                ..Guest::default()
            }),
            "the manifest's name",
        ),
        (
            "a describe that points elsewhere",
            core(Guest {
                describe: "(i32.store (i32.const 0) (i32.const -16)) (i32.store (i32.const 4) (i32.const -1)) (i32.const 0)",
                ..Guest::default()
            }),
            "`describe` gave no manifest",
        ),
        (
            "a memory bomb in a hundred bytes",
            core(Guest {
                pages: 60_000,
                ..Guest::default()
            }),
            "MiB of memory",
        ),
        (
            "a table bomb",
            core(Guest {
                more: "(table 50000000 funcref)",
                ..Guest::default()
            }),
            "table",
        ),
        (
            "a compile bomb: one function of branches",
            core(Guest {
                more: &branches,
                ..Guest::default()
            }),
            "a function has",
        ),
        (
            "a component within a component, a thousand deep",
            nested(1_000),
            "",
        ),
        (
            "no WebAssembly: a compressed stream",
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1],
            "",
        ),
        (
            "no exports of ours",
            text(format!("(module {})", grows.replace("(export \"grow\")", ""))),
            "",
        ),
    ];
    let named = |(name, bytes, reason)| Upload { name, bytes, reason };
    uploads.into_iter().map(named).collect()
}

/// A component with a component inside, and so on.
fn nested(depth: usize) -> Vec<u8> {
    let mut component = Vec::new();
    for _ in 0..depth {
        let inside = std::mem::replace(&mut component, b"\0asm\x0d\0\x01\0".to_vec());
        if !inside.is_empty() {
            component.push(4);
            let mut length = inside.len();
            while length >= 0x80 {
                component.push((length as u8) | 0x80);
                length >>= 7;
            }
            component.push(length as u8);
            component.extend(inside);
        }
    }
    component
}
