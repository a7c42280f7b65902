use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    FreeLine,
    Linear,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Everything {
    text: String,
    large: u64,
    small: i32,
    flag: bool,
    nothing: Option<String>,
    something: Option<u8>,
    first_mode: Mode,
    list: Vec<Item>,
    table: BTreeMap<String, Vec<bool>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    key: String,
}

fn everything() -> Everything {
    Everything {
        text: "quotes \" and \\, tabs\t, é, 😀, \u{1}".into(),
        large: u64::MAX,
        small: -42,
        flag: true,
        nothing: None,
        something: Some(7),
        first_mode: Mode::FreeLine,
        list: vec![Item { key: "1".into() }, Item { key: String::new() }],
        table: BTreeMap::from([("a".into(), vec![true, false]), ("b".into(), vec![])]),
    }
}

#[test]
fn it_reads_what_serde_json_writes() {
    let value = everything();
    assert_eq!(read(&serde_json::to_string(&value).unwrap()), Ok(everything()));
    assert_eq!(read(&serde_json::to_string_pretty(&value).unwrap()), Ok(value));
}

#[test]
fn it_goes_past_what_nobody_asked_for() {
    let text = r#"{"x":[1.5e3,{"y":[null,true]}],"key":"k","z":"\u0041"}"#;
    assert_eq!(read(text), Ok(Item { key: "k".into() }));
}

#[test]
fn letters_may_be_written_in_hexadecimal() {
    assert_eq!(read::<String>(r#""\u00e9\ud83d\ude00\/""#).unwrap(), "é😀/");
}

#[test]
fn errors_say_what_and_where() {
    let sentence = |text| read::<Item>(text).unwrap_err().sentence();
    assert_eq!(
        sentence("{}"),
        "the settings cannot be read: there is no key at byte 1"
    );
    assert_eq!(
        sentence(r#"{"key":1}"#),
        "the settings cannot be read: no \" at byte 7"
    );
    assert_eq!(
        sentence(r#"{"key":"k"} x"#),
        "the settings cannot be read: something after the value at byte 12"
    );
}

#[test]
fn broken_texts_are_refused() {
    for text in [
        "",
        "{",
        "[",
        "\"",
        "\"\\",
        "\"\\u12",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "{\"key\"",
        "{\"key\":",
        "nul",
    ] {
        assert!(read::<Item>(text).is_err(), "{text}");
    }
    assert!(read::<u8>("256").is_err());
    assert!(read::<u64>("18446744073709551616").is_err());
    assert!(read::<u8>("1.0").is_err());
    assert!(read::<Mode>("\"cyclic\"").is_err());
    let deep = "[".repeat(100_000);
    assert!(read::<de::IgnoredAny>(&deep).is_err());
}
