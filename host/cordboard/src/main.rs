//! `cordboard`: the exchange as a program, and the command line that steers one.

mod shell;

fn main() {}
