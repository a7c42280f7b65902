//! Uploads: damaged modules and components, and such as take long to read or to compile.

use std::borrow::Cow;

use wasm_encoder::{
    BlockType, CodeSection, Component, CustomSection, Function, FunctionSection, Instruction as I, Module,
    ModuleSection, NestedComponentSection, TypeSection, ValType,
};

use super::Target;
use super::guest::{RUNTIME, judge_problems, random_module};
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "upload",
    about: "the host failing, or taking long, over damaged modules and components",
    case,
};

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::WASM);
    let upload = if mutator.random.chance(0.02) {
        bomb(&mut mutator)
    } else {
        let core = random_module(&mut mutator.random, true);
        let original = match RUNTIME.inspect(&core) {
            Ok(inspected) if mutator.random.chance(0.5) => inspected.component,
            _ => core,
        };
        mutator.damage(&original)
    };
    if let Err(problems) = RUNTIME.inspect(&upload) {
        judge_problems(&problems);
    }
    1
}

/// Small on disk, large or deep to whoever reads it.
fn bomb(mutator: &mut Mutator) -> Vec<u8> {
    let size = [10, 1_000, 30_000][mutator.below(3)];
    match mutator.below(6) {
        0 => nested(size.min(2_000)),
        1 => within(size, |code, _| {
            for instruction in [I::Block(BlockType::Empty), I::End] {
                (0..size).for_each(|_| {
                    code.instruction(&instruction);
                });
            }
        }),
        2 => within(size, |code, _| {
            let targets: Vec<u32> = vec![0; size];
            for _ in 0..20 {
                code.instruction(&I::Block(BlockType::Empty));
                code.instruction(&I::I32Const(1));
                code.instruction(&I::BrTable(Cow::Borrowed(&targets), 0));
                code.instruction(&I::End);
            }
        }),
        3 => within(size, |code, _| {
            (0..size).for_each(|at| {
                code.instruction(&I::LocalGet((at % 7) as u32));
                code.instruction(&I::LocalSet(((at + 1) % 7) as u32));
            });
        }),
        4 => {
            let mut module = Module::new();
            for at in 0..size {
                let name = format!("component-type:{at}").into();
                module.section(&CustomSection {
                    name,
                    data: Cow::Borrowed(&[0, b'a']),
                });
            }
            module.finish()
        }
        _ => {
            // More locals than any compiler likes, in few bytes.
            let mut function = Function::new([(50_000, ValType::I64)]);
            function.instruction(&I::End);
            with(&function, size.min(3_000))
        }
    }
}

fn nested(depth: usize) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&ModuleSection(&Module::new()));
    for _ in 0..depth {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&component));
        component = outer;
    }
    component.finish()
}

fn within(size: usize, fill: impl Fn(&mut Function, usize)) -> Vec<u8> {
    let mut function = Function::new([(7, ValType::I32)]);
    fill(&mut function, size);
    function.instruction(&I::End);
    with(&function, 1)
}

/// A module in a component, so that it reaches the compiler or what stands before it.
fn with(function: &Function, count: usize) -> Vec<u8> {
    let (mut types, mut functions, mut code) =
        (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    for _ in 0..count {
        functions.function(0);
        code.function(function);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}
