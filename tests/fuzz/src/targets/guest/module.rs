//! Core modules made at random: whatever a guest can hand to the host, or return to it.

use std::path::Path;
use std::sync::LazyLock;

use base::Random;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction as I, MemArg, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, WorldItem, WorldKey};

/// Texts, good ones and bad ones, begin here; below are words that look like lengths, pointers and cases.
const TEXTS: u32 = 0x2000;
const DATA: u32 = 0x4000;
/// Where `cabi_realloc` begins.
const HEAP: u32 = 0x8000;
/// A manifest that is good.
const MANIFEST: u32 = 0x6000;
const SCHEMA: &str = r#"{"properties":{"attempts":{"default":3}}}"#;

/// Locals of a function made at random that hold its loops' counts.
const LOOPS: u32 = 3;

struct Signature {
    module: String,
    name: String,
    params: Vec<ValType>,
    results: Vec<ValType>,
}

/// What the world imports and exports, as core functions.
struct World {
    imports: Vec<Signature>,
    exports: Vec<Signature>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let (package, _) = resolve.push_dir(wit).unwrap();
    let world = resolve.select_world(&[package], Some("behaviour")).unwrap();
    let world = &resolve.worlds[world];
    World {
        imports: signatures(&resolve, &world.imports, AbiVariant::GuestImport),
        exports: signatures(&resolve, &world.exports, AbiVariant::GuestExport),
    }
});

fn signatures<'a>(
    resolve: &Resolve,
    items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>,
    variant: AbiVariant,
) -> Vec<Signature> {
    let mut signatures = Vec::new();
    for (_, item) in items {
        let WorldItem::Interface { id, .. } = item else {
            continue;
        };
        for function in resolve.interfaces[*id].functions.values() {
            let signature = resolve.wasm_signature(variant, function);
            let types = |types: &[WasmType]| types.iter().map(|ty| value(*ty)).collect();
            signatures.push(Signature {
                module: resolve.id_of(*id).unwrap(),
                name: function.name.clone(),
                params: types(&signature.params),
                results: types(&signature.results),
            });
        }
    }
    signatures
}

fn value(ty: WasmType) -> ValType {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}

/// A module; `sound` ones describe themselves well, so that their events are reached.
pub fn random(random: &mut Random, sound: bool) -> Vec<u8> {
    let world = &*WORLD;
    let imports: Vec<&Signature> = (0..random.below(6))
        .map(|_| &world.imports[random.below(world.imports.len() as u64) as usize])
        .collect();
    let (mut types, mut functions, mut code) =
        (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    let mut exports = ExportSection::new();
    let mut imported = ImportSection::new();
    for (index, import) in (0..).zip(&imports) {
        types.ty().function(import.params.clone(), import.results.clone());
        imported.import(&import.module, &import.name, EntityType::Function(index));
    }
    let mut next = imports.len() as u32;
    let mut add = |params: &[ValType], results: &[ValType], name: &str, body: &Function| {
        types.ty().function(params.to_vec(), results.to_vec());
        functions.function(next);
        exports.export(name, ExportKind::Func, next);
        code.function(body);
        next += 1;
    };
    let realloc = realloc(random);
    add(&[ValType::I32; 4], &[ValType::I32], "cabi_realloc", &realloc);
    for export in &world.exports {
        let mut body = Body {
            random,
            imports: &imports,
            params: export.params.len() as u32,
        };
        let body = match (export.name.as_str(), sound) {
            ("describe", true) => returning(MANIFEST),
            ("check", true) => returning(0x1ff8),
            _ => body.make(!export.results.is_empty()),
        };
        add(
            &export.params,
            &export.results,
            &format!("{}#{}", export.module, export.name),
            &body,
        );
    }
    exports.export("memory", ExportKind::Memory, 0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1 + random.below(8),
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    let heap = GlobalType {
        val_type: ValType::I32,
        mutable: true,
        shared: false,
    };
    globals.global(heap, &ConstExpr::i32_const(HEAP.cast_signed()));
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), memory(random));
    data.active(0, &ConstExpr::i32_const(MANIFEST.cast_signed()), manifest());

    let mut module = Module::new();
    module
        .section(&types)
        .section(&imported)
        .section(&functions)
        .section(&memories);
    module
        .section(&globals)
        .section(&exports)
        .section(&code)
        .section(&data);
    module.finish()
}

fn returning(at: u32) -> Function {
    let mut function = Function::new([]);
    function.instruction(&I::I32Const(at.cast_signed()));
    function.instruction(&I::End);
    function
}

/// An allocator, or something that pretends to be one.
fn realloc(random: &mut Random) -> Function {
    let mut function = Function::new([]);
    if random.chance(0.1) {
        function.instruction(&I::I32Const(any_i32(random)));
    } else {
        // The old end, then the new one, rounded up.
        function.instruction(&I::GlobalGet(0));
        function.instruction(&I::GlobalGet(0));
        function.instruction(&I::LocalGet(3));
        function.instruction(&I::I32Add);
        function.instruction(&I::I32Const(15));
        function.instruction(&I::I32Add);
        function.instruction(&I::I32Const(-16));
        function.instruction(&I::I32And);
        function.instruction(&I::GlobalSet(0));
    }
    function.instruction(&I::End);
    function
}

struct Body<'a> {
    random: &'a mut Random,
    imports: &'a [&'a Signature],
    params: u32,
}

impl Body<'_> {
    fn make(&mut self, returns: bool) -> Function {
        let mut function = Function::new([(LOOPS, ValType::I32)]);
        for _ in 0..self.random.below(6) {
            self.statement(&mut function, 0);
        }
        if returns {
            self.result(&mut function);
        }
        function.instruction(&I::End);
        function
    }

    /// A pointer to a good answer as often as to anything at all.
    fn result(&mut self, function: &mut Function) {
        if self.random.chance(0.5) {
            let length = [0, 5, 64, 4_096, 0x1_0001][self.random.below(5) as usize];
            for (at, word) in [(0x1800, 0), (0x1804, TEXTS.cast_signed()), (0x1808, length)] {
                function.instruction(&I::I32Const(at));
                function.instruction(&I::I32Const(word));
                function.instruction(&I::I32Store(ARG));
            }
            function.instruction(&I::I32Const(0x1800));
        } else {
            function.instruction(&I::I32Const(any_i32(self.random)));
        }
    }

    fn statement(&mut self, function: &mut Function, depth: u32) {
        match self.random.below(20) {
            0..9 if !self.imports.is_empty() => self.call(function),
            9..12 if depth < LOOPS => self.repeat(function, depth),
            12 | 13 => {
                function.instruction(&I::I32Const(any_i32(self.random)));
                function.instruction(&I::I32Const(any_i32(self.random)));
                function.instruction(&I::I32Store(ARG));
            }
            14 => {
                function.instruction(&I::I32Const(any_i32(self.random)));
                function.instruction(&I::MemoryGrow(0));
                function.instruction(&I::Drop);
            }
            15 => {
                for word in [0x1000, 7, 0x2000] {
                    function.instruction(&I::I32Const(word));
                }
                function.instruction(&I::MemoryFill(0));
            }
            16 if self.random.chance(0.2) => {
                function.instruction(&I::Loop(BlockType::Empty));
                function.instruction(&I::Br(0));
                function.instruction(&I::End);
            }
            17 if self.random.chance(0.2) => {
                function.instruction(&I::Unreachable);
            }
            _ => {}
        }
    }

    fn call(&mut self, function: &mut Function) {
        let index = self.random.below(self.imports.len() as u64) as usize;
        for ty in &self.imports[index].params {
            match ty {
                ValType::I64 => function.instruction(&I::I64Const(any_i64(self.random))),
                ValType::F32 => function.instruction(&I::F32Const(0.5_f32.into())),
                ValType::F64 => function.instruction(&I::F64Const(0.5_f64.into())),
                _ => function.instruction(&I::I32Const(any_i32(self.random))),
            };
        }
        function.instruction(&I::Call(index as u32));
        for _ in &self.imports[index].results {
            function.instruction(&I::Drop);
        }
    }

    fn repeat(&mut self, function: &mut Function, depth: u32) {
        let count = self.params + depth;
        let times = [2, 40, 300, 20_000][self.random.below(4) as usize];
        function.instruction(&I::I32Const(times));
        function.instruction(&I::LocalSet(count));
        function.instruction(&I::Loop(BlockType::Empty));
        self.statement(function, depth + 1);
        for instruction in [
            I::LocalGet(count),
            I::I32Const(1),
            I::I32Sub,
            I::LocalTee(count),
            I::BrIf(0),
            I::End,
        ] {
            function.instruction(&instruction);
        }
    }
}

const ARG: MemArg = MemArg {
    offset: 0,
    align: 0,
    memory_index: 0,
};

/// A pointer, a length, a case of a variant, or nothing of the kind.
fn any_i32(random: &mut Random) -> i32 {
    match random.below(10) {
        0..3 => random.below(4) as i32,
        3 | 4 => random.below(300) as i32,
        5 | 6 => (random.below(u64::from(TEXTS) / 8) * 8) as i32,
        7 => (u64::from(TEXTS) + random.below(u64::from(DATA - TEXTS))) as i32,
        8 => [i32::MAX, i32::MIN, -1, 0x1_0000, 0x4_0000][random.below(5) as usize],
        _ => random.next_u32().cast_signed(),
    }
}

fn any_i64(random: &mut Random) -> i64 {
    match random.below(4) {
        0 => random.next_u64().cast_signed(),
        1 => random.below(20) as i64,
        // The legs that are held.
        _ => 7 + random.below(2) as i64,
    }
}

/// What lies in memory: words first, then texts.
fn memory(random: &mut Random) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(DATA as usize);
    while bytes.len() < TEXTS as usize - 8 {
        bytes.extend(any_i32(random).to_le_bytes());
    }
    // An empty list, for `check`.
    bytes.extend([0; 8]);
    while bytes.len() < DATA as usize {
        match random.below(8) {
            0 => bytes.push(random.next_u32() as u8),
            1 => bytes.extend("é\u{1f4de}".bytes()),
            2 => bytes.extend(b"\r\n\0"),
            3 => bytes.extend(b"welcome"),
            _ => bytes.extend(b"0123456789*#"[..1 + random.below(11) as usize].iter()),
        }
    }
    bytes.truncate(DATA as usize);
    bytes
}

fn manifest() -> Vec<u8> {
    let texts = ["fuzzed", "1.2.3", "For tests.", SCHEMA];
    let (mut fields, mut text) = (Vec::new(), Vec::new());
    for word in texts {
        fields.extend((MANIFEST + 64 + text.len() as u32).to_le_bytes());
        fields.extend((word.len() as u32).to_le_bytes());
        text.extend(word.bytes());
    }
    fields.resize(64, 0);
    fields.extend(text);
    fields
}
